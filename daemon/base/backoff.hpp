// Exponential back-off with full jitter (failure-matrix.md, default timers: 0.25 s doubling to
// 30 s). Pure: the caller supplies a random number, so that tests own chance.
#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast::base {

class Backoff {
  public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most);
    // The wait before the next try: uniform in (0, ceiling], ceiling doubling each time.
    std::chrono::milliseconds next(std::uint32_t random);
    void reset();

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds most_;
    std::chrono::milliseconds ceiling_;
};

}  // namespace holdfast::base
