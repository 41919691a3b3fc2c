// One TCP connection, plain or TLS, either side, as bytes in and bytes out. The simulator keeps its
// own wire code instead of the daemon's: it must be able to lie on the wire (resets, silence,
// frames that break the rules), and a mistake in the daemon's engine must not be mirrored by its
// tester.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::net {
class AsioLoop;
}

namespace holdfast::sim {

struct TlsTrust {
    std::string ca_file;  // added to the system's store
    bool verify = true;
};

// A TLS context of either side; opaque here.
struct Tls;
base::Result<std::shared_ptr<Tls>> tls_client(const TlsTrust& trust);
base::Result<std::shared_ptr<Tls>> tls_server(const std::string& certificate,
                                              const std::string& private_key);

class StreamHandler {
  public:
    virtual ~StreamHandler() = default;
    virtual void on_open() {}  // connected, TLS included; only for connect_stream
    virtual void on_bytes(std::string_view bytes) = 0;
    // Exactly once and last; never inside a call made into the stream. `why` is a short word first:
    // "eof", "reset", "closed", "refused", "timeout", "tls", "dns", then a detail.
    virtual void on_end(const std::string& why) = 0;
};

class Stream {
  public:
    virtual ~Stream() = default;
    virtual void set_handler(StreamHandler* handler) = 0;  // nullptr: nothing is delivered any more
    virtual void write(std::string_view bytes) = 0;        // queued without bound
    virtual void close() = 0;  // sends what is queued, then ends the connection properly
    virtual void end_within(base::milliseconds time) = 0;  // gives the peer so long to end it
    virtual void reset() = 0;                              // now, with an RST
    virtual void
    freeze() = 0;  // half-open: neither reads nor writes from here on, and says nothing
    virtual void pause_reading(bool paused) = 0;
    virtual std::size_t unsent() const = 0;
};
using StreamPtr = std::shared_ptr<Stream>;

struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string server_name;  // for TLS: SNI and certificate check
};

StreamPtr connect_stream(net::AsioLoop& loop, const Endpoint& to, std::shared_ptr<Tls> tls,
                         base::milliseconds timeout, StreamHandler* handler);

class Acceptor {
  public:
    using Accepted = std::function<void(StreamPtr)>;  // must set a handler before it returns
    static base::Result<std::unique_ptr<Acceptor>> open(net::AsioLoop& loop,
                                                        const std::string& address,
                                                        std::uint16_t port,
                                                        std::shared_ptr<Tls> tls,
                                                        Accepted accepted);
    virtual ~Acceptor() = default;
    virtual std::uint16_t port() const = 0;
};

}  // namespace holdfast::sim
