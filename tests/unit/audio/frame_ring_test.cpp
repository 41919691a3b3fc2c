#include "audio/frame_ring.hpp"

#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::audio {
namespace {

std::string piece(int number, std::size_t bytes) {
    std::string raw(bytes, static_cast<char>(number));
    return base::base64_encode(raw);
}

std::vector<std::string> drain(FrameRing& ring) {
    std::vector<std::string> out;
    ring.drain([&](std::string_view text) { out.emplace_back(text); });
    return out;
}

TEST(FrameRing, GivesBackPiecesInOrder) {
    FrameRing ring(1000);
    std::vector<std::string> in;
    for (int i = 0; i < 50; ++i) in.push_back(piece(i, 160));
    for (const auto& p : in) ring.push(p);
    EXPECT_EQ(ring.held_ms(), 1000);
    EXPECT_EQ(drain(ring), in);
    EXPECT_TRUE(ring.empty());
    EXPECT_EQ(ring.held_ms(), 0);
}

TEST(FrameRing, DropsTheOldestBeyondItsTime) {
    FrameRing ring(200);
    for (int i = 0; i < 25; ++i) ring.push(piece(i, 160));
    EXPECT_EQ(ring.dropped(), 15u);
    const auto out = drain(ring);
    ASSERT_EQ(out.size(), 10u);
    EXPECT_EQ(out.front(), piece(15, 160));
    EXPECT_EQ(out.back(), piece(24, 160));
}

// Odd sizes wrap around the end of the block at every offset.
TEST(FrameRing, SurvivesEveryWrap) {
    FrameRing ring(30'000);
    std::vector<std::string> in;
    for (int i = 0; i < 30'000; ++i) {
        in.push_back(piece(i, 1 + static_cast<std::size_t>(i * 7 % 800)));
        ring.push(in.back());
    }
    const auto out = drain(ring);
    ASSERT_GT(out.size(), 100u);
    EXPECT_TRUE(std::equal(out.rbegin(), out.rend(), in.rbegin()));
    std::size_t bytes = 0;
    for (const auto& p : out) bytes += base::base64_decoded_bytes(p);
    EXPECT_LE(bytes, 240'000u);
    EXPECT_GT(bytes, 200'000u);
}

TEST(FrameRing, RefusesAMonster) {
    FrameRing ring(30'000);
    ring.push(std::string(70'000, 'A'));
    EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace holdfast::audio
