// What the box's own ear heard the caller say and nobody has written down yet. A voice whose line has stalled
// does not even know that there was speech. Positions on the call's clock. Pure.
#pragma once

#include "config/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace holdfast::call {

class Spoken {
  public:
    static constexpr std::int64_t k_before_ms = 200;  // the ear notices weak beginnings late
    static constexpr std::size_t k_kept_max = 64;

    void began(std::int64_t at_ms) {
        if (begins_.size() == k_kept_max) begins_.pop_front();
        begins_.push_back(at_ms);
    }
    // Somebody wrote down a sentence that ended there: what began before it is written down, or was no speech.
    void written(std::int64_t end_ms) {
        while (!begins_.empty() && begins_.front() < end_ms) begins_.pop_front();
    }
    // Where it begins, at most as far back as audio is kept.
    std::optional<std::int64_t> unwritten_from(std::int64_t now_ms) {
        const std::int64_t oldest = now_ms - std::chrono::milliseconds(limits::caller_ring).count();
        while (!begins_.empty() && begins_.front() < oldest) begins_.pop_front();
        if (begins_.empty()) return std::nullopt;
        return begins_.front() - k_before_ms;
    }

  private:
    std::deque<std::int64_t> begins_;
};

}  // namespace holdfast::call
