// How well one rung's provider serves, from what is measured. Down at two bad turns (or one sign
// that no talk is possible); up again only when good signs span thirty seconds without a bad one.
#pragma once

#include "base/loop.hpp"
#include "config/limits.hpp"
#include "ladder/fault.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace holdfast::ladder {

enum class Level { good, strained, down };
const char* to_string(Level level);

struct Condition {
    Level level = Level::good;
    const char* reason = "ok";  // a fixed word
};

// rate_limits.updated, one entry.
struct RateLimit {
    double remaining = 0;
    double limit = 0;
    double reset_seconds = 0;
};

class Health {
  public:
    explicit Health(base::milliseconds good_time = limits::health_good_time)
        : good_time_(good_time) {}
    void set_good_time(base::milliseconds time) { good_time_ = time; }

    void connected(base::milliseconds took, base::TimePoint now);
    void ping(base::milliseconds round_trip, base::TimePoint now);
    void ping_lost(base::TimePoint now);
    // One turn: end of the caller's speech to the first model audio.
    void first_audio(base::milliseconds took, base::TimePoint now);
    void no_answer(base::TimePoint now);
    void send_queue(base::milliseconds queued, base::TimePoint now);
    void rate_limit(const RateLimit& limit, base::TimePoint now);
    void fault(Fault fault, base::TimePoint now);
    // The breaker opened: too many faults of kinds that alone would be forgiven.
    void failed_often(base::TimePoint now) { go_down("failures", now); }

    Condition condition(base::TimePoint now) const;
    // The token budget is nearly used up (O26): running calls go on, new ones go elsewhere.
    bool tokens_low(base::TimePoint now) const;
    // Time since the first good sign after the last bad one; zero when there is none.
    base::milliseconds good_for(base::TimePoint now) const;

    std::optional<base::TimePoint> measured_at() const { return measured_at_; }
    std::optional<base::TimePoint> good_since() const { return good_since_; }
    bool is_down() const { return down_ != nullptr; }

    struct Figures {  // the last of each, -1: none
        std::int64_t connect_ms = -1;
        std::int64_t ping_ms = -1;
        std::int64_t first_audio_ms = -1;
        std::int64_t send_queue_ms = -1;
        double ping_loss = 0;      // 0 to 1, over the last pings
        double tokens_left = -1;   // 0 to 1
    };
    const Figures& figures() const { return figures_; }

  private:
    void good(base::TimePoint now);
    void strain(const char* reason, base::TimePoint now);
    void go_down(const char* reason, base::TimePoint now);
    void bad_turn(base::TimePoint now);
    void count_ping(bool lost);

    base::milliseconds good_time_;
    const char* down_ = nullptr;    // reason
    const char* strain_ = nullptr;  // reason
    base::TimePoint strained_at_{};
    std::optional<base::TimePoint> measured_at_;
    std::optional<base::TimePoint> good_since_;
    std::size_t bad_turns_ = 0;    // in a row
    std::size_t pings_lost_ = 0;   // in a row
    std::array<bool, limits::health_pings_kept> ping_lost_{};
    std::size_t ping_next_ = 0;
    std::size_t pings_ = 0;
    std::array<std::optional<base::TimePoint>, limits::health_server_errors> errors_;
    std::size_t error_next_ = 0;
    std::optional<base::TimePoint> tokens_low_until_;
    Figures figures_;
};

}  // namespace holdfast::ladder
