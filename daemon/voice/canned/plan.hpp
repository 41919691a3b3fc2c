// The last questions that need no internet: recorded, answered with the keys of the phone. Pure; CannedVoice
// performs it. Every answer is a key (the journal has it from the call) or a time-out; both lead on, and the
// end is always a person. The caller is recorded all the while.
//
//     this call is recorded -> nine for the other language -> police, fire or medical? -> is anyone hurt? -> say where you are -> a person
#pragma once

#include "base/loop.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace holdfast::voice::canned {

enum class Step { intro, language, kind, hurt, place, thanks, done };

struct State {
    Step step = Step::intro;
    bool repeated = false;  // this question was asked twice
    bool spanish = false;
};

enum class EventKind {
    begin,
    begin_again,  // the caller heard the introduction earlier in this call
    played,    // the prompt of the step has been heard
    key,       // while or after it
    time_out,  // no key within the time of the step
    speech_began, speech_ended,  // by the box's own detector
};
struct Event {
    EventKind kind;
    char key = 0;
};

struct Action {
    enum class Kind {
        say,          // word: id of the prompt
        wait,         // for a key, this long
        stop_waiting,
        give_to_person,
    } kind;
    std::string_view word;
    base::milliseconds time{0};
};

struct Outcome {
    State state;
    std::vector<Action> actions;
};

Outcome step(const State& state, const Event& event);

// The prompts that the plan says; a set without one of them is not complete.
std::vector<std::string_view> prompts();

// A caller who was told what to do presses a key within this, or is asked once more; nobody hears silence
// for more than 4 s.
constexpr base::milliseconds k_key_time{3500};
// To begin to say where one is; the question was one to think about, so a little longer.
constexpr base::milliseconds k_place_time{7000};
// Who speaks is not interrupted, until a pause, the pound key, or this: noise may never end.
constexpr base::milliseconds k_place_pause{3500};
constexpr base::milliseconds k_place_most{45'000};
constexpr char k_other_language = '9';
constexpr char k_end_of_speech = '#';

}  // namespace holdfast::voice::canned
