#include "speech/script.hpp"

#include "audio/mulaw.hpp"
#include "document.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace holdfast::sim {
namespace {

using nlohmann::json;

constexpr std::size_t k_ms_per_character = 60;
constexpr std::size_t k_shortest_ms = 300;
constexpr double k_pi = 3.14159265358979;
constexpr double k_tone_hz = 440;
constexpr double k_amplitude = 8000;

base::Error bad(std::string detail) {
    return base::make_error(base::Condition::reject, "script", std::move(detail));
}

}  // namespace

base::Result<SpeechScript> parse_speech_script(const json& document) {
    if (!document.is_object()) return bad("an object with 'turns' expected");
    SpeechScript script;
    for (const auto& turn : document.value("turns", json::array())) {
        if (turn.is_string()) script.turns.push_back(turn.get<std::string>());
        else if (turn.is_object() && turn.contains("hear") && turn["hear"].is_string())
            script.turns.push_back(turn["hear"].get<std::string>());
        else return bad("each turn is a text, or has 'hear'");
    }
    const json otherwise = document.value("otherwise", json(script.otherwise));
    if (otherwise.is_string()) script.otherwise = otherwise.get<std::string>();
    else if (otherwise.is_object()) script.otherwise = otherwise.value("hear", script.otherwise);
    return script;
}

SpeechScript default_speech_script() {
    return {{"There is a fire at twelve Main Street.", "The kitchen is burning.", "No.", "5 5 5 0 1 2 3", "Yes."},
            "Yes."};
}

std::string tone_for(const std::string& text) {
    const std::size_t ms = std::max(k_shortest_ms, text.size() * k_ms_per_character);
    std::vector<std::int16_t> samples(ms * 8);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        samples[i] = static_cast<std::int16_t>(
            std::lround(k_amplitude * std::sin(2 * k_pi * k_tone_hz * static_cast<double>(i) / 8000)));
    }
    return audio::mulaw_encode(samples);
}

}  // namespace holdfast::sim
