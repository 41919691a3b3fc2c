#include "base/backoff.hpp"

#include <algorithm>

namespace holdfast::base {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most)
    : first_(first), most_(most), ceiling_(first) {}

std::chrono::milliseconds Backoff::next(std::uint32_t random) {
    const auto ceiling = ceiling_.count();
    ceiling_ = std::min(most_, ceiling_ * 2);
    return std::chrono::milliseconds(1 + static_cast<std::int64_t>(random) % std::max<std::int64_t>(ceiling, 1));
}

void Backoff::reset() { ceiling_ = first_; }

}  // namespace holdfast::base
