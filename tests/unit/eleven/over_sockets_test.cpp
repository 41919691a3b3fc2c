// The ElevenLabs rungs and the simulator on one loop and over real sockets: tickets over HTTP, the
// upgrade, a whole turn, and the ends that only a wire can show.
#include "audio/mulaw.hpp"
#include "base/base64.hpp"
#include "metrics/catalog.hpp"
#include "provider/server.hpp"
#include "unit/net/net_fixture.hpp"
#include "unit/sim/test_box.hpp"
#include "unit/voice/recorder.hpp"
#include "voice/eleven_agent/make.hpp"
#include "voice/probe.hpp"
#include "voice/realtime/make.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::test {
namespace {

using nlohmann::json;
using voice::VoiceListener;

constexpr const char* k_key = "xi-planted-key";

class OverSockets : public testing::Test {
  protected:
    OverSockets() : events(sim::EventLog::Form::none) {
        sim::ProviderTurn turn;
        turn.hear = "a fire at twelve main street";
        turn.delay_ms = 20;
        turn.transcript_delay_ms = 20;
        turn.answers.push_back({"Is everybody out of the house?", tone(1200)});
        options.settings.script.turns = {turn};
        options.settings.script.otherwise = turn;
        options.settings.script.unasked = {{"Hello?", tone(300)}};
        options.key = k_key;
    }
    void serve() {
        auto opened = sim::ProviderServer::open(loop, options, events);
        ASSERT_TRUE(opened) << opened.error().detail;
        server = std::move(*opened);
        eleven.url = "http://127.0.0.1:" + std::to_string(server->port());
        eleven.api_key = base::Secret(k_key);
        eleven.agent_id = "agent_1";
        eleven.instructions = "Be calm.";
    }
    void add_fault(const char* text) { options.settings.faults.add(*sim::parse_fault(text, sim::provider_faults())); }

    enum class Rung { realtime, agent };
    voice::Probe::MakeVoice maker(Rung rung) {
        if (rung == Rung::realtime) {
            const auto settings = *voice::realtime::eleven_settings(eleven);
            return [this, settings](const base::CallSid& call, VoiceListener& listener) {
                return voice::realtime::make_realtime_voice(loop, settings, call, listener);
            };
        }
        const auto settings = *voice::eleven_agent::agent_settings(eleven);
        return [this, settings](const base::CallSid& call, VoiceListener& listener) {
            return voice::eleven_agent::make_agent_voice(loop, settings, call, listener);
        };
    }
    void open(Rung rung) {
        talker = maker(rung)(*base::CallSid::parse("CA0123456789abcdef0123456789abcdef"), recorder);
        talker->open();
    }
    void talk(Rung rung, const voice::Handover& handover = {}) {
        open(rung);
        talker->prove(handover);
        ASSERT_TRUE(loop.until([this] { return talker->ready() || !recorder.losses.empty(); }));
        ASSERT_TRUE(talker->ready()) << recorder.lines.back();
    }
    void give(const std::string& mulaw) {
        for (std::size_t at = 0; at + 160 <= mulaw.size(); at += 160) {
            talker->caller_audio(base::base64_encode(std::string_view(mulaw).substr(at, 160)));
        }
    }
    void give_turn() { give(tone(600) + std::string(1000 * 8, audio::k_mulaw_silence)); }
    bool until_line(const std::string& start) {
        return loop.until([this, &start] { return !recorder.starting(start).empty() || !recorder.losses.empty(); }) &&
               !recorder.starting(start).empty();
    }
    voice::ProbeResult probe(Rung rung) {
        std::optional<voice::ProbeResult> result;
        const auto running = voice::Probe::start(loop, maker(rung), [&result](const voice::ProbeResult& r) { result = r; });
        EXPECT_TRUE(loop.until([&result] { return result.has_value(); }));
        return result.value_or(voice::ProbeResult{});
    }
    // The simulator has seen the end of the socket as well.
    json report_when_closed() {
        EXPECT_TRUE(loop.until([this] { return server->report()["open"] == 0; }));
        return server->report();
    }
    static std::string wrongs(const json& report) { return report["ticket_wrongs"].dump() + report["connections"].dump(); }

    net::TestLoop loop;
    sim::EventLog events;
    sim::ProviderOptions options;
    voice::ElevenSettings eleven;
    std::unique_ptr<sim::ProviderServer> server;
    Recorder recorder;
    std::shared_ptr<voice::Voice> talker;
};

TEST_F(OverSockets, RealtimeHoldsAConversationThatBreaksNoRule) {
    serve();
    testing::internal::CaptureStderr();
    talk(Rung::realtime);
    give_turn();
    ASSERT_TRUE(until_line("voice "));
    ASSERT_TRUE(until_line("caller "));
    talker->stop("test");
    const json report = report_when_closed();
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(report["client_was_right"]) << wrongs(report);
    EXPECT_EQ(report["connections"][0]["model"], "eleven_realtime_v1_mini");
    EXPECT_EQ(report["connections"][0]["close"]["code"], 1000);
    EXPECT_EQ(recorder.starting("audio_done").size(), 1u);
    EXPECT_NE(recorder.starting("voice ")[0].find(" Is everybody out of the house?"), std::string::npos);
    EXPECT_NE(recorder.starting("caller ")[0].find("a fire at twelve main street"), std::string::npos);
    EXPECT_NE(log.find("provider session configured"), std::string::npos);
    EXPECT_EQ(log.find("ek_"), std::string::npos);  // the client secret
    EXPECT_EQ(log.find(k_key), std::string::npos);
}

TEST_F(OverSockets, RealtimeTellsWhatWasHeardOnceAnInterruptedAnswerIsDone) {
    options.settings.speed = 1;  // still being made when the caller speaks
    serve();
    talk(Rung::realtime);
    give_turn();
    ASSERT_TRUE(until_line("audio "));
    const std::string line = recorder.starting("audio ")[0];
    const std::string item = line.substr(6, line.rfind(' ') - 6);
    recorder.on_line = [this, &item](const std::string& said) {
        if (said == "speech_started") talker->interrupted({{item, 20}});
    };
    recorder.lines.clear();
    give(tone(400));
    ASSERT_TRUE(until_line("voice "));
    ASSERT_TRUE(loop.until([this] { return !server->report()["connections"][0]["truncates"].empty(); }));
    const json report = server->report();
    EXPECT_TRUE(report["connections"][0]["truncates"][0]["ok"]) << wrongs(report);
    EXPECT_EQ(report["connections"][0]["truncates"][0]["audio_end_ms"], 20);
    EXPECT_TRUE(report["client_was_right"]) << wrongs(report);
}

TEST_F(OverSockets, RealtimeFindsToolCallsInResponseDone) {
    options.settings.script.turns[0].tool = sim::ScriptedTool{"transfer_to_person", R"({"reason":"asked"})"};
    serve();
    talk(Rung::realtime);
    give_turn();
    ASSERT_TRUE(until_line("person asked"));
    loop.settle();
    EXPECT_TRUE(server->client_was_right()) << wrongs(server->report());
}

TEST_F(OverSockets, RealtimeTakesAnAnswerWithoutASubprotocol) {
    add_fault("no-subprotocol");
    serve();
    talk(Rung::realtime);
}

TEST_F(OverSockets, ProbesProveBothRungsAndHangUp) {
    serve();
    EXPECT_TRUE(probe(Rung::realtime).good());
    EXPECT_TRUE(probe(Rung::agent).good());
    const json report = report_when_closed();
    ASSERT_EQ(report["connections"].size(), 2u);
    for (const auto& connection : report["connections"]) {
        EXPECT_EQ(connection["close"]["code"], 1000);
        EXPECT_EQ(connection["audio_bytes"], 0);
    }
    EXPECT_TRUE(report["client_was_right"]) << wrongs(report);
}

TEST_F(OverSockets, AgentHoldsAConversationThatBreaksNoRule) {
    serve();
    testing::internal::CaptureStderr();
    voice::Handover handover;
    handover.greeting = "Emergency line.";
    talk(Rung::agent, handover);
    give_turn();
    ASSERT_TRUE(until_line("caller "));
    ASSERT_TRUE(until_line("voice "));
    talker->caller_keys("1");
    talker->stop("test");
    const json report = report_when_closed();
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(report["client_was_right"]) << wrongs(report);
    std::vector<std::string> types;
    for (const auto& received : report["connections"][0]["received"]) {
        const std::string type = received["event"]["type"];
        if (type != "pong") types.push_back(type);
    }
    EXPECT_EQ(types, (std::vector<std::string>{"conversation_initiation_client_data", "contextual_update", "user_message"}));
    EXPECT_NE(recorder.starting("voice ")[0].find(" Is everybody out of the house?"), std::string::npos);
    EXPECT_EQ(log.find("conversation_signature"), std::string::npos);
    EXPECT_EQ(log.find(k_key), std::string::npos);
}

TEST_F(OverSockets, AgentIsInterruptedAndCorrected) {
    options.settings.speed = 1;
    serve();
    talk(Rung::agent);
    give_turn();
    ASSERT_TRUE(until_line("audio "));
    recorder.lines.clear();
    give(tone(400));
    ASSERT_TRUE(until_line("voice "));
    EXPECT_TRUE(recorder.has("speech_started"));
    EXPECT_NE(recorder.starting("voice ")[0].find(" cut Is everybody"), std::string::npos);
    EXPECT_EQ(recorder.starting("voice ")[0].find("house"), std::string::npos);
    EXPECT_TRUE(server->client_was_right()) << wrongs(server->report());
}

TEST_F(OverSockets, AgentAsksForAPersonAndHasItsToolsAnswered) {
    options.settings.script.turns[0].tool = sim::ScriptedTool{"transfer_to_person", R"({"reason":"asked"})"};
    add_fault("tool-unknown:turn=2");
    serve();
    talk(Rung::agent);
    give_turn();
    ASSERT_TRUE(until_line("person asked"));
    const auto results = [this] {
        std::size_t count = 0;
        const json report = server->report();
        for (const auto& received : report["connections"][0]["received"]) {
            count += received["event"]["type"] == "client_tool_result" ? 1 : 0;
        }
        return count;
    };
    ASSERT_TRUE(loop.until([&] { return results() == 1; }));
    give_turn();
    ASSERT_TRUE(loop.until([&] { return results() == 2; }));
    EXPECT_TRUE(server->client_was_right()) << wrongs(server->report());
}

TEST_F(OverSockets, AgentThatJoinsSpeaksFirst) {
    serve();
    voice::Handover handover;
    handover.joining = true;
    talk(Rung::agent, handover);
    EXPECT_TRUE(until_line("voice answer-1"));
    EXPECT_NE(recorder.starting("voice ")[0].find("I am still here with you."), std::string::npos);
}

struct EndRow {
    const char* fault;
    bool agent;
    const char* lost;
};
class Ends : public OverSockets, public testing::WithParamInterface<EndRow> {};

TEST_P(Ends, AreToldApart) {
    const EndRow& row = GetParam();
    add_fault(row.fault);
    serve();
    const auto result = probe(row.agent ? Rung::agent : Rung::realtime);
    ASSERT_FALSE(result.good()) << row.fault;
    EXPECT_EQ(std::string(result.loss->reason) + " " + base::to_string(result.loss->error.condition) + " " +
                  result.loss->error.code,
              row.lost)
        << row.fault;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Ends,
    testing::Values(EndRow{"mint-refuse=401/quota_exceeded", false, "quota fatal quota_exceeded"},  // E01
                    EndRow{"mint-refuse=401/invalid_api_key", true, "auth fatal invalid_api_key"},
                    EndRow{"mint-refuse=429/system_busy", false, "server_error retry system_busy"},  // E04
                    EndRow{"mint-refuse=404/agent_not_found", true, "model fatal not_found"},
                    EndRow{"mint-refuse=500", true, "server_error retry unavailable"},
                    EndRow{"mint-slow", false, "timeout retry timeout"},
                    EndRow{"mint-garbage", false, "protocol fall_back protocol"},  // E07
                    EndRow{"mint-garbage", true, "protocol fall_back protocol"},
                    EndRow{"not-enabled", false, "auth fatal not_enabled"},
                    EndRow{"bad-secret", false, "auth fatal secret_refused"},
                    EndRow{"refuse=503", false, "server_error retry unavailable"},  // O04
                    EndRow{"captive-portal", true, "network fall_back captive_portal"},  // N21
                    EndRow{"wrong-output-format", false, "format fall_back output_format"},  // O27
                    EndRow{"wrong-input-format", false, "format fall_back input_format"},
                    EndRow{"reject-update", false, "config fatal update_rejected"},
                    EndRow{"wrong-output-format", true, "format fall_back output_format"},
                    EndRow{"wrong-input-format", true, "format fall_back input_format"},
                    EndRow{"override-refused", true, "config fatal override_error"}));

TEST_F(OverSockets, SettingsNameWhatIsMissing) {
    eleven.url = "http://127.0.0.1:1/v1";
    eleven.api_key = base::Secret(k_key);
    eleven.agent_id = "agent_1";
    EXPECT_STREQ(voice::realtime::eleven_settings(eleven).error().code, "url");
    EXPECT_STREQ(voice::eleven_agent::agent_settings(eleven).error().code, "url");
    eleven.url = "http://127.0.0.1:1";
    eleven.agent_id = "a&b";
    EXPECT_STREQ(voice::eleven_agent::agent_settings(eleven).error().code, "agent_id");
    eleven.api_key = {};
    EXPECT_STREQ(voice::realtime::eleven_settings(eleven).error().code, "api_key");
}

}  // namespace
}  // namespace holdfast::test
