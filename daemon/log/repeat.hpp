// A failure that repeats is logged the first time, then at doubling intervals with a count of what
// was left out, so that a broken peer cannot fill a disk:
//
//     if (guard_.should_log(loop.now())) {
//         k_log.warning("connection refused", {{"suppressed", guard_.suppressed()}});
//     }
//
// One guard for each kind of failure; the thread that owns it uses it.
#pragma once

#include "base/loop.hpp"

#include <cstdint>

namespace holdfast::log {

class RepeatGuard {
  public:
    explicit RepeatGuard(base::Mono::duration first = std::chrono::seconds(1),
                         base::Mono::duration most = std::chrono::hours(1))
        : first_(first), most_(most), interval_(first) {}

    // Counts one failure. True when it should be logged: it is the first, or the interval since the
    // last logged one has passed. After `most` without a failure a new series begins.
    bool should_log(base::TimePoint now);

    // How many failures went unlogged before the one that was logged last.
    std::uint64_t suppressed() const { return suppressed_; }

    // The failure is over; the next one is a first again.
    void reset();

  private:
    base::Mono::duration first_;
    base::Mono::duration most_;
    base::Mono::duration interval_;  // until the next line may be logged
    base::TimePoint logged_{};
    base::TimePoint seen_{};
    bool running_ = false;  // a series of failures is going on
    std::uint64_t pending_ = 0;
    std::uint64_t suppressed_ = 0;
};

}  // namespace holdfast::log
