// Whether the disk of the journal has become slow: more than one commit in a hundred of the last minutes took longer than half a
// second. One thread, which looks once a minute.
#pragma once

#include "metrics/metrics.hpp"

#include <cstdint>
#include <deque>

namespace holdfast::supervise {

class SlowCommits {
  public:
    static constexpr double k_slow_seconds = 0.5;      // a bound of the histogram
    static constexpr std::size_t k_looks = 5;          // of which the oldest and the newest are compared
    static constexpr std::uint64_t k_commits_least = 20;  // of fewer nothing can be said
    static constexpr std::uint64_t k_slow_least = 3;      // one long commit is a disk that tidied up

    explicit SlowCommits(const metrics::Histogram& commits) : commits_(commits) {}
    bool look();

  private:
    struct Count {
        std::uint64_t all = 0;
        std::uint64_t slow = 0;
    };
    const metrics::Histogram& commits_;
    std::deque<Count> counts_;
};

}  // namespace holdfast::supervise
