#include "call/line_watch.hpp"

#include <gtest/gtest.h>

namespace holdfast::call {
namespace {

using namespace std::chrono_literals;
using base::TimePoint;

class LineWatchTest : public ::testing::Test {
  protected:
    // Frames of the next `seconds`, each that much later than its time stamp says.
    LineWatch::Second pass(int seconds, base::milliseconds way) {
        for (int i = 0; i < seconds * 50; ++i) {
            line_.frame(stamp_ms_, k_begin + base::milliseconds(stamp_ms_) + way);
            stamp_ms_ += 20;
        }
        return line_.take();
    }
    static constexpr TimePoint k_begin = TimePoint{} + 3h;
    LineWatch line_;
    std::int64_t stamp_ms_ = 0;
};

TEST_F(LineWatchTest, ALongWayIsNotALateOne) {
    const auto second = pass(1, 900ms);
    EXPECT_EQ(second.expected, 50u);
    EXPECT_EQ(second.late, 0u);
}

TEST_F(LineWatchTest, N11_FramesThatComeFourTenthsBehindTheFastestAreLate) {
    pass(1, 80ms);
    EXPECT_EQ(pass(1, 479ms).late, 0u) << "one millisecond below";
    EXPECT_EQ(pass(1, 490ms).late, 50u);
    EXPECT_GE(line_.behind(), 405ms);
    EXPECT_EQ(pass(1, 80ms).late, 0u);
}

TEST_F(LineWatchTest, P14_TwoClocksThatPartNeverMakeALateFrame) {
    base::Mono::duration way = 80ms;
    for (int second = 0; second < 4 * 3600; second += 10) {
        way += 5ms;  // 500 ppm
        ASSERT_EQ(pass(10, std::chrono::duration_cast<base::milliseconds>(way)).late, 0u) << second;
    }
}

TEST_F(LineWatchTest, WhatNeverCameCounts) {
    pass(1, 80ms);
    line_.missing(10);
    const auto second = line_.take();
    EXPECT_EQ(second.expected, 10u);
    EXPECT_EQ(second.late, 10u);
    EXPECT_EQ(line_.take().expected, 0u);
}

TEST_F(LineWatchTest, N11_ShareIsThatOfTheLastFiveSeconds) {
    pass(1, 80ms);
    for (int second = 0; second < 3; ++second) pass(1, 80ms);
    EXPECT_EQ(pass(1, 900ms).late_share, 0.2);
    for (int second = 0; second < 4; ++second) EXPECT_EQ(pass(1, 80ms).late_share, 0.2) << second;
    EXPECT_EQ(pass(1, 80ms).late_share, 0);
}

TEST_F(LineWatchTest, WhatIsDiscardedCountsNowhere) {
    pass(1, 80ms);
    line_.missing(500);
    line_.discard();
    const auto second = pass(1, 80ms);
    EXPECT_EQ(second.expected, 50u);
    EXPECT_EQ(second.late_share, 0);
}

TEST_F(LineWatchTest, FramesWithoutATimeStampAreOnlyCounted) {
    line_.frame(-1, k_begin);
    EXPECT_EQ(line_.take().expected, 1u);
}

}  // namespace
}  // namespace holdfast::call
