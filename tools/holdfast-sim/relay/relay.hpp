// A TCP relay on loopback that spoils what it carries: delay, jitter, rate, stall, reset, half-close,
// truncation, damaged bytes, each towards the target ("up"), back ("down") or both. It knows nothing of TLS or
// of what is said. One loop, bounded connections and buffers.
#pragma once

#include "base/error.hpp"
#include "net/asio_loop.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::sim {

class EventLog;

enum class Way : std::size_t { up, down };

// What one direction does to bytes, from now on.
struct Spoil {
    base::milliseconds delay{0};
    base::milliseconds jitter{0};   // up to so much more, never out of order
    std::int64_t rate_kbps = 0;     // 0: as fast as it goes
    bool stall = false;             // nothing passes, the connection stays
    std::int64_t truncate = -1;     // passes so many bytes more, then both sides are closed
    bool flip = false;              // one bit of the next bytes
};

struct RelayOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string target_host = "127.0.0.1";  // a numeric address
    std::uint16_t target_port = 0;
    std::uint32_t seed = 1;                 // of the jitter
};

class Relay {
  public:
    static constexpr std::size_t k_connections_max = 1024;
    static constexpr std::size_t k_buffer_bytes_max = 1024 * 1024;  // a direction; then reading pauses

    static base::Result<std::unique_ptr<Relay>> open(net::AsioLoop& loop, const RelayOptions& options, EventLog& events);
    virtual ~Relay() = default;
    virtual std::uint16_t port() const = 0;
    virtual std::size_t connections() const = 0;
    virtual std::array<std::uint64_t, 2> bytes() const = 0;  // passed on, by Way

    // One line: VERB [VALUE] [up|down|both]. An unknown one changes nothing and says what is known.
    //   delay MS · jitter MS · rate KBIT/S · stall · truncate BYTES · flip     what follows, until heal
    //   reset · close       every connection, now: RST both ways, FIN in that direction
    //   refuse              new connections are reset
    //   heal                everything as at the start; what was held back is let go
    virtual base::Result<void> command(std::string_view line) = 0;
};

}  // namespace holdfast::sim
