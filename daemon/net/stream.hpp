// Bytes over TCP or TLS, one read and one write under way at a time. Internal to net/. A stream is
// owned by its user (a WebSocket, an HTTP connection); each operation holds a shared pointer to the
// user until it has reported, so neither can vanish under it. Loop thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

using SSL = struct ssl_st;

namespace holdfast::net {

using boost::system::error_code;

class StreamUser {
  public:
    virtual ~StreamUser() = default;
    virtual void on_handshake(const error_code& ec) { static_cast<void>(ec); }
    virtual void on_read(const error_code& ec, std::size_t bytes) = 0;
    virtual void on_written(const error_code& ec) = 0;
};
using StreamUserPtr = std::shared_ptr<StreamUser>;

class Stream {
  public:
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    virtual void handshake(StreamUserPtr user) = 0;  // TLS; a plain stream reports success
    virtual void read(char* to, std::size_t size, StreamUserPtr user) = 0;
    virtual void write(const char* bytes, std::size_t size, StreamUserPtr user) = 0;  // all of it
    // No more writes will come: sends close_notify and, on plain TCP, FIN. Reading goes on; its end
    // of file says that the peer has gone too. Does not report.
    virtual void shut(StreamUserPtr user) = 0;
    virtual void close() = 0;  // operations under way report an error
    virtual void abort() = 0;  // the same with a reset: nothing lingers in the kernel
    virtual bool secure() const = 0;
    // After a failed handshake: tls_failure_reason() of tls_impl.hpp.
    virtual std::string tls_failure(const error_code& ec) const = 0;
    virtual const SSL* ssl() const { return nullptr; }  // of a TLS stream, for tls_look.cpp
    virtual void set_user_timeout(std::chrono::milliseconds timeout) = 0;
    virtual std::optional<std::chrono::milliseconds> round_trip() = 0;  // TCP_INFO

    const std::string& peer_address() const { return peer_address_; }
    // Something that must live exactly as long as the socket is open (the listener's accounting).
    void hold(std::shared_ptr<void> ticket) { ticket_ = std::move(ticket); }

  protected:
    Stream() = default;
    std::string peer_address_;
    std::shared_ptr<void> ticket_;
};

using Socket = boost::asio::ip::tcp::socket;

// Takes the socket and, for TLS, the SSL object. Sets TCP_NODELAY and keep-alive.
std::unique_ptr<Stream> make_plain_stream(Socket&& socket);
std::unique_ptr<Stream> make_tls_client_stream(Socket&& socket, SSL* ssl);
std::unique_ptr<Stream> make_tls_server_stream(Socket&& socket, SSL* ssl);

std::string address_text(const boost::asio::ip::address& address);  // v4-mapped as v4

// "reset", "timeout", "eof", "tls" or "connect": what WsClose and Error call such an end.
const char* end_code(const error_code& ec);

}  // namespace holdfast::net
