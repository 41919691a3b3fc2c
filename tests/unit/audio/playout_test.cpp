#include "audio/playout.hpp"

#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::audio {
namespace {

using namespace std::chrono_literals;
using base::TimePoint;

struct Sink : PlayoutSink {
    bool send_media(std::string_view base64) override {
        media.emplace_back(base64);
        note_write();
        return true;
    }
    bool send_mark(std::string_view name) override {
        marks.emplace_back(name);
        note_write();
        return true;
    }
    bool send_clear() override {
        ++clears;
        return true;
    }
    std::int64_t ms() const {
        std::size_t bytes = 0;
        for (const auto& m : media) bytes += base::base64_decoded_bytes(m);
        return static_cast<std::int64_t>(bytes / 8);
    }
    void hold() override { holding = true; }
    void release() override {
        holding = false;
        if (held) ++writes;
        held = false;
    }
    void note_write() {
        if (holding) held = true;
        else ++writes;
    }
    std::vector<std::string> media, marks;
    int clears = 0;
    bool holding = false, held = false;
    int writes = 0;
};

std::string audio(std::int64_t ms) {
    return base::base64_encode(std::string(static_cast<std::size_t>(ms * 8), '\x2a'));
}

class PlayoutTest : public ::testing::Test {
  protected:
    void at(std::chrono::milliseconds t) { now_ = TimePoint{} + 1h + t; }
    // Pumps as its owner does, until `t`.
    void run_to(std::chrono::milliseconds t) {
        const auto until = TimePoint{} + 1h + t;
        while (auto next = playout_.pump(now_)) {
            if (*next > until) break;
            now_ = *next;
        }
        now_ = until;
        playout_.pump(now_);
    }
    std::string mark_at(std::int64_t position_ms, int item = 1, int generation = 1) const {
        return std::to_string(generation) + "." + std::to_string(item) + "." + std::to_string(position_ms * 8);
    }

    Sink sink_;
    Playout playout_{sink_, PlayoutLimits::defaults()};
    TimePoint now_ = TimePoint{} + 1h;
};

TEST_F(PlayoutTest, SendsAShortDeltaAtOnceAndUnchanged) {
    playout_.add("a", audio(20), now_);
    ASSERT_EQ(sink_.media.size(), 1u);
    EXPECT_EQ(sink_.media[0], audio(20));
}

TEST_F(PlayoutTest, NeverRunsMoreThanOneSecondAhead) {
    playout_.add("a", audio(10'000), now_);
    for (int t = 0; t < 9000; t += 50) {
        run_to(std::chrono::milliseconds(t));
        EXPECT_LE(sink_.ms(), t + 1000) << t;
        EXPECT_GT(sink_.ms(), t + 1000 - 60 - 180) << t;  // topped up when there is room for what one mark covers
    }
    run_to(9s);
    EXPECT_EQ(sink_.ms(), 10'000);
}

TEST_F(PlayoutTest, CutsBetweenBase64GroupsWithoutChangingAByte) {
    for (std::int64_t bytes : {1, 2, 3, 479, 480, 481, 1000, 7999}) {
        Sink sink;
        Playout playout(sink, PlayoutLimits::defaults());
        const std::string raw(static_cast<std::size_t>(bytes), '\x31');
        playout.add("a", base::base64_encode(raw), now_);
        std::string joined;
        for (const auto& m : sink.media) {
            EXPECT_LE(m.size(), 640u);
            joined += *base::base64_decode(m);
        }
        EXPECT_EQ(joined, raw) << bytes;
    }
}

TEST_F(PlayoutTest, MarksEvery180MillisecondsAndAtTheEndOfAnItem) {
    for (int i = 0; i < 20; ++i) playout_.add("a", audio(20), now_);  // 400 ms
    EXPECT_EQ(sink_.marks, (std::vector<std::string>{mark_at(180), mark_at(360)}));
    playout_.finish("a", now_);
    EXPECT_EQ(sink_.marks.back(), mark_at(400));
}

TEST_F(PlayoutTest, AudioThatWaitedLeavesWithItsMarkInOneWrite) {
    playout_.add("a", audio(5'000), now_);  // one second of it goes at once
    sink_.writes = 0;
    const auto before = sink_.marks.size();
    run_to(1800ms);
    EXPECT_EQ(sink_.marks.size() - before, 10u);
    EXPECT_EQ(sink_.writes, 10);
}

TEST_F(PlayoutTest, AnItemIsFinishedWhenItsLastMarkReturns) {
    playout_.add("a", audio(200), now_);
    playout_.finish("a", now_);
    at(200ms);
    EXPECT_TRUE(playout_.take_finished().empty());
    playout_.on_mark(sink_.marks.back(), now_);
    const auto finished = playout_.take_finished();
    ASSERT_EQ(finished.size(), 1u);
    EXPECT_EQ(finished[0].item, "a");
    EXPECT_EQ(finished[0].played_ms, 200);
    EXPECT_FALSE(playout_.busy());
}

TEST_F(PlayoutTest, InterruptionReportsWhatMarksAndTimeProve) {
    playout_.add("a", audio(900), now_);  // marks at 180, 360 ... (60 ms messages)
    at(300ms);
    playout_.on_mark(mark_at(180), now_);  // came back late: 120 ms of network
    at(340ms);
    const auto cut = playout_.interrupt(now_);
    ASSERT_EQ(cut.size(), 1u);
    EXPECT_EQ(cut[0].played_ms, 220);  // 180 confirmed and 40 ms since
    EXPECT_EQ(cut[0].received_ms, 900);
    EXPECT_EQ(sink_.clears, 1);
}

TEST_F(PlayoutTest, TimeAloneNeverPassesTheNextMark) {
    playout_.add("a", audio(900), now_);
    at(800ms);  // no mark came back: Twilio may be stuck
    EXPECT_EQ(playout_.interrupt(now_)[0].played_ms, 180);
}

TEST_F(PlayoutTest, PlayedNeverExceedsReceived) {
    playout_.add("a", audio(100), now_);
    at(10s);
    EXPECT_LE(playout_.interrupt(now_)[0].played_ms, 100);
}

TEST_F(PlayoutTest, MarksOfAClearedGenerationAreIgnored) {
    playout_.add("a", audio(400), now_);
    at(50ms);
    playout_.interrupt(now_);
    playout_.add("b", audio(400), now_);
    for (const auto& mark : std::vector<std::string>(sink_.marks)) {
        if (mark.rfind("1.", 0) == 0) playout_.on_mark(mark, now_);
    }
    EXPECT_EQ(playout_.interrupt(now_)[0].played_ms, 0);
}

TEST_F(PlayoutTest, LaterItemsThatNeverStartedReportZero) {
    playout_.add("a", audio(2000), now_);
    playout_.add("b", audio(500), now_);
    at(100ms);
    const auto cut = playout_.interrupt(now_);
    ASSERT_EQ(cut.size(), 2u);
    EXPECT_EQ(cut[1].item, "b");
    EXPECT_EQ(cut[1].played_ms, 0);
    EXPECT_EQ(cut[1].received_ms, 500);
}

TEST_F(PlayoutTest, ItemsPlayOneAfterAnother) {
    playout_.add("a", audio(500), now_);
    playout_.add("b", audio(300), now_);
    playout_.finish("a", now_);
    playout_.finish("b", now_);
    EXPECT_EQ(sink_.ms(), 800);
    EXPECT_EQ(sink_.marks.back(), mark_at(300, 2));
    playout_.on_mark(mark_at(500, 1), now_);
    playout_.on_mark(mark_at(300, 2), now_);
    EXPECT_EQ(playout_.take_finished().size(), 2u);
}

TEST_F(PlayoutTest, T20_AMarkThatNeverReturnsCountsAsHeardInTheEnd) {
    playout_.add("a", audio(200), now_);
    playout_.finish("a", now_);
    run_to(5100ms);
    EXPECT_TRUE(playout_.take_finished().empty());
    run_to(5300ms);
    EXPECT_EQ(playout_.take_finished().size(), 1u);
    EXPECT_GE(playout_.marks_timed_out(), 1u);
}

TEST_F(PlayoutTest, O16_ABurstOfAMinuteIsKeptAndMoreIsRefused) {
    for (int i = 0; i < 61; ++i) EXPECT_TRUE(playout_.add("a", audio(1000), now_)) << i;
    EXPECT_FALSE(playout_.add("a", audio(1000), now_));
    EXPECT_LE(playout_.waiting().count(), 60'000);
    run_to(60s);
    EXPECT_EQ(sink_.ms(), 61'000);  // nothing was thinned out
}

TEST_F(PlayoutTest, InterruptWhenIdleSendsNothing) {
    EXPECT_TRUE(playout_.interrupt(now_).empty());
    EXPECT_EQ(sink_.clears, 0);
}

TEST_F(PlayoutTest, ALatePlaybackSlowsTheSenderDown) {
    playout_.add("a", audio(5000), now_);
    run_to(500ms);
    playout_.on_mark(mark_at(180), now_);  // 320 ms behind the clock
    const auto sent = sink_.ms();
    playout_.pump(now_);
    EXPECT_EQ(sink_.ms(), sent);
    EXPECT_LE(sink_.ms() - 180, 1000 + 320);
    run_to(900ms);
    EXPECT_LE(sink_.ms(), 180 + 400 + 1000);
}

TEST_F(PlayoutTest, N14_MarksTellHowMuchLaterThanTheLineIsLongTheyCome) {
    at(0ms);
    playout_.add("a", audio(900), now_);
    run_to(0ms);
    ASSERT_EQ(sink_.marks.size(), 5u);
    EXPECT_EQ(playout_.mark_lag(now_), std::nullopt) << "nothing is known yet";
    at(180ms + 250ms);  // a long way, but not a bad one
    playout_.on_mark(sink_.marks[0], now_);
    EXPECT_EQ(playout_.mark_lag(now_), 0ms);
    at(360ms + 300ms);
    playout_.on_mark(sink_.marks[1], now_);
    EXPECT_EQ(playout_.mark_lag(now_), 50ms);
    at(540ms + 250ms + 400ms);
    playout_.on_mark(sink_.marks[2], now_);
    EXPECT_EQ(playout_.mark_lag(now_), 400ms);
    at(540ms + 250ms + 400ms + 2001ms);
    EXPECT_EQ(playout_.mark_lag(now_), std::nullopt) << "T19, T20: who returns nothing is not the line";
}

TEST_F(PlayoutTest, ForeignMarksAreHarmless) {
    playout_.add("a", audio(200), now_);
    for (const char* name : {"", ".", "..", "1", "1.1", "1.1.", "x.y.z", "1.1.99999999999999999999", "1.1.999999", "1.9.80",
                             "-1.1.8", "1.1.8.8", "99999999999999999999.1.8"}) {
        playout_.on_mark(name, now_);
    }
    EXPECT_EQ(playout_.interrupt(now_)[0].played_ms, 0);
}

}  // namespace
}  // namespace holdfast::audio
