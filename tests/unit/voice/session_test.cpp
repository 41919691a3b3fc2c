#include "voice_fixture.hpp"

#include "config/limits.hpp"
#include "voice/realtime/session.hpp"

#include <gmock/gmock.h>

namespace holdfast::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

class RealtimeSession : public VoiceFixture {};

// --- connecting and configuring ---

TEST_F(RealtimeSession, ConfiguresBeforeAnythingElse) {
    open();
    socket().accept();
    EXPECT_THAT(socket().sent, IsEmpty());
    socket().say(provider.session("session.created", "audio/pcm"));
    ASSERT_EQ(socket().sent.size(), 1u);
    EXPECT_EQ(socket().sent[0], json::parse(plan.update));
    EXPECT_FALSE(recorder.has("ready"));
    socket().say(provider.session("session.updated"));
    EXPECT_THAT(recorder.lines, ElementsAre("stage connecting", "stage connected", "stage created",
                                            "stage configured", "ready"));
    EXPECT_EQ(socket().sent.size(), 1u);
}

TEST_F(RealtimeSession, SendsNothingBeforeTheTokenIsProven) {
    open();
    provider.configure(socket());
    EXPECT_FALSE(voice->ready());
    voice->caller_audio(frame());
    EXPECT_EQ(socket().sent.size(), 1u);
    voice->prove(greeted("Emergency line."));
    EXPECT_TRUE(voice->ready());
    EXPECT_EQ(recorder.count("ready"), 2u);
    ASSERT_EQ(socket().sent.size(), 2u);
    EXPECT_EQ(socket().sent[1]["item"]["role"], "assistant");
    EXPECT_EQ(socket().sent[1]["item"]["content"][0]["text"], "Emergency line.");
    voice->caller_audio(frame());
    EXPECT_EQ(socket().sent[2], json({{"type", "input_audio_buffer.append"}, {"audio", frame()}}));
}

TEST_F(RealtimeSession, GivesNothingOnBeforeTheTokenIsProven) {
    open();
    provider.configure(socket());
    const auto lines = recorder.lines;
    say_turn("u1", 0, 500);
    socket().say(transcript("u1", "hello"));
    answer("r1", "a1", 300);
    socket().say(response_created("r2"));
    socket().say(response_done("r2", "completed", {function_call("c1", "transfer_to_person", "{}")}));
    loop.advance(20s);
    EXPECT_EQ(recorder.lines, lines);
    EXPECT_EQ(socket().sent.size(), 1u) << "nothing but the configuration goes out either";
}

TEST_F(RealtimeSession, TellsTheGreetingOnceItIsConfigured) {
    open();
    voice->prove(greeted("Emergency line."));
    provider.configure(socket());
    EXPECT_EQ(socket().count("conversation.item.create"), 1u);
    EXPECT_EQ(recorder.count("ready"), 1u);
}

TEST_F(RealtimeSession, AVoiceThatJoinsIsToldTheTalkSoFarAndSpeaksFirst) {
    open();
    voice::Handover handover = greeted("Emergency line.");
    handover.said = {{voice::Said::Who::caller, "There is a fire."}, {voice::Said::Who::voice, "Where is it?"}};
    handover.joining = true;
    voice->prove(handover);
    provider.configure(socket());
    ASSERT_EQ(socket().count("conversation.item.create"), 3u);
    EXPECT_EQ(socket().sent[1]["item"]["content"][0]["text"], "Emergency line.");
    EXPECT_EQ(socket().sent[2]["item"]["role"], "user");
    EXPECT_EQ(socket().sent[2]["item"]["content"][0]["text"], "There is a fire.");
    EXPECT_EQ(socket().sent[3]["item"]["role"], "assistant");
    EXPECT_EQ(socket().sent[4]["type"], "response.create");
}

TEST_F(RealtimeSession, KeysReachTheModelAsText) {
    talk();
    voice->caller_keys("12");
    const auto& sent = socket().sent;
    ASSERT_GE(sent.size(), 2u);
    EXPECT_EQ(sent[sent.size() - 2]["item"]["content"][0]["text"], "[The caller pressed these keys: 12]");
    EXPECT_EQ(sent.back()["type"], "response.create");
}

TEST_F(RealtimeSession, DropsCallerAudioUntilReady) {
    open();
    voice->prove({});
    const auto before = metrics::media_dropped_total.value("voice_socket");
    voice->caller_audio(frame());
    EXPECT_EQ(metrics::media_dropped_total.value("voice_socket"), before + 1);
    provider.configure(socket());
    EXPECT_EQ(socket().count("input_audio_buffer.append"), 0u);
}

TEST_F(RealtimeSession, O05_AHangingUpgradeEndsWithTheBudget) {
    const auto before = metrics::upstream_connect_total.value("timeout");
    open();
    loop.advance(2499ms);
    EXPECT_FALSE(recorder.has("lost timeout retry connect_budget"));
    loop.advance(1ms);
    EXPECT_EQ(recorder.lines.back(), "lost timeout retry connect_budget");
    EXPECT_TRUE(socket().aborted);
    EXPECT_EQ(metrics::upstream_connect_total.value("timeout"), before + 1);
}

TEST_F(RealtimeSession, O06_TheBudgetCoversSessionCreated) {
    open();
    loop.advance(2000ms);
    socket().accept();
    loop.advance(500ms);
    EXPECT_EQ(recorder.lines.back(), "lost timeout retry connect_budget");
    EXPECT_EQ(socket().closed_with, 1000);
}

TEST_F(RealtimeSession, AnUnansweredUpdateIsALoss) {
    open();
    socket().accept();
    loop.advance(2000ms);
    socket().say(provider.session("session.created"));
    loop.advance(voice::realtime::k_configure_timeout);
    EXPECT_EQ(recorder.lines.back(), "lost timeout retry configure");
}

TEST_F(RealtimeSession, O27_WrongOutputFormatIsALoss) {
    open();
    voice->prove({});
    socket().accept();
    socket().say(provider.session("session.created", "audio/pcm"));
    socket().say(provider.session("session.updated", "audio/pcm"));
    EXPECT_EQ(recorder.lines.back(), "lost format fall_back output_format");
    EXPECT_FALSE(voice->ready());
    EXPECT_FALSE(recorder.has("ready"));
}

TEST_F(RealtimeSession, O27_AnOutputFormatThatIsNotEchoedIsALoss) {
    open();
    socket().accept();
    socket().say(provider.session("session.created"));
    json updated = provider.session("session.updated");
    updated["session"]["audio"].erase("output");
    socket().say(updated);
    EXPECT_EQ(recorder.lines.back(), "lost format fall_back output_format");
}

TEST_F(RealtimeSession, O27_WrongInputFormatIsOnlyAWarning) {
    open();
    socket().accept();
    socket().say(provider.session("session.created"));
    json updated = provider.session("session.updated");
    updated["session"]["audio"]["input"]["format"]["type"] = "audio/pcm";
    socket().say(updated);
    EXPECT_TRUE(recorder.has("ready"));
}

TEST_F(RealtimeSession, ALaterChangeOfTheOutputFormatIsALossToo) {
    talk();
    socket().say(provider.session("session.updated", "audio/pcma"));
    EXPECT_EQ(recorder.lines.back(), "lost format fall_back output_format");
}

class TranscriptionRejected : public VoiceFixture, public testing::WithParamInterface<json> {};

TEST_P(TranscriptionRejected, O28_ConfiguresOnceMoreWithout) {
    open();
    socket().accept();
    socket().say(provider.session("session.created"));
    socket().say(GetParam());
    ASSERT_EQ(socket().sent.size(), 2u);
    EXPECT_EQ(socket().sent[1], json::parse(plan.update_without_transcription));
    voice->prove({});
    socket().say(provider.session("session.updated"));
    ASSERT_TRUE(voice->ready());
    give(1000);
    say_turn("u1", 100, 900);
    EXPECT_EQ(recorder.lines.back(), "caller u1 [100..900] failed");
    socket().say(transcript("u1", "late"));
    EXPECT_EQ(recorder.starting("caller").size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Rejections, TranscriptionRejected,
    testing::Values(error_event("invalid_request_error", "invalid_value", "session.audio.input.transcription.model", "cfg-1"),
                    error_event("invalid_request_error", "unknown_parameter", "session.audio.input.transcription", nullptr),
                    error_event("invalid_request_error", nullptr, nullptr, nullptr)));

TEST_F(RealtimeSession, ASecondRejectionIsFinal) {
    open();
    socket().accept();
    socket().say(provider.session("session.created"));
    socket().say(error_event("invalid_request_error", nullptr));
    socket().say(error_event("invalid_request_error", "unknown_parameter", "session.tools", "cfg-2"));
    EXPECT_EQ(recorder.lines.back(), "lost config fatal update_rejected");
    EXPECT_EQ(socket().sent.size(), 2u);
}

TEST_F(RealtimeSession, ARepeatedRejectionOfTheFirstUpdateDoesNotConcernTheSecond) {
    open();
    socket().accept();
    socket().say(provider.session("session.created"));
    const json rejection = error_event("invalid_request_error", "unknown_parameter",
                                       "session.audio.input.transcription.model", "cfg-1");
    socket().say(rejection);
    socket().say(rejection);
    socket().say(provider.session("session.updated"));
    EXPECT_TRUE(recorder.has("ready"));
}

TEST_F(RealtimeSession, AnyOtherRejectionIsFinalAtOnce) {
    const auto before = metrics::upstream_connect_total.value("refused");
    open();
    socket().accept();
    socket().say(provider.session("session.created"));
    socket().say(error_event("invalid_request_error", "missing_required_parameter", "session.type", "cfg-1"));
    EXPECT_EQ(recorder.lines.back(), "lost config fatal update_rejected");
    EXPECT_EQ(metrics::upstream_connect_total.value("refused"), before + 1);
}

TEST_F(RealtimeSession, ABadKeyMayOnlyShowAfterTheUpgrade) {
    open();
    socket().accept();
    socket().say(error_event("invalid_request_error", "invalid_api_key"));
    EXPECT_EQ(recorder.lines.back(), "lost auth fatal invalid_api_key");
    EXPECT_EQ(recorder.losses.size(), 1u);
}

TEST_F(RealtimeSession, ABetaRefusalIsFatal) {
    open();
    socket().accept();
    socket().end(4000, "invalid_request_error.beta_api_shape_disabled");
    EXPECT_EQ(recorder.lines.back(), "lost protocol fatal beta_api_shape_disabled");
}

TEST_F(RealtimeSession, O01_ARefusedUpgradeIsReportedWithItsStatus) {
    const auto before = metrics::upstream_connect_total.value("refused");
    open();
    net::WsClose close;
    close.http_status = 401;
    socket().finish(close);
    EXPECT_EQ(recorder.lines.back(), "lost auth fatal unauthorized");
    EXPECT_EQ(recorder.losses.back().close_code, 401);
    EXPECT_EQ(metrics::upstream_connect_total.value("refused"), before + 1);
}

TEST_F(RealtimeSession, StopIsSilentAndIdempotentInEveryState) {
    for (int state = 0; state < 4; ++state) {
        recorder.lines.clear();
        open();
        if (state > 0) socket().accept();
        if (state > 1) socket().say(provider.session("session.created"));
        if (state > 2) socket().say(provider.session("session.updated"));
        const auto noticed = recorder.lines.size();
        voice->stop("hangup");
        voice->stop("hangup");
        socket().say(speech_started("u1", 0));
        socket().end(1006);
        loop.advance(60s);
        EXPECT_EQ(recorder.lines.size(), noticed) << state;
        EXPECT_FALSE(socket().attended()) << state;
        EXPECT_EQ(socket().closed_with, state > 0 ? 1000 : 0) << state;
        EXPECT_FALSE(voice->ready());
    }
    EXPECT_EQ(loop.timers_waiting(), 0u);
}

TEST_F(RealtimeSession, MayBeStoppedInsideAnyNotice) {
    for (const char* where : {"stage connected", "stage created", "stage configured", "ready", "speech_started",
                              "speech_stopped 540", "caller u1 [0..900] hello", "audio a1 300", "audio_done a1",
                              "voice a1 On the way.", "person asked"}) {
        Recorder fresh;
        bool stopped = false;
        fresh.on_line = [&](const std::string& line) {
            EXPECT_FALSE(stopped) << where << " then " << line;
            if (line != where) return;
            stopped = true;
            voice->stop("hangup");
            voice.reset();
        };
        voice = std::make_shared<voice::realtime::RealtimeVoice>(
            loop, std::make_shared<const voice::realtime::SessionPlan>(plan), provider.connect(), call_sid(), fresh);
        voice->prove({});
        voice->open();
        provider.configure(socket());
        if (voice) give(940);
        say_turn("u1", 0, 900);
        socket().say(transcript("u1", "hello"));
        answer("r1", "a1", 300);
        socket().say(response_created("r2"));
        socket().say(response_done("r2", "completed", {function_call("c1", "transfer_to_person", R"({"reason":"asked"})")}));
        EXPECT_TRUE(stopped) << where;
        loop.run_posted();
    }
}

// --- the caller ---

TEST_F(RealtimeSession, ReportsACallersTurn) {
    talk();
    give(1000);
    say_turn("u1", 100, 900);
    socket().say(transcript("u1", "There is a fire"));
    EXPECT_THAT(Lines(recorder.lines.end() - 3, recorder.lines.end()),
                ElementsAre("speech_started", "speech_stopped 600", "caller u1 [100..900] There is a fire"));
}

TEST_F(RealtimeSession, TheDetectorsWaitIsItsSilenceAndWhatWeSentSince) {
    talk();
    give(3000);
    socket().say(speech_started("u1", 100));
    socket().say(speech_stopped("u1", 2940));
    EXPECT_EQ(recorder.lines.back(), "speech_stopped 560");
}

TEST_F(RealtimeSession, AReplayedRingSaysNothingAboutTheDetectorsWait) {
    talk();
    give(20'000);
    socket().say(speech_started("u1", 100));
    socket().say(speech_stopped("u1", 2000));
    EXPECT_EQ(recorder.lines.back(), "speech_stopped 500");
}

TEST_F(RealtimeSession, O20_EachTurnIsTranscribedOnce) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(transcript("u1", "one"));
    socket().say(transcript("u1", "two"));
    EXPECT_THAT(recorder.starting("caller"), ElementsAre("caller u1 [0..500] one"));
}

TEST_F(RealtimeSession, T19_TranscriptsMayComeInAnyOrderAndLate) {
    talk();
    say_turn("u1", 0, 500);
    say_turn("u2", 600, 900);
    answer("r1", "a1", 300);
    socket().say(transcript("u2", "second"));
    socket().say(transcript("u1", "first"));
    EXPECT_THAT(recorder.starting("caller"), ElementsAre("caller u2 [600..900] second", "caller u1 [0..500] first"));
}

TEST_F(RealtimeSession, AFailedTranscriptionIsAMarkedTurn) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(json::parse(R"({"type":"conversation.item.input_audio_transcription.failed","item_id":"u1",
        "content_index":0,"error":{"type":"server_error","code":null,"message":"m","param":null}})"));
    EXPECT_EQ(recorder.lines.back(), "caller u1 [0..500] failed");
}

TEST_F(RealtimeSession, O28_AMissingTranscriptIsMarkedWhenALaterTurnShowsThatItIsLost) {
    talk();
    say_turn("u1", 0, 500);
    answer("r1", "a1", 300);
    loop.advance(voice::realtime::k_transcript_lost);
    EXPECT_THAT(recorder.starting("caller"), IsEmpty());
    say_turn("u2", 600, 900);
    EXPECT_THAT(recorder.starting("caller"), ElementsAre("caller u1 [0..500] failed"));
}

// --- answers ---

TEST_F(RealtimeSession, GivesAudioAndWordsOfAnAnswer) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(response_created("r1"));
    socket().say(words("r1", "a1", "Help is "));
    socket().say(delta("r1", "a1", audio(300)));
    socket().say(words("r1", "a1", "coming."));
    socket().say(delta("r1", "a1", audio(600)));
    socket().say(audio_done("r1", "a1"));
    socket().say(words_done("r1", "a1", "Help is coming."));
    socket().say(response_done("r1", "completed"));
    EXPECT_THAT(Lines(recorder.lines.end() - 4, recorder.lines.end()),
                ElementsAre("audio a1 300", "audio a1 600", "audio_done a1", "voice a1 Help is coming."));
}

TEST_F(RealtimeSession, T7_SeveralItemsOfOneAnswerMayOverlapAtTheirEnds) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(300)));
    socket().say(delta("r1", "a2", audio(300)));
    socket().say(audio_done("r1", "a1"));
    socket().say(words_done("r1", "a2", "two"));
    socket().say(words_done("r1", "a1", "one"));
    socket().say(audio_done("r1", "a2"));
    socket().say(response_done("r1", "completed"));
    EXPECT_THAT(Lines(recorder.lines.end() - 6, recorder.lines.end()),
                ElementsAre("audio a1 300", "audio a2 300", "audio_done a1", "audio_done a2", "voice a1 one", "voice a2 two"));
}

TEST_F(RealtimeSession, O20_ForeignAndFinishedAudioIsDroppedAndCounted) {
    talk();
    const auto before = metrics::stale_delta_total.value();
    socket().say(delta("r0", "a0", audio(300)));
    answer("r1", "a1", 300);
    socket().say(delta("r1", "a1", audio(300)));
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a9", audio(300)));
    socket().say(response_done("r1", "completed"));
    EXPECT_EQ(metrics::stale_delta_total.value(), before + 3);
    EXPECT_THAT(recorder.starting("audio "), ElementsAre("audio a1 300"));
    EXPECT_EQ(recorder.starting("voice").size(), 1u);
}

TEST_F(RealtimeSession, O21_FinalWordsWinWhateverComesFirst) {
    talk();
    socket().say(response_created("r1"));
    socket().say(words_done("r1", "a1", "Stay calm."));
    socket().say(words("r1", "a1", "Stay "));
    socket().say(delta("r1", "a1", audio(300)));
    socket().say(response_done("r1", "completed"));
    EXPECT_EQ(recorder.lines.back(), "voice a1 Stay calm.");
    EXPECT_TRUE(recorder.has("audio_done a1"));
}

TEST_F(RealtimeSession, WordsOfAnIncompleteAnswerComeFromItsDeltas) {
    talk();
    socket().say(response_created("r1"));
    socket().say(words("r1", "a1", "Stay on "));
    socket().say(words("r1", "a1", "the line"));
    socket().say(delta("r1", "a1", audio(300)));
    json done = response_done("r1", "incomplete");
    done["response"]["status_details"] = {{"type", "incomplete"}, {"reason", "max_output_tokens"}};
    socket().say(done);
    EXPECT_EQ(recorder.lines.back(), "voice a1 cut Stay on the line");
    EXPECT_TRUE(voice->ready());
}

TEST_F(RealtimeSession, AResponseThatNeverEndsIsEndedByTheNext) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(300)));
    socket().say(words("r1", "a1", "One"));
    socket().say(response_created("r2"));
    EXPECT_THAT(Lines(recorder.lines.end() - 2, recorder.lines.end()), ElementsAre("audio_done a1", "voice a1 cut One"));
    socket().say(delta("r1", "a1", audio(300)));
    EXPECT_EQ(recorder.starting("audio ").size(), 1u);
}

// --- interruption ---

class Interruption : public VoiceFixture {
  protected:
    // The answer is complete at our side and still playing.
    void playing() {
        talk();
        answer("r1", "a1", 3000);
        socket().sent.clear();
    }
    void interrupt(const std::vector<voice::PlayedItem>& items, std::int64_t at_ms = 0) {
        socket().say(speech_started("u9", at_ms));
        voice->interrupted(items);
    }
};

TEST_F(Interruption, TruncatesWhatWasHeard) {
    playing();
    interrupt({{"a1", 1460}});
    ASSERT_EQ(socket().sent.size(), 1u);
    json expected = {{"type", "conversation.item.truncate"}, {"item_id", "a1"}, {"content_index", 0}, {"audio_end_ms", 1460}};
    expected["event_id"] = socket().sent[0]["event_id"];
    EXPECT_EQ(socket().sent[0], expected);
}

TEST_F(Interruption, T6_NeverTruncatesBeyondWhatWasReceived) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(900)));
    interrupt({{"a1", 57'340}});
    const auto truncates = socket().of_type("conversation.item.truncate");
    ASSERT_EQ(truncates.size(), 1u);
    EXPECT_EQ(truncates[0]["audio_end_ms"], 900);
}

TEST_F(Interruption, LeavesAWhollyHeardItemAlone) {
    playing();
    interrupt({{"a1", 3000}});
    EXPECT_THAT(socket().sent, IsEmpty());
}

TEST_F(Interruption, DeletesItemsThatNeverStarted) {
    talk();
    socket().say(response_created("r1"));
    for (const char* item : {"a1", "a2"}) {
        socket().say(delta("r1", item, audio(900)));
        socket().say(audio_done("r1", item));
    }
    interrupt({{"a1", 300}, {"a2", 0}});
    EXPECT_EQ(socket().of_type("conversation.item.truncate")[0]["item_id"], "a1");
    EXPECT_EQ(socket().of_type("conversation.item.delete")[0]["item_id"], "a2");
    EXPECT_EQ(socket().count("response.cancel"), 0u);
}

TEST_F(Interruption, T11_DropsWhatIsStillOnItsWay) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(900)));
    const auto before = metrics::stale_delta_total.value();
    interrupt({{"a1", 300}});
    socket().say(delta("r1", "a1", audio(900)));
    socket().say(delta("r1", "a2", audio(900)));
    json done = response_done("r1", "cancelled");
    done["response"]["status_details"] = {{"type", "cancelled"}, {"reason", "turn_detected"}};
    socket().say(done);
    EXPECT_EQ(metrics::stale_delta_total.value(), before + 2);
    EXPECT_EQ(recorder.starting("audio ").size(), 1u);
    EXPECT_EQ(socket().count("conversation.item.truncate"), 1u);
    // The caller never heard a word of the second item: the model must not believe so.
    ASSERT_EQ(socket().count("conversation.item.delete"), 1u);
    EXPECT_EQ(socket().of_type("conversation.item.delete")[0]["item_id"], "a2");
}

TEST_F(Interruption, KeepsTheWholeWordsOfACutAnswer) {
    talk();
    socket().say(response_created("r1"));
    socket().say(words("r1", "a1", "We have today"));
    socket().say(delta("r1", "a1", audio(900)));
    interrupt({{"a1", 300}});
    socket().say(words("r1", "a1", " three"));
    socket().say(response_done("r1", "cancelled"));
    EXPECT_EQ(recorder.lines.back(), "voice a1 cut We have today three");
    EXPECT_FALSE(recorder.has("audio_done a1"));
}

TEST_F(Interruption, WithoutAnythingPlayingStillSilencesTheRunningResponse) {
    talk();
    socket().say(response_created("r1"));
    socket().say(speech_started("u9", 0));
    socket().say(delta("r1", "a1", audio(900)));
    EXPECT_THAT(recorder.starting("audio "), IsEmpty());
}

TEST_F(Interruption, T10_WorksAfterTheResponseIsLongDone) {
    playing();
    loop.advance(1s);
    interrupt({{"a1", 1000}});
    EXPECT_EQ(socket().count("conversation.item.truncate"), 1u);
    socket().sent.clear();
    voice->interrupted({{"a1", 1200}});
    EXPECT_THAT(socket().sent, IsEmpty());
}

TEST_F(Interruption, ForAnotherReasonThanSpeechCancelsToo) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(900)));
    voice->interrupted({{"a1", 300}});
    ASSERT_EQ(socket().count("response.cancel"), 1u);
    EXPECT_EQ(socket().of_type("response.cancel")[0]["response_id"], "r1");
}

TEST_F(Interruption, EveryRequestHasItsOwnEventId) {
    talk();
    answer("r1", "a1", 900);
    answer("r2", "a2", 900);
    interrupt({{"a1", 300}, {"a2", 0}});
    std::vector<std::string> ids;
    for (const json& event : socket().sent) {
        if (event["type"] != "input_audio_buffer.append") ids.push_back(event.at("event_id"));
    }
    auto unique = ids;
    std::sort(unique.begin(), unique.end());
    EXPECT_EQ(std::unique(unique.begin(), unique.end()), unique.end());
    EXPECT_EQ(ids.size(), 4u);  // update, greeting, truncate, delete
}

TEST_F(RealtimeSession, ATooLongAnswerIsCancelledAndCutAtWhatWasTaken) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(900)));
    voice->cancel_response();
    voice->cancel_response();
    EXPECT_EQ(socket().count("response.cancel"), 1u);
    socket().say(delta("r1", "a1", audio(900)));
    socket().say(response_done("r1", "cancelled"));
    ASSERT_EQ(socket().count("conversation.item.truncate"), 1u);
    EXPECT_EQ(socket().of_type("conversation.item.truncate")[0]["audio_end_ms"], 900);
    EXPECT_TRUE(recorder.has("audio_done a1"));
}

// --- errors ---

TEST_F(RealtimeSession, O10_RecoverableErrorsLeaveTheSessionOpen) {
    talk();
    socket().say(error_event("invalid_request_error", "invalid_value", "audio"));
    socket().say(error_event("invalid_request_error", "invalid_value", nullptr, "trunc-4",
                             "Audio content of 3700ms is already shorter than 3760ms"));
    socket().say(error_event("invalid_request_error", "response_cancel_not_active"));
    EXPECT_TRUE(voice->ready());
    EXPECT_THAT(recorder.losses, IsEmpty());
}

TEST_F(RealtimeSession, ErrorsAreCountedByClass) {
    talk();
    const auto harmless = metrics::upstream_error_total.value("harmless");
    const auto config = metrics::upstream_error_total.value("config");
    socket().say(error_event("invalid_request_error", "some_new_code", nullptr, "del-3"));
    socket().say(error_event("invalid_request_error", "invalid_event"));
    EXPECT_EQ(metrics::upstream_error_total.value("harmless"), harmless + 1);
    EXPECT_EQ(metrics::upstream_error_total.value("config"), config + 1);
}

TEST_F(RealtimeSession, O11_TwoServerErrorsIn10SecondsAreALoss) {
    talk();
    socket().say(error_event("server_error", nullptr));
    loop.advance(9s);
    EXPECT_TRUE(voice->ready());
    socket().say(error_event("server_error", nullptr));
    EXPECT_EQ(recorder.lines.back(), "lost server_error retry server_error");
}

TEST_F(RealtimeSession, O11_TwoServerErrorsFarApartAreNone) {
    talk();
    socket().say(error_event("server_error", nullptr));
    loop.advance(10s);
    socket().say(error_event("server_error", nullptr));
    EXPECT_TRUE(voice->ready());
}

TEST_F(RealtimeSession, T14_QuotaIsFatalAtOnce) {
    talk();
    const auto before = metrics::upstream_lost_total.value("quota");
    socket().say(error_event("insufficient_quota", "insufficient_quota"));
    EXPECT_EQ(recorder.lines.back(), "lost quota fatal insufficient_quota");
    EXPECT_EQ(socket().closed_with, 1000);
    EXPECT_EQ(metrics::upstream_lost_total.value("quota"), before + 1);
}

TEST_F(RealtimeSession, O17_ThreeUnreadableMessagesIn10SecondsAreALoss) {
    talk();
    const auto before = metrics::upstream_bad_frame_total.value();
    socket().raw("{");
    loop.advance(6s);
    socket().raw("nonsense");
    loop.advance(5s);
    socket().raw(R"({"type":1})");
    EXPECT_TRUE(voice->ready());
    socket().say(delta("r1", "a1", "***"));
    EXPECT_EQ(recorder.lines.back(), "lost protocol retry bad_frames");
    EXPECT_EQ(metrics::upstream_bad_frame_total.value(), before + 4);
}

TEST_F(RealtimeSession, O22_ThreeBinaryMessagesClose1003) {
    talk();
    socket().binary();
    socket().binary();
    EXPECT_TRUE(voice->ready());
    socket().binary();
    EXPECT_EQ(recorder.lines.back(), "lost protocol retry bad_frames");
    EXPECT_EQ(socket().closed_with, 1003);
}

TEST_F(RealtimeSession, O19_UnknownEventsAreCountedAndIgnored) {
    talk();
    const auto before = metrics::unknown_event_total.value("provider");
    const auto lines = recorder.lines;
    socket().say({{"type", "response.telepathy"}});
    socket().say({{"type", "rate_limits.updated"}, {"rate_limits", json::array()}});
    EXPECT_EQ(metrics::unknown_event_total.value("provider"), before + 1);
    EXPECT_EQ(recorder.lines, lines);
}

TEST_F(RealtimeSession, O07_ACloseInTheCallIsALossWithItsCode) {
    talk();
    socket().end(1000);
    EXPECT_EQ(recorder.lines.back(), "lost closed retry closed");
    EXPECT_EQ(recorder.losses[0].close_code, 1000);
    EXPECT_FALSE(voice->ready());
}

TEST_F(RealtimeSession, GivesOnWhatItKnowsBeforeItIsLost) {
    talk();
    say_turn("u1", 0, 500);
    socket().say({{"type", "conversation.item.input_audio_transcription.delta"}, {"item_id", "u1"}, {"delta", "my ho"}});
    say_turn("u2", 600, 900);
    socket().say(response_created("r1"));
    socket().say(words("r1", "a1", "Help is"));
    socket().say(delta("r1", "a1", audio(300)));
    socket().end(1006);
    EXPECT_THAT(Lines(recorder.lines.end() - 5, recorder.lines.end()),
                ElementsAre("audio_done a1", "voice a1 cut Help is", "caller u1 [0..500] my ho", "caller u2 [600..900] failed",
                            "lost network retry connection_lost"));
}

TEST_F(RealtimeSession, AFullQueueIsALossToldAfterwards) {
    talk();
    socket().full = true;
    voice->caller_audio(frame());
    voice->caller_audio(frame());
    EXPECT_THAT(recorder.losses, IsEmpty());
    loop.run_posted();
    EXPECT_EQ(recorder.lines.back(), "lost network retry queue_full");
    EXPECT_EQ(recorder.losses.size(), 1u);
}

TEST_F(RealtimeSession, AMissingPongIsALoss) {
    talk();
    loop.advance(2s);
    EXPECT_EQ(socket().pings, 1);
    loop.advance(10s);
    EXPECT_EQ(socket().pings, 6);
    socket().answers_pings = false;
    loop.advance(2s + 3999ms);
    EXPECT_TRUE(voice->ready());
    loop.advance(1ms);
    EXPECT_EQ(recorder.lines.back(), "lost ping retry no_pong");
}

TEST_F(RealtimeSession, AfterAHangUpAnOpenTurnIsEndedBySilenceAndItsWordsStillCome) {
    talk();
    voice->caller_audio(frame());
    socket().say({{"type", "input_audio_buffer.speech_started"}, {"audio_start_ms", 0}, {"item_id", "u1"}});
    const auto before = socket().sent.size();
    EXPECT_TRUE(voice->hang_up(false));
    EXPECT_EQ(socket().sent.size() - before, (plan.vad_silence.count() + 300) / 20u);
    EXPECT_TRUE(voice->owes_words());
    say_turn("u1", 0, 500);
    EXPECT_TRUE(voice->owes_words());
    loop.advance(4500ms);  // no answer is awaited any more
    EXPECT_THAT(recorder.losses, IsEmpty());
    socket().say({{"type", "conversation.item.input_audio_transcription.completed"}, {"item_id", "u1"}, {"transcript", "Twelve Main Street."}});
    EXPECT_TRUE(recorder.has("caller u1 [0..500] Twelve Main Street."));
    EXPECT_FALSE(voice->owes_words());
}

TEST_F(RealtimeSession, WordsThatHaveNotComeAreUnheardThoughTheirAnswerHasBegun) {
    talk();
    for (int i = 0; i < 50; ++i) voice->caller_audio(frame());
    say_turn("u1", 200, 600);
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(100)));
    for (int i = 0; i < 50; ++i) voice->caller_audio(frame());
    int pieces = 0;
    voice->unheard(-1, [&](std::string_view) { ++pieces; });
    EXPECT_EQ(pieces, (2000 - 200) / 20);
}

TEST_F(RealtimeSession, AHangUpInSilenceOwesNothing) {
    talk();
    const auto before = socket().sent.size();
    EXPECT_FALSE(voice->hang_up(false));
    EXPECT_EQ(socket().sent.size(), before);
}

TEST_F(RealtimeSession, EachIntervalTellsWhatTheLineIsLike) {
    talk();
    loop.advance(4s);
    ASSERT_EQ(recorder.pulses.size(), 2u);
    EXPECT_FALSE(recorder.pulses[0].round_trip) << "nothing was asked before";
    EXPECT_TRUE(recorder.pulses[1].round_trip);
    EXPECT_FALSE(recorder.pulses[1].ping_missed);
    EXPECT_EQ(recorder.pulses[1].send_queue, 0ms);
    socket().answers_pings = false;
    socket().blocked = loop.now() + 1500ms;
    loop.advance(4s);
    ASSERT_EQ(recorder.pulses.size(), 4u);
    EXPECT_EQ(recorder.pulses[2].send_queue, 500ms);
    EXPECT_TRUE(recorder.pulses[3].ping_missed);
}

TEST_F(RealtimeSession, O26_TheProvidersTokenBudgetIsPassedOn) {
    talk();
    socket().say({{"type", "rate_limits.updated"},
                  {"rate_limits", {{{"name", "requests"}, {"limit", 10}, {"remaining", 9}, {"reset_seconds", 1}},
                                   {{"name", "tokens"}, {"limit", 200000}, {"remaining", 1500}, {"reset_seconds", 30.5}}}}});
    ASSERT_EQ(recorder.budgets.size(), 1u);
    EXPECT_EQ(recorder.budgets[0].remaining, 1500);
    EXPECT_EQ(recorder.budgets[0].limit, 200000);
    EXPECT_EQ(recorder.budgets[0].reset_seconds, 30.5);
    for (const auto* bad : {R"("x")", "[]", "[null,3]", R"([{"name":"tokens","limit":"much"}])", R"({"tokens":1})"}) {
        socket().say({{"type", "rate_limits.updated"}, {"rate_limits", nlohmann::json::parse(bad)}});
    }
    EXPECT_EQ(recorder.budgets.size(), 1u);
    EXPECT_TRUE(voice->ready());
}

TEST_F(RealtimeSession, PingTimeoutNeedNotBeAMultipleOfTheInterval) {
    plan.ping_interval = 2000ms;
    plan.ping_timeout = 3000ms;
    talk();
    socket().answers_pings = false;
    loop.advance(4999ms);
    EXPECT_TRUE(voice->ready());
    loop.advance(1ms);
    EXPECT_FALSE(voice->ready());
}

TEST_F(RealtimeSession, ALineThatTakesNoBytesIsDead) {
    talk();
    socket().blocked = loop.now();
    loop.advance(4s);
    EXPECT_TRUE(voice->ready());
    loop.advance(2s);
    EXPECT_EQ(recorder.lines.back(), "lost network retry blocked");
}

// --- failed and missing answers ---

TEST_F(RealtimeSession, AFailedAnswerIsAskedForOnceMore) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(response_created("r1"));
    socket().say(response_failed("r1", "server_error", nullptr));
    EXPECT_EQ(socket().count("response.create"), 1u);
    answer("r2", "a1", 300);
    EXPECT_EQ(recorder.lines.back(), "voice a1 On the way.");
    EXPECT_EQ(socket().count("response.create"), 1u);
}

TEST_F(RealtimeSession, AFailedAnswerThatWasHeardIsNotRepeated) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(300)));
    socket().say(response_failed("r1", "server_error", nullptr));
    EXPECT_EQ(socket().count("response.create"), 0u);
    EXPECT_TRUE(voice->ready());
}

TEST_F(RealtimeSession, O11_AFailureThatRepeatsIsALoss) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(response_created("r1"));
    socket().say(response_failed("r1", "server_error", nullptr));
    socket().say(response_created("r2"));
    socket().say(response_failed("r2", "server_error", nullptr));
    EXPECT_EQ(recorder.lines.back(), "lost server_error retry server_error");
}

struct FailedRow {
    const char* code;
    const char* line;
};
class FailedAnswers : public VoiceFixture, public testing::WithParamInterface<FailedRow> {};

TEST_P(FailedAnswers, T15_AreNeverSilent) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(response_created("r1"));
    socket().say(response_failed("r1", "invalid_request_error", GetParam().code));
    EXPECT_EQ(recorder.lines.back(), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FailedAnswers,
    testing::Values(FailedRow{"insufficient_quota", "lost quota fatal insufficient_quota"},
                    FailedRow{"invalid_api_key", "lost auth fatal invalid_api_key"},
                    FailedRow{"model_not_found", "lost model fatal model_not_found"},
                    FailedRow{"rate_limit_exceeded", "lost quota retry rate_limit_exceeded"}));

TEST_F(RealtimeSession, O13_NoAnswerIsAskedForOnceAndThenALoss) {
    talk();
    say_turn("u1", 0, 500);
    loop.advance(3999ms);
    EXPECT_EQ(socket().count("response.create"), 0u);
    loop.advance(1ms);
    EXPECT_EQ(socket().count("response.create"), 1u);
    EXPECT_EQ(socket().count("response.cancel"), 0u);
    loop.advance(4s);
    EXPECT_EQ(recorder.lines.back(), "lost silent retry no_answer");
}

TEST_F(RealtimeSession, O13_ASilentResponseIsCancelledFirst) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(response_created("r1"));
    loop.advance(4s);
    EXPECT_EQ(socket().of_type("response.cancel")[0]["response_id"], "r1");
    EXPECT_EQ(socket().count("response.create"), 0u);
    socket().say(delta("r1", "a1", audio(300)));
    socket().say(response_done("r1", "cancelled"));
    EXPECT_EQ(socket().count("response.create"), 1u);
    answer("r2", "a2", 300);
    loop.advance(10s);
    EXPECT_THAT(recorder.starting("audio "), ElementsAre("audio a2 300"));
    EXPECT_THAT(recorder.losses, IsEmpty());
}

TEST_F(RealtimeSession, O13_AnEmptyAnswerIsNoAnswer) {
    talk();
    say_turn("u1", 0, 500);
    socket().say(response_created("r1"));
    socket().say(response_done("r1", "completed"));
    loop.advance(4s);
    EXPECT_EQ(socket().count("response.create"), 1u);
}

TEST_F(RealtimeSession, O14_ASlowAnswerIsLeftAlone) {
    talk();
    say_turn("u1", 0, 500);
    loop.advance(3s);
    answer("r1", "a1", 300);
    loop.advance(10s);
    EXPECT_EQ(socket().count("response.create"), 0u);
    EXPECT_THAT(recorder.losses, IsEmpty());
}

TEST_F(RealtimeSession, O13_TheCallersNextWordsStartTheWaitAnew) {
    talk();
    say_turn("u1", 0, 500);
    loop.advance(3s);
    socket().say(speech_started("u2", 600));
    loop.advance(30s);
    EXPECT_EQ(socket().count("response.create"), 0u);
    EXPECT_TRUE(voice->ready());
}

// --- tools ---

class Tools : public VoiceFixture {
  protected:
    void call(std::string_view response, const json& item) {
        socket().say(response_created(response));
        socket().say(response_done(response, "completed", {item}));
    }
    json last_output() { return socket().of_type("conversation.item.create").back()["item"]; }
};

TEST_F(Tools, TransferAsksForAPerson) {
    talk();
    call("r1", function_call("c1", "transfer_to_person", R"({"reason":"asked"})"));
    EXPECT_EQ(recorder.lines.back(), "person asked");
    EXPECT_EQ(last_output()["call_id"], "c1");
    EXPECT_EQ(socket().count("response.create"), 0u);
    loop.advance(10s);
    EXPECT_THAT(recorder.losses, IsEmpty());
}

TEST_F(Tools, TransferStartsAtTheEarliestSignAndOnce) {
    talk();
    socket().say(response_created("r1"));
    socket().say(json{{"type", "response.function_call_arguments.done"}, {"response_id", "r1"}, {"item_id", "f1"},
                      {"call_id", "c1"}, {"name", "transfer_to_person"}, {"arguments", "{}"}});
    EXPECT_EQ(recorder.lines.back(), "person ");
    json item = function_call("c1", "transfer_to_person", "{}");
    socket().say(json{{"type", "response.output_item.done"}, {"response_id", "r1"}, {"item", item}});
    socket().say(response_done("r1", "completed", {item}));
    EXPECT_EQ(recorder.starting("person").size(), 1u);
    EXPECT_EQ(socket().count("conversation.item.create"), 2u);  // greeting, output
}

TEST_F(Tools, CutArgumentsOfACancelledCallDoNothing) {
    talk();
    socket().say(response_created("r1"));
    socket().say(json{{"type", "response.function_call_arguments.done"}, {"response_id", "r1"}, {"item_id", "f1"},
                      {"call_id", "c1"}, {"name", "transfer_to_person"}, {"arguments", "{\"rea"}});
    socket().say(response_done("r1", "cancelled", {function_call("c1", "transfer_to_person", "{\"rea", "incomplete")}));
    EXPECT_THAT(recorder.starting("person"), IsEmpty());
    EXPECT_EQ(last_output()["output"], R"({"error":"cancelled"})");
    EXPECT_EQ(socket().count("response.create"), 0u);
}

TEST_F(Tools, O25_WhatWouldTakeSomethingBackIsAnsweredWithAnErrorAndTheTalkGoesOn) {
    talk();
    const auto before = metrics::tool_reject_total.value("forbidden");
    socket().say(response_created("r1"));
    socket().say(json{{"type", "response.output_item.done"}, {"response_id", "r1"},
                      {"item", function_call("c1", "cancel_dispatch", "{}")}});
    EXPECT_EQ(last_output(), json({{"type", "function_call_output"}, {"call_id", "c1"}, {"output", R"({"error":"forbidden"})"}}));
    EXPECT_EQ(socket().count("response.create"), 0u) << "only after response.done";
    socket().say(response_done("r1", "completed", {function_call("c1", "cancel_dispatch", "{}")}));
    EXPECT_EQ(socket().count("response.create"), 1u);
    EXPECT_EQ(metrics::tool_reject_total.value("forbidden"), before + 1);
    answer("r2", "a1", 300);
    EXPECT_EQ(socket().count("response.create"), 1u);
}

TEST_F(Tools, WhatTheModelBelievesIsGivenOnAndItGoesOnWithTheAnswer) {
    talk();
    call("r1", function_call("c1", "report_incident", R"({"type":"FSTRU","location":"12 Oak Street"})"));
    EXPECT_EQ(recorder.lines.back(), "report FSTRU|12 Oak Street|false");
    EXPECT_EQ(last_output()["output"], R"({"recorded":true})");
    EXPECT_EQ(socket().count("response.create"), 1u);
    answer("r2", "a1", 300);
    call("r3", function_call("c2", "request_dispatch", "{}"));
    EXPECT_EQ(recorder.lines.back(), "report ||true");
    EXPECT_EQ(socket().count("response.create"), 2u);
}

TEST_F(Tools, AModelThatSpokeIsNotAskedToSayItAgain) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(300)));
    socket().say(response_done("r1", "completed", {function_call("c1", "report_incident", R"({"type":"FSTRU"})")}));
    EXPECT_TRUE(recorder.has("report FSTRU||false"));
    EXPECT_EQ(socket().count("response.create"), 0u);
}

TEST_F(Tools, AModelThatOnlyReportsIsNotAskedForEver) {
    talk();
    for (int i = 0; i < 12; ++i) {
        loop.advance(250ms);
        call("r" + std::to_string(i), function_call("c" + std::to_string(i), "report_incident", R"({"type":"FSTRU"})"));
    }
    EXPECT_EQ(socket().count("response.create"), 6u);
}

TEST_F(Tools, ItLearnsByAToolResultThatHelpIsOnTheWay) {
    talk();
    voice->dispatch_acknowledged(R"({"help_on_the_way":true})");
    const auto items = socket().of_type("conversation.item.create");
    const json call = items[items.size() - 2]["item"];
    EXPECT_EQ(call["type"], "function_call");
    EXPECT_EQ(call["name"], "request_dispatch");
    EXPECT_EQ(items.back()["item"], json({{"type", "function_call_output"}, {"call_id", call["call_id"]}, {"output", R"({"help_on_the_way":true})"}}));
    EXPECT_EQ(socket().count("response.create"), 1u);
}

TEST_F(Tools, O24_BadArgumentsAreAnsweredWithAnError) {
    talk();
    call("r1", function_call("c1", "transfer_to_person", R"({"reason":)"));
    EXPECT_EQ(last_output()["output"], R"({"error":"arguments"})");
    answer("r2", "a1", 300);
    call("r3", function_call("c2", "transfer_to_person", R"({"reason":{"deep":1}})"));
    EXPECT_EQ(last_output()["output"], R"({"error":"arguments"})");
    call("r4", function_call("c3", "transfer_to_person", R"({"reason":")" + std::string(limits::tool_arguments_bytes_max, 'x') + "\"}"));
    EXPECT_EQ(last_output()["output"], R"({"error":"arguments"})");
    EXPECT_THAT(recorder.starting("person"), IsEmpty());
}

TEST_F(Tools, SeveralCallsInOneResponseGetOneFollowUp) {
    talk();
    socket().say(response_created("r1"));
    socket().say(response_done("r1", "completed", {function_call("c1", "x", "{}"), function_call("c2", "y", "{}")}));
    EXPECT_EQ(socket().count("response.create"), 1u);
    EXPECT_EQ(socket().count("conversation.item.create"), 3u);
}

TEST_F(Tools, O24_TooManyCallsAreRefused) {
    talk();
    const auto before = metrics::tool_reject_total.value("rate");
    json output = json::array();
    for (int i = 0; i < 7; ++i) output.push_back(function_call("c" + std::to_string(i), "x", "{}"));
    socket().say(response_created("r1"));
    socket().say(response_done("r1", "completed", output));
    EXPECT_EQ(metrics::tool_reject_total.value("rate"), before + 2);
}

TEST_F(Tools, O24_AModelThatOnlyCallsRefusedToolsIsNotAskedForEver) {
    talk();
    for (int i = 0; i < 6; ++i) {
        loop.advance(1s);
        call("r" + std::to_string(i), function_call("c" + std::to_string(i), "x", "{}"));
    }
    EXPECT_EQ(socket().count("response.create"), 3u);
}

TEST_F(Tools, O24_AModelThatTalksAndCallsRefusedToolsIsNotAskedForEverEither) {
    talk();
    const auto talk_and_call = [this](int i) {
        const std::string n = std::to_string(i);
        loop.advance(1s);
        socket().say(response_created("r" + n));
        socket().say(delta("r" + n, "a" + n, audio(300)));
        socket().say(response_done("r" + n, "completed", {function_call("c" + n, "x", "{}")}));
    };
    for (int i = 0; i < 6; ++i) talk_and_call(i);
    EXPECT_EQ(socket().count("response.create"), 3u);
    socket().say(speech_started("u1", 0));
    socket().say(speech_stopped("u1", 500));
    socket().say(committed("u1"));
    talk_and_call(6);
    EXPECT_EQ(socket().count("response.create"), 4u) << "the caller spoke: it may try again";
}

TEST_F(Tools, TheFollowUpYieldsToTheCaller) {
    talk();
    socket().say(response_created("r1"));
    socket().say(json{{"type", "response.output_item.done"}, {"response_id", "r1"}, {"item", function_call("c1", "x", "{}")}});
    socket().say(speech_started("u1", 0));
    socket().say(response_done("r1", "cancelled"));
    EXPECT_EQ(socket().count("response.create"), 0u);
    socket().say(speech_stopped("u1", 500));
    socket().say(committed("u1"));
    answer("r2", "a1", 300);
    EXPECT_EQ(socket().count("response.create"), 0u);
}

TEST_F(Tools, ACallThatIsRefusedWhileTheCallerSpeaksIsNotFollowedUp) {
    talk();
    socket().say(response_created("r1"));
    socket().say(speech_started("u1", 0));
    socket().say(response_done("r1", "cancelled", {function_call("c1", "x", "{}")}));
    EXPECT_EQ(last_output()["output"], R"({"error":"unknown"})");
    EXPECT_EQ(socket().count("response.create"), 0u);
}

TEST_F(Tools, O13_AFollowUpThatIsIgnoredIsSentOnceMore) {
    talk();
    call("r1", function_call("c1", "x", "{}"));
    loop.advance(4s);
    EXPECT_EQ(socket().count("response.create"), 2u);
    loop.advance(4s);
    EXPECT_EQ(recorder.lines.back(), "lost silent retry no_answer");
}

TEST_F(Tools, ACollidingFollowUpIsSentAfterTheOtherResponse) {
    talk();
    call("r1", function_call("c1", "x", "{}"));
    const auto id = socket().of_type("response.create")[0]["event_id"];
    socket().say(error_event("invalid_request_error", "conversation_already_has_active_response", nullptr, id));
    socket().say(response_created("r2"));
    EXPECT_EQ(socket().count("response.create"), 1u);
    socket().say(response_done("r2", "completed"));
    EXPECT_EQ(socket().count("response.create"), 2u);
    EXPECT_THAT(recorder.losses, IsEmpty());
}

TEST_F(Tools, AResponseThatBeginsWhileTheCallerSpeaksIsCancelled) {
    talk();
    call("r1", function_call("c1", "x", "{}"));
    socket().say(speech_started("u1", 0));
    socket().say(response_created("r2"));
    EXPECT_EQ(socket().of_type("response.cancel")[0]["response_id"], "r2");
    socket().say(delta("r2", "a2", audio(300)));
    EXPECT_THAT(recorder.starting("audio "), IsEmpty());
}

}  // namespace
}  // namespace holdfast::test
