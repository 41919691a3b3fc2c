#include "audio/level.hpp"

#include "audio/mulaw.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace holdfast::audio {
namespace {

std::string frame(double amplitude) {
    std::vector<std::int16_t> samples(k_mulaw_frame_bytes);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        samples[i] = static_cast<std::int16_t>(std::lround(
            amplitude * std::sin(2 * 3.14159265 * 500.0 * static_cast<double>(i) / 8000)));
    }
    return mulaw_encode(samples);
}

TEST(Level, ReadsATonesLevel) {
    EXPECT_NEAR(dbfs(frame(32000)), -3.2, 0.1);
    EXPECT_NEAR(dbfs(frame(3200)), -23.2, 0.2);
    EXPECT_EQ(dbfs(std::string(160, k_mulaw_silence)), k_dbfs_floor);
    EXPECT_EQ(dbfs(""), k_dbfs_floor);
}

TEST(SpeechDetector, StartsAfterTheAttackAndStopsAfterTheHangover) {
    SpeechDetector detector({-40, 3, 5});
    using Change = SpeechDetector::Change;
    EXPECT_EQ(detector.push(frame(4000)), Change::none);
    EXPECT_EQ(detector.push(frame(4000)), Change::none);
    EXPECT_EQ(detector.push(frame(4000)), Change::started);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(detector.push(frame(10)), Change::none);
    EXPECT_TRUE(detector.speaking());
    EXPECT_EQ(detector.push(frame(10)), Change::stopped);
    EXPECT_FALSE(detector.speaking());
    EXPECT_EQ(detector.push(frame(10)), Change::none);
    EXPECT_EQ(detector.quiet_frames(), 6u);
}

TEST(SpeechDetector, IgnoresAClick) {
    SpeechDetector detector({-40, 3, 5});
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(detector.push(frame(20000)), SpeechDetector::Change::none);
        EXPECT_EQ(detector.push(frame(0)), SpeechDetector::Change::none);
    }
}

TEST(SpeechDetector, BridgesAShortPause) {
    SpeechDetector detector({-40, 1, 5});
    EXPECT_EQ(detector.push(frame(4000)), SpeechDetector::Change::started);
    for (int word = 0; word < 3; ++word) {
        for (int i = 0; i < 4; ++i)
            EXPECT_EQ(detector.push(frame(0)), SpeechDetector::Change::none);
        EXPECT_EQ(detector.push(frame(4000)), SpeechDetector::Change::none);
    }
    EXPECT_TRUE(detector.speaking());
    detector.reset();
    EXPECT_FALSE(detector.speaking());
}

}  // namespace
}  // namespace holdfast::audio
