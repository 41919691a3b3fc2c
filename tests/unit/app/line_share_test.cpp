// What of the line the sync may use: it belongs to calls first.
#include "app/agency_database.hpp"

#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

ladder::Snapshot line(double up, double down = 1) {
    ladder::Snapshot snapshot;
    snapshot.uplink_up = up;
    snapshot.uplink_down = down;
    return snapshot;
}

TEST(LineShare, HasNoCapWhereNoneIsConfigured) {
    LineShare share;
    EXPECT_FALSE(share.now().bytes_per_second) << "before anybody looked";
    share.set(line(1), 20, {});
    EXPECT_FALSE(share.now().pause);
    EXPECT_FALSE(share.now().bytes_per_second);
}

TEST(LineShare, IsHalfOfTheLineWhileSomebodyTalksAndTheScoreOnlyLowersIt) {
    LineShare share;
    const config::Uplink uplink{800, 800};
    share.set(line(1), 0, uplink);
    EXPECT_EQ(share.now().bytes_per_second, 100'000);
    share.set(line(1), 1, uplink);
    EXPECT_EQ(share.now().bytes_per_second, 50'000);
    share.set(line(1, 0.6), 1, uplink);
    EXPECT_EQ(share.now().bytes_per_second, 30'000);
}

TEST(LineShare, IsNothingOnAPoorLineWhileSomebodyTalks) {
    LineShare share;
    share.set(line(0.4), 1, {});
    EXPECT_TRUE(share.now().pause);
    share.set(line(0.4), 0, {});
    EXPECT_FALSE(share.now().pause);
}

}  // namespace
}  // namespace holdfast::app
