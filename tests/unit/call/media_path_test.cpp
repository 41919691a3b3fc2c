// What a frame costs on the media thread. Its own binary: operator new counts here.
#include "support/counting_new.hpp"
#include "support/media_path.hpp"

#include <gtest/gtest.h>

namespace holdfast::test {
namespace {

constexpr int k_frames = 1000;

TEST(MediaPath, ACallerFrameReachesTheProviderWithoutAnAllocation) {
    MediaPath path;
    for (int i = 0; i < 10; ++i) path.caller_frame();  // scratch strings and the decoder find their size
    const auto messages = path.provider().messages;
    const auto before = allocations();
    for (int i = 0; i < k_frames; ++i) path.caller_frame();
    EXPECT_EQ(allocations() - before, 0u);
    EXPECT_EQ(path.provider().messages - messages, static_cast<std::size_t>(k_frames));
}

TEST(MediaPath, AnAnswerFrameCostsItsPlaceInTheQueueAndNothingElse) {
    MediaPath path;
    path.begin_answer();
    for (int i = 0; i < 10; ++i) path.provider_frame();
    path.loop.advance(std::chrono::milliseconds(300));
    const auto messages = path.caller().messages;
    const auto before = allocations();
    // A second of audio is ahead at most; the rest waits, which is what costs.
    for (int i = 0; i < 100; ++i) path.provider_frame();
    const auto spent = allocations() - before;
    EXPECT_LE(spent, 200u) << "one for the text that waits, and the queue's own blocks and timer";
    EXPECT_GT(path.caller().messages, messages);
}

}  // namespace
}  // namespace holdfast::test
