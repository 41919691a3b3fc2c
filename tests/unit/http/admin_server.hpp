// The admin side behind a real listener on loopback, port 0. Runs on the test's own thread by
// pump(), or on a thread of its own between start() and the end.
#pragma once

#include "config/limits.hpp"
#include "net/asio_loop.hpp"
#include "net/http_client.hpp"
#include "net/ws.hpp"
#include "unit/http/admin_world.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::test {

class AdminServer {
  public:
    AdminServer() : AdminServer(nullptr) {}
    // With another journal than the one in memory.
    explicit AdminServer(store::Journal* other, http::AdminOptions admin_options = {})
        : routes(loop, other != nullptr ? *other : journal, feed, [this] { return status; }, std::move(admin_options)) {
        journal.answers_at_once = true;
        net::ListenOptions options;
        options.address = "127.0.0.1";
        // As the daemon does: nobody shows a signature here, so every connection counts as
        // unproven.
        options.limits.connections_max = limits::admin_connections_max;
        options.limits.unproven_drop_from = limits::admin_connections_max;
        options.limits.unproven_max = limits::admin_connections_max + 1;
        options.limits.unproven_per_address = limits::admin_connections_max;
        auto opened = net::HttpListener::open(loop, std::move(options), routes);
        if (!opened) throw std::runtime_error(opened.error().detail);
        listener = std::move(*opened);
        url = "http://127.0.0.1:" + std::to_string(listener->port());
    }
    ~AdminServer() {
        if (!thread_.joinable()) return;
        loop.post([this] {
            feed.close_all();
            listener.reset();
            loop.stop();
        });
        thread_.join();
    }
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    void start() {
        thread_ = std::thread([this] { loop.run(); });
    }
    // Runs the loop on this thread until `done`; false after a generous time.
    bool pump(const std::function<bool()>& done) {
        const auto until = base::Mono::now() + std::chrono::seconds(30);
        while (!done()) {
            loop.io().restart();
            loop.io().run_one_until(until);
            if (base::Mono::now() >= until) return false;
        }
        return true;
    }
    base::Result<net::HttpAnswer> call(std::string_view method, std::string_view target) {
        std::optional<base::Result<net::HttpAnswer>> result;
        begin(method, target, std::chrono::seconds(30),
              [&result](base::Result<net::HttpAnswer> answer) { result = std::move(answer); });
        if (!pump([&result] { return result.has_value(); }))
            return base::make_error(base::Condition::retry, "deadline");
        return *result;
    }
    void begin(std::string_view method, std::string_view target, base::milliseconds timeout,
               net::HttpDone done) {
        net::HttpCall call;
        call.method.assign(method);
        call.url = *net::parse_url(url + std::string(target));
        call.timeout = timeout;
        net::http_call(loop, std::move(call), std::move(done));
    }

    net::AsioLoop loop;
    WaitingJournal journal;
    http::DaemonStatus status = good_status();
    http::FeedHub feed{loop, "0.1.0", "site-1"};
    http::AdminRoutes routes;
    std::unique_ptr<net::HttpListener> listener;
    std::string url;

  private:
    std::thread thread_;
};

// A reader of the feed on the server's own loop.
class Reader : public net::WsListener {
  public:
    Reader(AdminServer& server, std::string_view target, std::string_view origin = {}) {
        net::WsClientOptions options;
        options.url = *net::parse_url("ws" + server.url.substr(4) + std::string(target));
        if (!origin.empty()) options.headers.emplace_back("Origin", std::string(origin));
        options.connect_timeout = std::chrono::seconds(30);
        socket = net::ws_connect(server.loop, std::move(options), this);
    }
    ~Reader() override {
        if (!closed) socket->set_listener(nullptr);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    void on_ws_text(std::string_view text) override {
        events.push_back(nlohmann::json::parse(text));
    }
    void on_ws_binary(std::size_t) override {}
    void on_ws_closed(const net::WsClose& close) override { closed = close; }

    std::shared_ptr<net::WsConnection> socket;
    std::vector<nlohmann::json> events;
    std::optional<net::WsClose> closed;
};

}  // namespace holdfast::test
