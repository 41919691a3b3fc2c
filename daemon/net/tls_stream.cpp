// TLS straight on the socket: OpenSSL reads and writes the descriptor itself, and Asio only says when that
// is worth trying. Asio's own ssl::stream keeps two zeroed 17 KB buffers and a pair of BIO rings for every
// connection and copies each byte twice more; with two sockets a call that was a third of its memory.
#include "net/stream_impl.hpp"

#include "net/tls_impl.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <memory>
#include <utility>

namespace holdfast::net {

namespace asio = boost::asio;

namespace {

// --- a BIO over a descriptor that somebody else owns; unlike BIO_s_socket it never raises SIGPIPE ---

int descriptor(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int finish(BIO* bio, ssize_t result, int retry) {
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_flags(bio, retry);
    return static_cast<int>(result);
}

int bio_read(BIO* bio, char* to, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t n = recv(descriptor(bio), to, static_cast<std::size_t>(size), 0);
    if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return finish(bio, n, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
}

int bio_write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    return finish(bio, send(descriptor(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL),
                  BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
}

long bio_control(BIO* bio, int command, long, void*) {
    switch (command) {
        case BIO_CTRL_FLUSH:
        case BIO_CTRL_DUP: return 1;
        case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        default: return 0;
    }
}

int bio_create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD* make_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "holdfast socket");
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_create(method, bio_create);
    return method;
}

BIO* new_bio(int fd) {
    static BIO_METHOD* const method = make_method();
    BIO* const bio = BIO_new(method);
    if (bio != nullptr) BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    return bio;
}

// ---

enum class Role { client, server };
enum class Try { done, wait_read, wait_write, failed };

// Outlives its stream for as long as an operation is under way. Every operation holds its user, and the
// core, until it has reported.
class TlsCore : public std::enable_shared_from_this<TlsCore> {
  public:
    TlsCore(Socket&& socket, SSL* ssl, Role role) : socket_(std::move(socket)), ssl_(ssl) {
        error_code ignored;
        socket_.native_non_blocking(true, ignored);
        SSL_set_mode(ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_set_read_ahead(ssl, 1);  // header and body of a record in one system call
        BIO* const bio = new_bio(socket_.native_handle());
        SSL_set_bio(ssl, bio, bio);
        if (role == Role::client) SSL_set_connect_state(ssl);
        else SSL_set_accept_state(ssl);
    }

    void handshake(StreamUserPtr user) {
        run([this] { return SSL_do_handshake(ssl_.get()); },
            [user = std::move(user)](const error_code& ec, std::size_t) { user->on_handshake(ec); }, Start::at_once);
    }
    void read(char* to, std::size_t size, StreamUserPtr user) {
        const int most = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
        run([this, to, most] { return SSL_read(ssl_.get(), to, most); },
            [user = std::move(user)](const error_code& ec, std::size_t n) { user->on_read(ec, n); },
            SSL_has_pending(ssl_.get()) == 1 ? Start::at_once : Start::when_readable);
    }
    // Without SSL_MODE_ENABLE_PARTIAL_WRITE a success means that all of it has gone.
    void write(const char* bytes, std::size_t size, StreamUserPtr user) {
        const int all = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
        run([this, bytes, all] { return SSL_write(ssl_.get(), bytes, all); },
            [user = std::move(user)](const error_code& ec, std::size_t) { user->on_written(ec); }, Start::at_once);
    }
    // Our close_notify only; the peer's is the end that the user's reads find.
    void shut(StreamUserPtr user) {
        run([this] { return SSL_shutdown(ssl_.get()) < 0 ? -1 : 1; },
            [user = std::move(user)](const error_code&, std::size_t) {}, Start::at_once);
    }

    Socket& socket() { return socket_; }
    const SSL* ssl() const { return ssl_.get(); }

  private:
    enum class Start { at_once, when_readable };

    // Tries `step` until it has succeeded or failed, waiting on the socket between; then reports. Never
    // from inside the call that started it.
    template <class Step, class Report>
    void run(Step step, Report report, Start start) {
        if (start == Start::when_readable) {
            wait(Socket::wait_read, std::move(step), std::move(report));
            return;
        }
        int result = 0;
        error_code ec;
        switch (attempt(step, result, ec)) {
            case Try::done:
            case Try::failed:
                asio::post(socket_.get_executor(), [core = shared_from_this(), report = std::move(report), result, ec] {
                    const bool gone = !core->socket_.is_open();
                    report(gone ? error_code(asio::error::operation_aborted) : ec, gone || ec ? 0 : bytes_of(result));
                });
                return;
            case Try::wait_read: wait(Socket::wait_read, std::move(step), std::move(report)); return;
            case Try::wait_write: wait(Socket::wait_write, std::move(step), std::move(report)); return;
        }
    }

    template <class Step, class Report>
    void wait(Socket::wait_type what, Step step, Report report) {
        socket_.async_wait(what, [core = shared_from_this(), step = std::move(step),
                                  report = std::move(report)](error_code ec) mutable {
            if (!ec && !core->socket_.is_open()) ec = asio::error::operation_aborted;
            if (ec) {
                report(ec, 0);
                return;
            }
            int result = 0;
            switch (core->attempt(step, result, ec)) {
                case Try::done: report(ec, bytes_of(result)); return;
                case Try::failed: report(ec, 0); return;
                case Try::wait_read: core->wait(Socket::wait_read, std::move(step), std::move(report)); return;
                case Try::wait_write: core->wait(Socket::wait_write, std::move(step), std::move(report)); return;
            }
        });
    }

    static std::size_t bytes_of(int result) { return result > 0 ? static_cast<std::size_t>(result) : 0; }

    template <class Step>
    Try attempt(const Step& step, int& result, error_code& ec) {
        ERR_clear_error();
        errno = 0;
        result = step();
        if (result > 0) return Try::done;
        const int system_error = errno;
        switch (SSL_get_error(ssl_.get(), result)) {
            case SSL_ERROR_WANT_READ: return Try::wait_read;
            case SSL_ERROR_WANT_WRITE: return Try::wait_write;
            case SSL_ERROR_ZERO_RETURN: ec = asio::error::eof; return Try::failed;
            case SSL_ERROR_SYSCALL:
                ec = system_error != 0 ? error_code(system_error, boost::system::system_category())
                                       : error_code(asio::ssl::error::stream_truncated);
                return Try::failed;
            default: break;
        }
        const unsigned long code = ERR_get_error();
        ERR_clear_error();
        ec = ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                 ? error_code(asio::ssl::error::stream_truncated)
                 : error_code(static_cast<int>(code), asio::error::get_ssl_category());
        return Try::failed;
    }

    Socket socket_;
    SslPtr ssl_;
};

class TlsStream final : public SocketStream {
  public:
    TlsStream(Socket&& socket, SSL* ssl, Role role)
        : core_(std::make_shared<TlsCore>(std::move(socket), ssl, role)) {
        take_over(core_->socket());
    }
    ~TlsStream() override { close_socket(core_->socket()); }
    void handshake(StreamUserPtr user) override { core_->handshake(std::move(user)); }
    void read(char* to, std::size_t size, StreamUserPtr user) override { core_->read(to, size, std::move(user)); }
    void write(const char* bytes, std::size_t size, StreamUserPtr user) override {
        core_->write(bytes, size, std::move(user));
    }
    void shut(StreamUserPtr user) override { core_->shut(std::move(user)); }
    bool secure() const override { return true; }
    std::string tls_failure(const error_code& ec) const override {
        return tls_failure_reason(core_->ssl(), ec.message());
    }
    const SSL* ssl() const override { return core_->ssl(); }

  private:
    Socket& socket() override { return core_->socket(); }
    const std::shared_ptr<TlsCore> core_;
};

}  // namespace

std::unique_ptr<Stream> make_tls_client_stream(Socket&& socket, SSL* ssl) {
    return std::make_unique<TlsStream>(std::move(socket), ssl, Role::client);
}

std::unique_ptr<Stream> make_tls_server_stream(Socket&& socket, SSL* ssl) {
    return std::make_unique<TlsStream>(std::move(socket), ssl, Role::server);
}

}  // namespace holdfast::net
