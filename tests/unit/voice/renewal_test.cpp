#include "voice_fixture.hpp"

#include "config/limits.hpp"

#include <gmock/gmock.h>

namespace holdfast::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using voice::realtime::renewal_due;
using voice::realtime::renewal_forced;
using voice::realtime::session_life;

constexpr std::int64_t k_now_ms = 1'790'000'000'000;

std::int64_t due_s(std::int64_t expires_in_s) {
    return renewal_due(session_life(k_now_ms / 1000 + expires_in_s, k_now_ms)).count() / 1000;
}

TEST(SessionLife, O12_IsRenewedAtElevenTwelfths) {
    EXPECT_EQ(due_s(3600), 55 * 60);
    EXPECT_EQ(due_s(1800), 27 * 60 + 30);
    EXPECT_EQ(renewal_due(session_life(k_now_ms / 1000 + 20, k_now_ms)).count(), 18'333);
    EXPECT_EQ(due_s(7000), 55 * 60);
}

TEST(SessionLife, O12_ImplausibleTimesMean50Minutes) {
    EXPECT_EQ(due_s(-1), 50 * 60 - 1);  // 54.5 min in whole ms
    EXPECT_EQ(due_s(0), 50 * 60 - 1);
    EXPECT_EQ(due_s(2 * 3600 + 1), 50 * 60 - 1);
    EXPECT_EQ(renewal_due(session_life(0, k_now_ms)).count(), 50 * 60 * 1000 - 1);
}

TEST(SessionLife, TheForcedMoveLeavesTimeForTheOldSession) {
    const auto hour = base::milliseconds(std::chrono::hours(1));
    EXPECT_EQ((hour - renewal_forced(hour)).count(), 10'000);
    const base::milliseconds test_session(20'000);
    EXPECT_GT(renewal_forced(test_session), renewal_due(test_session));
    EXPECT_LT(renewal_forced(test_session), test_session);
}

// Sessions of 20 s: due at 18.3 s, forced at 19.6 s.
class Renewal : public VoiceFixture {
  protected:
    static constexpr auto k_due = 18'334ms;
    static constexpr auto k_forced = 19'584ms;

    void begin() {
        talk(20);
        began = loop.now();
    }
    void until(base::Mono::duration age) { loop.advance(began + age - loop.now()); }
    FakeSocket& first() { return *provider.sockets[0]; }
    FakeSocket& second() { return *provider.sockets.at(1); }
    std::vector<std::string> told(const FakeSocket& socket) {
        std::vector<std::string> lines;
        for (const json& event : socket.of_type("conversation.item.create")) {
            lines.push_back(event["item"]["role"].get<std::string>() + ": " +
                            event["item"]["content"][0]["text"].get<std::string>());
        }
        return lines;
    }
    base::TimePoint began;
};

TEST_F(Renewal, O12_OpensTheNextSessionInTime) {
    begin();
    until(k_due - 2ms);
    EXPECT_EQ(provider.sockets.size(), 1u);
    until(k_due);
    EXPECT_EQ(provider.sockets.size(), 2u);
    EXPECT_EQ(recorder.lines.back(), "stage renewing");
    EXPECT_TRUE(voice->ready());
}

TEST_F(Renewal, O12_MovesTheCallerInAQuietMoment) {
    const auto before = metrics::session_rollover_total.value();
    begin();
    give(1000);
    say_turn("u1", 100, 900);
    socket().say(transcript("u1", "There is a fire"));
    answer("r1", "a1", 3000, "Where are you?");
    until(k_due);
    provider.configure(second(), 3600);
    EXPECT_EQ(recorder.lines.back(), "stage renewed");
    EXPECT_EQ(first().closed_with, 1000);
    EXPECT_EQ(second().sent[0], json::parse(plan.update));
    EXPECT_THAT(told(second()), ElementsAre("assistant: Emergency line.", "user: There is a fire", "assistant: Where are you?"));
    EXPECT_EQ(second().count("response.create"), 0u);
    EXPECT_EQ(metrics::session_rollover_total.value(), before + 1);
    EXPECT_EQ(recorder.count("ready"), 1u);
    const auto appended = first().count("input_audio_buffer.append");
    give(20);
    EXPECT_EQ(first().count("input_audio_buffer.append"), appended);
}

TEST_F(Renewal, TheHistoryStandsInTheOrderOfTalkEvenWhenTranscriptsWereLate) {
    begin();
    give(1000);
    say_turn("u1", 100, 900);
    answer("r1", "a1", 300, "Where are you?");
    socket().say(transcript("u1", "There is a fire"));
    until(k_due);
    provider.configure(second(), 3600);
    EXPECT_THAT(told(second()), ElementsAre("assistant: Emergency line.", "user: There is a fire", "assistant: Where are you?"));
}

TEST_F(Renewal, TheHistoryIsBounded) {
    begin();
    for (int i = 0; i < 100; ++i) {
        const std::string n = std::to_string(i);
        answer("r" + n, "a" + n, 3, "answer " + n);
    }
    until(k_due);
    provider.configure(second(), 3600);
    EXPECT_EQ(told(second()).size(), limits::history_items_max);
    EXPECT_EQ(told(second()).back(), "assistant: answer 99");
}

TEST_F(Renewal, TheHistoryIsBoundedInBytes) {
    begin();
    for (int i = 0; i < 10; ++i) {
        const std::string n = std::to_string(i);
        answer("r" + n, "a" + n, 3, std::string(5000, 'x'));
    }
    until(k_due);
    provider.configure(second(), 3600);
    EXPECT_EQ(told(second()).size(), limits::history_bytes_max / 5000);
}

TEST_F(Renewal, TheEndOfTheCallersAudioIsGivenAgain) {
    begin();
    give(2000);
    until(k_due);
    provider.configure(second(), 3600);
    EXPECT_EQ(second().count("input_audio_buffer.append"), 30u);  // 600 ms
    give(400);
    second().say(speech_started("u5", 500));
    second().say(speech_stopped("u5", 900));
    second().say(committed("u5"));
    second().say(transcript("u5", "hello"));
    // 1400 ms of the call's audio had passed when this session heard its first sample.
    EXPECT_EQ(recorder.lines.back(), "caller u5 [1900..2300] hello");
}

TEST_F(Renewal, WaitsForTheCallerToFinish) {
    begin();
    give(1000);
    socket().say(speech_started("u1", 900));
    until(k_due);
    provider.configure(second(), 3600);
    loop.advance(200ms);
    EXPECT_FALSE(recorder.has("stage renewed"));
    first().say(speech_stopped("u1", 990));
    first().say(committed("u1"));
    first().say(transcript("u1", "yes"));
    loop.advance(100ms);
    EXPECT_FALSE(recorder.has("stage renewed")) << "the answer is on its way";
    first().say(response_created("r1"));
    first().say(delta("r1", "a1", audio(300)));
    first().say(response_done("r1", "completed"));
    loop.advance(700ms);
    EXPECT_FALSE(recorder.has("stage renewed")) << "the answer is being played";
    loop.advance(150ms);
    EXPECT_TRUE(recorder.has("stage renewed"));
    ASSERT_LT(loop.now() - began, k_forced);
    EXPECT_THAT(recorder.starting("audio "), ElementsAre("audio a1 300"));
}

TEST_F(Renewal, BeforeItIsTooLateMovesASpeakingCallerToo) {
    begin();
    give(3000);
    socket().say(speech_started("u1", 2000));
    until(k_due);
    provider.configure(second(), 3600);
    give(1000);
    until(k_forced - 60ms);
    EXPECT_FALSE(recorder.has("stage renewed"));
    until(k_forced + 60ms);
    EXPECT_TRUE(recorder.has("stage renewed"));
    EXPECT_EQ(second().count("input_audio_buffer.append"), 100u) << "2 s from the start of the sentence";
    second().say(speech_started("v1", 0));
    EXPECT_EQ(recorder.count("speech_started"), 1u) << "the call knows already";
    second().say(speech_stopped("v1", 1500));
    second().say(committed("v1"));
    second().say(transcript("v1", "a long story"));
    EXPECT_EQ(recorder.lines.back(), "caller v1 [2000..3500] a long story");
}

TEST_F(Renewal, LetsALateTranscriptOfTheOldSessionThrough) {
    begin();
    give(1000);
    say_turn("u1", 100, 900);
    answer("r1", "a1", 300, "Where?");
    until(k_due - 2ms);
    say_turn("u2", 910, 990);
    answer("r2", "a2", 3, "I see.");
    until(k_due);
    provider.configure(second(), 3600);
    until(k_forced + 60ms);
    ASSERT_TRUE(recorder.has("stage renewed"));
    EXPECT_EQ(first().closed_with, 0);
    first().say(transcript("u2", "at home"));
    EXPECT_EQ(recorder.lines.back(), "caller u2 [910..990] at home");
    EXPECT_EQ(told(second()).back(), "user: at home");
    loop.advance(1ms);
    EXPECT_EQ(first().closed_with, 1000);
    EXPECT_EQ(recorder.lines.back(), "caller u1 [100..900] failed") << "its words never came";
}

TEST_F(Renewal, WaitsForTheCallersWords) {
    begin();
    give(1000);
    until(k_due - 2s);
    say_turn("u1", 100, 900);
    answer("r1", "a1", 3, "Where?");
    until(k_due);
    provider.configure(second(), 3600);
    EXPECT_FALSE(recorder.has("stage renewed"));
    first().say(transcript("u1", "There is a fire"));
    loop.advance(50ms);
    EXPECT_TRUE(recorder.has("stage renewed"));
    EXPECT_EQ(first().closed_with, 1000);
}

TEST_F(Renewal, LetsARunningAnswerEndEvenWhenItIsLate) {
    begin();
    give(1000);
    until(k_due - 2ms);
    say_turn("u1", 100, 900);
    socket().say(transcript("u1", "Is help coming?"));
    socket().say(response_created("r1"));
    socket().say(delta("r1", "a1", audio(30)));
    until(k_due);
    provider.configure(second(), 3600);
    until(k_forced + 60ms);
    EXPECT_FALSE(recorder.has("stage renewed"));
    first().say(delta("r1", "a1", audio(3000)));
    first().say(response_done("r1", "completed"));
    loop.advance(50ms);
    EXPECT_TRUE(recorder.has("stage renewed"));
    EXPECT_TRUE(recorder.has("audio a1 3000"));
    EXPECT_EQ(second().count("response.create"), 0u);
}

TEST_F(Renewal, WaitsForATranscriptOnlySoLong) {
    begin();
    give(1000);
    until(k_due - 2ms);
    say_turn("u2", 910, 990);
    answer("r2", "a2", 3, "I see.");
    until(k_due);
    provider.configure(second(), 3600);
    until(k_forced + 60ms);
    ASSERT_TRUE(recorder.has("stage renewed"));
    loop.advance(voice::realtime::k_transcript_patience);
    EXPECT_EQ(recorder.lines.back(), "caller u2 [910..990] failed");
    EXPECT_EQ(first().closed_with, 1000);
}

TEST_F(Renewal, O12_ExpiryWithAReadySuccessorIsNoLoss) {
    begin();
    give(1000);
    first().say(speech_started("u1", 400));
    until(k_due);
    provider.configure(second(), 3600);
    first().say(error_event("invalid_request_error", "session_expired", nullptr, nullptr,
                            "Your session hit the maximum duration of 60 minutes."));
    EXPECT_TRUE(recorder.has("stage renewed"));
    EXPECT_THAT(recorder.losses, IsEmpty());
    EXPECT_EQ(second().count("input_audio_buffer.append"), 30u);
    EXPECT_THAT(recorder.starting("caller"), IsEmpty()) << "the new session hears it again";
}

TEST_F(Renewal, O12_ExpiryWhileTheSuccessorConnectsIsNoLoss) {
    begin();
    give(1000);
    until(k_due);
    first().end(1001, "Your session hit the maximum duration of 60 minutes.");
    EXPECT_THAT(recorder.losses, IsEmpty());
    EXPECT_TRUE(voice->ready());
    give(200);
    provider.configure(second(), 3600);
    EXPECT_TRUE(recorder.has("stage renewed"));
    EXPECT_EQ(second().count("input_audio_buffer.append"), 40u) << "600 ms before and 200 ms since";
}

TEST_F(Renewal, O12_ExpiryWithoutWarningIsRenewedAtOnce) {
    begin();
    give(1000);
    until(5s);
    first().end(1001, "Your session hit the maximum duration of 30 minutes.");
    ASSERT_EQ(provider.sockets.size(), 2u);
    provider.configure(second(), 3600);
    EXPECT_THAT(recorder.losses, IsEmpty());
    EXPECT_TRUE(recorder.has("stage renewed"));
}

TEST_F(Renewal, AnUnansweredQuestionIsHeardAgainWhenItsWordsAreMissing) {
    begin();
    give(2000);
    say_turn("u1", 800, 1800);
    until(2s);
    first().end(1001, "Your session hit the maximum duration of 30 minutes.");
    provider.configure(second(), 3600);
    EXPECT_EQ(second().count("input_audio_buffer.append"), 60u);
    EXPECT_EQ(second().count("response.create"), 0u);
    EXPECT_THAT(recorder.starting("caller"), IsEmpty());
}

TEST_F(Renewal, AnUnansweredQuestionInWritingIsAnswered) {
    begin();
    give(2000);
    say_turn("u1", 800, 1800);
    socket().say(transcript("u1", "Is help coming?"));
    until(2s);
    first().end(1001, "Your session hit the maximum duration of 30 minutes.");
    provider.configure(second(), 3600);
    EXPECT_EQ(told(second()).back(), "user: Is help coming?");
    EXPECT_EQ(second().count("input_audio_buffer.append"), 30u);
    EXPECT_EQ(second().sent.back()["type"], "response.create");
}

TEST_F(Renewal, AnAnswerThatExpiryCutIsTakenUpAgain) {
    begin();
    give(2000);
    say_turn("u1", 800, 1800);
    socket().say(transcript("u1", "Is help coming?"));
    socket().say(response_created("r1"));
    socket().say(words("r1", "a1", "Yes, it"));
    socket().say(delta("r1", "a1", audio(300)));
    first().end(1001, "Your session hit the maximum duration of 30 minutes.");
    provider.configure(second(), 3600);
    EXPECT_TRUE(recorder.has("audio_done a1"));
    EXPECT_TRUE(recorder.has("voice a1 cut Yes, it"));
    EXPECT_EQ(told(second()).back(), "assistant: Yes, it");
    EXPECT_EQ(second().sent.back()["type"], "response.create");
}

TEST_F(Renewal, AFailedRenewalIsTriedAgain) {
    begin();
    until(k_due);
    second().end(1006);
    EXPECT_THAT(recorder.losses, IsEmpty());
    loop.advance(251ms);
    ASSERT_EQ(provider.sockets.size(), 3u);
    provider.configure(*provider.sockets[2], 3600);
    EXPECT_TRUE(recorder.has("stage renewed"));
    EXPECT_EQ(recorder.count("stage renewing"), 1u);
}

TEST_F(Renewal, WithoutASuccessorExpiryIsALoss) {
    begin();
    until(k_due);
    net::WsClose refused;
    refused.http_status = 401;
    second().finish(refused);
    loop.advance(1s);
    EXPECT_EQ(provider.sockets.size(), 2u) << "a bad key is not tried again";
    EXPECT_TRUE(voice->ready());
    first().end(1001, "Your session hit the maximum duration of 60 minutes.");
    ASSERT_EQ(provider.sockets.size(), 3u) << "one last time";
    provider.sockets[2]->finish(refused);
    EXPECT_EQ(recorder.lines.back(), "lost expired fatal unauthorized");
    EXPECT_EQ(recorder.losses.size(), 1u);
    EXPECT_FALSE(voice->ready());
}

TEST_F(Renewal, AnOrdinaryLossIsNotARenewal) {
    begin();
    until(5s);
    first().end(1006);
    EXPECT_EQ(recorder.lines.back(), "lost network retry connection_lost");
    EXPECT_EQ(provider.sockets.size(), 1u);
}

TEST_F(Renewal, TheNewSessionIsRenewedInItsTurn) {
    begin();
    until(k_due);
    provider.configure(second(), 20);
    loop.advance(k_due);
    ASSERT_EQ(provider.sockets.size(), 3u);
    provider.configure(*provider.sockets[2], 20);
    EXPECT_EQ(recorder.count("stage renewed"), 2u);
    EXPECT_EQ(second().closed_with, 1000);
    EXPECT_THAT(told(*provider.sockets[2]), ElementsAre("assistant: Emergency line."));
}

TEST_F(Renewal, StopEndsBothSessions) {
    begin();
    until(k_due);
    second().accept();
    voice->stop("hangup");
    EXPECT_EQ(first().closed_with, 1000);
    EXPECT_EQ(second().closed_with, 1000);
    loop.advance(60s);
    EXPECT_EQ(provider.sockets.size(), 2u);
    EXPECT_EQ(loop.timers_waiting(), 0u);
}

TEST_F(Renewal, HappensBeforeTheTokenIsProvenToo) {
    open();
    provider.configure(socket(), 20);
    loop.advance(k_due);
    provider.configure(second(), 3600);
    EXPECT_TRUE(recorder.has("stage renewed"));
    EXPECT_EQ(second().sent.size(), 1u) << "no item, no audio";
    voice->prove(greeted("Emergency line."));
    EXPECT_EQ(told(second()).size(), 1u);
}

}  // namespace
}  // namespace holdfast::test
