// Where frames go: everything here happens on the media thread; the queue is read by the test.
#include "unit/recording/recording_world.hpp"

#include "metrics/catalog.hpp"
#include "recording/live_recording.hpp"

namespace holdfast::test {
namespace {

class Live : public ::testing::Test {
  protected:
    Live() { make(0); }
    void make(std::int64_t offset_ms) {
        live.reset();
        queue = std::make_shared<Queue>(8);
        live = std::make_unique<LiveRecording>(queue, 7, Start{k_call, k_utc_ms, offset_ms, "live"},
                                               [this] { return now; });
    }
    std::deque<Item> items() {
        std::deque<Item> out;
        queue->drain(out, 0ms);
        return out;
    }
    std::vector<Block> blocks() {
        std::vector<Block> out;
        for (auto& item : items()) {
            if (auto* block = std::get_if<Block>(&item.what)) out.push_back(std::move(*block));
        }
        return out;
    }
    base::TimePoint now{1000s};
    std::shared_ptr<Queue> queue;
    std::unique_ptr<LiveRecording> live;
};

TEST_F(Live, HandsOverASecondAtATime) {
    for (int i = 0; i < 49; ++i) live->caller(frame('c'), 20 * i);
    EXPECT_TRUE(items().empty());
    live->caller(frame('c'), 980);
    const auto got = blocks();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].at, 0);
    EXPECT_EQ(got[0].mulaw, sound('c', 1000));
}

TEST_F(Live, PlacesFramesOnTheCallsClock) {
    make(5000);
    live->caller(frame('c'), 5100);
    live->finish();
    const auto got = blocks();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].at, 800);
}

TEST_F(Live, BeginsInThePastWhenAudioFromThereIsGiven) {
    live.reset();
    queue = std::make_shared<Queue>(16);
    live = std::make_unique<LiveRecording>(queue, 7, Start{k_call, k_utc_ms, 2000, "canned", 5000}, [this] { return now; });
    for (int i = 0; i < 250; ++i) live->caller(frame('c'), 2000 + 20 * i);  // the last five seconds, at once
    now += 1s;
    live->caller(frame('c'), 7000);
    live->finish();
    std::int64_t samples = 0, end = 0;
    for (const auto& item : items()) {
        if (const auto* block = std::get_if<Block>(&item.what)) samples += static_cast<std::int64_t>(block->mulaw.size());
        if (const auto* close = std::get_if<Close>(&item.what)) end = close->samples;
    }
    EXPECT_EQ(samples, 8 * 5020);
    EXPECT_EQ(end, 8 * 6000);
}

TEST_F(Live, CutsOffWhatWasSpokenBeforeItBegan) {
    make(5000);
    live->caller(frame('a'), 4900);
    live->caller(frame('b'), 4990);
    live->finish();
    const auto got = blocks();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].at, 0);
    EXPECT_EQ(got[0].mulaw, sound('b', 10));
}

TEST_F(Live, ClosesRoundingHolesButNoLostFrame) {
    live->caller(frame('a'), 0);
    live->caller(frame('b'), 29);
    live->caller(frame('c'), 60);
    live->finish();
    const auto got = blocks();
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].mulaw, sound('a') + sound('b'));
    EXPECT_EQ(got[1].at, 480);
}

TEST_F(Live, PlacesALateCallerFrameWhereItBelongs) {
    live->caller(frame('a'), 0);
    live->caller(frame('c'), 100);
    live->caller(frame('b'), 40);
    live->finish();
    const auto got = blocks();
    ASSERT_EQ(got.size(), 3u);
    EXPECT_EQ(got[2].at, 320);
    EXPECT_EQ(got[2].mulaw, sound('b'));
}

TEST_F(Live, BoxAudioSentAheadFollowsTheFrameBefore) {
    live->box(frame('a', 60), 0);
    live->box(frame('b', 60), 1);
    live->box(frame('c', 60), 2);
    live->finish();
    const auto got = blocks();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].mulaw, sound('a', 60) + sound('b', 60) + sound('c', 60));
}

TEST_F(Live, AClearSilencesWhatWasInFlight) {
    live->box(frame('a', 600), 0);
    live->box_cleared(200);
    live->box(frame('b'), 300);
    live->finish();
    const auto got = items();
    ASSERT_EQ(got.size(), 4u);
    EXPECT_EQ(std::get<Block>(got[0].what).mulaw, sound('a', 600));
    EXPECT_EQ(std::get<Cleared>(got[1].what).from, 1600);
    EXPECT_EQ(std::get<Block>(got[2].what).at, 2400);
    live->box_cleared(10);  // after the end: nothing
    EXPECT_TRUE(items().empty());
}

TEST_F(Live, LastsAsLongAsTheClockSays) {
    live->caller(frame('c'), 0);
    now += 3s;
    live->finish();
    live->finish();
    const auto got = items();
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(std::get<Close>(got[1].what).samples, 24'000);
}

TEST_F(Live, RefusesFramesThatCannotBe) {
    const auto bad = metrics::recording_bad_frames_total.value();
    live->caller("not base64!", 0);
    live->caller(std::string(100'000, 'A'), 0);
    live->caller(frame('c'), 61'000);          // a minute ahead of the clock
    live->caller(frame('c'), INT64_MAX);
    live->box(frame('c'), INT64_MAX);
    EXPECT_EQ(metrics::recording_bad_frames_total.value(), bad + 5);
    live->caller(frame('c'), INT64_MIN);
    live->finish();
    EXPECT_TRUE(blocks().empty());
}

TEST_F(Live, CountsWhatAFullQueueRefuses) {
    const auto dropped = metrics::recording_blocks_dropped_total.value();
    for (int i = 0; i < 10 * 50; ++i) live->caller(frame('c'), 20 * i);
    live->finish();
    EXPECT_EQ(metrics::recording_blocks_dropped_total.value(), dropped + 2);
    const auto got = items();
    ASSERT_EQ(got.size(), 9u) << "eight blocks, and the end gets through";
    EXPECT_EQ(std::get<Close>(got[8].what).lost_samples, 16'000);
}

TEST_F(Live, ActiveGaugeComesBack) {
    const auto before = metrics::recordings_active.value();
    make(0);
    EXPECT_EQ(metrics::recordings_active.value(), before);
    live.reset();
    EXPECT_EQ(metrics::recordings_active.value(), before - 1);
}

}  // namespace
}  // namespace holdfast::test
