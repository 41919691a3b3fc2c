#include "supervise/starts.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace holdfast::supervise {
namespace {

using namespace std::chrono_literals;

class StartsTest : public ::testing::Test {
  protected:
    // A start; it ends when the next one comes, badly.
    bool safe(std::chrono::milliseconds at) { return Starts(run.path()).begin(at).safe; }
    void crash_five_times(std::chrono::milliseconds from) {
        for (int i = 0; i < 5; ++i) ASSERT_FALSE(safe(from + i * 2s)) << i;
    }
    test::TempFolder run;
};

TEST_F(StartsTest, P02_FiveCrashesWithinAMinuteMakeTheNextStartSafe) {
    crash_five_times(100s);
    EXPECT_TRUE(safe(110s));
}

TEST_F(StartsTest, P02_FiveCrashesInALongerTimeDoNot) {
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(safe(100s + i * 16s)) << i;
}

TEST_F(StartsTest, P02_ASafeOneThatDoesNotLastIsFollowedByASafeOne) {
    crash_five_times(100s);
    EXPECT_TRUE(safe(110s));
    EXPECT_TRUE(safe(110s + 4min)) << "the others are long ago";
    EXPECT_TRUE(safe(110s + 8min));
}

TEST_F(StartsTest, P02_WhatLivedForFiveMinutesOrWasStoppedLeavesNothingBehind) {
    crash_five_times(100s);
    Starts starts(run.path());
    EXPECT_TRUE(starts.begin(110s).safe);
    starts.forget();
    crash_five_times(111s);
    EXPECT_TRUE(safe(121s));
}

TEST_F(StartsTest, P02_ASafeOneThatWasKilledBeforeItCouldForgetIsStillOver) {
    crash_five_times(100s);
    EXPECT_TRUE(safe(110s));
    EXPECT_FALSE(safe(110s + Starts::k_settled_after));
}

TEST_F(StartsTest, AFileOfAnotherBootOrOfNobodyIsPassedOver) {
    crash_five_times(100'000s);
    EXPECT_FALSE(safe(10s)) << "all of it lies ahead";
    std::ofstream(run.path() + "/starts") << std::string(100'000, 'x') << " start -5\nsafe\n";
    EXPECT_FALSE(safe(20s));
    std::filesystem::remove(run.path() + "/starts");
    EXPECT_FALSE(safe(21s));
}

TEST_F(StartsTest, SaysWhenItCannotWriteTheFile) {
    EXPECT_TRUE(Starts(run.path()).begin(1s).noted);
    EXPECT_FALSE(Starts(run.path() + "/not/there").begin(1s).noted);
}

}  // namespace
}  // namespace holdfast::supervise
