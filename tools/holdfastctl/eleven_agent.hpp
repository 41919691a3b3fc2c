// The agent of the rung `eleven_agent`, as ElevenLabs wants to be told of it (elevenlabs.md 2.2, 2.4,
// 2.6), and what is wrong with one that somebody has changed since. Pure.
#pragma once

#include "base/error.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::ctl {

struct AgentWishes {
    std::string name = "Holdfast emergency intake";
    std::string language = "en";
    std::string llm = "gemini-2.5-flash";
    std::string tts_model;  // empty: the one that fits the language
    std::string voice_id;   // empty: ElevenLabs' default voice
    std::string prompt;
    int max_minutes = 120;
};

// A model of OpenAI would fail together with the rung it stands in for (elevenlabs.md trap 14).
bool is_openai_model(std::string_view llm);

nlohmann::ordered_json agent_document(const AgentWishes& wishes);

// One sentence for each setting without which calls fail.
std::vector<std::string> agent_problems(const nlohmann::json& agent);

}  // namespace holdfast::ctl
