#include "supervise/watchdog.hpp"

#include "support/fake_loop.hpp"

#include <gtest/gtest.h>

namespace holdfast::supervise {
namespace {

TEST(Watchdog, IsFedWhileEveryLoopAnswers) {
    test::FakeLoop media;
    test::FakeLoop second;
    Watchdog watchdog;
    watchdog.watch(media);
    watchdog.watch(second);
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(watchdog.probe()) << i;
        media.run_posted();
        second.run_posted();
    }
}

TEST(Watchdog, P05_GoesSilentWhenOneLoopIsStuck) {
    test::FakeLoop media;
    test::FakeLoop stuck;
    Watchdog watchdog;
    watchdog.watch(media);
    watchdog.watch(stuck);
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(watchdog.probe());
        media.run_posted();
        stuck.run_posted();
    }
    int fed = 0;
    for (int i = 0; i < 5; ++i) {
        fed += watchdog.probe() ? 1 : 0;
        media.run_posted();
    }
    EXPECT_EQ(fed, 2);  // the two probes it may be late for, and not one more
}

TEST(Watchdog, IsFedAgainWhenTheLoopComesBack) {
    test::FakeLoop media;
    Watchdog watchdog;
    watchdog.watch(media);
    for (int i = 0; i < 6; ++i) watchdog.probe();
    EXPECT_FALSE(watchdog.probe());
    media.run_posted();
    EXPECT_TRUE(watchdog.probe());
}

}  // namespace
}  // namespace holdfast::supervise
