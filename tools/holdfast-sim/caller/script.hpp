// What the caller does, turn by turn.
#pragma once

#include "base/error.hpp"
#include "speech.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace holdfast::sim {

struct CallerTurn {
    enum class When {
        answer_began,  // of the turn before; before the first turn: the greeting
        answer_ended,
        spoken,  // the turn before has been said, whatever came back
        at,      // `after_ms` since the stream's start
    };
    When when = When::answer_ended;
    int after_ms = 500;
    std::string text;   // what `audio` says, for people and reports
    std::string audio;  // 8 kHz mu-law; empty: nothing is said
    std::string dtmf;
    bool hangup = false;
    bool expect_answer = true;
};

using CallerScript = std::vector<CallerTurn>;

// `{turns: [{when, after_ms, say | wav, dtmf, hangup, expect_answer}]}`; WAV paths are relative to
// `folder`.
base::Result<CallerScript> parse_caller_script(const nlohmann::json& document,
                                               const std::string& folder, Speech& speech);

// An address, a question answered, an interruption, good-bye.
base::Result<CallerScript> default_caller_script(Speech& speech);

// Says or plays each of `lines` after the answer before, then hangs up.
base::Result<CallerScript> caller_script_of(const std::vector<std::string>& texts,
                                            const std::vector<std::string>& wavs, Speech& speech);

}  // namespace holdfast::sim
