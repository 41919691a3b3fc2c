// What the provider hears and says, turn by turn.
#pragma once

#include "base/error.hpp"
#include "speech.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace holdfast::sim {

struct Spoken {
    std::string text;
    std::string audio;  // 8 kHz mu-law
};

struct ScriptedTool {
    std::string name;
    std::string arguments;  // JSON text
};

struct ProviderTurn {
    std::string hear;                  // transcript of what the caller said
    std::vector<Spoken> answers;       // one audio item each
    std::optional<ScriptedTool> tool;  // called after the answers
    std::vector<Spoken> then;          // said once the tool's output has come
    int delay_ms = 250;                // from the end of the turn to the response
    int transcript_delay_ms = -1;      // after committed; -1: somewhere between 50 and 900 ms
};

struct ProviderScript {
    std::vector<ProviderTurn> turns;
    ProviderTurn otherwise;       // when the turns are used up
    std::vector<Spoken> unasked;  // for a response.create without a caller's turn
    std::vector<std::string> files;  // transcripts of the file endpoint, one a request that has sound
    const std::string& file(std::size_t index) const {
        return index < files.size() ? files[index] : turn(index).hear;
    }
    const ProviderTurn& turn(std::size_t index) const {
        return index < turns.size() ? turns[index] : otherwise;
    }
};

// `{turns: [{hear, answer | answers | wav, tool: {name, arguments}, then, delay_ms,
// transcript_delay_ms}], otherwise: {...}, unasked: text, files: [text]}`.
base::Result<ProviderScript> parse_provider_script(const nlohmann::json& document,
                                                   const std::string& folder, Speech& speech);
base::Result<ProviderScript> default_provider_script(Speech& speech);

}  // namespace holdfast::sim
