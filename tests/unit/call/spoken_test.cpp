#include "call/spoken.hpp"

#include <gtest/gtest.h>

namespace holdfast::call {
namespace {

TEST(Spoken, BeginsWithTheFirstSpeechThatNobodyWroteDown) {
    Spoken spoken;
    EXPECT_EQ(spoken.unwritten_from(5'000), std::nullopt);
    spoken.began(1'000);
    spoken.began(4'000);
    EXPECT_EQ(spoken.unwritten_from(5'000), 800);
    spoken.written(3'000);
    EXPECT_EQ(spoken.unwritten_from(5'000), 3'800);
    spoken.written(4'700);
    EXPECT_EQ(spoken.unwritten_from(5'000), std::nullopt);
}

TEST(Spoken, ANoiseWithoutWordsIsOverWithTheNextSentence) {
    Spoken spoken;
    spoken.began(1'000);  // a door
    spoken.began(6'000);
    spoken.written(8'000);
    EXPECT_EQ(spoken.unwritten_from(9'000), std::nullopt);
}

TEST(Spoken, LooksBackNoFurtherThanAudioIsKept) {
    Spoken spoken;
    spoken.began(1'000);
    spoken.began(20'000);
    EXPECT_EQ(spoken.unwritten_from(31'000), 800);
    EXPECT_EQ(spoken.unwritten_from(31'001), 19'800);
    EXPECT_EQ(spoken.unwritten_from(60'000), std::nullopt);
}

TEST(Spoken, KeepsABoundedNumber) {
    Spoken spoken;
    for (int i = 0; i < 1000; ++i) spoken.began(i);
    EXPECT_EQ(spoken.unwritten_from(1000), 1000 - 64 - 200);
}

}  // namespace
}  // namespace holdfast::call
