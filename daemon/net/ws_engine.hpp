// The WebSocket protocol as bytes in, bytes out: websocketpp without sockets, timers or threads.
// Internal to net/. HTTP is not parsed here: both handshakes are fed in canonical form by those who
// read the real ones (http_parse.hpp), so that one strict parser sees what the network sends.
#pragma once

#include "base/error.hpp"
#include "net/url.hpp"
#include "net/ws.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::net {

// What the engine's owner hears, always from within a call it made. An exception from here would
// cross the library's state: it ends the process instead.
class WsEngineUser {
  public:
    virtual ~WsEngineUser() = default;
    virtual void on_engine_bytes(std::string&& bytes) noexcept = 0;     // to be sent, in order
    virtual void on_engine_text(std::string_view text) noexcept = 0;    // padded, see ws.hpp
    virtual void on_engine_binary(std::size_t bytes) noexcept = 0;
    virtual bool on_engine_ping() noexcept = 0;                         // whether to answer it
    virtual void on_engine_pong() noexcept = 0;
};

class WsEngine {
  public:
    // The server's half of an accepted upgrade: emits the 101 and is open. `subprotocol` must be one
    // that the client offered, or empty.
    static std::unique_ptr<WsEngine> serve(WsEngineUser& user, const WsLimits& limits,
                                           const std::string& key, const std::string& subprotocol);
    // Emits the upgrade request. Null when a header could not be sent as it stands.
    static std::unique_ptr<WsEngine> request(WsEngineUser& user, const WsLimits& limits, const Url& url,
                                             const std::vector<std::pair<std::string, std::string>>& headers,
                                             const std::vector<std::string>& subprotocols);
    virtual ~WsEngine() = default;

    // Client role: the server answered 101 with this Sec-WebSocket-Accept. False when it is wrong.
    virtual bool accept(const std::string& accept_value) = 0;

    virtual void feed(char* bytes, std::size_t size) = 0;  // scratch afterwards
    virtual bool send_text(std::string_view text) = 0;
    virtual void ping() = 0;
    virtual void close(std::uint16_t code, std::string_view reason) = 0;

    virtual bool open() const = 0;
    // Nothing more is expected from the peer: both close frames are through, or an error was found
    // and its close frame emitted.
    virtual bool finished() const = 0;
    virtual bool failed() const = 0;  // finished by a protocol error that we found
    virtual std::uint16_t local_code() const = 0;   // of our close frame; 0 before there is one
    virtual std::uint16_t remote_code() const = 0;  // of the peer's; 0 before it came
    virtual std::string remote_reason() const = 0;
};

}  // namespace holdfast::net
