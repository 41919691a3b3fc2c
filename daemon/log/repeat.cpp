#include "log/repeat.hpp"

#include <algorithm>

namespace holdfast::log {

bool RepeatGuard::should_log(base::TimePoint now) {
    const bool quiet = running_ && now - seen_ >= most_;
    seen_ = now;
    if (running_ && !quiet && now - logged_ < interval_) {
        ++pending_;
        return false;
    }
    interval_ = !running_ || quiet ? first_ : std::min(2 * interval_, most_);
    running_ = true;
    logged_ = now;
    suppressed_ = pending_;
    pending_ = 0;
    return true;
}

void RepeatGuard::reset() {
    running_ = false;
    pending_ = 0;
}

}  // namespace holdfast::log
