// The caller leg as a Call sees it: the open, proven media socket of one stream.
#pragma once

#include "base/loop.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::call {

class Leg {
  public:
    virtual ~Leg() = default;
    virtual bool send_media(std::string_view base64) = 0;
    virtual bool send_mark(std::string_view name) = 0;
    virtual bool send_clear() = 0;
    // Messages sent between the two leave as one write: fewer TLS records and system calls.
    virtual void hold() {}
    virtual void release() {}
    virtual void ping() = 0;
    // Since when Twilio has not taken what we wrote; now() when nothing waits.
    virtual base::TimePoint blocked_since() const = 0;
    // Of the connection to Twilio, as the kernel measures it; absent when it cannot tell.
    virtual std::optional<base::milliseconds> round_trip() const { return std::nullopt; }
    // Normal close (1000): Twilio goes on with what stands behind <Connect>. Nothing more of this leg
    // reaches the call afterwards.
    virtual void close(std::string_view reason) = 0;
};

}  // namespace holdfast::call
