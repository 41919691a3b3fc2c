#include "supervise/slow_commits.hpp"

namespace holdfast::supervise {

bool SlowCommits::look() {
    // The slow ones first: one that comes between is then only too few.
    const auto slow_now = commits_.count_above(k_slow_seconds);
    counts_.push_back({commits_.count(), slow_now});
    if (counts_.size() > k_looks + 1) counts_.pop_front();
    const auto all = counts_.back().all - counts_.front().all;
    const auto slow = counts_.back().slow - counts_.front().slow;
    return all >= k_commits_least && slow >= k_slow_least && slow * 100 > all;
}

}  // namespace holdfast::supervise
