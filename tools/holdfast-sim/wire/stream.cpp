#include "wire/stream.hpp"

#include "net/asio_loop.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <utility>

namespace holdfast::sim {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Tls {
    explicit Tls(asio::ssl::context::method method) : context(method) {}
    asio::ssl::context context;
    bool verify = true;
};

base::Result<std::shared_ptr<Tls>> tls_client(const TlsTrust& trust) {
    auto tls = std::make_shared<Tls>(asio::ssl::context::tls_client);
    tls->verify = trust.verify;
    error_code ec;
    tls->context.set_default_verify_paths(ec);
    if (!trust.ca_file.empty() && tls->context.load_verify_file(trust.ca_file, ec)) {
        return base::make_error(base::Condition::fatal, "ca_file",
                                trust.ca_file + ": " + ec.message());
    }
    return tls;
}

base::Result<std::shared_ptr<Tls>> tls_server(const std::string& certificate,
                                              const std::string& private_key) {
    auto tls = std::make_shared<Tls>(asio::ssl::context::tls_server);
    error_code ec;
    if (tls->context.use_certificate_chain_file(certificate, ec)) {
        return base::make_error(base::Condition::fatal, "certificate",
                                certificate + ": " + ec.message());
    }
    if (tls->context.use_private_key_file(private_key, asio::ssl::context::pem, ec)) {
        return base::make_error(base::Condition::fatal, "private_key",
                                private_key + ": " + ec.message());
    }
    return tls;
}

namespace {

constexpr base::milliseconds k_close_time{2000};

class TcpStream final : public Stream, public std::enable_shared_from_this<TcpStream> {
  public:
    TcpStream(net::AsioLoop& loop, tcp::socket socket, std::shared_ptr<Tls> tls,
              StreamHandler* handler)
        : loop_(loop),
          socket_(std::move(socket)),
          tls_(std::move(tls)),
          handler_(handler),
          deadline_(loop.io()) {
        if (tls_) ssl_ = std::make_unique<Ssl>(socket_, tls_->context);
    }

    void connect(const Endpoint& to, base::milliseconds timeout) {
        server_name_ = to.server_name;
        outgoing_ = true;
        arm_deadline(timeout);
        resolver_ = std::make_unique<tcp::resolver>(loop_.io());
        resolver_->async_resolve(
            to.host, std::to_string(to.port),
            [this, self = shared_from_this()](const error_code& ec,
                                              const tcp::resolver::results_type& found) {
                if (ec) return end("dns " + ec.message());
                asio::async_connect(
                    socket_, found, [this, self](const error_code& failed, const tcp::endpoint&) {
                        if (failed) {
                            return end((failed == asio::error::connection_refused ? "refused "
                                                                                  : "connect ") +
                                       failed.message());
                        }
                        begin();
                    });
            });
    }

    // The socket is connected: TLS if any, then reading.
    void begin() {
        error_code ignored;
        socket_.set_option(tcp::no_delay(true), ignored);
        if (!ssl_) return opened();
        if (outgoing_) {
            SSL_ctrl(ssl_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                     server_name_.data());
            if (tls_->verify) {
                ssl_->set_verify_mode(asio::ssl::verify_peer);
                ssl_->set_verify_callback(asio::ssl::host_name_verification(server_name_));
            }
        }
        const auto side =
            outgoing_ ? asio::ssl::stream_base::client : asio::ssl::stream_base::server;
        ssl_->async_handshake(side, [this, self = shared_from_this()](const error_code& ec) {
            if (ec) return end("tls " + ec.message());
            opened();
        });
    }

    void set_handler(StreamHandler* handler) override { handler_ = handler; }

    void write(std::string_view bytes) override {
        if (ended_ || closing_ || frozen_) return;
        queued_ += bytes;
        start_write();
    }

    void close() override {
        if (ended_ || closing_) return;
        closing_ = true;
        arm_deadline(k_close_time);
        if (open_ && !writing_) finish();
        if (!open_) end("closed");
    }

    void end_within(base::milliseconds time) override {
        if (!ended_ && !closing_) arm_deadline(time);
    }

    void reset() override {
        if (ended_) return;
        error_code ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
        end("closed reset by us");
    }

    void freeze() override { frozen_ = true; }

    void pause_reading(bool paused) override {
        paused_ = paused;
        if (!paused_ && open_ && !reading_) read();
    }

    std::size_t unsent() const override { return queued_.size() + in_flight_.size(); }

  private:
    using Ssl = asio::ssl::stream<tcp::socket&>;

    void arm_deadline(base::milliseconds timeout) {
        deadline_.expires_after(timeout);
        deadline_.async_wait([weak = weak_from_this()](const error_code& ec) {
            const auto self = weak.lock();
            if (self && !ec) self->end(self->closing_ ? "closed" : "timeout");
        });
    }

    void opened() {
        if (ended_) return;
        deadline_.cancel();
        open_ = true;
        if (closing_) return finish();
        read();
        start_write();
        if (outgoing_ && handler_ != nullptr) handler_->on_open();
    }

    void read() {
        if (ended_ || reading_ || paused_ || frozen_) return;
        reading_ = true;
        auto done = [this, self = shared_from_this()](const error_code& ec, std::size_t bytes) {
            reading_ = false;
            if (frozen_) return;
            if (bytes > 0 && handler_ != nullptr && !ended_)
                handler_->on_bytes({buffer_.data(), bytes});
            if (!ec) return read();
            const bool polite = ec == asio::error::eof || ec == asio::ssl::error::stream_truncated;
            end(polite                                ? "eof"
                : ec == asio::error::connection_reset ? "reset"
                                                      : "closed " + ec.message());
        };
        if (ssl_) {
            ssl_->async_read_some(asio::buffer(buffer_), std::move(done));
        } else {
            socket_.async_read_some(asio::buffer(buffer_), std::move(done));
        }
    }

    void start_write() {
        if (!open_ || writing_ || ended_ || frozen_ || queued_.empty()) return;
        writing_ = true;
        in_flight_.swap(queued_);
        sent_ = 0;
        write_some();
    }

    void write_some() {
        auto done = [this, self = shared_from_this()](const error_code& ec, std::size_t bytes) {
            if (ended_) return;
            if (ec) return end("reset " + ec.message());
            sent_ += bytes;
            if (sent_ < in_flight_.size()) return write_some();
            in_flight_.clear();
            writing_ = false;
            if (!queued_.empty()) return start_write();
            if (closing_) finish();
        };
        const auto rest = asio::buffer(in_flight_.data() + sent_, in_flight_.size() - sent_);
        if (ssl_) {
            ssl_->async_write_some(rest, std::move(done));
        } else {
            socket_.async_write_some(rest, std::move(done));
        }
    }

    // Everything is sent: say so, and leave the rest to the peer or to the deadline.
    void finish() {
        error_code ignored;
        if (ssl_) {
            ssl_->async_shutdown(
                [self = shared_from_this()](const error_code&) { self->end("closed"); });
            return;
        }
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
    }

    void end(std::string why) {
        if (ended_) return;
        ended_ = true;
        error_code ignored;
        deadline_.cancel();
        if (resolver_) resolver_->cancel();
        socket_.close(ignored);
        loop_.post([self = shared_from_this(), why = std::move(why)] {
            StreamHandler* handler = std::exchange(self->handler_, nullptr);
            if (handler != nullptr) handler->on_end(why);
        });
    }

    net::AsioLoop& loop_;
    tcp::socket socket_;
    std::shared_ptr<Tls> tls_;
    std::unique_ptr<Ssl> ssl_;
    StreamHandler* handler_;
    asio::steady_timer deadline_;
    std::unique_ptr<tcp::resolver> resolver_;
    std::string server_name_;
    std::array<char, 16 * 1024> buffer_;
    std::string queued_;
    std::string in_flight_;
    std::size_t sent_ = 0;
    bool outgoing_ = false;
    bool open_ = false;
    bool closing_ = false;
    bool frozen_ = false;
    bool paused_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool ended_ = false;
};

class TcpAcceptor final : public Acceptor {
  public:
    TcpAcceptor(net::AsioLoop& loop, std::shared_ptr<Tls> tls, Accepted accepted)
        : loop_(loop), tls_(std::move(tls)), accepted_(std::move(accepted)), acceptor_(loop.io()) {}

    error_code listen(const std::string& address, std::uint16_t port) {
        error_code ec;
        const auto ip = asio::ip::make_address(address, ec);
        if (ec) return ec;
        const tcp::endpoint endpoint(ip, port);
        acceptor_.open(endpoint.protocol(), ec);
        if (ec) return ec;
        acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
        acceptor_.bind(endpoint, ec);
        if (ec) return ec;
        acceptor_.listen(1024, ec);
        if (!ec) accept();
        return ec;
    }

    std::uint16_t port() const override {
        error_code ignored;
        return acceptor_.local_endpoint(ignored).port();
    }

  private:
    void accept() {
        acceptor_.async_accept([this](const error_code& ec, tcp::socket socket) {
            if (ec == asio::error::operation_aborted)
                return;  // destroyed: nothing of ours may be touched
            if (!ec) {
                auto stream = std::make_shared<TcpStream>(loop_, std::move(socket), tls_, nullptr);
                accepted_(stream);
                stream->begin();
            }
            accept();
        });
    }

    net::AsioLoop& loop_;
    std::shared_ptr<Tls> tls_;
    Accepted accepted_;
    tcp::acceptor acceptor_;
};

}  // namespace

StreamPtr connect_stream(net::AsioLoop& loop, const Endpoint& to, std::shared_ptr<Tls> tls,
                         base::milliseconds timeout, StreamHandler* handler) {
    auto stream =
        std::make_shared<TcpStream>(loop, tcp::socket(loop.io()), std::move(tls), handler);
    stream->connect(to, timeout);
    return stream;
}

base::Result<std::unique_ptr<Acceptor>> Acceptor::open(net::AsioLoop& loop,
                                                       const std::string& address,
                                                       std::uint16_t port, std::shared_ptr<Tls> tls,
                                                       Accepted accepted) {
    auto acceptor = std::make_unique<TcpAcceptor>(loop, std::move(tls), std::move(accepted));
    if (const auto ec = acceptor->listen(address, port)) {
        return base::make_error(base::Condition::fatal, "listen",
                                address + ":" + std::to_string(port) + ": " + ec.message());
    }
    return std::unique_ptr<Acceptor>(std::move(acceptor));
}

}  // namespace holdfast::sim
