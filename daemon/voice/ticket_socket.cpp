#include "voice/ticket_socket.hpp"

#include <utility>

namespace holdfast::voice {
namespace {

constexpr std::size_t k_refusal_body_kept = 4 * 1024;  // as net/ws.hpp keeps of a refused upgrade

// The page of a network's login, which comes with any status.
bool is_html(std::string_view body) {
    const auto first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && body[first] == '<';
}

}  // namespace

std::shared_ptr<TicketSocket> TicketSocket::start(base::Loop& loop, const Fetch& fetch, Open open,
                                                  net::WsListener& listener) {
    std::shared_ptr<TicketSocket> socket(new TicketSocket(loop, std::move(open), listener));
    // The owner may be gone before the answer comes: the answer then has nobody to go to.
    fetch([weak = socket->weak_from_this()](const base::Result<net::HttpAnswer>& answer) {
        if (const auto self = weak.lock()) self->on_answer(answer);
    });
    return socket;
}

void TicketSocket::on_answer(const base::Result<net::HttpAnswer>& answer) {
    if (over_ || listener_ == nullptr) return;
    net::WsClose close;
    if (!answer) {
        close.error = answer.error();
        return end(close);
    }
    if (answer->status < 200 || answer->status > 299 || is_html(answer->body)) {
        close.http_status = answer->status;
        close.http_body = answer->body.substr(0, k_refusal_body_kept);
        close.error = base::make_error(base::Condition::retry, "upgrade", "no ticket");
        return end(close);
    }
    auto socket = open_(*answer, *listener_);
    if (socket) {
        socket_ = std::move(*socket);
        return;
    }
    close.error = base::make_error(socket.error().condition, "protocol", socket.error().detail);
    end(close);
}

void TicketSocket::end(const net::WsClose& close) {
    over_ = true;
    if (auto* const listener = std::exchange(listener_, nullptr)) listener->on_ws_closed(close);
}

void TicketSocket::set_listener(net::WsListener* listener) {
    listener_ = listener;
    if (socket_) socket_->set_listener(listener);
}

bool TicketSocket::send_text(std::string_view text, net::SendKind kind) {
    return socket_ && socket_->send_text(text, kind);
}

void TicketSocket::send_ping() {
    if (socket_) socket_->send_ping();
}

void TicketSocket::close(std::uint16_t code, std::string_view reason) {
    if (socket_) socket_->close(code, reason);
    else abort();
}

void TicketSocket::abort() {
    if (socket_) return socket_->abort();
    if (std::exchange(over_, true)) return;
    loop_.post([self = shared_from_this()] {
        net::WsClose close;
        close.by_us = true;
        close.error = base::make_error(base::Condition::reject, "closed");
        self->end(close);
    });
}

}  // namespace holdfast::voice
