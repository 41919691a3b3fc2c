// The listener: one port for webhooks, prompts and WebSocket upgrades. Our acceptor, our TLS stream;
// Beast's parser reads each request; an upgrade that the handler accepts is handed to a WsConnection.
// Limits of config/limits.hpp come in through HttpLimits, so that tests can make them small.
#pragma once

#include "base/error.hpp"
#include "net/ws.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::net {

class AsioLoop;
class TlsServer;

struct HttpRequest {
    std::string method;
    std::string target;  // raw, as sent: path and query
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string peer_address;
    bool secure = false;
    bool upgrade = false;  // asks for a WebSocket

    // Value of the only field of that name (case-insensitive); empty when absent.
    std::string_view header(std::string_view name) const;
    std::string_view path() const;   // target up to '?'
    std::string_view query() const;  // after '?', or empty
};

struct HttpResponse {
    int status = 200;
    std::string content_type;  // empty: no body expected
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    bool close = false;        // close the connection after it
    bool proven = false;       // the peer showed a valid signature: no longer counted as unproven
    bool bad_signature = false;  // counts towards the address penalty
};

// May be called once, on the loop's thread, now or later; later calls and a vanished peer are fine.
using HttpReply = std::function<void(HttpResponse)>;

struct UpgradeAnswer {
    bool accept = false;
    HttpResponse refusal;  // when !accept
    std::string subprotocol;  // echoed only if the client offered it
    WsLimits limits;
    // Called once the 101 has been queued; must set the listener before it returns.
    std::function<void(std::shared_ptr<WsConnection>)> opened;
};

class HttpHandler {
  public:
    virtual ~HttpHandler() = default;
    virtual void on_request(const HttpRequest& request, HttpReply reply) = 0;
    virtual UpgradeAnswer on_upgrade(const HttpRequest& request) = 0;
};

struct HttpLimits {
    std::size_t header_bytes_max;
    std::size_t header_fields_max;
    std::size_t body_bytes_max;
    base::milliseconds tls_and_header_total;
    base::milliseconds body_total;
    base::milliseconds keep_alive_idle;
    std::size_t connections_max;
    std::size_t unproven_drop_from;
    std::size_t unproven_max;
    double unproven_drop_first;
    std::size_t unproven_per_address;
    std::size_t handshakes_max;
    std::size_t handshakes_per_second;
    std::size_t penalty_bad_signatures;
    base::milliseconds penalty_window;
    base::milliseconds penalty_time;
    std::size_t penalty_table_max;
    base::milliseconds accept_pause;
    static HttpLimits defaults();  // config/limits.hpp
};

struct ListenOptions {
    std::string address;
    std::uint16_t port = 0;  // 0: any free one
    int adopted_fd = -1;     // a listening socket from systemd, or -1
    std::shared_ptr<TlsServer> tls;  // null: plain
    HttpLimits limits = HttpLimits::defaults();
    // Every peer comes through a proxy of ours, so its address says nothing: no limits and no
    // penalties per address, which one bad client could otherwise turn against all.
    bool behind_proxy = false;
    bool counted = true;  // in the metrics of the public listener (off for the admin listener)
};

class HttpListener {
  public:
    // Binds and starts accepting. The handler must outlive the listener.
    static base::Result<std::unique_ptr<HttpListener>> open(AsioLoop& loop, ListenOptions options,
                                                            HttpHandler& handler);
    virtual ~HttpListener() = default;  // closes every HTTP connection; upgraded sockets live on
    virtual std::uint16_t port() const = 0;
    virtual void stop_accepting() = 0;
    virtual std::size_t connections() const = 0;  // sockets open, upgraded ones included
};

}  // namespace holdfast::net
