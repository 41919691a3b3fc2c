#include "net/stream_impl.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

namespace holdfast::net {

namespace asio = boost::asio;

namespace {

// Dead peers: probe after 10 s of silence, three times, 5 s apart. Data in flight is bounded by
// TCP_USER_TIMEOUT. At most 16 KiB unsent wait in the kernel: what waits longer must wait in our
// queue, where it can still be dropped (T19).
constexpr int k_keep_idle_s = 10;
constexpr int k_keep_interval_s = 5;
constexpr int k_keep_count = 3;
constexpr int k_unsent_bytes = 16 * 1024;
constexpr std::chrono::milliseconds k_user_timeout{10'000};

// A socket option that cannot be set costs comfort, not correctness: failures are ignored.
void set_option(Socket& socket, int level, int name, int value) {
    static_cast<void>(setsockopt(socket.native_handle(), level, name, &value, sizeof value));
}

class PlainStream final : public SocketStream {
  public:
    explicit PlainStream(Socket&& socket) : socket_(std::move(socket)) { take_over(socket_); }
    void handshake(StreamUserPtr user) override {
        asio::post(socket_.get_executor(),
                   [user = std::move(user)] { user->on_handshake(error_code{}); });
    }
    void read(char* to, std::size_t size, StreamUserPtr user) override {
        socket_.async_read_some(asio::buffer(to, size),
                                [user = std::move(user)](const error_code& ec, std::size_t n) {
                                    user->on_read(ec, n);
                                });
    }
    void write(const char* bytes, std::size_t size, StreamUserPtr user) override {
        asio::async_write(socket_, asio::buffer(bytes, size),
                          [user = std::move(user)](const error_code& ec, std::size_t) {
                              user->on_written(ec);
                          });
    }
    void shut(StreamUserPtr) override {
        error_code ignored;
        socket_.shutdown(Socket::shutdown_send, ignored);
    }
    bool secure() const override { return false; }
    std::string tls_failure(const error_code& ec) const override { return ec.message(); }

  private:
    Socket& socket() override { return socket_; }
    Socket socket_;
};

}  // namespace

void close_socket(Socket& socket) {
    error_code ignored;
    socket.close(ignored);
}

void SocketStream::take_over(Socket& socket) {
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, k_keep_idle_s);
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, k_keep_interval_s);
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, k_keep_count);
    set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, k_unsent_bytes);
    set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(k_user_timeout.count()));
    error_code ec;
    const auto peer = socket.remote_endpoint(ec);
    if (!ec) peer_address_ = address_text(peer.address());
}

void SocketStream::close() {
    close_socket(socket());
    ticket_.reset();
}

void SocketStream::abort() {
    error_code ignored;
    socket().set_option(asio::socket_base::linger(true, 0), ignored);
    close();
}

void SocketStream::set_user_timeout(std::chrono::milliseconds timeout) {
    set_option(socket(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(timeout.count()));
}

std::optional<std::chrono::milliseconds> SocketStream::round_trip() {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (!socket().is_open() || getsockopt(socket().native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    if (info.tcpi_rtt == 0) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(info.tcpi_rtt));
}

std::unique_ptr<Stream> make_plain_stream(Socket&& socket) {
    return std::make_unique<PlainStream>(std::move(socket));
}

std::string address_text(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    }
    return address.to_string();
}

const char* end_code(const error_code& ec) {
    namespace error = asio::error;
    if (ec == error::eof || ec == asio::ssl::error::stream_truncated) return "eof";
    if (ec == error::connection_reset || ec == error::broken_pipe || ec == error::connection_aborted) {
        return "reset";
    }
    if (ec == error::timed_out) return "timeout";
    if (ec == error::operation_aborted) return "closed";
    if (ec.category() == error::get_ssl_category()) return "tls";
    return "connect";
}

}  // namespace holdfast::net
