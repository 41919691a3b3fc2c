// The loop as the rest of the daemon sees it: time, timers and posting. The real one wraps an asio
// io_context (net/asio_loop.hpp); tests use tests/support/fake_loop.hpp, where time moves by hand.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace holdfast::base {

using Mono = std::chrono::steady_clock;
using TimePoint = Mono::time_point;
using std::chrono::milliseconds;

inline std::int64_t to_ms(Mono::duration d) {
    return std::chrono::duration_cast<milliseconds>(d).count();
}

// One pending wait. Owned by a Timer (base/timer.hpp); not used directly.
class TimerBackend {
  public:
    virtual ~TimerBackend() = default;
    // Replaces any earlier wait. `fire` runs on the loop's thread, never inside this call.
    virtual void wait_until(TimePoint when, std::function<void()> fire) = 0;
    virtual void cancel() = 0;
};

class Loop {
  public:
    virtual ~Loop() = default;
    // Monotonic time; every timer and every duration uses it.
    virtual TimePoint now() const = 0;
    // Wall clock, UTC milliseconds; only for what people and journals read.
    virtual std::int64_t utc_ms() const = 0;
    // Runs `fn` on the loop's thread, later. The only member that other threads may call.
    virtual void post(std::function<void()> fn) = 0;
    virtual std::unique_ptr<TimerBackend> make_timer_backend() = 0;
};

}  // namespace holdfast::base
