#include "voice/voice.hpp"

#include <gtest/gtest.h>

namespace holdfast::voice {
namespace {

TEST(VoiceStage, HasAWordForEachStage) {
    EXPECT_STREQ(to_string(Stage::connecting), "connecting");
    EXPECT_STREQ(to_string(Stage::connected), "connected");
    EXPECT_STREQ(to_string(Stage::created), "created");
    EXPECT_STREQ(to_string(Stage::configured), "configured");
    EXPECT_STREQ(to_string(Stage::renewing), "renewing");
    EXPECT_STREQ(to_string(Stage::renewed), "renewed");
}

}  // namespace
}  // namespace holdfast::voice
