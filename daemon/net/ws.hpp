// One WebSocket, either role, as the rest of the daemon sees it. websocketpp is the protocol engine
// behind it (ws_engine.cpp, bytes in and bytes out); sockets, queue, limits and TLS are ours. No
// compression, no extensions. Everything on the loop's thread; no member blocks.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "net/url.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::net {

class AsioLoop;
class TlsClient;

struct WsLimits {
    std::size_t message_bytes_max = 64 * 1024;   // above: close 1009
    std::size_t fragments_max = 64;              // above: close 1009
    std::size_t queue_bytes_max = 256 * 1024;    // outgoing; above: send_text refuses
    std::size_t droppable_bytes_max = 0;         // 0: nothing is dropped. Else the oldest droppable
                                                 // messages not yet being written go first (T19)
    base::milliseconds close_handshake{2000};    // then the socket is closed hard
};

struct WsClose {
    std::uint16_t code = 1006;  // code of the close frame: the peer's, or ours when we closed
    std::string reason;         // peer's reason, at most 123 bytes, not to be trusted
    bool opened = false;        // the handshake had succeeded
    bool by_us = false;         // we began it (close, abort, a protocol error we found)
    // Client role, when !opened:
    int http_status = 0;        // of a refused upgrade; 0 when there was no HTTP answer
    std::string http_body;      // at most 4 KiB of it, for the error code inside; never logged whole
    int retry_after_s = -1;
    base::Error error;          // code: "connect", "dns", "tls", "timeout", "upgrade", "protocol",
                                // "reset", "eof", "closed"; detail for humans
};

class WsListener {
  public:
    virtual ~WsListener() = default;
    virtual void on_ws_open() {}  // client role only; a server-side socket is born open
    // `text` is valid UTF-8, lives until return and is followed by at least 64 readable bytes
    // (SIMDJSON_PADDING), so a parser need not copy it.
    virtual void on_ws_text(std::string_view text) = 0;
    virtual void on_ws_binary(std::size_t bytes) = 0;
    virtual void on_ws_pong() {}
    // Exactly once, the last call, never inside a call that this listener made into the socket.
    virtual void on_ws_closed(const WsClose& close) = 0;
};

enum class SendKind { keep, droppable };

class WsConnection {
  public:
    virtual ~WsConnection() = default;
    // The listener must outlive the connection or be replaced by nullptr, after which nothing is
    // delivered any more (the connection closes itself politely and goes).
    virtual void set_listener(WsListener* listener) = 0;
    // Queues one text message (copied). False when the socket is not open or the queue is full.
    virtual bool send_text(std::string_view text, SendKind kind = SendKind::keep) = 0;
    // Messages queued between the two leave as one write: fewer TLS records and system calls. To be
    // released before the caller returns to the loop.
    virtual void hold() {}
    virtual void release() {}
    virtual void send_ping() = 0;
    // Starts the closing handshake; queued messages go first. Idempotent.
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual void abort() = 0;  // now, with a reset; on_ws_closed follows
    virtual bool open() const = 0;
    virtual std::size_t queued_bytes() const = 0;
    virtual std::uint64_t dropped_messages() const = 0;
    // Since when the oldest write has been waiting for the peer; now() when nothing waits.
    virtual base::TimePoint blocked_since() const = 0;
    virtual std::string peer_address() const = 0;
    // The kernel's estimate for this connection (a system call); absent when it has none.
    virtual std::optional<base::milliseconds> round_trip() const { return std::nullopt; }
};

struct WsClientOptions {
    Url url;  // ws or wss
    std::vector<std::pair<std::string, std::string>> headers;  // values may be secret: never logged
    std::vector<std::string> subprotocols;
    std::shared_ptr<TlsClient> tls;  // needed for wss
    base::milliseconds connect_timeout{2500};  // DNS, TCP, TLS and upgrade together
    base::milliseconds tcp_user_timeout{5000};
    WsLimits limits;
};

// Starts connecting: name resolution off the loop, addresses tried in turn with a 250 ms head start
// (N22), TCP_NODELAY, TLS with host name check. The listener hears on_ws_open or on_ws_closed.
std::shared_ptr<WsConnection> ws_connect(AsioLoop& loop, WsClientOptions options, WsListener* listener);

}  // namespace holdfast::net
