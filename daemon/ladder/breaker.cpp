#include "ladder/breaker.hpp"

#include <algorithm>

namespace holdfast::ladder {

Breaker::State Breaker::state(base::TimePoint now) const {
    if (off_) return State::off;
    if (!open_until_) return State::closed;
    return now < *open_until_ ? State::open : State::half_open;
}

bool Breaker::try_begin(base::TimePoint now) {
    switch (state(now)) {
        case State::closed:
            return true;
        case State::open:
        case State::off:
            return false;
        case State::half_open:
            break;
    }
    if (try_until_ && now < *try_until_) return false;
    try_until_ = now + limits::breaker_probe_max;
    return true;
}

void Breaker::success(base::TimePoint now) {
    // Somebody who began before the hold may still succeed; that says nothing about the next one.
    if (held_ && open_until_ && now < *open_until_) return;
    // While closed the failures stay counted: one in two sessions failing is a fault as well.
    if (state(now) == State::closed) return;
    start_up();
}

bool Breaker::third_in_window(base::TimePoint now) {
    failures_[next_] = now;
    next_ = (next_ + 1) % failures_.size();
    const auto& oldest = failures_[next_];
    return oldest && now - *oldest <= limits::breaker_window;
}

void Breaker::failure(base::TimePoint now, std::uint32_t random) {
    const State before = state(now);
    const bool third = third_in_window(now);
    // Stragglers that fail while it is open must not drive the back-off up.
    if (before == State::open || before == State::off) return;
    if (before == State::closed && !third) return;
    try_until_.reset();
    held_ = false;
    open_until_ = now + backoff_.next(random);
}

void Breaker::hold(base::TimePoint now, base::milliseconds time) {
    try_until_.reset();
    held_ = true;
    open_until_ = std::max(open_until_.value_or(now), now + time);
}

std::optional<base::TimePoint> Breaker::retry_at() const {
    return off_ ? std::nullopt : open_until_;
}

const char* to_string(Breaker::State state) {
    switch (state) {
        case Breaker::State::closed:
            return "closed";
        case Breaker::State::open:
            return "open";
        case Breaker::State::half_open:
            return "half_open";
        case Breaker::State::off:
            return "off";
    }
    return "open";
}

}  // namespace holdfast::ladder
