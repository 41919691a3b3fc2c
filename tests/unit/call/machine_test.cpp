#include "call/machine.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::call {
namespace {

using A = ActionKind;
using E = EventKind;
using P = Phase;
using V = VoiceState;
using ladder::Move;
using ladder::Rung;

// One row of the rule book: in this state, on this event, these actions in this order, and then that
// state. Only kinds and words are compared; the reason travels in `second` and is tested apart.
struct Row {
    const char* rule;
    State from;
    Event event;
    std::vector<std::pair<A, std::string_view>> actions;
    P to;
    V voice;
};

std::vector<Row> rows() {
    return {
        {"a signed webhook opens the voice at once", {P::ringing, V::none, false}, {E::admitted, ""},
         {{A::open_voice, ""}, {A::arm_start_timer, ""}}, P::ringing, V::opening},
        {"a repeated webhook changes nothing", {P::ringing, V::opening, false}, {E::webhook_repeated, ""},
         {}, P::ringing, V::opening},
        {"the stream's start greets before the voice is proven", {P::ringing, V::opening, false},
         {E::stream_started, ""},
         {{A::cancel_start_timer, ""}, {A::set_status, "streaming"}, {A::play_greeting, ""}, {A::prove_voice, ""}},
         P::talking, V::opening},
        {"a voice lost before the stream starts greets and gives the caller to a person",
         {P::ringing, V::lost, false}, {E::stream_started, ""},
         {{A::cancel_start_timer, ""}, {A::set_status, "streaming"}, {A::play_greeting, ""},
          {A::record_seam, "voice_lost"}, {A::play_sentence, "person"}, {A::arm_leave_timer, ""}},
         P::leaving, V::lost},
        {"a voice lost while ringing waits for the stream", {P::ringing, V::opening, false},
         {E::voice_lost, "network"}, {}, P::ringing, V::lost},
        {"no stream within its time ends the call", {P::ringing, V::ready, false}, {E::start_timeout, ""},
         {{A::close_voice, "call_ended"}, {A::end_call, "never_streamed"}}, P::ended, V::none},
        {"a caller who hangs up while ringing ends the call", {P::ringing, V::opening, false},
         {E::callback_ended, ""}, {{A::close_voice, "call_ended"}, {A::end_call, "callback"}}, P::ended, V::none},
        {"a stream in a foreign format goes to people", {P::ringing, V::ready, false},
         {E::stream_protocol, "media format"},
         {{A::close_voice, "call_ended"}, {A::record_seam, "protocol"}, {A::end_call, "protocol"}}, P::ended, V::none},
        {"a voice that becomes ready needs nothing more", {P::talking, V::opening, true}, {E::voice_ready, ""},
         {{A::cancel_replace_timer, ""}}, P::talking, V::ready},
        {"a lost voice says so and leaves to a person", {P::talking, V::ready, true}, {E::voice_lost, "ping"},
         {{A::drop_better_voice, ""}, {A::cancel_replace_timer, ""}, {A::silence_playout, ""}, {A::record_seam, "voice_lost"},
          {A::play_sentence, "person"}, {A::arm_leave_timer, ""}},
         P::leaving, V::lost},
        {"a voice that never came is lost as well", {P::talking, V::opening, true}, {E::voice_lost, "timeout"},
         {{A::drop_better_voice, ""}, {A::cancel_replace_timer, ""}, {A::silence_playout, ""}, {A::record_seam, "voice_lost"},
          {A::play_sentence, "person"}, {A::arm_leave_timer, ""}},
         P::leaving, V::lost},
        {"asking for a person closes the voice and leaves", {P::talking, V::ready, true}, {E::person_asked, "keypad"},
         {{A::close_voice, "leaving"}, {A::drop_better_voice, ""}, {A::cancel_replace_timer, ""}, {A::silence_playout, ""},
          {A::record_seam, "person_asked"},
          {A::play_sentence, "person"}, {A::arm_leave_timer, ""}},
         P::leaving, V::none},
        {"the sentence over, the stream closes and Twilio dials", {P::leaving, V::none, true}, {E::sentence_played, ""},
         {{A::set_rung, "person"}, {A::close_stream, "person"}, {A::arm_person_timer, ""}}, P::with_person, V::none},
        {"a person who hangs up ends the call", {P::with_person, V::none, true}, {E::person_done, ""},
         {{A::end_call, "transferred"}}, P::ended, V::none},
        {"a call that a lost voice brought there is counted as such", {P::with_person, V::lost, true}, {E::callback_ended, ""},
         {{A::end_call, "voice_lost"}}, P::ended, V::lost},
        {"when Twilio says nothing more the call is over", {P::with_person, V::none, true}, {E::person_timeout, ""},
         {{A::end_call, "transferred"}}, P::ended, V::none},
        {"a person who does not answer brings the call back to the best rung", {P::with_person, V::lost, true},
         {E::person_unanswered, "no-answer", Move::person, Rung::openai},
         {{A::cancel_person_timer, ""}, {A::record_seam, "person_unanswered"}, {A::set_rung, "openai"}, {A::open_voice, ""},
          {A::arm_start_timer, ""}},
         P::ringing, V::opening},
        {"a lost session is opened again on its rung, and a prompt bridges the time", {P::talking, V::ready, true},
         {E::voice_lost, "closed", Move::replace},
         {{A::silence_playout, ""}, {A::record_seam, "voice_lost"}, {A::play_prompt, ""}, {A::open_voice, ""},
          {A::arm_replace_timer, ""}},
         P::talking, V::opening},
        {"a second loss steps down", {P::talking, V::ready, true}, {E::voice_lost, "closed", Move::step_down, Rung::eleven_realtime},
         {{A::silence_playout, ""}, {A::record_seam, "voice_lost"}, {A::set_rung, "eleven_realtime"}, {A::play_prompt, ""},
          {A::open_voice, ""}, {A::cancel_replace_timer, ""}},
         P::talking, V::opening},
        {"a rung that speaks by itself needs no prompt", {P::talking, V::ready, true},
         {E::voice_lost, "closed", Move::step_down, Rung::canned},
         {{A::silence_playout, ""}, {A::record_seam, "voice_lost"}, {A::set_rung, "canned"}, {A::open_voice, ""},
          {A::cancel_replace_timer, ""}},
         P::talking, V::opening},
        {"a voice that never came leaves the greeting to play on", {P::talking, V::opening, true},
         {E::voice_lost, "timeout", Move::step_down, Rung::canned},
         {{A::record_seam, "voice_lost"}, {A::set_rung, "canned"}, {A::open_voice, ""}, {A::cancel_replace_timer, ""}},
         P::talking, V::opening},
        {"below the last rung there are people", {P::talking, V::ready, true},
         {E::voice_lost, "closed", Move::step_down, Rung::person},
         {{A::drop_better_voice, ""}, {A::cancel_replace_timer, ""}, {A::silence_playout, ""}, {A::record_seam, "voice_lost"},
          {A::play_sentence, "person"}, {A::arm_leave_timer, ""}},
         P::leaving, V::lost},
        {"a voice that lives but does not serve is closed first", {P::talking, V::ready, true},
         {E::voice_unserved, "silent", Move::step_down, Rung::canned},
         {{A::close_voice, "unserved"}, {A::silence_playout, ""}, {A::record_seam, "voice_unserved"}, {A::set_rung, "canned"},
          {A::open_voice, ""}, {A::cancel_replace_timer, ""}},
         P::talking, V::opening},
        {"a replacement that is late steps down", {P::talking, V::opening, true},
         {E::voice_late, "late", Move::step_down, Rung::scripted},
         {{A::close_voice, "late"}, {A::record_seam, "voice_late"}, {A::set_rung, "scripted"}, {A::open_voice, ""},
          {A::cancel_replace_timer, ""}},
         P::talking, V::opening},
        {"a replacement that came at the same moment stays", {P::talking, V::ready, true},
         {E::voice_late, "late", Move::step_down, Rung::scripted}, {}, P::talking, V::ready},
        {"a better voice that is ready takes the call up", {P::talking, V::ready, true},
         {E::better_ready, "healthy", Move::step_up, Rung::openai},
         {{A::close_voice, "better"}, {A::record_seam, "rung_up"}, {A::set_rung, "openai"}, {A::take_better_voice, ""}},
         P::talking, V::ready},
        {"a prompt that is due is played", {P::talking, V::ready, true}, {E::prompt_due, "filler"}, {{A::play_prompt, ""}},
         P::talking, V::ready},
        {"a voice lost while ringing makes room for the next one", {P::ringing, V::opening, false},
         {E::voice_lost, "network", Move::step_down, Rung::canned},
         {{A::record_seam, "voice_lost"}, {A::set_rung, "canned"}, {A::open_voice, ""}}, P::ringing, V::opening},
        {"and so does one lost while the stream is away", {P::stream_lost, V::ready, true},
         {E::voice_lost, "network", Move::replace}, {{A::record_seam, "voice_lost"}, {A::open_voice, ""}}, P::stream_lost, V::opening},
        {"a caller who hangs up during the sentence has hung up", {P::leaving, V::none, true}, {E::twilio_stop, ""},
         {{A::end_call, "stop"}}, P::ended, V::none},
        {"stop ends the call", {P::talking, V::ready, true}, {E::twilio_stop, ""},
         {{A::close_voice, "call_ended"}, {A::end_call, "stop"}}, P::ended, V::none},
        {"the status callback ends a call whose stop never came", {P::talking, V::ready, true}, {E::callback_ended, ""},
         {{A::close_voice, "call_ended"}, {A::end_call, "callback"}}, P::ended, V::none},
        {"a broken socket keeps the voice for a second stream", {P::talking, V::ready, true}, {E::stream_closed, "reset"},
         {{A::record_seam, "stream_lost"}, {A::arm_takeover_timer, ""}}, P::stream_lost, V::ready},
        {"a second stream takes over without a second greeting", {P::stream_lost, V::ready, true},
         {E::stream_started, "fresh_token"}, {{A::cancel_takeover_timer, ""}, {A::record_seam, "takeover"}}, P::talking, V::ready},
        {"a takeover without a voice goes to a person", {P::stream_lost, V::lost, true}, {E::stream_started, "fresh_token"},
         {{A::cancel_takeover_timer, ""}, {A::record_seam, "takeover"}, {A::play_sentence, "person"}, {A::arm_leave_timer, ""}},
         P::leaving, V::lost},
        {"no second stream ends the call", {P::stream_lost, V::ready, true}, {E::takeover_timeout, ""},
         {{A::close_voice, "call_ended"}, {A::end_call, "socket_closed"}}, P::ended, V::none},
        {"no media for too long ends the call", {P::talking, V::ready, true}, {E::media_idle, "no_media"},
         {{A::close_voice, "call_ended"}, {A::record_seam, "media_idle"}, {A::close_stream, "media_idle"}, {A::end_call, "timeout"}},
         P::ended, V::none},
        {"a socket that takes nothing ends the call", {P::talking, V::ready, true}, {E::stream_blocked, "stuck"},
         {{A::close_voice, "call_ended"}, {A::record_seam, "stream_blocked"}, {A::close_stream, "blocked"}, {A::end_call, "timeout"}},
         P::ended, V::none},
        {"a protocol violation ends the call", {P::talking, V::ready, true}, {E::stream_protocol, "start twice"},
         {{A::close_voice, "call_ended"}, {A::record_seam, "protocol"}, {A::end_call, "protocol"}}, P::ended, V::none},
        {"a stopping daemon hands a running call to people", {P::talking, V::ready, true}, {E::drain, ""},
         {{A::close_voice, "drain"}, {A::set_rung, "person"}, {A::close_stream, "drain"}, {A::end_call, "drain"}}, P::ended, V::none},
        {"a replayed webhook does not touch a running stream", {P::talking, V::ready, true}, {E::webhook_repeated, ""},
         {}, P::talking, V::ready},
        {"a second loss on the way out changes nothing", {P::leaving, V::lost, true}, {E::voice_lost, "ping"}, {}, P::leaving, V::lost},
        {"nothing happens after the end", {P::ended, V::none, true}, {E::voice_lost, "closed"}, {}, P::ended, V::none},
    };
}

TEST(CallMachine, FollowsTheRuleBook) {
    for (const Row& row : rows()) {
        SCOPED_TRACE(row.rule);
        const Step result = step(row.from, row.event);
        std::vector<std::pair<A, std::string_view>> actions;
        for (const Action& action : result.actions) actions.emplace_back(action.kind, action.word);
        EXPECT_EQ(actions, row.actions);
        EXPECT_EQ(result.state.phase, row.to);
        EXPECT_EQ(result.state.voice, row.voice);
    }
}

TEST(CallMachine, KeepsTheReasonOfALossForTheJournal) {
    const Step result = step({P::talking, V::ready, true}, {E::voice_lost, "quota"});
    ASSERT_EQ(result.actions.at(3).kind, A::record_seam);
    EXPECT_EQ(result.actions.at(3).second, "quota");
}

std::vector<E> every_event() {
    std::vector<E> all;
    for (int i = 0; i <= static_cast<int>(E::drain); ++i) all.push_back(static_cast<E>(i));
    return all;
}

// Whatever arrives, in whatever state: no pair without an answer, `end_call` exactly when the call
// ends and then last, and nothing after the end.
TEST(CallMachine, AnswersEveryPairOfStateAndEvent) {
    for (const P phase : {P::ringing, P::talking, P::leaving, P::with_person, P::stream_lost, P::ended}) {
        for (const V voice : {V::none, V::opening, V::ready, V::lost}) {
            for (const E event : every_event()) {
                SCOPED_TRACE(std::string(to_string(phase)) + " on " + to_string(event));
                const Step result = step({phase, voice, true}, {event, "why"});
                int ends = 0;
                for (const Action& action : result.actions) ends += action.kind == A::end_call ? 1 : 0;
                const bool ended_now = phase != P::ended && result.state.phase == P::ended;
                EXPECT_EQ(ends, ended_now ? 1 : 0);
                if (ended_now) { EXPECT_EQ(result.actions.back().kind, A::end_call); }
                if (phase == P::ended) { EXPECT_TRUE(result.actions.empty()); }
                if (event == E::callback_ended) { EXPECT_EQ(result.state.phase, P::ended); }
                if (event == E::drain) { EXPECT_EQ(result.state.phase, P::ended); }
            }
        }
    }
}

// A provider that was paid for is always closed: no path reaches the end with an open voice.
TEST(CallMachine, NeverEndsWithAnOpenVoice) {
    for (const P phase : {P::ringing, P::talking, P::leaving, P::stream_lost}) {
        for (const V voice : {V::opening, V::ready}) {
            for (const E event : every_event()) {
                const Step result = step({phase, voice, true}, {event, "why"});
                if (result.state.phase != P::ended || phase == P::leaving) continue;
                bool closed = false;
                for (const Action& action : result.actions) closed = closed || action.kind == A::close_voice;
                EXPECT_TRUE(closed) << to_string(phase) << " on " << to_string(event);
            }
        }
    }
}

}  // namespace
}  // namespace holdfast::call
