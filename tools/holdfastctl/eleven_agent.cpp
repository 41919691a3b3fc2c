#include "holdfastctl/eleven_agent.hpp"

#include "holdfastctl/json.hpp"
#include "voice/tools.hpp"

#include <algorithm>
#include <array>

namespace holdfast::ctl {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view k_format = "ulaw_8000";
constexpr std::int64_t k_duration_least_s = 3600;  // the default of 600 s would cut calls
// What daemon/voice/eleven_agent reads; only events listed here are sent at all.
constexpr std::array k_events{"conversation_initiation_metadata", "audio",
                              "interruption",                     "agent_response",
                              "agent_response_correction",        "user_transcript",
                              "tentative_user_transcript",        "client_tool_call",
                              "vad_score",                        "ping"};
constexpr std::array k_overrides{"prompt", "first_message", "language"};

const Json& at(const Json& document, std::initializer_list<std::string_view> path) {
    const Json* node = &document;
    for (const auto key : path) node = &member(*node, key);
    return *node;
}

bool allowed(const Json& override) {
    return override.is_boolean() ? override.get<bool>() : flag(override, "prompt");
}

// The daemon's own functions in the form of this service, which knows neither "enum" nor
// "additionalProperties" for certain: the codes go into the words.
ordered_json client_tools() {
    ordered_json tools = ordered_json::array();
    for (const auto& function : ordered_json::parse(voice::tool_definitions())) {
        ordered_json properties = function["parameters"]["properties"];
        for (auto& property : properties) {
            if (!property.contains("enum")) continue;
            std::string words = property["description"].get<std::string>() + " Codes:";
            for (const auto& code : property["enum"]) words += " " + code.get<std::string>();
            property = {{"type", "string"}, {"description", words}};
        }
        tools.push_back({{"type", "client"},
                         {"name", function["name"]},
                         {"description", function["description"]},
                         {"expects_response", true},
                         {"parameters", {{"type", "object"}, {"properties", properties}, {"required", ordered_json::array()}}}});
    }
    return tools;
}

}  // namespace

bool is_openai_model(std::string_view llm) {
    return llm.substr(0, 3) == "gpt" || llm.substr(0, 7) == "chatgpt" ||
           (llm.size() > 1 && llm[0] == 'o' && llm[1] >= '0' && llm[1] <= '9');
}

ordered_json agent_document(const AgentWishes& wishes) {
    const std::string tts_model = !wishes.tts_model.empty() ? wishes.tts_model
                                  : wishes.language == "en" ? "eleven_flash_v2"
                                                            : "eleven_flash_v2_5";
    ordered_json tts{{"model_id", tts_model}, {"agent_output_audio_format", k_format}};
    if (!wishes.voice_id.empty()) tts["voice_id"] = wishes.voice_id;
    const std::string other = wishes.language == "es" ? "en" : "es";
    ordered_json conversation{
        {"asr", {{"user_input_audio_format", k_format}}},
        {"tts", tts},
        {"turn", {{"turn_timeout", 7}, {"silence_end_call_timeout", -1}}},
        {"conversation", {{"max_duration_seconds", wishes.max_minutes * 60}, {"client_events", k_events}}},
        {"agent",
         {{"first_message", ""},
          {"language", wishes.language},
          {"prompt", {{"prompt", wishes.prompt}, {"llm", wishes.llm}, {"tools", client_tools()}}}}},
        {"language_presets", {{other, {{"overrides", ordered_json::object()}}}}}};
    ordered_json platform{
        {"auth", {{"enable_auth", true}}},
        {"overrides",
         {{"conversation_config_override",
           {{"agent", {{"prompt", {{"prompt", true}}}, {"first_message", true}, {"language", true}}}}}}},
        {"call_limits", {{"agent_concurrency_limit", -1}, {"daily_limit", 100000}, {"bursting_enabled", true}}},
        {"privacy", {{"record_voice", false}}}};
    return {{"name", wishes.name}, {"conversation_config", conversation}, {"platform_settings", platform}};
}

std::vector<std::string> agent_problems(const Json& agent) {
    std::vector<std::string> problems;
    const Json& config = member(agent, "conversation_config");
    const auto wants = [&](std::string_view shown, const std::string& is) {
        if (is != k_format) {
            problems.push_back(std::string(shown) + " is " + (is.empty() ? "not set" : is) + ": it has to be ulaw_8000");
        }
    };
    wants("conversation_config.asr.user_input_audio_format", word(member(config, "asr"), "user_input_audio_format"));
    wants("conversation_config.tts.agent_output_audio_format", word(member(config, "tts"), "agent_output_audio_format"));
    const Json& conversation = member(config, "conversation");
    const auto duration = number_or(conversation, "max_duration_seconds", 600);
    if (duration < k_duration_least_s) {
        problems.push_back("conversation.max_duration_seconds is " + std::to_string(duration) +
                           ": longer calls are cut, it should be 3600 or more");
    }
    const Json& events = member(conversation, "client_events");
    for (const char* event : k_events) {
        const bool sent = events.is_array() && std::find(events.begin(), events.end(), Json(event)) != events.end();
        if (!sent) problems.push_back(std::string("conversation.client_events lacks ") + event);
    }
    const Json& overrides = at(agent, {"platform_settings", "overrides", "conversation_config_override", "agent"});
    for (const char* name : k_overrides) {
        if (!allowed(member(overrides, name))) {
            problems.push_back(std::string("the override of ") + name + " is not enabled: every call would be refused");
        }
    }
    const std::string llm = word(at(config, {"agent", "prompt"}), "llm");
    if (is_openai_model(llm)) {
        problems.push_back("agent.prompt.llm is " + llm + ": it would fail together with OpenAI");
    }
    return problems;
}

}  // namespace holdfast::ctl
