#include "voice/tool_gate.hpp"

#include "config/limits.hpp"

#include <algorithm>
#include <cstddef>

namespace holdfast::voice {
namespace {
constexpr std::size_t k_calls_kept = 64;
}

bool ToolGate::seen(std::string_view call_id) const {
    return std::find(seen_.begin(), seen_.end(), call_id) != seen_.end();
}

bool ToolGate::admit(std::string_view call_id, base::TimePoint now) {
    seen_.emplace_back(call_id);
    if (seen_.size() > k_calls_kept) seen_.pop_front();
    while (!times_.empty() && now - times_.front() >= std::chrono::seconds(1)) times_.pop_front();
    if (times_.size() >= limits::tool_calls_per_second) return false;
    times_.push_back(now);
    return true;
}

}  // namespace holdfast::voice
