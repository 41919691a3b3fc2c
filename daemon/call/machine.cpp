#include "call/machine.hpp"

#include <utility>

namespace holdfast::call {
namespace {

using A = ActionKind;

// Collects the outcome of one transition; each rule below reads top to bottom as what happens.
class Builder {
  public:
    explicit Builder(const State& state) { step_.state = state; }
    Builder& to(Phase phase) {
        step_.state.phase = phase;
        return *this;
    }
    Builder& voice(VoiceState voice) {
        step_.state.voice = voice;
        return *this;
    }
    Builder& greeted() {
        step_.state.greeted = true;
        return *this;
    }
    Builder& act(A kind, std::string_view word = {}, std::string second = {}) {
        step_.actions.push_back(Action{kind, word, std::move(second)});
        return *this;
    }
    operator Step() { return std::move(step_); }  // NOLINT: the rules end in `return b;`
    const State& state() const { return step_.state; }

  private:
    Step step_;
};

bool has_voice(const State& s) { return s.voice == VoiceState::opening || s.voice == VoiceState::ready; }

Builder& close_voice(Builder& b, std::string_view why) {
    if (has_voice(b.state())) b.act(A::close_voice, why);
    return b.voice(b.state().voice == VoiceState::lost ? VoiceState::lost : VoiceState::none);
}

Step end(const State& s, std::string_view reason) {
    Builder b(s);
    close_voice(b, "call_ended");
    return b.to(Phase::ended).act(A::end_call, reason);
}

// The caller hears of it only when a stream is there; a rung that speaks by itself needs no prompt.
bool speaks_first(ladder::Rung rung) {
    return rung == ladder::Rung::canned || rung == ladder::Rung::scripted;
}

// Another voice takes the call: on this rung again, or on the one below.
Builder& next_voice(Builder& b, const Event& e, std::string_view seam) {
    b.act(A::record_seam, seam, e.reason);
    if (e.move == ladder::Move::step_down) b.act(A::set_rung, ladder::to_string(e.rung));
    return b.voice(VoiceState::opening);
}

// The same while the caller listens. A voice that had talked leaves a hole: what waits of it is silenced,
// a prompt bridges the time, and its replacement has to be ready soon. One that never came leaves the
// greeting to play on.
Step go_on(Builder& b, const Event& e, std::string_view seam) {
    const bool talked = b.state().voice == VoiceState::ready;
    if (talked) b.act(A::silence_playout);
    next_voice(b, e, seam);
    if (talked && (e.move == ladder::Move::replace || !speaks_first(e.rung))) b.act(A::play_prompt, {}, "stall");
    b.act(A::open_voice);
    if (e.move == ladder::Move::replace) b.act(A::arm_replace_timer);
    else b.act(A::cancel_replace_timer);
    return b;
}

bool to_person(const Event& e) {
    return e.move == ladder::Move::person ||
           (e.move == ladder::Move::step_down && e.rung == ladder::Rung::person);
}

// Give the call to people: say so, then close the stream, so that Twilio runs what stands behind
// <Connect>. `rung` moves to person when the sentence is over and the stream closes.
Step leave(const State& s, std::string_view seam, const std::string& reason) {
    Builder b(s);
    close_voice(b, "leaving");
    return b.to(Phase::leaving)
        .act(A::drop_better_voice)
        .act(A::cancel_replace_timer)
        .act(A::silence_playout)
        .act(A::record_seam, seam, reason)
        .act(A::play_sentence, "person")
        .act(A::arm_leave_timer);
}

Step ringing(const State& s, const Event& e) {
    Builder b(s);
    switch (e.kind) {
        case EventKind::admitted:
            return b.voice(VoiceState::opening).act(A::open_voice).act(A::arm_start_timer);
        case EventKind::webhook_repeated:
            return b;  // the same document goes out again (T04, T24)
        case EventKind::stream_started:
            b.to(Phase::talking).act(A::cancel_start_timer).act(A::set_status, "streaming");
            // The first sound is always ours, at once, whatever the provider does.
            if (!s.greeted) b.greeted().act(A::play_greeting);
            if (s.voice == VoiceState::lost) {
                return b.to(Phase::leaving)
                    .act(A::record_seam, "voice_lost", "before_start")
                    .act(A::play_sentence, "person")
                    .act(A::arm_leave_timer);
            }
            return b.act(A::prove_voice);
        case EventKind::voice_ready:
            return b.voice(VoiceState::ready);
        case EventKind::voice_lost:
            if (to_person(e)) return b.voice(VoiceState::lost);  // the caller learns of it with the stream
            return next_voice(b, e, "voice_lost").act(A::open_voice);
        case EventKind::callback_ended:
            return end(s, "callback");
        case EventKind::start_timeout:
            return end(s, "never_streamed");
        case EventKind::drain:
            return end(s, "drain");
        case EventKind::stream_protocol:  // the proven stream speaks another codec (T14): to people
            close_voice(b, "call_ended");
            return b.to(Phase::ended)
                .act(A::record_seam, "protocol", e.reason)
                .act(A::end_call, "protocol");
        case EventKind::voice_unserved: case EventKind::voice_late: case EventKind::better_ready:
        case EventKind::prompt_due: case EventKind::person_unanswered: case EventKind::person_done:
        case EventKind::person_timeout: case EventKind::person_asked: case EventKind::sentence_played:
        case EventKind::twilio_stop: case EventKind::stream_closed: case EventKind::stream_blocked:
        case EventKind::media_idle: case EventKind::takeover_timeout:
            break;
    }
    return b.act(A::report_impossible);
}

Step talking(const State& s, const Event& e) {
    Builder b(s);
    switch (e.kind) {
        case EventKind::voice_ready:
            return b.voice(VoiceState::ready).act(A::cancel_replace_timer);
        case EventKind::voice_lost:
            if (to_person(e)) return leave(State{s.phase, VoiceState::lost, s.greeted}, "voice_lost", e.reason);
            return go_on(b, e, "voice_lost");
        case EventKind::voice_unserved:
            if (to_person(e)) return leave(s, "voice_unserved", e.reason);
            if (has_voice(s)) b.act(A::close_voice, "unserved");
            return go_on(b, e, "voice_unserved");
        case EventKind::voice_late:
            if (s.voice != VoiceState::opening) return b;  // it came at the same moment
            if (to_person(e)) return leave(s, "voice_late", e.reason);
            b.act(A::close_voice, "late");
            return go_on(b, e, "voice_late");
        case EventKind::better_ready:
            if (has_voice(s)) b.act(A::close_voice, "better");
            return b.voice(VoiceState::ready)
                .act(A::record_seam, "rung_up", e.reason)
                .act(A::set_rung, ladder::to_string(e.rung))
                .act(A::take_better_voice);
        case EventKind::prompt_due:
            return b.act(A::play_prompt, {}, e.reason);
        case EventKind::person_asked:
            return leave(s, "person_asked", e.reason);
        case EventKind::twilio_stop:
            return end(s, "stop");
        case EventKind::callback_ended:
            return end(s, "callback");
        case EventKind::stream_closed:
            // Twilio opens no second socket by itself, but a re-run of the TwiML may.
            return b.to(Phase::stream_lost)
                .act(A::record_seam, "stream_lost", e.reason)
                .act(A::arm_takeover_timer);
        case EventKind::stream_protocol:
            close_voice(b, "call_ended");
            return b.to(Phase::ended)
                .act(A::record_seam, "protocol", e.reason)
                .act(A::end_call, "protocol");
        case EventKind::stream_blocked:
            close_voice(b, "call_ended");
            return b.to(Phase::ended)
                .act(A::record_seam, "stream_blocked", e.reason)
                .act(A::close_stream, "blocked")
                .act(A::end_call, "timeout");
        case EventKind::media_idle:
            close_voice(b, "call_ended");
            return b.to(Phase::ended)
                .act(A::record_seam, "media_idle", e.reason)
                .act(A::close_stream, "media_idle")
                .act(A::end_call, "timeout");
        case EventKind::drain:
            close_voice(b, "drain");
            return b.to(Phase::ended)
                .act(A::set_rung, "person")
                .act(A::close_stream, "drain")
                .act(A::end_call, "drain");
        case EventKind::webhook_repeated:
            return b;  // refused by the registry; the running stream is not touched
        case EventKind::admitted: case EventKind::stream_started: case EventKind::sentence_played:
        case EventKind::person_unanswered: case EventKind::person_done: case EventKind::person_timeout:
        case EventKind::start_timeout: case EventKind::takeover_timeout:
            break;
    }
    return b.act(A::report_impossible);
}

Step leaving(const State& s, const Event& e) {
    Builder b(s);
    switch (e.kind) {
        case EventKind::sentence_played:
            return b.to(Phase::with_person)
                .act(A::set_rung, "person")
                .act(A::close_stream, "person")
                .act(A::arm_person_timer);
        case EventKind::drain:
            return b.to(Phase::ended)
                .act(A::set_rung, "person")
                .act(A::close_stream, "drain")
                .act(A::end_call, "drain");
        case EventKind::twilio_stop:
            return end(s, "stop");
        case EventKind::callback_ended:
            return end(s, "callback");
        case EventKind::stream_closed:
            return end(s, "socket_closed");
        case EventKind::stream_protocol:
            return end(s, "protocol");
        case EventKind::stream_blocked: case EventKind::media_idle:
            return b.to(Phase::ended).act(A::close_stream, to_string(e.kind)).act(A::end_call, "timeout");
        case EventKind::voice_ready: case EventKind::voice_lost: case EventKind::voice_unserved:
        case EventKind::voice_late: case EventKind::better_ready: case EventKind::prompt_due:
        case EventKind::person_asked: case EventKind::webhook_repeated:
            return b;  // already on the way
        case EventKind::person_unanswered: case EventKind::person_done: case EventKind::person_timeout:
        case EventKind::admitted: case EventKind::stream_started: case EventKind::start_timeout:
        case EventKind::takeover_timeout:
            break;
    }
    return b.act(A::report_impossible);
}

// Twilio dials. The call ends with the callback that says so, or when nothing more can come.
Step with_person(const State& s, const Event& e) {
    Builder b(s);
    const std::string_view reason = s.voice == VoiceState::lost ? "voice_lost" : "transferred";
    switch (e.kind) {
        case EventKind::person_unanswered:
            return b.to(Phase::ringing)
                .voice(VoiceState::opening)
                .act(A::cancel_person_timer)
                .act(A::record_seam, "person_unanswered", e.reason)
                .act(A::set_rung, ladder::to_string(e.rung))
                .act(A::open_voice)
                .act(A::arm_start_timer);
        case EventKind::person_done: case EventKind::person_timeout: case EventKind::callback_ended:
        case EventKind::drain:
            return end(s, reason);
        case EventKind::stream_started:  // somebody re-ran the TwiML: the caller is with us, not with a person
        case EventKind::admitted: case EventKind::webhook_repeated: case EventKind::voice_ready:
        case EventKind::voice_lost: case EventKind::voice_unserved: case EventKind::voice_late:
        case EventKind::better_ready: case EventKind::prompt_due: case EventKind::person_asked:
        case EventKind::sentence_played: case EventKind::twilio_stop: case EventKind::stream_closed:
        case EventKind::stream_protocol: case EventKind::stream_blocked: case EventKind::media_idle:
        case EventKind::start_timeout: case EventKind::takeover_timeout:
            return b;  // late news of a stream that is closed
    }
    return b.act(A::report_impossible);
}

Step stream_lost(const State& s, const Event& e) {
    Builder b(s);
    switch (e.kind) {
        case EventKind::stream_started:
            b.to(Phase::talking).act(A::cancel_takeover_timer).act(A::record_seam, "takeover", e.reason);
            if (s.voice == VoiceState::lost) {
                return b.to(Phase::leaving).act(A::play_sentence, "person").act(A::arm_leave_timer);
            }
            return b;
        case EventKind::webhook_repeated:
            return b;  // the registry has given it a fresh token
        case EventKind::voice_ready:
            return b.voice(VoiceState::ready).act(A::cancel_replace_timer);
        case EventKind::voice_lost:
            if (to_person(e)) return b.voice(VoiceState::lost);
            return next_voice(b, e, "voice_lost").act(A::open_voice);
        case EventKind::voice_unserved: case EventKind::voice_late: case EventKind::better_ready:
        case EventKind::prompt_due:
            return b;  // nobody listens
        case EventKind::takeover_timeout: case EventKind::start_timeout:
            return end(s, "socket_closed");
        case EventKind::callback_ended:
            return end(s, "callback");
        case EventKind::drain:
            return end(s, "drain");
        case EventKind::person_asked:
            return end(s, "socket_closed");  // without a stream Twilio is already behind <Connect>
        case EventKind::person_unanswered: case EventKind::person_done: case EventKind::person_timeout:
        case EventKind::admitted: case EventKind::sentence_played: case EventKind::twilio_stop:
        case EventKind::stream_closed: case EventKind::stream_protocol: case EventKind::stream_blocked:
        case EventKind::media_idle:
            break;
    }
    return b.act(A::report_impossible);
}

}  // namespace

Step step(const State& state, const Event& event) {
    switch (state.phase) {
        case Phase::ringing: return ringing(state, event);
        case Phase::talking: return talking(state, event);
        case Phase::leaving: return leaving(state, event);
        case Phase::with_person: return with_person(state, event);
        case Phase::stream_lost: return stream_lost(state, event);
        case Phase::ended: return Step{state, {}};  // late events are expected and change nothing
    }
    return Step{state, {Action{A::report_impossible, {}, {}}}};
}

const char* to_string(Phase phase) {
    switch (phase) {
        case Phase::ringing: return "ringing";
        case Phase::talking: return "talking";
        case Phase::leaving: return "leaving";
        case Phase::with_person: return "with_person";
        case Phase::stream_lost: return "stream_lost";
        case Phase::ended: return "ended";
    }
    return "unknown";
}

const char* to_string(EventKind kind) {
    switch (kind) {
        case EventKind::admitted: return "admitted";
        case EventKind::webhook_repeated: return "webhook_repeated";
        case EventKind::stream_started: return "stream_started";
        case EventKind::voice_ready: return "voice_ready";
        case EventKind::voice_lost: return "voice_lost";
        case EventKind::voice_unserved: return "voice_unserved";
        case EventKind::voice_late: return "voice_late";
        case EventKind::better_ready: return "better_ready";
        case EventKind::prompt_due: return "prompt_due";
        case EventKind::person_asked: return "person_asked";
        case EventKind::sentence_played: return "sentence_played";
        case EventKind::person_unanswered: return "person_unanswered";
        case EventKind::person_done: return "person_done";
        case EventKind::person_timeout: return "person_timeout";
        case EventKind::twilio_stop: return "twilio_stop";
        case EventKind::stream_closed: return "stream_closed";
        case EventKind::stream_protocol: return "stream_protocol";
        case EventKind::stream_blocked: return "stream_blocked";
        case EventKind::media_idle: return "media_idle";
        case EventKind::callback_ended: return "callback_ended";
        case EventKind::start_timeout: return "start_timeout";
        case EventKind::takeover_timeout: return "takeover_timeout";
        case EventKind::drain: return "drain";
    }
    return "unknown";
}

const char* to_string(ActionKind kind) {
    switch (kind) {
        case A::open_voice: return "open_voice";
        case A::prove_voice: return "prove_voice";
        case A::close_voice: return "close_voice";
        case A::take_better_voice: return "take_better_voice";
        case A::drop_better_voice: return "drop_better_voice";
        case A::play_greeting: return "play_greeting";
        case A::play_prompt: return "play_prompt";
        case A::silence_playout: return "silence_playout";
        case A::play_sentence: return "play_sentence";
        case A::close_stream: return "close_stream";
        case A::record_seam: return "record_seam";
        case A::set_rung: return "set_rung";
        case A::set_status: return "set_status";
        case A::arm_start_timer: return "arm_start_timer";
        case A::cancel_start_timer: return "cancel_start_timer";
        case A::arm_takeover_timer: return "arm_takeover_timer";
        case A::cancel_takeover_timer: return "cancel_takeover_timer";
        case A::arm_leave_timer: return "arm_leave_timer";
        case A::arm_replace_timer: return "arm_replace_timer";
        case A::cancel_replace_timer: return "cancel_replace_timer";
        case A::arm_person_timer: return "arm_person_timer";
        case A::cancel_person_timer: return "cancel_person_timer";
        case A::end_call: return "end_call";
        case A::report_impossible: return "report_impossible";
    }
    return "unknown";
}

}  // namespace holdfast::call
