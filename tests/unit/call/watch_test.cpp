#include "call/watch.hpp"

#include <gtest/gtest.h>

namespace holdfast::call {
namespace {

using namespace std::chrono_literals;
using base::TimePoint;

// Seconds of a call as they pass; alarms are collected every 10 ms.
class WatchTest : public testing::Test {
  protected:
    WatchTest() { watch.begin(at(0ms)); }

    static TimePoint at(base::milliseconds ms) { return TimePoint(std::chrono::hours(1)) + ms; }

    // "1500 filler" for every alarm up to `until`.
    std::vector<std::string> alarms(base::milliseconds until, bool live = true) {
        std::vector<std::string> out;
        for (; now <= until; now += 10ms) {
            while (const auto alarm = watch.due(at(now), live)) {
                out.push_back(std::to_string(now.count()) + " " + to_string(*alarm));
            }
        }
        return out;
    }
    void speaks(base::milliseconds from, base::milliseconds to, bool noticed = true) {
        watch.caller_started(at(from));
        if (noticed) watch.voice_noticed(at(from));
        watch.caller_stopped(at(to), to - from);
        now = std::max(now, to);
    }

    using Lines = std::vector<std::string>;
    Watch watch{WatchTimes{}};
    base::milliseconds now{0};
};

TEST_F(WatchTest, AnAnswerInTimeRaisesNothing) {
    speaks(0ms, 1000ms);
    EXPECT_EQ(alarms(2000ms), Lines{});
    watch.voice_audio(at(5000ms));
    watch.voice_audio_done();
    EXPECT_EQ(alarms(11'000ms), Lines{});
}

TEST_F(WatchTest, O13_O14_FillerAtOneAndAHalfSecondsDownAtFour) {
    speaks(0ms, 1000ms);
    EXPECT_EQ(alarms(6000ms), (Lines{"2500 filler", "5000 answer_overdue"}));
}

TEST_F(WatchTest, ASlowAnswerGetsItsFillerAndIsThenLetBe) {
    speaks(0ms, 1000ms);
    EXPECT_EQ(alarms(3900ms), Lines{"2500 filler"});
    watch.voice_audio(at(9000ms));
    EXPECT_EQ(alarms(9500ms), Lines{});
}

TEST_F(WatchTest, TheFillerDoesNotPostponeTheTimeOut) {
    speaks(0ms, 1000ms);
    alarms(2500ms);
    watch.box_sound(at(4500ms));
    EXPECT_EQ(alarms(5000ms), Lines{"5000 answer_overdue"});
}

TEST_F(WatchTest, NothingIsOwedToACough) {
    speaks(0ms, 300ms, false);
    EXPECT_EQ(alarms(5000ms), Lines{});
}

TEST_F(WatchTest, N11_AShortWordOnALineInDoubtIsOwedAnAnswer) {
    speaks(0ms, 300ms, false);
    EXPECT_EQ(alarms(2000ms), Lines{});
    watch.line_in_doubt(at(2000ms), true);
    EXPECT_EQ(alarms(5000ms), (Lines{"2010 filler", "4300 answer_overdue"}));
    watch.voice_changed();
    speaks(6000ms, 6300ms, false);
    EXPECT_EQ(alarms(12'000ms), Lines{});
}

TEST_F(WatchTest, N11_ADoubtThatIsSettledOwesNothingToALaterCough) {
    watch.line_in_doubt(at(0ms), true);
    watch.line_in_doubt(at(100ms), false);
    speaks(200ms, 500ms, false);
    EXPECT_EQ(alarms(5000ms), Lines{});
}

TEST_F(WatchTest, SpeechThatNobodyNoticedIsOwedAnAnswerAllTheSame) {
    speaks(0ms, 1500ms, false);
    EXPECT_EQ(alarms(6000ms), (Lines{"3000 filler", "5500 answer_overdue"}));
}

TEST_F(WatchTest, AShortWordThatIsReportedAfterItsEndIsOwedAnAnswer) {
    speaks(0ms, 400ms, false);
    watch.voice_noticed(at(700ms));
    EXPECT_EQ(alarms(4500ms), (Lines{"1900 filler", "4400 answer_overdue"}));
}

TEST_F(WatchTest, AShortWordThatTheProviderReportsFirstIsOwedAnAnswer) {
    watch.voice_noticed(at(100ms));
    watch.caller_started(at(0ms));
    watch.caller_stopped(at(400ms), 400ms);
    EXPECT_EQ(alarms(4500ms), (Lines{"1900 filler", "4400 answer_overdue"}));
}

TEST_F(WatchTest, AReportThatComesMuchLaterIsAboutSomethingElse) {
    speaks(0ms, 400ms, false);
    now = 3000ms;
    watch.voice_noticed(at(3000ms));
    EXPECT_EQ(alarms(6900ms), Lines{});
}

TEST_F(WatchTest, TheCallerGoingOnTakesTheDebtBack) {
    speaks(0ms, 1000ms);
    alarms(2000ms);
    watch.caller_started(at(2000ms));
    EXPECT_EQ(alarms(9000ms), Lines{});
}

TEST_F(WatchTest, O15_AudioThatStopsInASentenceIsMissedWithinASecond) {
    watch.voice_audio(at(2000ms));
    EXPECT_EQ(alarms(3500ms), Lines{"2900 stalled"});
}

TEST_F(WatchTest, AFinishedSentenceIsNoStall) {
    watch.voice_audio(at(2000ms));
    watch.voice_audio_done();
    EXPECT_EQ(alarms(8900ms), Lines{});
}

TEST_F(WatchTest, AnInterruptedSentenceIsNoStall) {
    watch.voice_audio(at(5000ms));
    watch.caller_started(at(1000ms));
    watch.silenced(at(1000ms));
    EXPECT_EQ(alarms(3000ms), Lines{});
}

TEST_F(WatchTest, ACallerWhoTakesTheTurnEndsASentenceThatBrokeOff) {
    watch.voice_audio(at(2000ms));
    watch.caller_started(at(2600ms));
    EXPECT_EQ(alarms(4000ms), Lines{});
}

TEST_F(WatchTest, T27_ASilentCallerIsPromptedThenOfferedKeysThenAPerson) {
    watch.box_sound(at(2000ms));
    EXPECT_EQ(alarms(9000ms), Lines{"9000 silence_prompt"});
    watch.box_sound(at(11'000ms));
    EXPECT_EQ(alarms(18'000ms), Lines{"18000 silence_keys"});
    watch.box_sound(at(22'000ms));
    EXPECT_EQ(alarms(60'000ms), Lines{"37000 silence_person"});
}

TEST_F(WatchTest, T27_OurOwnVoiceDoesNotCountAsTheCallers) {
    alarms(7500ms);
    watch.voice_audio(at(9000ms));
    watch.voice_audio_done();
    EXPECT_EQ(alarms(16'500ms), Lines{"16000 silence_keys"});
}

TEST_F(WatchTest, T27_AWordOrAKeyBeginsAllOver) {
    alarms(7500ms);
    speaks(8000ms, 9000ms);
    watch.voice_excused();
    EXPECT_EQ(alarms(16'000ms), Lines{"16000 silence_prompt"});
    now = 17'000ms;
    watch.caller_pressed(at(17'000ms));
    EXPECT_EQ(alarms(24'500ms), Lines{"24000 silence_prompt"});
}

TEST_F(WatchTest, FixedQuestionsOweNoAnswerButSilenceIsStillSilence) {
    speaks(0ms, 1500ms);
    watch.voice_excused();
    EXPECT_EQ(alarms(9000ms, false), Lines{"8500 silence_prompt"});
}

TEST_F(WatchTest, AVoiceThatWasReplacedOwesNothing) {
    speaks(0ms, 1000ms);
    watch.voice_changed();
    EXPECT_EQ(alarms(7500ms), Lines{});
}

TEST_F(WatchTest, NothingIsWatchedBeforeTheStream) {
    Watch unborn{WatchTimes{}};
    EXPECT_FALSE(unborn.due(at(100'000ms), true));
}

}  // namespace
}  // namespace holdfast::call
