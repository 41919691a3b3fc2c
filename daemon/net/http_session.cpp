#include "net/http_session.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"
#include "net/asio_loop.hpp"
#include "net/ws_connection.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::net {

namespace {

using namespace std::chrono_literals;

constexpr auto k_drain_time = 1s;  // for the peer to read our last answer and hang up
constexpr std::size_t k_drain_bytes_max = 256 * 1024;
constexpr std::size_t k_websocket_key_bytes = 16;

HttpResponse plain_answer(int status) {
    HttpResponse response;
    response.status = status;
    response.close = true;
    return response;
}

}  // namespace

HttpSession::HttpSession(HttpSessionOwner& owner, std::unique_ptr<Stream> stream,
                         std::shared_ptr<Admission::Ticket> ticket)
    : owner_(&owner), stream_(std::move(stream)), ticket_(std::move(ticket)), reader_(owner.limits()),
      timer_(owner.loop()), accepted_(owner.loop().now()) {
    stream_->hold(ticket_);
}

void HttpSession::wait() { arm(owner_->limits().tls_and_header_total); }

void HttpSession::start() {
    if (stage_ != Stage::waiting) return;
    stage_ = Stage::handshake;
    in_handshake_ = stream_->secure();
    stream_->handshake(shared_from_this());
}

void HttpSession::stop() {
    owner_ = nullptr;
    end(false);
}

void HttpSession::leave_handshake() {
    if (std::exchange(in_handshake_, false) && owner_ != nullptr) owner_->handshake_over();
}

void HttpSession::on_handshake(const error_code& ec) {
    leave_handshake();
    if (stage_ == Stage::gone) return;
    if (ec) return end(true);
    stage_ = Stage::head;  // the first head shares the handshake's deadline
    read();
}

void HttpSession::read() {
    if (std::exchange(reading_, true)) return;
    stream_->read(in_.data(), in_.size(), shared_from_this());
}

void HttpSession::on_read(const error_code& ec, std::size_t bytes) {
    reading_ = false;
    if (stage_ == Stage::gone) return;
    if (ec) return end(false);
    if (stage_ == Stage::writing) return;  // too late, the 408 is on its way
    if (stage_ == Stage::draining) {
        drained_bytes_ += bytes;
        return drained_bytes_ > k_drain_bytes_max ? end(true) : read();
    }
    take(std::string_view(in_.data(), bytes));
}

void HttpSession::take(std::string_view bytes) {
    if (stage_ == Stage::idle) {
        stage_ = Stage::head;
        arm(owner_->limits().tls_and_header_total);
    }
    switch (reader_.put(bytes)) {
        case ReadStep::more:
            if (reader_.in_body() && stage_ == Stage::head) {
                stage_ = Stage::body;
                arm(owner_->limits().body_total);
            }
            return read();
        case ReadStep::refused:
            owner_->count_rejected(reader_.reason());
            return respond(plain_answer(reader_.status()));
        case ReadStep::done: return handle();
    }
}

void HttpSession::handle() {
    HttpRequest& request = reader_.request();
    request.peer_address = stream_->peer_address();
    request.secure = stream_->secure();
    keep_alive_ = reader_.keep_alive();
    head_request_ = request.method == "HEAD";
    stage_ = Stage::handling;
    ++request_;
    arm(owner_->limits().keep_alive_idle);  // the handler's own deadline is shorter; this is the last
    if (request.upgrade) return handle_upgrade();
    owner_->handler().on_request(
        request, [weak = weak_from_this(), number = request_](HttpResponse response) {
            if (const auto self = weak.lock()) self->reply(number, std::move(response));
        });
}

// RFC 6455 section 4.2.1. Null when the request is well formed.
const char* HttpSession::upgrade_fault(std::string& key) const {
    const HttpRequest& request = const_cast<HttpSession*>(this)->reader_.request();
    key = std::string(request.header("Sec-WebSocket-Key"));
    const auto raw = base::base64_decode(key);
    if (!raw || raw->size() != k_websocket_key_bytes) return "key";
    if (request.header("Sec-WebSocket-Version") != "13") return "version";
    return nullptr;
}

void HttpSession::handle_upgrade() {
    HttpRequest& request = reader_.request();
    WsSocket::Upgrade upgrade;
    if (const char* const fault = upgrade_fault(upgrade.key)) {
        owner_->count_rejected("other");
        HttpResponse response = plain_answer(*fault == 'v' ? 426 : 400);
        if (response.status == 426) response.headers.emplace_back("Sec-WebSocket-Version", "13");
        return respond(response);
    }
    UpgradeAnswer answer = owner_->handler().on_upgrade(request);
    if (stage_ == Stage::gone) return;
    if (!answer.accept) {
        answer.refusal.close = true;
        return reply(request_, std::move(answer.refusal));
    }
    const auto offered = header_tokens(request, "Sec-WebSocket-Protocol");
    if (std::find(offered.begin(), offered.end(), answer.subprotocol) != offered.end()) {
        upgrade.subprotocol = answer.subprotocol;
    }
    upgrade.leftover = std::move(reader_.leftover());
    ticket_->prove();
    AsioLoop& loop = owner_->loop();
    auto stream = std::move(stream_);
    end(false);
    WsSocket::serve(loop, std::move(stream), upgrade, answer.limits, answer.opened);
}

void HttpSession::reply(std::uint64_t request, HttpResponse response) {
    if (stage_ != Stage::handling || request != request_) return;
    if (response.proven) ticket_->prove();
    if (response.bad_signature) owner_->admission().bad_signature(stream_->peer_address());
    respond(response);
}

void HttpSession::respond(const HttpResponse& response) {
    const bool late = !ticket_->proven() &&
                      owner_->loop().now() - accepted_ > owner_->limits().keep_alive_idle;
    if (response.close || late) keep_alive_ = false;
    stage_ = Stage::writing;
    arm(owner_->limits().keep_alive_idle);
    out_ = response_text(response, keep_alive_, head_request_, owner_->loop().utc_ms());
    stream_->write(out_.data(), out_.size(), shared_from_this());
}

void HttpSession::on_written(const error_code& ec) {
    if (stage_ == Stage::gone) return;
    if (ec) return end(true);
    if (keep_alive_) return next_request();
    // Closing with unread bytes would reset the connection and take our answer with it.
    stage_ = Stage::draining;
    stream_->shut(shared_from_this());
    arm(k_drain_time);
    read();
}

void HttpSession::next_request() {
    reader_.reset();
    keep_alive_ = head_request_ = false;
    stage_ = Stage::idle;
    arm(owner_->limits().keep_alive_idle);
    read();
}

void HttpSession::arm(base::Mono::duration after) {
    timer_.arm(after, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->out_of_time();
    });
}

void HttpSession::out_of_time() {
    switch (stage_) {
        case Stage::waiting: owner_->count_timeout("tls"); return end(true);
        case Stage::handshake: owner_->count_timeout("tls"); return end(true);
        case Stage::head:
        case Stage::body:
            owner_->count_timeout(stage_ == Stage::head ? "header" : "body");
            if (!reader_.started()) return end(true);
            keep_alive_ = false;
            return respond(plain_answer(408));
        case Stage::handling:
            owner_->count_timeout("other");
            return respond(plain_answer(503));
        case Stage::writing: owner_->count_timeout("write"); return end(true);
        case Stage::idle:
        case Stage::draining: return end(false);
        case Stage::gone: return;
    }
}

void HttpSession::end(bool reset) {
    if (stage_ == Stage::gone) return;
    const auto self = shared_from_this();  // the owner may hold the last reference
    stage_ = Stage::gone;
    timer_.cancel();
    ticket_.reset();
    if (stream_) {
        if (reset) {
            stream_->abort();
        } else {
            stream_->close();
        }
    }
    leave_handshake();
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->session_over(*this);
}

}  // namespace holdfast::net
