#include "log/repeat.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast::log {
namespace {

using namespace std::chrono_literals;
using base::TimePoint;

constexpr TimePoint k_start{std::chrono::hours(1)};

TEST(RepeatGuard, FirstFailureIsLoggedWithNothingSuppressed) {
    RepeatGuard guard;
    EXPECT_TRUE(guard.should_log(k_start));
    EXPECT_EQ(guard.suppressed(), 0u);
}

TEST(RepeatGuard, LogsAtDoublingIntervalsWithTheCountBetween) {
    RepeatGuard guard(1s, 1h);
    std::vector<int> logged_at;
    std::vector<std::uint64_t> counts;
    for (int second = 0; second <= 40; ++second) {
        if (!guard.should_log(k_start + std::chrono::seconds(second))) continue;
        logged_at.push_back(second);
        counts.push_back(guard.suppressed());
    }
    EXPECT_EQ(logged_at, (std::vector<int>{0, 1, 3, 7, 15, 31}));
    EXPECT_EQ(counts, (std::vector<std::uint64_t>{0, 0, 1, 3, 7, 15}));
}

TEST(RepeatGuard, IntervalsStopGrowingAtTheMost) {
    RepeatGuard guard(1s, 4s);
    std::vector<int> logged_at;
    for (int second = 0; second <= 20; ++second) {
        if (guard.should_log(k_start + std::chrono::seconds(second))) logged_at.push_back(second);
    }
    EXPECT_EQ(logged_at, (std::vector<int>{0, 1, 3, 7, 11, 15, 19}));
}

TEST(RepeatGuard, QuietForTheLongestIntervalStartsANewSeries) {
    RepeatGuard guard(1s, 4s);
    for (int i = 0; i < 100; ++i) guard.should_log(k_start + i * 100ms);
    const auto later = k_start + 10s + 4s;
    EXPECT_TRUE(guard.should_log(later));
    EXPECT_FALSE(guard.should_log(later + 500ms));
    EXPECT_TRUE(guard.should_log(later + 1s));  // the first interval again
    EXPECT_EQ(guard.suppressed(), 1u);
}

TEST(RepeatGuard, ResetMakesTheNextFailureAFirst) {
    RepeatGuard guard;
    guard.should_log(k_start);
    EXPECT_FALSE(guard.should_log(k_start + 1ms));
    guard.reset();
    EXPECT_TRUE(guard.should_log(k_start + 2ms));
    EXPECT_EQ(guard.suppressed(), 0u);
}

}  // namespace
}  // namespace holdfast::log
