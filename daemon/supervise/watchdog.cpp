#include "supervise/watchdog.hpp"

#include "metrics/catalog.hpp"

namespace holdfast::supervise {

void Watchdog::watch(base::Loop& loop) {
    targets_.push_back(Target{&loop, std::make_shared<std::atomic<std::uint64_t>>(0)});
}

bool Watchdog::probe() {
    bool alive = true;
    ++sent_;
    for (const auto& target : targets_) {
        if (sent_ > 2 && target.answered->load() + 2 < sent_) alive = false;
        target.loop->post([number = sent_, answered = target.answered, posted = base::Mono::now()] {
            answered->store(number);
            metrics::loop_lag_seconds.observe(
                std::chrono::duration<double>(base::Mono::now() - posted).count());
        });
    }
    return alive;
}

}  // namespace holdfast::supervise
