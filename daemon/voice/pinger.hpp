// Keeps asking a provider's socket whether it lives, and what the line to it is like. Both live protocols
// use it. Loop thread only.
#pragma once

#include "base/loop.hpp"
#include "base/timer.hpp"
#include "net/ws.hpp"
#include "voice/voice.hpp"

#include <functional>
#include <optional>

namespace holdfast::voice {

class Pinger {
  public:
    // A write that the network does not take for this long: the line is dead whatever pings say.
    static constexpr base::milliseconds k_blocked_max{5000};

    struct Users {
        std::function<void(const VoicePulse&)> pulse;  // each interval
        // Once: "no_pong" or "blocked". Nothing is heard of it afterwards.
        std::function<void(const char* code)> dead;
    };

    explicit Pinger(base::Loop& loop) : loop_(loop), timer_(loop) {}

    // `socket` must live until stop().
    void start(net::WsConnection& socket, base::milliseconds interval, base::milliseconds timeout, Users users);
    void on_pong();
    void stop() { timer_.cancel(); }

  private:
    void arm();
    void tick();

    base::Loop& loop_;
    net::WsConnection* socket_ = nullptr;
    base::milliseconds interval_{0};
    base::milliseconds timeout_{0};
    Users users_;
    std::optional<base::TimePoint> sent_at_;  // of the oldest ping without an answer
    bool told_ = false;                       // that it has none
    std::optional<base::milliseconds> round_trip_;  // since the last pulse
    base::Timer timer_;
};

}  // namespace holdfast::voice
