#include "holdfastctl/commands.hpp"
#include "holdfastctl/eleven_agent.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace holdfast::ctl {
namespace {

using nlohmann::json;

struct Ran {
    int exit = 0;
    std::string out;
    std::string err;
};

Ran run_ctl(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int exit = run(std::move(arguments), Look{}, out, err);
    return {exit, out.str(), err.str()};
}

constexpr const char* k_instructions = HOLDFAST_SOURCE_DIR "/etc/instructions.txt";

TEST(ElevenAgent, HasTheSettingsThatCallsNeed) {
    AgentWishes wishes;
    wishes.prompt = "Be calm.";
    const json agent = agent_document(wishes);
    const json& config = agent["conversation_config"];
    EXPECT_EQ(config["asr"]["user_input_audio_format"], "ulaw_8000");
    EXPECT_EQ(config["tts"]["agent_output_audio_format"], "ulaw_8000");
    EXPECT_EQ(config["conversation"]["max_duration_seconds"], 7200);
    EXPECT_EQ(config["turn"]["silence_end_call_timeout"], -1);
    EXPECT_EQ(config["agent"]["first_message"], "");
    EXPECT_EQ(config["agent"]["prompt"]["tools"][0]["name"], "transfer_to_person");
    EXPECT_TRUE(agent["platform_settings"]["auth"]["enable_auth"]);
    EXPECT_TRUE(agent_problems(agent).empty());
}

TEST(ElevenAgent, IsCheckedForEverySettingThatADashboardCanBreak) {
    const auto spoilt = [](const char* pointer, const json& value) {
        json agent = agent_document(AgentWishes{});
        agent[json::json_pointer(pointer)] = value;
        const auto problems = agent_problems(agent);
        return problems.size() == 1 ? problems.front() : std::to_string(problems.size()) + " problems";
    };
    const std::string config = "/conversation_config";
    EXPECT_EQ(spoilt("/conversation_config/asr/user_input_audio_format", "pcm_16000"),
              "conversation_config.asr.user_input_audio_format is pcm_16000: it has to be ulaw_8000");
    EXPECT_NE(spoilt("/conversation_config/conversation/max_duration_seconds", 600).find("is 600"), std::string::npos);
    EXPECT_EQ(spoilt("/conversation_config/conversation/client_events/8", "other"),
              "conversation.client_events lacks vad_score");
    EXPECT_NE(spoilt("/platform_settings/overrides/conversation_config_override/agent/language", false).find("language"),
              std::string::npos);
    EXPECT_NE(spoilt("/platform_settings/overrides/conversation_config_override/agent/prompt/prompt", false).find("prompt"),
              std::string::npos);
    EXPECT_NE(spoilt("/conversation_config/agent/prompt/llm", "gpt-4o").find("fail together"), std::string::npos);
    EXPECT_GT(agent_problems(json::object()).size(), 10u);
}

TEST(ElevenAgent, KnowsTheModelsOfOpenAi) {
    for (const char* model : {"gpt-4o-mini", "gpt-5", "o3-mini", "chatgpt-4o-latest"}) EXPECT_TRUE(is_openai_model(model)) << model;
    for (const char* model : {"gemini-2.5-flash", "claude-sonnet-4", "custom-llm", "o", ""}) EXPECT_FALSE(is_openai_model(model)) << model;
}

TEST(ElevenAgentCommand, PrintsWhatItWouldSend) {
    const auto ran = run_ctl({"elevenlabs", "agent", "create", "--dry-run", "--instructions", k_instructions, "--language",
                              "es", "--voice", "v1"});
    ASSERT_EQ(ran.exit, k_exit_ok) << ran.err;
    const json agent = json::parse(ran.out);
    EXPECT_EQ(agent["conversation_config"]["tts"]["voice_id"], "v1");
    EXPECT_EQ(agent["conversation_config"]["tts"]["model_id"], "eleven_flash_v2_5");
    EXPECT_FALSE(agent["conversation_config"]["agent"]["prompt"]["prompt"].get<std::string>().empty());
}

TEST(ElevenAgentCommand, RefusesWhatCannotWork) {
    EXPECT_EQ(run_ctl({"elevenlabs", "agent", "create", "--dry-run", "--instructions", k_instructions, "--llm", "gpt-4o"}).exit,
              k_exit_usage);
    EXPECT_EQ(run_ctl({"elevenlabs", "agent", "create", "--dry-run", "--instructions", "/nonexistent"}).exit, k_exit_not_good);
    EXPECT_EQ(run_ctl({"elevenlabs", "agent", "show", "a/b"}).exit, k_exit_usage);
    EXPECT_EQ(run_ctl({"elevenlabs", "agent"}).exit, k_exit_usage);
    EXPECT_EQ(run_ctl({"elevenlabs", "agent", "show", "a", "--url", "http://api.elevenlabs.io"}).exit, k_exit_usage);
}

}  // namespace
}  // namespace holdfast::ctl
