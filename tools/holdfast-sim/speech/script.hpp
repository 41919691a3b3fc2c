// What the speech service hears: one transcript a turn. And how long a text takes to say.
#pragma once

#include "base/error.hpp"
#include "speech.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace holdfast::sim {

struct SpeechScript {
    std::vector<std::string> turns;     // transcripts, in the order of the caller's turns
    std::string otherwise = "Yes.";     // when they are used up
    const std::string& turn(std::size_t index) const { return index < turns.size() ? turns[index] : otherwise; }
};

// `{turns: [text | {hear: text}], otherwise: text}`: the provider's scripts can be read, too.
base::Result<SpeechScript> parse_speech_script(const nlohmann::json& document);
SpeechScript default_speech_script();

// A tone of about the length that the text would take to say, 8 kHz mu-law.
std::string tone_for(const std::string& text);

}  // namespace holdfast::sim
