#include "net/ws_connection.hpp"

#include "net/asio_loop.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::net {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t k_gather_bytes = 8 * 1024;       // frames put into one write
constexpr std::size_t k_frame_header_max = 14;
constexpr auto k_drain_time = 1s;                      // for the peer to hang up after the close
constexpr std::size_t k_drain_bytes_max = 1024 * 1024;
constexpr std::uint16_t k_going_away = 1001;
constexpr std::uint16_t k_normal = 1000;
constexpr std::uint16_t k_internal = 1011;

}  // namespace

WsSocket::WsSocket(AsioLoop& loop, const WsLimits& limits) : loop_(loop), limits_(limits), timer_(loop) {}

void WsSocket::serve(AsioLoop& loop, std::unique_ptr<Stream> stream, const Upgrade& upgrade,
                     const WsLimits& limits,
                     const std::function<void(std::shared_ptr<WsConnection>)>& opened) {
    const auto socket = std::make_shared<WsSocket>(loop, limits);
    socket->serving_ = true;
    socket->attach(std::move(stream));
    socket->engine_ = WsEngine::serve(*socket, limits, upgrade.key, upgrade.subprotocol);
    if (!socket->engine_) return socket->vanish();
    socket->become_open();
    opened(socket);
    if (socket->listener_ == nullptr) socket->close(k_internal, "");
    std::string early = upgrade.leftover;
    if (!early.empty()) socket->feed(early.data(), early.size());
    if (socket->state_ != State::gone) socket->read();
}

void WsSocket::attach(std::unique_ptr<Stream> stream) {
    stream_ = std::move(stream);
    peer_address_ = stream_->peer_address();
}

void WsSocket::become_open() {
    state_ = State::open;
    close_.opened = true;
}

// --- in ---

void WsSocket::read() { stream_->read(in_.data(), in_.size(), shared_from_this()); }

void WsSocket::on_read(const error_code& ec, std::size_t bytes) {
    switch (state_) {
        case State::gone: return;
        case State::draining:
            drained_bytes_ += bytes;
            if (ec || drained_bytes_ > k_drain_bytes_max) return vanish();
            return read();
        case State::connecting:
            if (ec) return on_connecting_end(ec);
            return on_connecting_bytes(std::string_view(in_.data(), bytes));
        case State::open:
        case State::closing:
            if (ec) return end_of_stream(ec);
            feed(in_.data(), bytes);
            if (state_ != State::gone) read();
    }
}

void WsSocket::feed(char* bytes, std::size_t size) {
    engine_->feed(bytes, size);
    sending_ = Kind::keep;
    after_engine();
}

void WsSocket::on_engine_text(std::string_view text) noexcept {
    if (state_ == State::open && listener_ != nullptr) listener_->on_ws_text(text);
}

void WsSocket::on_engine_binary(std::size_t bytes) noexcept {
    if (state_ == State::open && listener_ != nullptr) listener_->on_ws_binary(bytes);
}

// A peer that sends pings and does not read must not fill our queue with pongs: one waits at most,
// which RFC 6455 section 5.5.3 allows.
bool WsSocket::on_engine_ping() noexcept {
    if (pongs_queued_ > 0) return false;
    sending_ = Kind::pong;
    return true;
}

void WsSocket::on_engine_pong() noexcept {
    if (state_ == State::open && listener_ != nullptr) listener_->on_ws_pong();
}

// --- out ---

bool WsSocket::send_text(std::string_view text, SendKind kind) {
    if (state_ != State::open || !make_room(text.size() + k_frame_header_max)) return false;
    sending_ = kind == SendKind::droppable ? Kind::droppable : Kind::keep;
    const bool sent = engine_->send_text(text);
    sending_ = Kind::keep;
    if (limits_.droppable_bytes_max > 0) {
        while (droppable_bytes_ > limits_.droppable_bytes_max && drop_oldest()) continue;
    }
    return sent;
}

bool WsSocket::make_room(std::size_t bytes) {
    while (queued_bytes() + bytes > limits_.queue_bytes_max) {
        if (limits_.droppable_bytes_max == 0 || !drop_oldest()) return false;
    }
    return true;
}

bool WsSocket::drop_oldest() {
    if (droppable_bytes_ == 0) return false;
    const auto oldest = std::find_if(queue_.begin(), queue_.end(),
                                     [](const Frame& f) { return f.kind == Kind::droppable; });
    droppable_bytes_ -= oldest->bytes.size();
    queued_bytes_ -= oldest->bytes.size();
    queue_.erase(oldest);
    ++dropped_;
    return true;
}

void WsSocket::on_engine_bytes(std::string&& bytes) noexcept {
    if (state_ == State::draining || state_ == State::gone) return;
    const Kind kind = std::exchange(sending_, Kind::keep);
    queued_bytes_ += bytes.size();
    if (kind == Kind::droppable) droppable_bytes_ += bytes.size();
    if (kind == Kind::pong) ++pongs_queued_;
    queue_.push_back(Frame{std::move(bytes), kind});
    pump();
}

void WsSocket::pump() {
    if (held_ || write_pending_ || queue_.empty() || state_ == State::gone) return;
    do {
        Frame& frame = queue_.front();
        queued_bytes_ -= frame.bytes.size();
        if (frame.kind == Kind::droppable) droppable_bytes_ -= frame.bytes.size();
        if (frame.kind == Kind::pong) --pongs_queued_;
        if (writing_.empty() && frame.bytes.size() > k_gather_bytes) {
            writing_ = std::move(frame.bytes);
        } else {
            writing_ += frame.bytes;
        }
        queue_.pop_front();
    } while (!queue_.empty() && writing_.size() + queue_.front().bytes.size() <= k_gather_bytes);
    write_pending_ = true;
    write_started_ = loop_.now();
    stream_->write(writing_.data(), writing_.size(), shared_from_this());
}

void WsSocket::on_written(const error_code& ec) {
    write_pending_ = false;
    writing_.clear();
    if (state_ == State::gone || state_ == State::draining) return;
    if (!ec) {
        pump();
        return after_engine();
    }
    // What the peer said before it went is still to be read and tells more than this error.
    queue_.clear();
    queued_bytes_ = droppable_bytes_ = pongs_queued_ = 0;
    if (state_ == State::open) start_closing();
    after_engine();
}

base::TimePoint WsSocket::blocked_since() const { return write_pending_ ? write_started_ : loop_.now(); }

std::optional<base::milliseconds> WsSocket::round_trip() const {
    if (state_ != State::open || !stream_) return std::nullopt;
    return stream_->round_trip();
}

void WsSocket::release() {
    held_ = false;
    pump();
}

void WsSocket::send_ping() {
    if (state_ == State::open) engine_->ping();
}

// --- the end ---

void WsSocket::set_listener(WsListener* listener) {
    listener_ = listener;
    if (listener == nullptr) close(serving_ ? k_going_away : k_normal, "");
}

void WsSocket::close(std::uint16_t code, std::string_view reason) {
    if (state_ == State::connecting) return die("closed", "given up while connecting", Cause::ours);
    if (state_ != State::open) return;
    close_.by_us = true;
    engine_->close(code, reason);
    after_engine();
}

void WsSocket::abort() { die("closed", "aborted", Cause::ours); }

void WsSocket::after_engine() {
    if (state_ == State::open && !engine_->open()) start_closing();
    if (state_ != State::closing) return;
    if (engine_->finished() && queue_.empty() && !write_pending_) finish();
}

void WsSocket::start_closing() {
    state_ = State::closing;
    arm(limits_.close_handshake, &WsSocket::close_timed_out);
}

void WsSocket::close_timed_out() {
    die("timeout", "close handshake", close_.by_us ? Cause::ours : Cause::theirs);
}

// Both close frames are through (or ours says what the peer did wrong). The server hangs up first;
// after a protocol error we do so in either role. Reading goes on for a while, because closing a
// socket with unread bytes would reset it and could take our last frame with it.
void WsSocket::finish() {
    if (engine_->failed()) {
        close_.by_us = true;
        close_.error = base::make_error(base::Condition::reject, "protocol",
                                        "closed with " + std::to_string(engine_->local_code()));
    } else {
        close_.error = base::make_error(base::Condition::retry, "closed");
    }
    report();
    state_ = State::draining;
    if (serving_ || engine_->failed()) stream_->shut(shared_from_this());
    arm(k_drain_time, &WsSocket::vanish);
}

void WsSocket::end_of_stream(const error_code& ec) {
    const char* const code = end_code(ec);
    die(code, ec.message(), close_.by_us ? Cause::ours : Cause::theirs);
}

void WsSocket::die(const char* code, std::string detail, Cause cause) {
    if (state_ == State::gone || state_ == State::draining) return;
    const auto self = shared_from_this();  // the connecting part may hold the last other reference
    if (state_ == State::connecting) stop_connecting();
    close_.by_us = cause == Cause::ours;
    close_.error = base::make_error(base::Condition::retry, code, std::move(detail));
    report();
    state_ = State::gone;
    timer_.cancel();
    if (stream_) stream_->abort();
}

void WsSocket::vanish() {
    state_ = State::gone;
    timer_.cancel();
    stream_->close();
}

void WsSocket::report() {
    if (std::exchange(reported_, true)) return;
    if (engine_ && close_.opened) {
        const auto code = close_.by_us ? engine_->local_code() : engine_->remote_code();
        if (code != 0) close_.code = code;
        close_.reason = engine_->remote_reason();
    }
    loop_.post([self = shared_from_this()] {
        WsListener* const listener = std::exchange(self->listener_, nullptr);
        if (listener != nullptr) listener->on_ws_closed(self->close_);
    });
}

void WsSocket::arm(base::Mono::duration after, void (WsSocket::*then)()) {
    timer_.arm(after, [weak = weak_from_this(), then] {
        if (const auto self = weak.lock()) (self.get()->*then)();
    });
}

}  // namespace holdfast::net
