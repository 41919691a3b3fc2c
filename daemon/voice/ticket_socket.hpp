// A WebSocket that can only be opened with a ticket, and the ticket comes over HTTP first: a client
// secret that is minted, a URL that is signed. To its owner it is one connection that takes a little
// longer. Loop thread.
#pragma once

#include "net/http_client.hpp"
#include "net/ws.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::voice {

class TicketSocket final : public net::WsConnection, public std::enable_shared_from_this<TicketSocket> {
  public:
    // Asks for the ticket, as net::http_call does.
    using Fetch = std::function<void(net::HttpDone done)>;
    // Opens the socket with a 2xx answer. An error: the answer holds no ticket.
    using Open = std::function<base::Result<std::shared_ptr<net::WsConnection>>(
        const net::HttpAnswer& answer, net::WsListener& listener)>;

    // A refused ticket ends as a refused upgrade would: on_ws_closed with the HTTP status and the body.
    static std::shared_ptr<TicketSocket> start(base::Loop& loop, const Fetch& fetch, Open open,
                                               net::WsListener& listener);

    void set_listener(net::WsListener* listener) override;
    bool send_text(std::string_view text, net::SendKind kind) override;
    void send_ping() override;
    void close(std::uint16_t code, std::string_view reason) override;
    void abort() override;
    bool open() const override { return socket_ && socket_->open(); }
    std::size_t queued_bytes() const override { return socket_ ? socket_->queued_bytes() : 0; }
    std::uint64_t dropped_messages() const override { return socket_ ? socket_->dropped_messages() : 0; }
    base::TimePoint blocked_since() const override { return socket_ ? socket_->blocked_since() : loop_.now(); }
    std::string peer_address() const override { return socket_ ? socket_->peer_address() : std::string(); }

  private:
    TicketSocket(base::Loop& loop, Open open, net::WsListener& listener)
        : loop_(loop), open_(std::move(open)), listener_(&listener) {}
    void on_answer(const base::Result<net::HttpAnswer>& answer);
    void end(const net::WsClose& close);

    base::Loop& loop_;
    const Open open_;
    net::WsListener* listener_;  // null: nothing is delivered any more
    bool over_ = false;          // ended before there was a socket
    std::shared_ptr<net::WsConnection> socket_;
};

}  // namespace holdfast::voice
