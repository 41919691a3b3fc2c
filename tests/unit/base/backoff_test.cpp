#include "base/backoff.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace holdfast::base {
namespace {

using namespace std::chrono_literals;
constexpr auto k_most_random = std::numeric_limits<std::uint32_t>::max();

// The largest wait that any random number gives, found by trying all small ones.
std::chrono::milliseconds largest(Backoff backoff) {
    std::chrono::milliseconds most{0};
    for (std::uint32_t random = 0; random < 40'000; ++random) most = std::max(most, Backoff(backoff).next(random));
    return most;
}

TEST(Backoff, CeilingDoublesUpToTheMost) {
    Backoff backoff(250ms, 30s);
    for (const auto ceiling : {250ms, 500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms}) {
        EXPECT_EQ(largest(backoff), ceiling);
        backoff.next(0);
    }
}

TEST(Backoff, NeverWaitsZeroAndNeverOverTheCeiling) {
    for (const std::uint32_t random : {0u, 1u, 249u, 250u, 251u, k_most_random}) {
        Backoff backoff(250ms, 30s);
        const auto wait = backoff.next(random);
        EXPECT_GE(wait, 1ms);
        EXPECT_LE(wait, 250ms);
    }
}

TEST(Backoff, ResetStartsOver) {
    Backoff backoff(250ms, 30s);
    for (int i = 0; i < 20; ++i) backoff.next(k_most_random);
    backoff.reset();
    EXPECT_EQ(largest(backoff), 250ms);
}

TEST(Backoff, StaysAtTheMostForever) {
    Backoff backoff(1ms, 10ms);
    for (int i = 0; i < 10'000; ++i) EXPECT_LE(backoff.next(k_most_random), 10ms);
}

}  // namespace
}  // namespace holdfast::base
