#include "ladder/health.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::ladder {

const char* to_string(Level level) {
    switch (level) {
        case Level::good:
            return "good";
        case Level::strained:
            return "strained";
        case Level::down:
            return "down";
    }
    return "down";
}

// A good sign. It lifts `down` only when the good signs, this one included, span good_time_: one
// lucky session on a flapping line does not (N15).
void Health::good(base::TimePoint now) {
    measured_at_ = now;
    if (!good_since_) good_since_ = now;
    if (down_ != nullptr && now - *good_since_ >= good_time_) {
        down_ = nullptr;
        bad_turns_ = 0;
    }
}

void Health::strain(const char* reason, base::TimePoint now) {
    measured_at_ = now;
    good_since_.reset();
    strain_ = reason;
    strained_at_ = now;
}

void Health::go_down(const char* reason, base::TimePoint now) {
    strain(reason, now);
    down_ = reason;
}

void Health::connected(base::milliseconds took, base::TimePoint now) {
    figures_.connect_ms = took.count();
    if (took >= limits::health_connect_slow) return strain("slow_connect", now);
    good(now);
}

void Health::count_ping(bool lost) {
    ping_lost_[ping_next_] = lost;
    ping_next_ = (ping_next_ + 1) % ping_lost_.size();
    pings_ = std::min(pings_ + 1, ping_lost_.size());
    const auto missing = std::count(ping_lost_.begin(), ping_lost_.end(), true);
    figures_.ping_loss = static_cast<double>(missing) / static_cast<double>(pings_);
    pings_lost_ = lost ? pings_lost_ + 1 : 0;
}

void Health::ping(base::milliseconds round_trip, base::TimePoint now) {
    figures_.ping_ms = round_trip.count();
    count_ping(false);
    if (round_trip >= limits::health_ping_dead) return go_down("latency", now);
    if (round_trip >= limits::health_ping_slow) return strain("latency", now);
    good(now);
}

void Health::ping_lost(base::TimePoint now) {
    count_ping(true);
    if (pings_lost_ >= limits::health_pings_lost_dead) return go_down("ping", now);
    strain("ping", now);
}

void Health::bad_turn(base::TimePoint now) {
    if (++bad_turns_ >= limits::health_bad_turns) return go_down("turns", now);
    strain("turns", now);
}

void Health::first_audio(base::milliseconds took, base::TimePoint now) {
    figures_.first_audio_ms = took.count();
    if (took >= limits::health_first_audio_dead) return bad_turn(now);
    bad_turns_ = 0;
    if (took >= limits::health_first_audio_slow) return strain("slow_answer", now);
    good(now);
}

void Health::no_answer(base::TimePoint now) {
    bad_turn(now);
}

void Health::send_queue(base::milliseconds queued, base::TimePoint now) {
    figures_.send_queue_ms = queued.count();
    if (queued >= limits::health_queue_dead) return go_down("send_queue", now);
    if (queued >= limits::health_queue_strained) strain("send_queue", now);
    // An empty queue is no good sign: a socket nobody writes to has one too.
}

void Health::rate_limit(const RateLimit& limit, base::TimePoint now) {
    const bool sane = std::isfinite(limit.remaining) && std::isfinite(limit.limit) &&
                      std::isfinite(limit.reset_seconds) && limit.limit > 0 &&
                      limit.remaining >= 0 && limit.reset_seconds >= 0;
    if (!sane) return;
    figures_.tokens_left = std::min(1.0, limit.remaining / limit.limit);
    if (figures_.tokens_left >= limits::tokens_low) {
        tokens_low_until_.reset();
        return;
    }
    const double most = std::chrono::duration<double>(limits::retry_after_most).count();
    const std::chrono::duration<double> reset(std::min(limit.reset_seconds, most));
    tokens_low_until_ = now + std::chrono::duration_cast<base::Mono::duration>(reset);
}

void Health::fault(Fault fault, base::TimePoint now) {
    if (is_fatal(fault)) return go_down(to_string(fault), now);
    if (fault == Fault::server_error) {
        errors_[error_next_] = now;
        error_next_ = (error_next_ + 1) % errors_.size();
        const auto& oldest = errors_[error_next_];
        if (oldest && now - *oldest <= limits::breaker_window) return go_down("server_error", now);
    }
    strain(to_string(fault), now);
}

Condition Health::condition(base::TimePoint now) const {
    if (down_ != nullptr) return {Level::down, down_};
    if (tokens_low(now)) return {Level::strained, "tokens"};
    // A good sign after it, or its age, ends a strain.
    if (strain_ != nullptr && !good_since_ && now - strained_at_ < limits::health_stale)
        return {Level::strained, strain_};
    return {};
}

bool Health::tokens_low(base::TimePoint now) const {
    return tokens_low_until_ && now < *tokens_low_until_;
}

base::milliseconds Health::good_for(base::TimePoint now) const {
    if (down_ != nullptr || !good_since_) return base::milliseconds(0);
    return std::chrono::duration_cast<base::milliseconds>(now - *good_since_);
}

}  // namespace holdfast::ladder
