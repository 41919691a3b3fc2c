// One timer. Arming it again replaces the previous wait; cancelling or destroying it guarantees
// that its handler does not run. Loop thread only.
#pragma once

#include "base/loop.hpp"

#include <functional>
#include <memory>

namespace holdfast::base {

class Timer {
  public:
    explicit Timer(Loop& loop);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void arm(Mono::duration after, std::function<void()> handler);
    void arm_at(TimePoint when, std::function<void()> handler);
    void cancel();
    bool armed() const;

  private:
    struct State;
    Loop& loop_;
    std::shared_ptr<State> state_;  // shared with the pending wait, which checks the generation
    std::unique_ptr<TimerBackend> backend_;
};

}  // namespace holdfast::base
