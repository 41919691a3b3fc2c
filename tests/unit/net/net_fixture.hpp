// One loop for both ends of every connection of a test: the test runs it until what it waits for has
// happened, with one generous deadline.
#pragma once

#include "net/asio_loop.hpp"
#include "net/http_server.hpp"
#include "net/ws.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::net {

// Longer than a busy machine with sanitizers needs. Tests of a deadline set their own, shorter one.
constexpr auto k_patience = std::chrono::seconds(60);

inline HttpLimits patient_limits() {
    auto limits = HttpLimits::defaults();
    limits.tls_and_header_total = limits.body_total = limits.keep_alive_idle = k_patience;
    return limits;
}

inline WsLimits patient_ws_limits() {
    WsLimits limits;
    limits.close_handshake = k_patience;
    return limits;
}

inline ListenOptions patient_options() {
    ListenOptions options;
    options.limits = patient_limits();
    return options;
}

class TestLoop : public AsioLoop {
  public:
    // False after a minute without it.
    bool until(const std::function<bool()>& reached) {
        const auto deadline = base::Mono::now() + k_patience;
        while (!reached()) {
            if (base::Mono::now() > deadline) return false;
            io().restart();
            io().run_one_for(std::chrono::seconds(1));
        }
        return true;
    }
    // Runs everything that is ready.
    void settle() {
        io().restart();
        while (io().poll() > 0) io().restart();
    }
};

// A peer that sends exactly the bytes it is told and keeps what it gets.
class RawPeer {
  public:
    RawPeer(TestLoop& loop, std::uint16_t port) : loop_(loop), socket_(loop.io()) {
        socket_.connect({boost::asio::ip::address_v4::loopback(), port});
        read();
    }
    explicit RawPeer(TestLoop& loop, boost::asio::ip::tcp::socket&& accepted)
        : loop_(loop), socket_(std::move(accepted)) {
        read();
    }
    ~RawPeer() {
        *alive_ = false;
        boost::system::error_code ignored;
        socket_.close(ignored);
    }
    void send(const std::string& bytes) {
        boost::system::error_code ec;
        boost::asio::write(socket_, boost::asio::buffer(bytes), ec);
    }
    void reset() {
        boost::system::error_code ignored;
        socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
        socket_.close(ignored);
    }
    void finish() {
        boost::system::error_code ignored;
        socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    }
    bool receives(const std::string& part) {
        return loop_.until([&] { return in.find(part) != std::string::npos || ended; }) &&
               in.find(part) != std::string::npos;
    }
    bool hangs_up() {
        return loop_.until([this] { return ended; });
    }
    boost::asio::ip::tcp::socket& socket() { return socket_; }

    std::string in;
    bool ended = false;

  private:
    void read() {
        socket_.async_read_some(boost::asio::buffer(buffer_),
                                [this, alive = alive_](const boost::system::error_code& ec, std::size_t n) {
                                    if (!*alive) return;
                                    in.append(buffer_.data(), n);
                                    if (ec) {
                                        ended = true;
                                    } else {
                                        read();
                                    }
                                });
    }

    TestLoop& loop_;
    boost::asio::ip::tcp::socket socket_;
    std::array<char, 4096> buffer_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class WsRecorder : public WsListener {
  public:
    void on_ws_open() override { opened = true; }
    void on_ws_text(std::string_view text) override {
        ++texts;
        last = std::string(text);
        if (on_text) on_text(text);
    }
    void on_ws_binary(std::size_t bytes) override { binary_bytes = bytes; ++binaries; }
    void on_ws_pong() override { ++pongs; }
    void on_ws_closed(const WsClose& c) override {
        ++closings;
        close = c;
    }

    bool opened = false;
    int texts = 0;
    int binaries = 0;
    int pongs = 0;
    int closings = 0;
    std::size_t binary_bytes = 0;
    std::string last;
    WsClose close;
    std::function<void(std::string_view)> on_text;
};

// Answers requests with a function of the test; takes upgrades of /ws.
class TestHandler : public HttpHandler {
  public:
    void on_request(const HttpRequest& request, HttpReply reply) override {
        requests.push_back(request);
        if (answer) return answer(request, std::move(reply));
        HttpResponse response;
        response.content_type = "text/plain";
        response.body = "you sent " + std::to_string(request.body.size());
        reply(std::move(response));
    }
    UpgradeAnswer on_upgrade(const HttpRequest& request) override {
        requests.push_back(request);
        UpgradeAnswer upgrade;
        upgrade.accept = request.path() == "/ws";
        upgrade.refusal.status = 404;
        upgrade.refusal.content_type = "text/plain";
        upgrade.refusal.body = "no such socket";
        upgrade.subprotocol = subprotocol;
        upgrade.limits = ws_limits;
        upgrade.opened = [this](std::shared_ptr<WsConnection> connection) {
            socket = std::move(connection);
            socket->set_listener(&recorder);
            if (opened) opened();
        };
        return upgrade;
    }

    std::function<void(const HttpRequest&, HttpReply)> answer;
    std::function<void()> opened;
    std::vector<HttpRequest> requests;
    std::string subprotocol;
    WsLimits ws_limits = patient_ws_limits();
    WsRecorder recorder;
    std::shared_ptr<WsConnection> socket;
};

inline std::unique_ptr<HttpListener> listen_on(TestLoop& loop, HttpHandler& handler, ListenOptions options = patient_options()) {
    options.address = "127.0.0.1";
    auto listener = HttpListener::open(loop, std::move(options), handler);
    if (!listener) return nullptr;
    return std::move(*listener);
}

inline std::string upgrade_request(const std::string& extra = "", const std::string& target = "/ws") {
    return "GET " + target +
           " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + extra + "\r\n";
}

}  // namespace holdfast::net
