#include "net/http_client.hpp"

#include "base/timer.hpp"
#include "net/asio_loop.hpp"
#include "net/connect.hpp"
#include "net/http_parse.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::net {

namespace {

base::Error failure(const char* code, std::string detail) {
    return base::make_error(base::Condition::retry, code, std::move(detail));
}

bool splits_lines(std::string_view text) { return text.find_first_of({"\r\n\0", 3}) != std::string_view::npos; }

// Null when a part of the call would break out of its line.
bool request_text(const HttpCall& call, std::string& out) {
    if (call.method.empty() || call.method.find(' ') != std::string::npos || splits_lines(call.method) ||
        call.url.target.find(' ') != std::string::npos || splits_lines(call.url.target)) {
        return false;
    }
    out = call.method + " " + call.url.target + " HTTP/1.1\r\nHost: " + call.url.host_header() + "\r\n";
    for (const auto& [name, value] : call.headers) {
        if (splits_lines(name) || splits_lines(value)) return false;
        out += name + ": " + value + "\r\n";
    }
    if (!call.body.empty() || call.method == "POST" || call.method == "PUT") {
        out += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
    }
    out += "Connection: close\r\n\r\n" + call.body;
    return true;
}

class Exchange final : public HttpStream, public StreamUser, public std::enable_shared_from_this<Exchange> {
  public:
    // With a listener the body goes there, piece by piece, and `done` hears of its end.
    Exchange(AsioLoop& loop, HttpCall call, HttpDone done, HttpStreamListener* listener = nullptr)
        : loop_(loop), call_(std::move(call)), done_(std::move(done)), listener_(listener), timer_(loop),
          reader_(call_.body_bytes_max, call_.method == "HEAD") {}

    void begin() {
        const auto self = shared_from_this();
        if (!request_text(call_, out_)) {
            loop_.post([self] { self->finish(failure("protocol", "the request cannot be sent as it stands")); });
            return;
        }
        timer_.arm(call_.timeout, [weak = weak_from_this()] {
            if (const auto me = weak.lock()) me->out_of_time();
        });
        connect_ = Connect::start(loop_, call_.url, call_.tls,
                                  [self](auto stream) { self->connected(std::move(stream)); });
    }

    void cancel() override {
        listener_ = nullptr;
        if (const auto connect = connect_.lock()) connect->cancel();
        end();
    }

  private:
    void connected(base::Result<std::unique_ptr<Stream>> stream) {
        if (!done_) return;
        if (!stream) return finish(stream.error());
        stream_ = std::move(*stream);
        stream_->write(out_.data(), out_.size(), shared_from_this());
        read();
    }

    void read() { stream_->read(in_.data(), in_.size(), shared_from_this()); }

    // A server may answer and hang up before it has read everything: only the answer matters.
    void on_written(const error_code&) override {}

    void on_read(const error_code& ec, std::size_t bytes) override {
        if (!done_) return;
        const ReadStep step = ec ? reader_.put_eof() : reader_.put(std::string_view(in_.data(), bytes));
        const auto self = shared_from_this();
        pass_on();
        if (!done_) return;
        switch (step) {
            case ReadStep::more: return read();
            case ReadStep::done: return finish(reader_.take());
            case ReadStep::refused:
                if (ec) return finish(failure(end_code(ec), reader_.head_done() ? "answer cut short" : "no answer"));
                return finish(failure("protocol", reader_.reason()));
        }
    }

    void out_of_time() {
        const auto connect = connect_.lock();
        const char* const phase = connect && !stream_ ? connect->phase() : "answer";
        if (connect) connect->cancel();
        finish(failure("timeout", phase));
    }

    // What there is of the body goes to the listener, which may cancel in each of its notices.
    void pass_on() {
        if (listener_ == nullptr || !reader_.head_done()) return;
        if (!std::exchange(head_told_, true)) listener_->on_http_head(reader_.head());
        const std::string body = reader_.take_body();
        if (listener_ != nullptr && !body.empty()) listener_->on_http_body(body);
    }

    HttpDone end() {
        timer_.cancel();
        if (stream_) stream_->close();
        return std::exchange(done_, nullptr);
    }

    void finish(base::Result<HttpAnswer> result) {
        if (const HttpDone done = end()) done(std::move(result));
    }

    AsioLoop& loop_;
    HttpCall call_;
    HttpDone done_;  // empty: over
    HttpStreamListener* listener_;
    bool head_told_ = false;
    base::Timer timer_;
    ResponseReader reader_;
    std::weak_ptr<Connect> connect_;  // holds us while it works
    std::unique_ptr<Stream> stream_;
    std::string out_;
    std::array<char, 16 * 1024> in_;
};

}  // namespace

void http_call(AsioLoop& loop, HttpCall call, HttpDone done) {
    std::make_shared<Exchange>(loop, std::move(call), std::move(done))->begin();
}

std::shared_ptr<HttpStream> http_stream(AsioLoop& loop, HttpCall call, HttpStreamListener& listener) {
    const auto done = [&listener](const base::Result<HttpAnswer>& answer) {
        listener.on_http_end(answer ? base::Result<void>() : base::Result<void>(answer.error()));
    };
    auto exchange = std::make_shared<Exchange>(loop, std::move(call), done, &listener);
    exchange->begin();
    return exchange;
}

}  // namespace holdfast::net
