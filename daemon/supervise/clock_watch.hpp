// Whether the wall clock can be believed, and whether it jumped (P13, P16). It asks the file that systemd-timesyncd leaves: the unit
// takes adjtimex and most of /proc away. Any one thread; time is passed in.
#pragma once

#include "base/loop.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::supervise {

class ClockWatch {
  public:
    // not_set: no clock that is right shows this. unknown: nobody here says whether it is in step.
    enum class State { not_set, unsynchronised, good, unknown };

    explicit ClockWatch(std::string timesync_folder = "/run/systemd/timesync");

    struct Look {
        State state = State::unknown;
        std::int64_t step_ms = 0;  // how far it jumped since the last look, against the monotonic clock; 0: it did not
    };
    Look look(std::int64_t utc_ms, base::TimePoint now);

  private:
    State state_at(std::int64_t utc_ms) const;

    const std::string folder_;
    std::optional<std::int64_t> utc_ms_;  // at the last look
    base::TimePoint looked_at_{};
};

const char* to_string(ClockWatch::State state);

}  // namespace holdfast::supervise
