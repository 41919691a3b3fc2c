#include "net/asio_loop.hpp"
#include "net/connect.hpp"
#include "net/http_parse.hpp"
#include "net/ws_connection.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::net {

namespace {

constexpr std::size_t k_refusal_body_kept = 4 * 1024;
constexpr std::size_t k_refusal_body_read = 64 * 1024;

bool has_token(const HttpAnswer& answer, std::string_view name, std::string_view token) {
    HttpRequest as_request;
    as_request.headers = answer.headers;
    const auto tokens = header_tokens(as_request, name);
    return std::any_of(tokens.begin(), tokens.end(),
                       [token](const auto& t) { return base::equal_ignoring_case(t, token); });
}

bool has_header(const HttpAnswer& answer, std::string_view name) {
    return std::any_of(answer.headers.begin(), answer.headers.end(), [name](const auto& field) {
        return base::equal_ignoring_case(field.first, name);
    });
}

class WsClientSocket final : public WsSocket {
  public:
    WsClientSocket(AsioLoop& loop, WsClientOptions options)
        : WsSocket(loop, options.limits), options_(std::move(options)),
          reader_(k_refusal_body_read, false) {}

    void begin(WsListener* listener) {
        listener_ = listener;
        arm(options_.connect_timeout, static_cast<void (WsSocket::*)()>(&WsClientSocket::out_of_time));
        connect_ = Connect::start(
            loop_, options_.url, options_.tls,
            [self = std::static_pointer_cast<WsClientSocket>(shared_from_this())](auto result) {
                self->connected(std::move(result));
            });
    }

  private:
    void stop_connecting() override {
        if (const auto connect = connect_.lock()) connect->cancel();
    }

    void out_of_time() {
        if (reader_.head_done()) return judge();
        const auto connect = connect_.lock();
        die("timeout", connect && !stream_ ? connect->phase() : "upgrade", Cause::theirs);
    }

    void connected(base::Result<std::unique_ptr<Stream>> result) {
        if (state_ != State::connecting) return;
        if (!result) return die(result.error().code, result.error().detail, Cause::theirs);
        attach(std::move(*result));
        stream_->set_user_timeout(options_.tcp_user_timeout);
        engine_ = WsEngine::request(*this, limits_, options_.url, options_.headers, options_.subprotocols);
        if (!engine_) return die("upgrade", "a header cannot be sent as it stands", Cause::ours);
        read();
    }

    void on_connecting_bytes(std::string_view bytes) override {
        const ReadStep step = reader_.put(bytes);
        const bool enough = reader_.head_done() && reader_.body_bytes() >= k_refusal_body_kept;
        if (step == ReadStep::more && !enough) return read();
        judge();
    }

    void on_connecting_end(const error_code& ec) override {
        reader_.put_eof();
        if (reader_.head_done()) return judge();
        end_of_stream(ec);
    }

    // The server's answer is there, at least as much of it as will be read.
    void judge() {
        if (!reader_.head_done()) return die("upgrade", "not an HTTP answer", Cause::theirs);
        HttpAnswer answer = reader_.take();
        if (answer.status != 101) return refused(std::move(answer));
        if (const char* const fault = fault_of(answer)) return die("upgrade", fault, Cause::theirs);
        opened();
    }

    void refused(HttpAnswer answer) {
        close_.http_status = answer.status;
        close_.http_body = answer.body.substr(0, k_refusal_body_kept);
        const auto seconds = base::parse_decimal(find_header(answer.headers, "Retry-After"));
        if (seconds && *seconds <= 86'400) close_.retry_after_s = static_cast<int>(*seconds);
        die("upgrade", "HTTP status " + std::to_string(answer.status), Cause::theirs);
    }

    const char* fault_of(const HttpAnswer& answer) {
        if (!has_token(answer, "Upgrade", "websocket") || !has_token(answer, "Connection", "upgrade")) {
            return "101 without an upgrade to websocket";
        }
        if (has_header(answer, "Sec-WebSocket-Extensions")) return "an extension that was not offered";
        if (has_header(answer, "Sec-WebSocket-Protocol")) {
            const std::string chosen(find_header(answer.headers, "Sec-WebSocket-Protocol"));
            const auto& offered = options_.subprotocols;
            if (std::find(offered.begin(), offered.end(), chosen) == offered.end()) {
                return "a subprotocol that was not offered";
            }
        }
        const std::string accept(find_header(answer.headers, "Sec-WebSocket-Accept"));
        return engine_->accept(accept) ? nullptr : "wrong Sec-WebSocket-Accept";
    }

    void opened() {
        timer_.cancel();
        become_open();
        if (listener_ != nullptr) listener_->on_ws_open();
        std::string first = std::move(reader_.leftover());
        if (!first.empty() && state_ != State::gone) feed(first.data(), first.size());
        if (state_ != State::gone) read();
    }

    WsClientOptions options_;
    ResponseReader reader_;
    std::weak_ptr<Connect> connect_;  // holds us while it works
};

}  // namespace

std::shared_ptr<WsConnection> ws_connect(AsioLoop& loop, WsClientOptions options, WsListener* listener) {
    auto socket = std::make_shared<WsClientSocket>(loop, std::move(options));
    socket->begin(listener);
    return socket;
}

}  // namespace holdfast::net
