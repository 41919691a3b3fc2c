// A call on the ladder: what the caller hears when a voice is lost, silent or late, who gets the words, and
// how the call comes up again.
#include "support/fake_call_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using call::Phase;
using ladder::Rung;
using testing::Contains;
using testing::ElementsAre;

const std::vector<Rung> k_whole{Rung::openai, Rung::eleven_realtime, Rung::canned, Rung::person};

voice::VoiceLoss loss(const char* reason = "closed", base::Condition condition = base::Condition::retry) {
    voice::VoiceLoss l;
    l.reason = reason;
    l.error = base::make_error(condition, reason);
    return l;
}

void says(CallWorld& world, std::string words) {
    voice::CallerUtterance said;
    said.item_id = "u1";
    said.text = std::move(words);
    world.voice->listener.on_caller_utterance(said);
}

std::vector<std::string> seams(const CallWorld& world) {
    std::vector<std::string> out;
    for (const auto& seam : world.journal.rows<store::Seam>()) out.push_back(seam.kind + " " + seam.reason);
    return out;
}

std::vector<std::string> prompts(const CallWorld& world) {
    std::vector<std::string> out;
    for (const auto& event : world.feed.events) {
        if (event.kind == "sentence") out.push_back(event.detail);
    }
    return out;
}

// 200 ms bursts of a loud tone-like sound with changing level: speech to the detector.
void speak(CallWorld& world, std::int64_t ms) {
    for (std::int64_t at = 0; at < ms; at += 20) {
        std::string pcm;
        for (int i = 0; i < 160; ++i) {
            const bool loud = (at / 60) % 2 == 0;
            pcm += static_cast<char>(((i / 8) % 2 != 0 ? 0x80 : 0x00) | (loud ? 0x0f : 0x1f));
        }
        world.payload_override = base::base64_encode(pcm);
        world.pass(20);
    }
    world.payload_override = base::base64_encode(std::string(160, '\xff'));
}

TEST(CallLadder, N05_ALostSessionIsReplacedOnceWithAPromptMeanwhile) {
    CallWorld world(k_whole);
    world.talk();
    says(world, "There is a fire.");
    world.voice->listener.on_voice_lost(loss());
    EXPECT_EQ(world.call->phase(), Phase::talking);
    ASSERT_EQ(world.made.size(), 2u);
    EXPECT_EQ(world.made[1]->rung, Rung::openai);
    EXPECT_TRUE(world.made[1]->proven);
    EXPECT_TRUE(world.made[1]->handover.joining);
    EXPECT_THAT(prompts(world), ElementsAre("stall"));
    EXPECT_EQ(world.leg.media_at.front(), world.loop.now()) << "in the same instant";
    world.voice->become_ready();
    world.hear_everything();
    EXPECT_EQ(world.call->phase(), Phase::talking);
    EXPECT_THAT(seams(world), ElementsAre("voice_lost closed"));
}

TEST(CallLadder, AVoiceThatJoinsBeforeAnythingWasSaidLeavesTheFirstWordToTheCaller) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_voice_lost(loss("auth", base::Condition::fatal));
    EXPECT_TRUE(world.voice->proven);
    EXPECT_FALSE(world.voice->handover.joining);
}

TEST(CallLadder, ASecondLossWithinHalfAMinuteStepsDown) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_voice_lost(loss());
    world.voice->become_ready();
    world.pass(1000);
    world.voice->listener.on_voice_lost(loss());
    EXPECT_EQ(world.voice->rung, Rung::eleven_realtime);
    EXPECT_EQ(world.call->rung(), Rung::eleven_realtime);
    EXPECT_THAT(prompts(world), ElementsAre("stall", "stall"));
}

TEST(CallLadder, O01_AFatalLossStepsDownAtOnce) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_voice_lost(loss("auth", base::Condition::fatal));
    EXPECT_EQ(world.call->rung(), Rung::eleven_realtime);
    const auto changes = world.journal.rows<store::CallChanged>();
    EXPECT_EQ(changes.back().rung, "eleven_realtime");
    const auto rows = world.journal.rows<store::Seam>();
    EXPECT_EQ(rows.back().from_rung, "openai");
    EXPECT_EQ(rows.back().to_rung, "eleven_realtime");
}

TEST(CallLadder, AReplacementThatDoesNotComeInThreeSecondsStepsDown) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_voice_lost(loss());
    for (int i = 0; i < 160; ++i) world.pass(20);
    EXPECT_EQ(world.made[1]->stopped, "late");
    EXPECT_EQ(world.call->rung(), Rung::eleven_realtime);
    EXPECT_THAT(seams(world), Contains("voice_late late"));
}

TEST(CallLadder, BelowTheModelsThereAreRecordedQuestionsAndThenAPerson) {
    CallWorld world({Rung::openai, Rung::canned, Rung::person});
    world.talk();
    world.voice->listener.on_voice_lost(loss("auth", base::Condition::fatal));
    ASSERT_EQ(world.voice->rung, Rung::canned);
    EXPECT_THAT(prompts(world), ElementsAre()) << "the questions speak for themselves";
    ASSERT_EQ(world.recorder.kept.size(), 1u) << "a canned call is recorded";
    EXPECT_EQ(world.recorder.kept[0]->start.retention_class, "canned");
    world.voice->become_ready();
    world.voice->listener.on_person_requested("canned_done");
    EXPECT_EQ(world.call->phase(), Phase::leaving);
    world.hear_everything();
    EXPECT_EQ(world.leg.closed, "person");
    EXPECT_TRUE(world.recorder.kept[0]->finished);
}

TEST(CallLadder, O05_AVoiceThatNeverComesLeavesTheGreetingAlone) {
    CallWorld world(k_whole);
    world.admit();
    world.start();
    const int clears = world.leg.clears;
    world.voice->listener.on_voice_lost(loss("timeout"));
    EXPECT_EQ(world.leg.clears, clears);
    EXPECT_EQ(world.call->rung(), Rung::eleven_realtime);
    EXPECT_TRUE(world.voice->proven);
}

TEST(CallLadder, ALossBeforeTheStreamIsMendedBeforeTheStream) {
    CallWorld world(k_whole);
    world.admit();
    world.voice->listener.on_voice_lost(loss("network"));
    EXPECT_EQ(world.call->phase(), Phase::ringing);
    EXPECT_EQ(world.call->rung(), Rung::eleven_realtime);
    EXPECT_FALSE(world.voice->proven) << "nothing may be sent for an unproven caller";
    world.start();
    EXPECT_TRUE(world.voice->proven);
    EXPECT_FALSE(world.voice->handover.joining) << "the greeting plays; nothing was said yet";
}

TEST(CallLadder, TheNextVoiceIsToldTheTalkAndGivenWhatNobodyWroteDown) {
    CallWorld world(k_whole);
    world.talk();
    says(world, "There is a fire.");
    world.voice->not_written_down = {audio_ms(400, '\x11')};
    world.voice->listener.on_voice_lost(loss());
    world.pass(100);
    EXPECT_TRUE(world.voice->heard.empty());
    ASSERT_EQ(world.voice->handover.said.size(), 1u);
    EXPECT_EQ(world.voice->handover.said[0].text, "There is a fire.");
    world.voice->become_ready();
    ASSERT_GE(world.voice->heard.size(), 2u);
    EXPECT_EQ(world.voice->heard.front(), audio_ms(400, '\x11')) << "first what the lost voice had not written down";
    EXPECT_EQ(world.voice->heard_ms(), 500);
}

TEST(CallLadder, WhileTheRungHasNoEarsTheLastHalfMinuteIsKept) {
    CallWorld world({Rung::openai, Rung::canned, Rung::person});
    world.talk();
    world.voice->listener.on_voice_lost(loss("auth", base::Condition::fatal));
    world.voice->ears = false;
    world.voice->become_ready();
    for (int i = 0; i < 100; ++i) world.pass(20);
    EXPECT_TRUE(world.voice->heard.empty());
}

TEST(CallLadder, KeysGoToAModelAsARunAndToFixedQuestionsAtOnce) {
    CallWorld world({Rung::openai, Rung::canned, Rung::person});
    world.talk();
    world.call->dtmf("1");
    world.call->dtmf("2");
    EXPECT_THAT(world.voice->keys, ElementsAre());
    for (int i = 0; i < 100; ++i) world.pass(20);
    EXPECT_THAT(world.voice->keys, ElementsAre("12"));
    world.voice->listener.on_voice_lost(loss("auth", base::Condition::fatal));
    world.voice->become_ready();
    world.voice->listener.on_voice_audio("canned-1", audio_ms(3000));
    world.pass(100);
    const int clears = world.leg.clears;
    world.call->dtmf("3");
    EXPECT_THAT(world.voice->keys, ElementsAre("3"));
    EXPECT_EQ(world.leg.clears, clears + 1) << "a key ends the question";
    EXPECT_THAT(world.voice->cut, testing::SizeIs(1));
}

TEST(CallLadder, AnItemHeardToItsEndIsToldToItsVoice) {
    CallWorld world({Rung::openai, Rung::canned, Rung::person});
    world.talk();
    world.voice->listener.on_voice_audio("item_1", audio_ms(200));
    world.voice->listener.on_voice_audio_done("item_1");
    world.hear_everything();
    EXPECT_THAT(world.voice->played, ElementsAre("item_1"));
}

TEST(CallLadder, O13_NoAnswerMeansAFillerAtOneAndAHalfSecondsAndTheNextRungAtFour) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_caller_speech_started();
    speak(world, 1200);
    world.voice->listener.on_caller_speech_stopped(500ms);
    std::int64_t waited = 0;
    while (prompts(world).empty() && waited < 3000) {
        world.pass(20);
        waited += 20;
    }
    EXPECT_THAT(prompts(world), ElementsAre("filler"));
    EXPECT_NEAR(static_cast<double>(waited), 1500, 120) << "after the caller's last sound";
    while (world.call->rung() == Rung::openai && waited < 6000) {
        world.pass(20);
        waited += 20;
    }
    EXPECT_NEAR(static_cast<double>(waited), 4000, 120);
    EXPECT_EQ(world.call->rung(), Rung::eleven_realtime);
    EXPECT_EQ(world.made[0]->stopped, "unserved");
    EXPECT_THAT(seams(world), Contains("voice_unserved silent"));
}

TEST(CallLadder, AFillerIsCutWhenTheAnswerArrives) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_caller_speech_started();
    speak(world, 1200);
    for (int i = 0; i < 100 && prompts(world).empty(); ++i) world.pass(20);
    const int clears = world.leg.clears;
    world.pass(100);
    world.voice->listener.on_voice_audio("item_1", audio_ms(500));
    EXPECT_EQ(world.leg.clears, clears + 1);
    EXPECT_EQ(world.call->rung(), Rung::openai);
}

TEST(CallLadder, O15_ASentenceThatBreaksOffIsBridgedWithinASecond) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_voice_audio("item_1", audio_ms(600));
    std::int64_t waited = 0;
    while (prompts(world).empty() && waited < 4000) {
        world.pass(20);
        waited += 20;
    }
    EXPECT_THAT(prompts(world), ElementsAre("stall"));
    EXPECT_NEAR(static_cast<double>(waited), 1500, 60) << "0.9 s after the last sound, so that the prompt is heard within one";
    EXPECT_THAT(seams(world), ElementsAre("voice_unserved stalled"));
    EXPECT_EQ(world.made.size(), 2u);
}

TEST(CallLadder, T27_ACallerWhoNeverSpeaksIsPromptedOfferedKeysAndGivenToAPerson) {
    CallWorld world(k_whole);
    world.talk();
    for (int i = 0; i < 4000 && world.call->phase() == Phase::talking; ++i) world.pass(20);
    EXPECT_THAT(prompts(world), ElementsAre("silence_prompt", "silence_keys", "person"));
    EXPECT_EQ(world.call->phase(), Phase::leaving);
    EXPECT_THAT(seams(world), Contains("person_asked silence"));
}

TEST(CallLadder, TheWordsForAPersonReachAPerson) {
    CallWorld world(k_whole);
    world.talk();
    says(world, "I want a Real Person!");
    EXPECT_EQ(world.call->phase(), Phase::leaving);
    EXPECT_THAT(seams(world), Contains("person_asked words"));
}

TEST(CallLadder, ABetterRungIsPreparedBehindTheTalkAndTakenBetweenTurns) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_voice_lost(loss("auth", base::Condition::fatal));
    ASSERT_EQ(world.call->rung(), Rung::eleven_realtime);
    world.voice->become_ready();
    world.hear_everything();
    const auto lower = world.voice;
    // The first rung heals: probes report it well for half a minute.
    for (int s = 0; s < 100 && world.voice == lower; ++s) {
        if (s > 62) world.ladder.on_connected(Rung::openai, 200ms, world.loop.now());
        if (s % 5 == 0) world.call->dtmf("1");       // the caller is there
        for (int i = 0; i < 50 && world.voice == lower; ++i) world.pass(20);
    }
    ASSERT_NE(world.voice, lower) << "a better voice is being prepared";
    lower->listener.on_caller_speech_started();
    EXPECT_EQ(world.voice->rung, Rung::openai);
    EXPECT_TRUE(world.voice->opened);
    EXPECT_FALSE(world.voice->proven) << "not in the middle of a turn";
    EXPECT_EQ(world.call->rung(), Rung::eleven_realtime);
    world.voice->become_ready();
    EXPECT_FALSE(world.voice->proven);
    lower->listener.on_caller_speech_stopped(500ms);
    lower->listener.on_voice_audio("item_1", audio_ms(200));
    lower->listener.on_voice_audio_done("item_1");
    for (int i = 0; i < 60; ++i) world.pass(20);
    EXPECT_EQ(world.call->rung(), Rung::openai);
    EXPECT_TRUE(world.voice->proven);
    EXPECT_EQ(lower->stopped, "better");
    EXPECT_THAT(seams(world), Contains("rung_up healthy"));
}

TEST(CallLadder, APersonWhoDoesNotAnswerBringsTheCallBack) {
    CallWorld world(k_whole);
    world.settings->dials = true;
    world.talk();
    says(world, "Operator, please.");
    world.hear_everything();
    ASSERT_EQ(world.call->phase(), Phase::with_person);
    EXPECT_EQ(world.ended, "");
    EXPECT_TRUE(world.call->person_unanswered("no-answer"));
    EXPECT_EQ(world.call->phase(), Phase::ringing);
    EXPECT_FALSE(world.voice->proven);
    FakeLeg again(world.loop);
    world.call->stream_started(again, start_info());
    EXPECT_TRUE(world.voice->proven);
    EXPECT_TRUE(world.voice->handover.joining) << "the talk goes on, it does not begin";
    EXPECT_THAT(again.media, testing::IsEmpty()) << "no second greeting";
    EXPECT_THAT(seams(world), Contains("person_unanswered no-answer"));
}

TEST(CallLadder, APersonWhoAnsweredEndsTheCall) {
    CallWorld world(k_whole);
    world.settings->dials = true;
    world.talk();
    world.call->ask_person("console");
    world.hear_everything();
    EXPECT_EQ(world.ended, "");
    world.call->person_done();
    EXPECT_EQ(world.ended, "transferred");
}

TEST(CallLadder, WhenTwilioNeverSaysHowItWentTheCallEndsByItself) {
    CallWorld world(k_whole);
    world.settings->dials = true;
    world.talk();
    world.call->ask_person("console");
    world.hear_everything();
    world.loop.advance(world.settings->person_patience);
    EXPECT_EQ(world.ended, "transferred");
}

TEST(CallLadder, O15_WhatAVoiceThatFellSilentHasNotWrittenDownGoesToTheNext) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->not_written_down = {audio_ms(20, '\x31'), audio_ms(20, '\x32')};
    world.voice->listener.on_voice_audio("item_1", audio_ms(100));
    for (int i = 0; i < 100 && world.made.size() < 2; ++i) world.pass(20);
    ASSERT_EQ(world.made.size(), 2u);
    world.voice->become_ready();
    EXPECT_THAT(world.voice->heard, testing::Contains(audio_ms(20, '\x31')));
    EXPECT_THAT(world.voice->heard, testing::Contains(audio_ms(20, '\x32')));
}

TEST(CallLadder, WhatNobodyWroteDownBeginsTheRecordingOfARungWithoutEars) {
    CallWorld world({Rung::openai, Rung::canned, Rung::person});
    world.talk();
    const auto at = world.timestamp;
    for (int i = 0; i < 50; ++i) world.voice->not_written_down.push_back(audio_ms(20, '\x31'));
    world.voice->listener.on_voice_lost(loss("auth", base::Condition::fatal));
    ASSERT_EQ(world.recorder.kept.size(), 1u);
    const auto& kept = *world.recorder.kept[0];
    EXPECT_EQ(kept.start.retention_class, "canned");
    EXPECT_EQ(kept.start.before_ms, 1000);
    EXPECT_EQ(kept.start.offset_ms, at - 1000);
    EXPECT_EQ(kept.caller_ms, 1000);
}

// --- the last words ---

TEST(LastWords, OfACallerWhoHangsUpAreWaitedFor) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->owes = 1;
    world.call->twilio_stop();
    EXPECT_EQ(world.ended, "stop");
    EXPECT_TRUE(world.call->lingers());
    EXPECT_EQ(world.voice->stopped, "");
    const auto before = world.journal.rows<store::Utterance>().size();
    world.voice->owes = 0;
    says(world, "It is number twelve.");
    world.loop.run_posted();
    EXPECT_EQ(world.journal.rows<store::Utterance>().size(), before + 1);
    EXPECT_EQ(world.voice->stopped, "last_words");
    EXPECT_TRUE(world.gone);
    EXPECT_FALSE(world.call->lingers());
}

TEST(LastWords, ThatNeverComeAreGivenUp) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->owes = 1;
    world.call->twilio_stop();
    world.loop.advance(5900ms);
    EXPECT_TRUE(world.call->lingers());
    world.loop.advance(200ms);
    EXPECT_FALSE(world.call->lingers());
    EXPECT_TRUE(world.gone);
}

TEST(LastWords, AVoiceThatDiesMeanwhileEndsTheWait) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->owes = 1;
    world.call->twilio_stop();
    world.voice->listener.on_voice_lost(loss());
    world.loop.run_posted();
    EXPECT_TRUE(world.gone);
}

TEST(LastWords, BeforeAPersonAskForNobodyTwiceAndSayNothing) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->owes = 2;
    world.call->ask_person("keypad");
    EXPECT_EQ(world.call->phase(), Phase::leaving);
    world.voice->listener.on_caller_speech_started();  // its own detector is late
    world.voice->listener.on_voice_audio("item_9", audio_ms(200));
    world.voice->owes = 0;
    says(world, "Give me an operator.");
    EXPECT_EQ(world.voice->stopped, "last_words");
    EXPECT_EQ(world.call->phase(), Phase::leaving);
    EXPECT_FALSE(world.gone) << "the call goes on";
    EXPECT_THAT(seams(world), ElementsAre("person_asked keypad"));
}

TEST(LastWords, AreNotWaitedForWhenNoneAreOwed) {
    CallWorld world(k_whole);
    world.talk();
    world.call->twilio_stop();
    EXPECT_EQ(world.voice->stopped, "call_ended");
    EXPECT_FALSE(world.call->lingers());
}

// The caller says something that `world.voice` does not write down.
void says_in_vain(CallWorld& world) {
    const auto before = world.voice->heard.size();
    speak(world, 500);
    world.voice->not_written_down = {world.voice->heard.begin() + static_cast<std::ptrdiff_t>(before), world.voice->heard.end()};
}

TEST(UnwrittenWords, OfACallerWhoHangsUpAreRecorded) {
    CallWorld world(k_whole);
    world.talk();
    says_in_vain(world);
    const auto at = world.timestamp;
    world.call->twilio_stop();
    ASSERT_EQ(world.recorder.kept.size(), 1u);
    const auto& kept = *world.recorder.kept[0];
    EXPECT_EQ(kept.start.retention_class, "unheard");
    EXPECT_EQ(kept.start.offset_ms, at - 500);
    EXPECT_EQ(kept.caller_ms, 500);
    EXPECT_TRUE(kept.finished);
}

TEST(UnwrittenWords, ThatWereAwaitedInVainAreRecordedWhereTheyWereSaid) {
    for (const bool lost : {false, true}) {
        CallWorld world(k_whole);
        world.talk();
        says_in_vain(world);
        const auto at = world.timestamp;
        world.voice->owes = 1;
        world.call->twilio_stop();
        EXPECT_TRUE(world.voice->spoke_at_the_end);
        EXPECT_TRUE(world.recorder.kept.empty());
        world.loop.advance(3s);
        if (lost) world.voice->listener.on_voice_lost(loss());
        else world.loop.advance(4s);
        ASSERT_EQ(world.recorder.kept.size(), 1u);
        EXPECT_EQ(world.recorder.kept[0]->start.offset_ms, at - 500);
    }
}

TEST(UnwrittenWords, ThatCameAreNot) {
    CallWorld world(k_whole);
    world.talk();
    says_in_vain(world);
    world.voice->owes = 1;
    world.call->twilio_stop();
    world.voice->owes = 0;
    says(world, "It is number twelve.");
    world.loop.advance(10s);
    EXPECT_TRUE(world.recorder.kept.empty());
}

TEST(UnwrittenWords, BehindADeadVoiceAreRecorded) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->listener.on_voice_lost(loss());
    speak(world, 500);  // the next one is not ready
    world.call->twilio_stop();
    ASSERT_EQ(world.recorder.kept.size(), 1u);
    EXPECT_EQ(world.recorder.kept[0]->caller_ms, 500);
}

TEST(UnwrittenWords, AreThoseThatOurOwnEarHeardWhenTheVoiceKnowsOfNone) {
    CallWorld world(k_whole);
    world.talk();
    world.pass(1000);
    const auto began = world.timestamp;
    speak(world, 1000);
    world.pass(1500);  // nothing comes of the voice: its line has stalled
    world.voice->listener.on_voice_lost(loss());
    ASSERT_EQ(world.made.size(), 2u);
    EXPECT_LE(world.made[0]->unheard_since_ms, began);
    EXPECT_GE(world.made[0]->unheard_since_ms, began - 500);
}

TEST(UnwrittenWords, AreNoneBehindTheLastSentenceThatWasWrittenDown) {
    CallWorld world(k_whole);
    world.talk();
    speak(world, 1000);
    voice::CallerUtterance said;
    said.item_id = "item_1";
    said.text = "There is a fire.";
    said.end_ms = world.voice->heard_ms();
    world.voice->listener.on_caller_utterance(said);
    world.voice->listener.on_voice_lost(loss());
    EXPECT_EQ(world.made[0]->unheard_since_ms, -1);
}

TEST(UnwrittenWords, SilenceIsNone) {
    CallWorld world(k_whole);
    world.talk();
    world.voice->not_written_down = {audio_ms(600, '\xff')};
    world.call->twilio_stop();
    EXPECT_TRUE(world.recorder.kept.empty());
}

TEST(UnwrittenWords, OfARecordedCallAreThereAlready) {
    CallWorld world(k_whole);
    world.settings->record_live = true;
    world.talk();
    says_in_vain(world);
    world.call->twilio_stop();
    EXPECT_EQ(world.recorder.kept.size(), 1u);
    EXPECT_EQ(world.recorder.kept[0]->start.retention_class, "live");
}

// --- what a call tells the ladder ---

const ladder::RungState& state_of(CallWorld& world, Rung rung, ladder::Snapshot& snapshot) {
    snapshot = world.ladder.snapshot(world.loop.now());
    return snapshot.rungs[ladder::index(rung)];
}

TEST(CallFeedsTheLadder, WithPingsQueuesAndTheTokenBudget) {
    CallWorld world(k_whole);
    world.talk();
    ladder::Snapshot snapshot;
    world.voice->listener.on_voice_pulse({120ms, false, 0ms});
    EXPECT_EQ(state_of(world, Rung::openai, snapshot).figures.ping_ms, 120);
    world.voice->listener.on_voice_pulse({std::nullopt, true, 600ms});
    const auto& strained = state_of(world, Rung::openai, snapshot);
    EXPECT_EQ(strained.health.level, ladder::Level::strained);
    EXPECT_EQ(strained.figures.send_queue_ms, 600);
    EXPECT_GT(strained.figures.ping_loss, 0);
    world.voice->listener.on_token_budget({100, 200'000, 30});
    EXPECT_STREQ(state_of(world, Rung::openai, snapshot).health.reason, "tokens");
}

TEST(CallFeedsTheLadder, O03_ARefusalThatNamesATimeIsHonoured) {
    CallWorld world(k_whole);
    world.admit();
    auto refused = loss("quota");
    refused.close_code = 429;
    refused.retry_after = 20s;
    world.voice->listener.on_voice_lost(refused);
    ladder::Snapshot snapshot;
    const auto& state = state_of(world, Rung::openai, snapshot);
    EXPECT_FALSE(state.usable);
    EXPECT_GT(state.retry_in_ms, 15'000);
    EXPECT_LE(state.retry_in_ms, 20'000);
}

TEST(CallFeedsTheLadder, N12_ALineThatTakesNothingAwayIsSeenInItsScore) {
    CallWorld world(k_whole);
    world.talk();
    for (int i = 0; i < 150; ++i) world.pass(20);
    EXPECT_EQ(world.ladder.snapshot(world.loop.now()).uplink_up, 1);
    for (int i = 0; i < 350; ++i) {
        world.leg.blocked = world.loop.now() - 500ms;
        world.pass(20);
    }
    EXPECT_LT(world.ladder.snapshot(world.loop.now()).uplink_up, 0.1);
}

}  // namespace
}  // namespace holdfast::test
