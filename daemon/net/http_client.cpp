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

class Exchange final : public StreamUser, public std::enable_shared_from_this<Exchange> {
  public:
    Exchange(AsioLoop& loop, HttpCall call, HttpDone done)
        : loop_(loop), call_(std::move(call)), done_(std::move(done)), timer_(loop),
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

  private:
    void connected(base::Result<std::unique_ptr<Stream>> stream) {
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

    void finish(base::Result<HttpAnswer> result) {
        const HttpDone done = std::exchange(done_, nullptr);
        if (!done) return;
        timer_.cancel();
        if (stream_) stream_->close();
        done(std::move(result));
    }

    AsioLoop& loop_;
    HttpCall call_;
    HttpDone done_;  // empty: over
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

}  // namespace holdfast::net
