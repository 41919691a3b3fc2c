#include "holdfastctl/client.hpp"

#include "base/timer.hpp"
#include "holdfastctl/json.hpp"
#include "net/asio_loop.hpp"
#include "net/tls.hpp"
#include "net/ws.hpp"

#include <utility>

namespace holdfast::ctl {
namespace {

constexpr std::size_t k_body_bytes_max = 64 * 1024 * 1024;  // one very long call

// The feed's socket for the time of one follow().
class Following : public net::WsListener {
  public:
    Following(net::AsioLoop& loop, const Client::Follower& follower)
        : loop_(loop), follower_(follower), linger_(loop) {}

    void start(net::WsClientOptions options) {
        socket_ = net::ws_connect(loop_, std::move(options), this);
    }
    base::Result<void> result() const {
        return problem_ ? base::Result<void>(*problem_) : base::Result<void>();
    }

    void on_ws_text(std::string_view text) override {
        if (enough_) {
            follower_.on_event(text);
        } else if (!follower_.on_event(text)) {
            enough_ = true;
            linger_.arm(follower_.wait_after_stop, [this] { socket_->close(1000, ""); });
        }
    }
    void on_ws_binary(std::size_t) override {}
    void on_ws_closed(const net::WsClose& close) override {
        if (!enough_) problem_ = problem_of(close);
        linger_.cancel();
        loop_.stop();
    }

  private:
    static base::Error problem_of(const net::WsClose& close) {
        if (close.http_status != 0) {
            return base::make_error(base::Condition::reject, "refused",
                                    refusal_message(close.http_status, close.http_body));
        }
        if (close.opened) {
            return base::make_error(
                base::Condition::retry, "closed",
                close.reason.empty() ? "the daemon closed the feed" : close.reason);
        }
        return close.error;
    }

    net::AsioLoop& loop_;
    const Client::Follower& follower_;
    base::Timer linger_;
    std::shared_ptr<net::WsConnection> socket_;
    std::optional<base::Error> problem_;
    bool enough_ = false;
};

}  // namespace

base::Result<Client> Client::make(const std::string& admin, const std::string& ca_file) {
    const auto url = net::parse_url(admin);
    if (!url || (url->scheme != "http" && url->scheme != "https") || url->target != "/") {
        return base::make_error(base::Condition::fatal, "usage",
                                "--admin takes http://host:port or https://host:port");
    }
    Client client;
    client.address_ = url->scheme + "://" + url->host_header();
    client.base_ = *url;
    if (url->secure()) {
        auto tls = net::TlsClient::make(ca_file);
        if (!tls) return tls.error();
        client.tls_ = *tls;
    }
    return client;
}

net::Url Client::url(const std::string& target, std::string_view scheme) const {
    net::Url url = base_;
    url.scheme = std::string(scheme) + (base_.secure() ? "s" : "");
    url.target = target;
    return url;
}

base::Result<net::HttpAnswer> Client::get(const std::string& target) const {
    net::HttpCall call;
    call.url = url(target, "http");
    return ask(std::move(call));
}

base::Result<net::HttpAnswer> Client::post(const std::string& target, std::string body) const {
    return send("POST", target, std::move(body));
}

base::Result<net::HttpAnswer> Client::remove(const std::string& target, std::string body) const {
    return send("DELETE", target, std::move(body));
}

base::Result<net::HttpAnswer> Client::send(const char* method, const std::string& target, std::string body) const {
    net::HttpCall call;
    call.method = method;
    call.url = url(target, "http");
    call.headers = {{"Content-Type", "application/json"}};
    call.body = std::move(body);
    return ask(std::move(call));
}

base::Result<net::HttpAnswer> Client::ask(net::HttpCall call) const {
    call.tls = tls_;
    call.timeout = std::chrono::seconds(10);
    call.body_bytes_max = k_body_bytes_max;
    return call_and_wait(std::move(call));
}

base::Result<net::HttpAnswer> call_and_wait(net::HttpCall call) {
    net::AsioLoop loop;
    base::Result<net::HttpAnswer> result = base::make_error(base::Condition::retry, "closed");
    net::http_call(loop, std::move(call), [&loop, &result](base::Result<net::HttpAnswer> answer) {
        result = std::move(answer);
        loop.stop();
    });
    loop.run();
    return result;
}

base::Result<void> Client::follow(const std::string& target, const Follower& follower) const {
    net::AsioLoop loop;
    Following following(loop, follower);
    net::WsClientOptions options;
    options.url = url(target, "ws");
    options.tls = tls_;
    options.connect_timeout = std::chrono::seconds(5);
    options.limits.message_bytes_max = 1024 * 1024;
    following.start(std::move(options));
    loop.run();
    return following.result();
}

std::string refusal_message(int status, std::string_view body) {
    const Json document = Json::parse(body, nullptr, false);
    const auto message = word(member(document, "error"), "message");
    return message.empty() ? "status " + std::to_string(status) : message;
}

}  // namespace holdfast::ctl
