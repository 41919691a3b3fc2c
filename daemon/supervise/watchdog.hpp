// The watchdog's judgement: every loop is sent a numbered probe and answers by storing the number.
// All loops that answered the last but one are alive; one that did not is stuck, and then systemd
// hears nothing. A slow loop is only slow: its lag is measured (holdfast_loop_lag_seconds).
#pragma once

#include "base/loop.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace holdfast::supervise {

class Watchdog {
  public:
    // Loops must outlive the watchdog's last probe. Main thread, before probing begins.
    void watch(base::Loop& loop);
    // Sends the next probe and says whether every loop answered the last but one.
    bool probe();

  private:
    struct Target {
        base::Loop* loop;
        std::shared_ptr<std::atomic<std::uint64_t>> answered;
    };
    std::vector<Target> targets_;
    std::uint64_t sent_ = 0;
};

}  // namespace holdfast::supervise
