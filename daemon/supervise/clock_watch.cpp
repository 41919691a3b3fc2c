#include "supervise/clock_watch.hpp"

#include "base/wall_clock.hpp"

#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace holdfast::supervise {
namespace {

constexpr std::int64_t k_step_ms = 2'000;  // time servers turn a clock slowly by far less between two looks

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

ClockWatch::ClockWatch(std::string timesync_folder) : folder_(std::move(timesync_folder)) {}

ClockWatch::Look ClockWatch::look(std::int64_t utc_ms, base::TimePoint now) {
    Look seen;
    seen.state = state_at(utc_ms);
    if (utc_ms_) {
        const std::int64_t jumped = utc_ms - *utc_ms_ - base::to_ms(now - looked_at_);
        if (std::llabs(jumped) > k_step_ms) seen.step_ms = jumped;
    }
    utc_ms_ = utc_ms;
    looked_at_ = now;
    return seen;
}

ClockWatch::State ClockWatch::state_at(std::int64_t utc_ms) const {
    if (!base::is_plausible_now(utc_ms)) return State::not_set;
    if (!exists(folder_)) return State::unknown;
    return exists(folder_ + "/synchronized") ? State::good : State::unsynchronised;
}

const char* to_string(ClockWatch::State state) {
    switch (state) {
        case ClockWatch::State::not_set: return "not_set";
        case ClockWatch::State::unsynchronised: return "unsynchronised";
        case ClockWatch::State::good: return "good";
        case ClockWatch::State::unknown: return "unknown";
    }
    return "unknown";
}

}  // namespace holdfast::supervise
