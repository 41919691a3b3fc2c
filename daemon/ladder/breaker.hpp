// The circuit breaker of one service of one provider. Three failures in ten seconds open it; after
// a full-jitter wait (0.25 s doubling to 30 s) one try at a time may prove that the service is
// back. A hold (fatal fault, Retry-After) is a wait that no success of an older try shortens.
#pragma once

#include "base/backoff.hpp"
#include "base/loop.hpp"
#include "config/limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace holdfast::ladder {

class Breaker {
  public:
    enum class State {
        closed,     // use it
        open,       // leave it alone
        half_open,  // one try may go
        off,        // not for this workspace; until the next start-up probe
    };

    State state(base::TimePoint now) const;
    // Takes the place of the one try of a half-open breaker. Always true when closed.
    bool try_begin(base::TimePoint now);
    void success(base::TimePoint now);
    void failure(base::TimePoint now, std::uint32_t random);
    // Opens for `time` whatever came before; a longer wait that runs already stays.
    void hold(base::TimePoint now, base::milliseconds time);
    void switch_off() { off_ = true; }
    void start_up() { *this = Breaker(); }

    // When it half-opens; nullopt when it is closed or off.
    std::optional<base::TimePoint> retry_at() const;

  private:
    bool third_in_window(base::TimePoint now);

    std::array<std::optional<base::TimePoint>, limits::breaker_failures> failures_;
    std::size_t next_ = 0;  // oldest failure
    std::optional<base::TimePoint> open_until_;
    bool held_ = false;
    bool off_ = false;
    std::optional<base::TimePoint> try_until_;  // a try runs, and reports before this
    base::Backoff backoff_{limits::breaker_backoff_first, limits::breaker_backoff_most};
};

const char* to_string(Breaker::State state);

}  // namespace holdfast::ladder
