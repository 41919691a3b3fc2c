#include "voice/realtime/profile.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace holdfast::voice::realtime {
namespace {

using nlohmann::json;

config::OpenAi german() {
    config::OpenAi openai;
    openai.transcription_language = "de";
    return openai;
}

// openai-realtime.md 4.1, member by member; only the tools are ours.
TEST(SessionUpdate, IsTheDocumentedOneForTelephony) {
    json golden = json::parse(R"({
      "type": "session.update",
      "event_id": "cfg-1",
      "session": {
        "type": "realtime",
        "model": "gpt-realtime-2.1",
        "output_modalities": ["audio"],
        "instructions": "Say \"hello\".\nBe calm.",
        "audio": {
          "input": {
            "format": { "type": "audio/pcmu" },
            "noise_reduction": null,
            "transcription": { "model": "gpt-transcribe", "language": "de" },
            "turn_detection": {
              "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
              "create_response": true, "interrupt_response": true, "idle_timeout_ms": null
            }
          },
          "output": { "format": { "type": "audio/pcmu" }, "voice": "alloy", "speed": 1.0 }
        },
        "tool_choice": "auto",
        "max_output_tokens": 1024,
        "truncation": { "type": "retention_ratio", "retention_ratio": 0.8 }
      }
    })");
    golden["session"]["tools"] = json::parse(tool_definitions());
    EXPECT_EQ(json::parse(openai_plan(german(), "Say \"hello\".\nBe calm.").update), golden);
}

TEST(SessionUpdate, WithoutTranscriptionDiffersInNothingElse) {
    const SessionPlan plan = openai_plan(german(), "x");
    json with = json::parse(plan.update);
    with["event_id"] = k_update_plain_id;
    with["session"]["audio"]["input"]["transcription"] = nullptr;
    EXPECT_EQ(json::parse(plan.update_without_transcription), with);
}

TEST(SessionUpdate, AsksForNoTranscriptionWhenNoModelIsSet) {
    config::OpenAi openai;
    openai.transcription_model.clear();
    const SessionPlan plan = openai_plan(openai, "x");
    EXPECT_TRUE(plan.update_without_transcription.empty());
    EXPECT_TRUE(json::parse(plan.update)["session"]["audio"]["input"].at("transcription").is_null());
}

TEST(SessionUpdate, LeavesTheLanguageOpenWhenNoneIsSet) {
    const SessionPlan plan = openai_plan(config::OpenAi{}, "x");
    EXPECT_EQ(json::parse(plan.update)["session"]["audio"]["input"]["transcription"], json({{"model", "gpt-transcribe"}}));
}

TEST(SessionUpdate, WritesSemanticDetection) {
    config::OpenAi openai;
    openai.turn_detection.type = "semantic_vad";
    const SessionPlan plan = openai_plan(openai, "x");
    EXPECT_EQ(json::parse(plan.update)["session"]["audio"]["input"]["turn_detection"],
              json::parse(R"({"type":"semantic_vad","eagerness":"auto","create_response":true,"interrupt_response":true})"));
    EXPECT_EQ(plan.vad_silence.count(), 0);
}

TEST(SessionUpdate, WritesFractionsAsTheyWereConfigured) {
    config::OpenAi openai;
    openai.turn_detection.threshold = 0.7;
    const auto update = openai_plan(openai, "x").update;
    EXPECT_NE(update.find("\"threshold\":0.7,"), std::string::npos) << update;
}

TEST(OpenAiConnection, NamesTheModelInTheQuery) {
    config::OpenAi openai;
    EXPECT_EQ(openai_endpoint(openai), "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1");
    openai.url = "wss://proxy.example/v1/realtime?region=eu";
    openai.model = "a b&c";
    EXPECT_EQ(openai_endpoint(openai), "wss://proxy.example/v1/realtime?region=eu&model=a%20b%26c");
}

TEST(OpenAiConnection, SendsAuthorizationAndNothingElse) {
    const auto headers = openai_headers(base::Secret("sk-planted"));
    ASSERT_EQ(headers.size(), 1u);
    EXPECT_EQ(headers[0].first, "Authorization");
    EXPECT_EQ(headers[0].second, "Bearer sk-planted");
}

}  // namespace
}  // namespace holdfast::voice::realtime
