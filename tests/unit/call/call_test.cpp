#include "call/call.hpp"

#include "support/fake_call_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::call {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using test::audio_ms;
using test::CallWorld;

TEST(Call, WritesItsRowAndOpensTheVoiceBeforeAnyStream) {
    CallWorld world;
    world.admit();
    const auto opened = world.journal.rows<store::CallOpened>();
    ASSERT_EQ(opened.size(), 1u);
    EXPECT_EQ(opened[0].status, "ringing");
    EXPECT_EQ(opened[0].from.reveal(), "+15550100123");
    EXPECT_TRUE(world.voice->opened);
    EXPECT_FALSE(world.voice->proven);  // nothing may be sent for an unproven caller
}

TEST(Call, GreetsFromMemoryInTheSameInstantAsStart) {
    CallWorld world;
    world.admit();
    world.start();
    ASSERT_FALSE(world.leg.media.empty());
    EXPECT_EQ(world.leg.media_at.front(), world.loop.now());  // the provider is not even connected
    EXPECT_LE(world.leg.media.front().size(), 640u);
    EXPECT_TRUE(world.voice->proven);
    EXPECT_EQ(world.voice->handover.greeting, world.clips.find("greeting", "en")->words);
}

TEST(Call, SendsAtMostOneSecondAheadOfPlayback) {
    CallWorld world;
    world.admit();
    world.start();
    EXPECT_LE(world.leg.media_ms(), 1000);
    EXPECT_GT(world.leg.media_ms(), 900);
    world.pass(500);
    EXPECT_LE(world.leg.media_ms(), 1500);
    EXPECT_GT(world.leg.media_ms(), 1400);
}

TEST(Call, KeepsEarlyCallerAudioAndGivesItFirst) {
    CallWorld world;
    world.admit();
    world.start();
    for (int i = 0; i < 10; ++i) world.pass(20);
    EXPECT_THAT(world.voice->heard, IsEmpty());
    world.voice->become_ready();
    EXPECT_EQ(world.voice->heard_ms(), 200);
    world.pass(20);
    EXPECT_EQ(world.voice->heard_ms(), 220);
}

TEST(Call, KeepsThirtySecondsOfEarlyAudioAtMost) {
    CallWorld world;
    world.admit();
    world.start();
    for (int i = 0; i < 40 * 50; ++i) world.pass(20);
    world.voice->become_ready();
    EXPECT_EQ(world.voice->heard_ms(), 30'000);
}

TEST(Call, PassesCallerFramesUnchanged) {
    CallWorld world;
    world.talk();
    world.voice->heard.clear();
    world.frame();
    ASSERT_EQ(world.voice->heard.size(), 1u);
    EXPECT_EQ(world.voice->heard[0], world.payload);
}

// Those of answers and recordings count from the webhook, too.
TEST(Call, WordsOfTheCallerStandOnTheClockOfTheCall) {
    CallWorld world;
    world.admit();
    world.loop.advance(700ms);  // until Twilio has opened the stream
    world.start();
    for (int i = 0; i < 10; ++i) world.pass(20);
    world.voice->become_ready();
    world.voice->listener.on_caller_utterance({"item_u", "words", false, 40, 160});
    const auto rows = world.journal.rows<store::Utterance>();
    ASSERT_FALSE(rows.empty());
    EXPECT_EQ(rows.back().text.reveal(), "words");
    EXPECT_EQ(rows.back().start_ms, 740);
    EXPECT_EQ(rows.back().end_ms, 860);
}

TEST(Call, T12_PadsAGapByTimestamp) {
    CallWorld world;
    world.talk();
    world.frame();
    world.voice->heard.clear();
    world.timestamp += 300;
    world.chunk += 15;
    world.frame();
    EXPECT_EQ(world.voice->heard_ms(), 320);
    EXPECT_EQ(world.voice->heard.front(), audio_ms(20, '\xff'));  // mu-law silence
}

TEST(Call, T12_PadsTenSecondsAtMost) {
    CallWorld world;
    world.talk();
    world.frame();
    world.voice->heard.clear();
    world.timestamp += 60'000;
    world.frame();
    EXPECT_EQ(world.voice->heard_ms(), 10'020);
}

TEST(Call, T12_GivesOneSecondOfSilenceWhenFramesStopDuringSpeech) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_caller_speech_started();
    world.frame();
    world.voice->heard.clear();
    world.loop.advance(700ms);
    EXPECT_EQ(world.voice->heard_ms(), 0);
    world.loop.advance(300ms);
    EXPECT_EQ(world.voice->heard_ms(), 1000);
    world.loop.advance(500ms);
    EXPECT_EQ(world.voice->heard_ms(), 1000);  // once
    // The stream comes back 1.5 s later: only what is still missing is put in.
    world.timestamp += 1500;
    world.frame();
    EXPECT_EQ(world.voice->heard_ms(), 1520);
}

TEST(Call, T13_DropsFramesItHasHeard) {
    CallWorld world;
    world.talk();
    world.voice->heard.clear();
    world.frame();
    --world.chunk;
    world.timestamp -= 20;
    world.frame();
    EXPECT_EQ(world.voice->heard.size(), 1u);
}

TEST(Call, T14_DropsPayloadsThatAreNotBase64) {
    CallWorld world;
    world.talk();
    world.voice->heard.clear();
    for (const char* bad : {"", "abc", "ab=c", "a$bc", "=abc", "ab\ncdefg"}) {
        world.event.chunk = ++world.chunk;
        world.event.payload = bad;
        world.call->media(world.event);
    }
    EXPECT_THAT(world.voice->heard, IsEmpty());
    EXPECT_EQ(world.call->phase(), Phase::talking);
}

TEST(Call, T17_PingsAtThreeSecondsAndEndsAtTenWithoutMedia) {
    CallWorld world;
    world.talk();
    world.frame();
    world.loop.advance(2900ms);
    EXPECT_EQ(world.leg.pings, 0);
    world.loop.advance(400ms);
    EXPECT_EQ(world.leg.pings, 1);
    world.loop.advance(6000ms);
    EXPECT_EQ(world.ended, "");
    world.loop.advance(1000ms);
    EXPECT_EQ(world.ended, "timeout");
    EXPECT_EQ(world.voice->stopped, "call_ended");
}

TEST(Call, T19_EndsWhenTwilioTakesNothingForTenSeconds) {
    CallWorld world;
    world.talk();
    world.leg.blocked = world.loop.now();
    for (int i = 0; i < 9 * 50; ++i) world.pass(20);
    EXPECT_EQ(world.ended, "");
    for (int i = 0; i < 2 * 50; ++i) world.pass(20);
    EXPECT_EQ(world.ended, "timeout");
}

TEST(Call, CutsAnswersIntoMessagesOfAtMost640Characters) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_voice_audio("item_1", audio_ms(700));
    std::string joined;
    for (const auto& message : world.leg.media) {
        EXPECT_LE(message.size(), 640u);
        EXPECT_EQ(message.size() % 4, 0u);
        joined += message;
    }
    EXPECT_EQ(joined, audio_ms(700));
}

TEST(Call, InterruptionClearsAndTellsTheVoiceWhatWasHeard) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_voice_audio("item_1", audio_ms(3000));
    world.voice->listener.on_voice_utterance({"item_1", "Help me understand where you are.", true});
    for (int i = 0; i < 40; ++i) world.pass(20);  // 800 ms are heard
    world.voice->listener.on_caller_speech_started();
    EXPECT_EQ(world.leg.clears, 1);
    ASSERT_EQ(world.voice->cut.size(), 1u);
    EXPECT_EQ(world.voice->cut[0].item_id, "item_1");
    EXPECT_NEAR(static_cast<double>(world.voice->cut[0].played_ms), 800.0, 40.0);

    const auto utterances = world.journal.rows<store::Utterance>();
    ASSERT_FALSE(utterances.empty());
    const auto& row = utterances.back();
    EXPECT_EQ(row.text.reveal(), "Help me understand where you are.");  // whole
    EXPECT_TRUE(row.interrupted);
    EXPECT_EQ(row.total_ms, 3000);
    EXPECT_EQ(row.played_ms, world.voice->cut[0].played_ms);
}

TEST(Call, MarksReturnedByAClearDoNotCountAsHeard) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_voice_audio("item_1", audio_ms(900));
    for (int i = 0; i < 10; ++i) world.pass(20);
    world.voice->listener.on_caller_speech_started();
    const auto heard = world.voice->cut.at(0).played_ms;
    EXPECT_LE(heard, 240);
    for (const auto& mark : world.leg.marks) world.call->mark(mark);  // as Twilio does after clear
    world.voice->listener.on_voice_utterance({"item_1", "Words.", false});
    EXPECT_EQ(world.journal.rows<store::Utterance>().back().played_ms, heard);
}

TEST(Call, NothingPlayingMeansNothingToInterrupt) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_caller_speech_started();
    EXPECT_EQ(world.leg.clears, 0);
    EXPECT_THAT(world.voice->cut, IsEmpty());
}

TEST(Call, TheGreetingCanBeInterrupted) {
    CallWorld world;
    world.admit();
    world.start();
    world.voice->become_ready();
    world.pass(100);
    world.voice->listener.on_caller_speech_started();
    EXPECT_EQ(world.leg.clears, 1);
    EXPECT_THAT(world.voice->cut, IsEmpty());  // it is not the provider's item
    const auto rows = world.journal.rows<store::Utterance>();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].provider, "recorded");
    EXPECT_TRUE(rows[0].interrupted);
}

TEST(Call, WritesAnswerWithItsResponseTimeOnceItWasHeard) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_caller_speech_stopped(500ms);
    world.pass(100);
    world.voice->listener.on_voice_audio("item_1", audio_ms(400));
    world.voice->listener.on_voice_audio_done("item_1");
    world.voice->listener.on_voice_utterance({"item_1", "What happened?", true});
    EXPECT_TRUE(world.journal.rows<store::Utterance>().back().provider == "recorded");  // still playing
    world.hear_everything();
    const auto row = world.journal.rows<store::Utterance>().back();
    EXPECT_EQ(row.text.reveal(), "What happened?");
    EXPECT_FALSE(row.interrupted);
    EXPECT_EQ(row.played_ms, 400);
    EXPECT_EQ(row.vad_us, 500'000);
    EXPECT_EQ(row.provider_us, 100'000);
    EXPECT_EQ(row.response_us, *row.vad_us + *row.provider_us + *row.box_us);
}

TEST(Call, CancelsAResponseThatWouldWaitLongerThanAMinute) {
    CallWorld world;
    world.talk();
    for (int i = 0; i < 61; ++i) world.voice->listener.on_voice_audio("item_1", audio_ms(1000));
    EXPECT_EQ(world.voice->cancels, 0);  // 1 s is in flight, 60 s wait
    world.voice->listener.on_voice_audio("item_1", audio_ms(1000));
    EXPECT_EQ(world.voice->cancels, 1);
    EXPECT_EQ(world.leg.clears, 0);  // what was accepted is played whole, never thinned
}

TEST(Call, LostVoicePlaysASentenceAndClosesTheStream) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_voice_audio("item_1", audio_ms(5000));
    world.pass(100);
    voice::VoiceLoss loss;
    loss.reason = "auth";
    loss.error = base::make_error(base::Condition::fatal, "invalid_api_key");
    world.voice->listener.on_voice_lost(loss);
    EXPECT_EQ(world.leg.clears, 1);
    EXPECT_EQ(world.leg.closed, "");
    world.hear_everything();
    EXPECT_EQ(world.leg.closed, "person");
    EXPECT_EQ(world.ended, "voice_lost");
    const auto seams = world.journal.rows<store::Seam>();
    ASSERT_EQ(seams.size(), 1u);
    EXPECT_EQ(seams[0].kind, "voice_lost");
    EXPECT_EQ(seams[0].reason, "auth");
    EXPECT_EQ(world.journal.rows<store::CallEnded>().at(0).reason, "voice_lost");
}

TEST(Call, T20_ASentenceWhoseMarkNeverReturnsStillEnds) {
    CallWorld world;
    world.talk();
    world.call->ask_person("console");
    for (int i = 0; i < 10 * 50; ++i) {
        world.frame();
        world.loop.advance(20ms);
    }
    EXPECT_EQ(world.leg.closed, "person");
    EXPECT_EQ(world.ended, "transferred");
}

TEST(Call, KeypadZeroAsksForAPerson) {
    CallWorld world;
    world.talk();
    world.call->dtmf("7");
    EXPECT_EQ(world.call->phase(), Phase::talking);
    world.call->dtmf("0");
    EXPECT_EQ(world.call->phase(), Phase::leaving);
    EXPECT_EQ(world.voice->stopped, "leaving");
}

TEST(Call, T21_AKeypadFloodIsCappedAndKept) {
    CallWorld world;
    world.talk();
    for (int i = 0; i < 1000; ++i) world.call->dtmf("5");
    for (int i = 0; i < 100; ++i) world.pass(20);
    std::size_t kept = 0;
    for (const auto& row : world.journal.rows<store::Utterance>()) {
        if (row.provider == "keypad") kept += row.text.reveal().size();
    }
    EXPECT_EQ(kept, 20u);  // dtmf_per_second
}

TEST(Call, T11_ASecondStreamTakesOverAfterALostOne) {
    CallWorld world;
    world.talk();
    world.call->stream_closed("reset");
    EXPECT_EQ(world.call->phase(), Phase::stream_lost);
    EXPECT_EQ(world.voice->stopped, "");
    test::FakeLeg second(world.loop);
    world.call->stream_started(second, test::start_info());
    EXPECT_EQ(world.call->phase(), Phase::talking);
    EXPECT_THAT(second.media, IsEmpty());  // no second greeting
    world.voice->listener.on_voice_audio("item_9", audio_ms(60));
    EXPECT_EQ(second.media.size(), 1u);
}

TEST(Call, T11_ALostStreamThatNobodyTakesOverEndsTheCall) {
    CallWorld world;
    world.talk();
    world.call->stream_closed("reset");
    world.loop.advance(9900ms);
    EXPECT_EQ(world.ended, "");
    world.loop.advance(200ms);
    EXPECT_EQ(world.ended, "socket_closed");
    EXPECT_EQ(world.voice->stopped, "call_ended");
}

TEST(Call, T18_TheStatusCallbackEndsIt) {
    CallWorld world;
    world.talk();
    world.call->callback_ended();
    EXPECT_EQ(world.ended, "callback");
    EXPECT_EQ(world.leg.closed, "callback");
}

TEST(Call, NeverStreamedEndsAfterHalfAMinute) {
    CallWorld world;
    world.admit();
    world.loop.advance(29s);
    EXPECT_EQ(world.ended, "");
    world.loop.advance(2s);
    EXPECT_EQ(world.ended, "never_streamed");
    EXPECT_EQ(world.voice->stopped, "call_ended");
    EXPECT_EQ(world.journal.rows<store::CallEnded>().size(), 1u);
}

TEST(Call, AFullJournalGivesTheCallToAPerson) {
    CallWorld world;
    world.talk();
    world.journal.full = true;
    world.voice->listener.on_caller_utterance({"item_u", "words", false, 0, 10});
    world.loop.run_posted();
    EXPECT_EQ(world.call->phase(), Phase::leaving);
}

TEST(Call, LeavesNoTimerBehind) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_voice_audio("item_1", audio_ms(5000));
    world.call->twilio_stop();
    world.loop.run_posted();
    EXPECT_EQ(world.loop.timers_waiting(), 0u);
    EXPECT_EQ(world.call.use_count(), 1);
}

TEST(Call, AnswersLeftOverAreWrittenAtTheEnd) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_voice_audio("item_1", audio_ms(5000));
    world.pass(20);
    world.call->twilio_stop();  // the words never came (O28)
    const auto rows = world.journal.rows<store::Utterance>();
    const auto& row = rows.back();
    EXPECT_EQ(row.item_id, "item_1");
    EXPECT_TRUE(row.failed);
    EXPECT_TRUE(row.interrupted);
    EXPECT_EQ(row.total_ms, 5000);
}

TEST(Call, FeedTellsTheStoryInOrder) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_caller_speech_started();
    world.voice->listener.on_caller_speech_stopped(500ms);
    world.voice->listener.on_caller_utterance({"u1", "Four one seven Larch Drive.", false, 100, 900});
    world.call->twilio_stop();
    EXPECT_THAT(world.feed.kinds(), ElementsAre("ringing", "stream_started", "greeting", "utterance", "speech_started",
                                                "speech_stopped", "utterance", "incident", "ended"));
}

}  // namespace
}  // namespace holdfast::call
