#include "base/timer.hpp"

#include <utility>

namespace holdfast::base {

// A cancelled asio wait may already sit in the ready queue; the generation tells it is stale.
struct Timer::State {
    std::uint64_t generation = 0;
    bool armed = false;
    std::function<void()> handler;
};

Timer::Timer(Loop& loop)
    : loop_(loop), state_(std::make_shared<State>()), backend_(loop.make_timer_backend()) {}

Timer::~Timer() { cancel(); }

void Timer::arm(Mono::duration after, std::function<void()> handler) {
    arm_at(loop_.now() + after, std::move(handler));
}

void Timer::arm_at(TimePoint when, std::function<void()> handler) {
    const std::uint64_t generation = ++state_->generation;
    state_->armed = true;
    state_->handler = std::move(handler);
    std::weak_ptr<State> weak = state_;
    backend_->wait_until(when, [weak, generation] {
        const auto state = weak.lock();
        if (!state || !state->armed || state->generation != generation) return;
        state->armed = false;
        // The handler may arm the timer again, which replaces state->handler: run a local copy.
        const auto handler_now = std::move(state->handler);
        handler_now();
    });
}

void Timer::cancel() {
    if (!state_->armed) return;
    ++state_->generation;
    state_->armed = false;
    state_->handler = nullptr;
    backend_->cancel();
}

bool Timer::armed() const { return state_->armed; }

}  // namespace holdfast::base
