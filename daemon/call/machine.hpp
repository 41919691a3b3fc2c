// The rules of a call as a pure function: state and event in, state and a list of actions out. No
// sockets, no clock, no logging; call.cpp performs the actions and feeds results back as events.
// Audio frames do not pass through here: they change nothing that a rule looks at.
#pragma once

#include "ladder/climb.hpp"
#include "ladder/rung.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::call {

enum class Phase {
    ringing,        // webhook answered with a stream; the provider session is being prepared
    talking,        // stream proven; the caller hears greeting and voice
    leaving,        // a recorded sentence plays, then the stream is closed and people answer
    with_person,    // the stream is closed and Twilio dials; if nobody answers, the call comes back
    stream_lost,    // the media socket broke; another may take over for a short while (T11)
    ended,          // nothing of the call is left but its rows
};
const char* to_string(Phase phase);

enum class VoiceState { none, opening, ready, lost };

struct State {
    Phase phase = Phase::ringing;
    VoiceState voice = VoiceState::none;
    bool greeted = false;
};

enum class EventKind {
    admitted,            // signed webhook, stream TwiML sent
    webhook_repeated,    // the same call asks for TwiML again while it waits or lost its stream
    stream_started,      // start with a proven token
    voice_ready,
    voice_lost,          // reason; move: what the ladder says to do about it
    voice_unserved,      // the voice lives and does not serve (silent, stalled); reason, move
    voice_late,          // the voice that replaces another is not ready in time; move
    better_ready,        // a better rung's voice is ready, and nobody speaks; rung
    prompt_due,          // reason: name of the recorded prompt
    person_asked,        // reason: keypad, words, model, console, silence
    sentence_played,     // the sentence of `leaving` has been heard (or cut by its time limit)
    person_unanswered,   // Twilio dialled and nobody answered; rung: the best there is
    person_done,         // the person has hung up
    person_timeout,      // Twilio never said how the dialling ended
    twilio_stop,         // stop message
    stream_closed,       // the media socket is gone
    stream_protocol,     // Twilio broke the protocol; the socket is being closed (reason)
    stream_blocked,      // nothing could be written for caller_queue_stuck
    media_idle,          // no media for media_idle_close
    callback_ended,      // status callback says the call is over
    start_timeout,       // no stream within webhook_to_start
    takeover_timeout,    // no second stream within dup_stream_takeover
    drain,               // the daemon stops and waits no longer
};
const char* to_string(EventKind kind);

struct Event {
    EventKind kind;
    std::string reason;  // a fixed word; for voice_lost one of holdfast_upstream_lost_total
    ladder::Move move = ladder::Move::person;
    ladder::Rung rung = ladder::Rung::person;  // where the move leads
};

enum class ActionKind {
    open_voice,          // of the rung the call stands on
    prove_voice,
    close_voice,         // word: reason
    take_better_voice,   // the one that is ready becomes the call's
    drop_better_voice,
    play_greeting,
    play_prompt,         // word: name; the talk goes on
    silence_playout,     // clear what is playing and waiting
    play_sentence,       // word: name of the prompt; then sentence_played
    close_stream,        // word: reason; normal close, Twilio goes on behind <Connect>
    record_seam,         // word: kind, second: reason
    set_rung,            // word: rung
    set_status,          // word: status of the call row
    arm_start_timer, cancel_start_timer,
    arm_takeover_timer, cancel_takeover_timer,
    arm_leave_timer,
    arm_replace_timer, cancel_replace_timer,
    arm_person_timer, cancel_person_timer,
    end_call,            // word: reason of holdfast_calls_ended_total; always the last action
    report_impossible,   // the pair of state and event has no rule: logged, handled as a fallback
};
const char* to_string(ActionKind kind);

struct Action {
    ActionKind kind;
    std::string_view word;    // static storage
    std::string second;
    friend bool operator==(const Action& a, const Action& b) {
        return a.kind == b.kind && a.word == b.word && a.second == b.second;
    }
};

struct Step {
    State state;
    std::vector<Action> actions;
};

Step step(const State& state, const Event& event);

}  // namespace holdfast::call
