// The provider's session over a loop whose time moves by hand, and the parts it is made of.
#include "audio/mulaw.hpp"
#include "base/base64.hpp"
#include "provider/agent_session.hpp"
#include "provider/echo.hpp"
#include "provider/session.hpp"
#include "support/fake_loop.hpp"
#include "test_box.hpp"

#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using test::tone;

json pcmu_update() {
    return json::parse(
        R"({"type":"session.update","event_id":"cfg","session":{"type":"realtime","audio":{
        "input":{"format":{"type":"audio/pcmu"},"transcription":{"model":"gpt-transcribe"},"turn_detection":{"type":"server_vad","silence_duration_ms":500}},
        "output":{"format":{"type":"audio/pcmu"},"voice":"alloy"}}}})");
}

json eleven_update() {
    return json::parse(R"({"type":"session.update","session":{"type":"realtime","audio":{
        "input":{"format":{"type":"audio/pcmu"},"turn_detection":{"type":"semantic_vad"}},
        "output":{"format":{"type":"audio/pcmu"},"voice":"v"}},"tools":[]}})");
}

class Wire final : public ProviderWire {
  public:
    void send(std::string_view text) override { sent.push_back(json::parse(text, nullptr, false)); }
    void send_frame(const FrameShape&, std::string_view) override { ++frames; }
    void close(std::uint16_t code, std::string_view) override { closed = code; }
    void reset() override { closed = 1; }
    void freeze() override {}
    void answer_pings(bool) override {}
    std::vector<json> sent;
    int frames = 0;
    int closed = 0;
};

class ProviderSession : public ::testing::Test {
  protected:
    ProviderSession() {
        record.number = 1;
        record.model = "gpt-realtime-2.1";
        ProviderTurn turn;
        turn.hear = "a fire at twelve main street";
        turn.delay_ms = 100;
        turn.transcript_delay_ms = 300;
        turn.answers.push_back({"one two three four", tone(2000)});
        settings.script.turns = {turn};
        settings.script.otherwise = turn;
        settings.script.unasked = {{"hello", tone(300)}};
    }
    void open(Dialect dialect = Dialect::openai) {
        session = std::make_unique<Session>(
            loop, wire, settings, record, [](const char*, const json&, const std::string&) {},
            dialect);
        session->open();
    }
    void open_eleven() {
        open(Dialect::eleven);
        say(eleven_update());
        wire.sent.clear();
    }
    void open_configured() {
        open();
        say(pcmu_update());
        wire.sent.clear();
    }
    void say(const json& event) { session->on_text(event.dump()); }
    void hear(const std::string& mulaw) {
        for (std::size_t at = 0; at < mulaw.size(); at += 160) {
            say({{"type", "input_audio_buffer.append"},
                 {"audio", base::base64_encode(std::string_view(mulaw).substr(at, 160))}});
        }
    }
    void hear_turn() { hear(tone(400) + std::string(600 * 8, audio::k_mulaw_silence)); }
    std::vector<std::string> types(bool with_deltas = false) const {
        std::vector<std::string> out;
        for (const auto& e : wire.sent) {
            const std::string type = e["type"];
            const bool delta = type.size() > 6 && type.substr(type.size() - 6) == ".delta";
            if (with_deltas || !delta) out.push_back(type);
        }
        return out;
    }
    const json* last(const std::string& type) const {
        for (auto it = wire.sent.rbegin(); it != wire.sent.rend(); ++it) {
            if ((*it)["type"] == type) return &*it;
        }
        return nullptr;
    }
    std::size_t count(const std::string& type) const {
        return static_cast<std::size_t>(std::count_if(
            wire.sent.begin(), wire.sent.end(), [&](const json& e) { return e["type"] == type; }));
    }
    std::string error_code() const {
        const json* error = last("error");
        return error == nullptr                      ? "none"
               : (*error)["error"]["code"].is_null() ? "null"
                                                     : (*error)["error"]["code"].get<std::string>();
    }
    void add_fault(const char* text) { settings.faults.add(*parse_fault(text, provider_faults())); }

    test::FakeLoop loop;
    Wire wire;
    ProviderSettings settings;
    ConnectionRecord record;
    std::unique_ptr<Session> session;
};

TEST_F(ProviderSession, BeginsWithTheDefaultsOfTheService) {
    open();
    ASSERT_EQ(types(), std::vector<std::string>{"session.created"});
    const json& s = wire.sent[0]["session"];
    EXPECT_EQ(s["audio"]["input"]["format"], json::parse(R"({"type":"audio/pcm","rate":24000})"));
    EXPECT_EQ(s["audio"]["input"]["turn_detection"]["silence_duration_ms"], 200);
    EXPECT_EQ(s["expires_at"], loop.utc_ms() / 1000 + 3600);
    EXPECT_EQ(s["output_modalities"], json::parse(R"(["audio"])"));
}

TEST_F(ProviderSession, AcknowledgesAnUpdateWithTheWholeSession) {
    open();
    say(pcmu_update());
    const json* updated = last("session.updated");
    ASSERT_NE(updated, nullptr) << wire.sent.back().dump();
    const json& audio = (*updated)["session"]["audio"];
    EXPECT_EQ(audio["input"]["format"], json::parse(R"({"type":"audio/pcmu"})"));
    EXPECT_EQ(audio["output"]["voice"], "alloy");
    EXPECT_EQ(audio["input"]["turn_detection"]["threshold"], 0.5);
    EXPECT_EQ(audio["input"]["noise_reduction"], json());
}

TEST_F(ProviderSession, AnswersATurnInTheDocumentedOrder) {
    open_configured();
    hear_turn();
    loop.advance(milliseconds(5000));
    EXPECT_EQ(
        types(),
        (std::vector<std::string>{
            "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
            "response.created", "response.output_item.added", "conversation.item.added",
            "response.content_part.added", "conversation.item.input_audio_transcription.completed",
            "response.output_audio.done", "response.output_audio_transcript.done",
            "response.content_part.done", "conversation.item.done", "response.output_item.done",
            "response.done", "rate_limits.updated"}));
    EXPECT_EQ((*last("input_audio_buffer.speech_started"))["audio_start_ms"], 0);
    EXPECT_EQ((*last("input_audio_buffer.speech_stopped"))["audio_end_ms"], 900);
    EXPECT_EQ((*last("conversation.item.input_audio_transcription.completed"))["transcript"],
              "a fire at twelve main street");
    EXPECT_EQ((*last("response.done"))["response"]["status"], "completed");
    std::string audio;
    for (const auto& e : wire.sent) {
        if (e["type"] == "response.output_audio.delta")
            audio += *base::base64_decode(e["delta"].get<std::string>());
    }
    EXPECT_EQ(audio, tone(2000));
    std::string words;
    for (const auto& e : wire.sent) {
        if (e["type"] == "response.output_audio_transcript.delta") words += e["delta"];
    }
    EXPECT_EQ(words, "one two three four");
}

TEST_F(ProviderSession, EndsNoTurnWhileNoAudioComes) {
    open_configured();
    hear(tone(400));
    loop.advance(std::chrono::minutes(5));
    EXPECT_EQ(types(), std::vector<std::string>{"input_audio_buffer.speech_started"});
}

TEST_F(ProviderSession, MisreadsAudioThatComesBeforeTheUpdate) {
    open();
    hear(tone(1000) +
         std::string(2000 * 8,
                     audio::k_mulaw_silence));  // 24,000 bytes: half a second of 24 kHz PCM
    EXPECT_EQ(record.bytes_before_updated, 24'000u);
    EXPECT_EQ(record.wrong, std::vector<std::string>{"audio before session.updated"});
    EXPECT_EQ(count("input_audio_buffer.speech_started"), 1u);
    EXPECT_EQ((*last("input_audio_buffer.speech_stopped"))["audio_end_ms"], 380);
}

TEST_F(ProviderSession, StopsAnAnswerWhenTheCallerSpeaks) {
    open_configured();
    hear_turn();
    loop.advance(milliseconds(200));
    ASSERT_GT(count("response.output_audio.delta"), 0u);
    hear(tone(100));
    const json* done = last("response.done");
    ASSERT_NE(done, nullptr);
    EXPECT_EQ((*done)["response"]["status"], "cancelled");
    EXPECT_EQ((*done)["response"]["status_details"]["reason"], "turn_detected");
    const std::size_t deltas = count("response.output_audio.delta");
    loop.advance(milliseconds(3000));
    EXPECT_EQ(count("response.output_audio.delta"), deltas);
}

TEST_F(ProviderSession, KeepsTheVoiceOnceItHasSpoken) {
    open_configured();
    hear_turn();
    loop.advance(milliseconds(3000));
    json update = pcmu_update();
    say(update);
    EXPECT_EQ(error_code(), "none");
    update["session"]["audio"]["output"]["voice"] = "cedar";
    say(update);
    EXPECT_EQ(error_code(), "cannot_update_voice");
}

TEST_F(ProviderSession, ChecksTruncation) {
    open_configured();
    hear_turn();
    loop.advance(milliseconds(3000));
    const std::string item = (*last("response.output_item.done"))["item"]["id"];
    const auto truncate = [&](const json& item_id, const json& end) {
        wire.sent.clear();
        say({{"type", "conversation.item.truncate"},
             {"event_id", "t"},
             {"item_id", item_id},
             {"content_index", 0},
             {"audio_end_ms", end}});
        return wire.sent.back()["type"] == "error" ? error_code()
                                                   : wire.sent.back()["type"].get<std::string>();
    };
    EXPECT_EQ(truncate(item, 2001), "invalid_value");
    EXPECT_EQ(truncate(item, 700.5), "invalid_type");
    EXPECT_EQ(truncate("item_x", 1), "invalid_value");
    EXPECT_EQ(truncate(item, 700), "conversation.item.truncated");
    EXPECT_EQ(truncate(item, 701), "invalid_value");
    EXPECT_EQ(record.truncates.size(), 5u);
}

TEST_F(ProviderSession, RefusesASecondResponseAndACancelOfNothing) {
    open_configured();
    say({{"type", "response.cancel"}});
    EXPECT_EQ(error_code(), "response_cancel_not_active");
    say({{"type", "response.create"}});
    say({{"type", "response.create"}, {"event_id", "second"}});
    EXPECT_EQ(error_code(), "conversation_already_has_active_response");
    EXPECT_EQ((*last("error"))["error"]["event_id"], "second");
    say({{"type", "response.cancel"}});
    EXPECT_EQ((*last("response.done"))["response"]["status_details"]["reason"], "client_cancelled");
}

TEST_F(ProviderSession, CallsAToolAndSpeaksAfterItsOutput) {
    settings.script.turns[0].tool = ScriptedTool{"transfer_to_person", R"({"reason":"asked"})"};
    settings.script.turns[0].then = {{"connecting you", tone(200)}};
    open_configured();
    hear_turn();
    loop.advance(milliseconds(3000));
    const json* call = last("response.function_call_arguments.done");
    ASSERT_NE(call, nullptr);
    EXPECT_EQ((*call)["name"], "transfer_to_person");
    say({{"type", "conversation.item.create"},
         {"item",
          {{"type", "function_call_output"}, {"call_id", "call_wrong"}, {"output", "{}"}}}});
    EXPECT_EQ(error_code(), "invalid_value");
    say({{"type", "conversation.item.create"},
         {"item",
          {{"type", "function_call_output"}, {"call_id", (*call)["call_id"]}, {"output", "{}"}}}});
    say({{"type", "response.create"}});
    loop.advance(milliseconds(3000));
    EXPECT_EQ((*last("response.output_audio_transcript.done"))["transcript"], "connecting you");
}

TEST_F(ProviderSession, CountsReplayedTurnsOfAnEarlierSession) {
    ProviderTurn second;
    second.hear = "second turn";
    settings.script.turns.push_back(second);
    open_configured();
    say(json::parse(
        R"({"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"first"}]}})"));
    say(json::parse(
        R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"yes"}]}})"));
    hear_turn();
    EXPECT_EQ(record.turns[0]["transcript"], "second turn");
}

TEST_F(ProviderSession, RefusesWhatTheServiceRefuses) {
    open_configured();
    struct Wrong {
        const char* event;
        const char* code;
    };
    for (
        const auto& [event, code] :
        {Wrong{R"({"type":"input_audio_buffer.append","audio":"***"})", "invalid_value"},
         Wrong{R"({"type":"input_audio_buffer.append"})", "missing_required_parameter"},
         Wrong{R"({"type":"output_audio_buffer.clear"})", "invalid_value"},
         Wrong{R"({"type":"response.create","extra":1})", "unknown_parameter"},
         Wrong{R"({"type":"response.create","response":{"modalities":["audio"]}})",
               "unknown_parameter"},
         Wrong{R"({"type":"input_audio_buffer.commit"})", "input_audio_buffer_commit_empty"},
         Wrong{R"({"type":"conversation.item.delete","item_id":"x"})",
               "item_delete_invalid_item_id"},
         Wrong{R"({"type":"conversation.item.retrieve","item_id":"x"})",
               "item_retrieve_invalid_item_id"},
         Wrong{
             R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant","content":[{"type":"output_audio"}]}})",
             "invalid_value"},
         Wrong{R"({"type":7})", "invalid_event"}, Wrong{"[1]", "invalid_event"},
         Wrong{"{", "invalid_event"}}) {
        session->on_text(event);
        EXPECT_EQ(error_code(), code) << event;
    }
}

TEST_F(ProviderSession, ExpiresWithAnErrorAndClose1001) {
    settings.session_life_s = 20;
    open_configured();
    loop.advance(milliseconds(19'999));
    EXPECT_EQ(wire.closed, 0);
    loop.advance(milliseconds(2));
    EXPECT_EQ(error_code(), "session_expired");
    EXPECT_EQ(wire.closed, 1001);
}

TEST_F(ProviderSession, StrikesTimedFaultsAfterConfigurationOrInsideATurn) {
    add_fault("close=1013@500");
    open_configured();
    loop.advance(milliseconds(499));
    EXPECT_EQ(wire.closed, 0);
    loop.advance(milliseconds(2));
    EXPECT_EQ(wire.closed, 1013);
}

TEST_F(ProviderSession, StrikesInsideTheTurnItWasToldTo) {
    add_fault("reset@50:turn=2");
    open_configured();
    hear_turn();
    loop.advance(milliseconds(5000));
    EXPECT_EQ(wire.closed, 0);
    hear_turn();
    loop.advance(milliseconds(200));
    EXPECT_EQ(wire.closed, 1);
}

TEST_F(ProviderSession, ShapesResponsesAsAsked) {
    add_fault("response-failed=rate_limit_exceeded:turn=1");
    add_fault("no-response:turn=2");
    add_fault("no-audio:turn=3");
    open_configured();
    hear_turn();
    loop.advance(milliseconds(1000));
    EXPECT_EQ((*last("response.done"))["response"]["status_details"]["error"]["code"],
              "rate_limit_exceeded");
    hear_turn();
    loop.advance(milliseconds(1000));
    EXPECT_EQ(count("response.created"), 1u);
    hear_turn();
    loop.advance(milliseconds(10'000));
    EXPECT_EQ(count("response.created"), 2u);
    EXPECT_EQ(count("response.done"), 1u);
    EXPECT_EQ(count("response.output_audio.delta"), 0u);
}

TEST_F(ProviderSession, SendsTheFirstItemsEndLateWhenAsked) {
    settings.script.turns[0].answers.push_back({"second item", tone(500)});
    add_fault("late-done");
    open_configured();
    hear_turn();
    loop.advance(milliseconds(5000));
    std::vector<std::string> items;
    for (const auto& e : wire.sent) {
        if (e["type"] == "response.output_audio.delta" &&
            (items.empty() || items.back() != e["item_id"]))
            items.push_back(e["item_id"]);
        if (e["type"] == "response.output_audio.done")
            items.push_back("done " + e["item_id"].get<std::string>());
    }
    ASSERT_GE(items.size(), 4u);
    EXPECT_EQ(items[2], "done " + items[0]);  // after the second item's first audio
}

TEST_F(ProviderSession, MakesALongBurstAtOnce) {
    add_fault("burst=60s");
    open_configured();
    hear_turn();
    loop.advance(milliseconds(150));
    std::size_t bytes = 0;
    for (const auto& e : wire.sent) {
        if (e["type"] == "response.output_audio.delta")
            bytes += base::base64_decoded_bytes(e["delta"].get<std::string>());
    }
    EXPECT_EQ(bytes, 480'000u);
}

// --- session.update ---

std::string judge_update(const std::string& session, const char* model = "gpt-realtime-2.1") {
    const auto result =
        apply_session_update(default_session("s", model, 0), json::parse(session), false);
    if (const auto* error = std::get_if<ApiError>(&result)) return error->code + " " + error->param;
    return "good";
}

TEST(SessionUpdate, TakesWhatTheReferenceShows) {
    EXPECT_EQ(
        judge_update(
            R"({"type":"realtime","model":"gpt-realtime-2.1","output_modalities":["audio"],"instructions":"x",
        "audio":{"input":{"format":{"type":"audio/pcmu"},"noise_reduction":null,"transcription":{"model":"gpt-transcribe","language":"de"},
        "turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,"silence_duration_ms":500,"create_response":true,
        "interrupt_response":true,"idle_timeout_ms":null}},"output":{"format":{"type":"audio/pcmu"},"voice":"alloy","speed":1.0}},
        "tools":[{"type":"function","name":"opening_hours","description":"x","parameters":{"type":"object","properties":{"date":{"type":"string"}},
        "required":["date"],"additionalProperties":false}}],"tool_choice":"auto","max_output_tokens":1024,
        "truncation":{"type":"retention_ratio","retention_ratio":0.8}})"),
        "good");
    EXPECT_EQ(judge_update(R"({"type":"realtime","audio":{"input":{"turn_detection":null}}})"),
              "good");
}

TEST(SessionUpdate, RefusesWithCodeAndPath) {
    struct Case {
        const char* session;
        const char* verdict;
    };
    const Case cases[] = {
        {R"({"instructions":"x"})", "missing_required_parameter session.type"},
        {R"({"type":"transcription"})", "invalid_value session.type"},
        {R"({"type":"realtime","voice":"alloy"})", "unknown_parameter session.voice"},
        {R"({"type":"realtime","temperature":0.8})", "unknown_parameter session.temperature"},
        {R"({"type":"realtime","model":"gpt-realtime-1.5"})", "cannot_update_model session.model"},
        {R"({"type":"realtime","output_modalities":["audio","text"]})",
         "invalid_value session.output_modalities"},
        {R"({"type":"realtime","audio":{"output":{"format":"g711_ulaw"}}})",
         "invalid_type session.audio.output.format"},
        {R"({"type":"realtime","audio":{"output":{"format":{"type":"audio/pcm"}}}})",
         "missing_required_parameter session.audio.output.format.rate"},
        {R"({"type":"realtime","audio":{"output":{"format":{"type":"audio/pcmu","rate":8000}}}})",
         "unknown_parameter session.audio.output.format.rate"},
        {R"({"type":"realtime","audio":{"input":{"noise_reduction":"near_field"}}})",
         "invalid_type session.audio.input.noise_reduction"},
        {R"({"type":"realtime","audio":{"input":{"turn_detection":{"threshold":0.5}}}})",
         "missing_required_parameter session.audio.input.turn_detection.type"},
        {R"({"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":1000}}}})",
         "invalid_value session.audio.input.turn_detection.idle_timeout_ms"},
        {R"({"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","create_response":"yes"}}}})",
         "invalid_type session.audio.input.turn_detection.create_response"},
        {R"({"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","silence_duration_ms":499.5}}}})",
         "invalid_type session.audio.input.turn_detection.silence_duration_ms"},
        {R"({"type":"realtime","audio":{"input":{"transcription":{"model":"gpt-9-transcribe"}}}})",
         "invalid_value session.audio.input.transcription.model"},
        {R"({"type":"realtime","audio":{"output":{"speed":2}}})",
         "invalid_value session.audio.output.speed"},
        {R"({"type":"realtime","max_output_tokens":0})", "invalid_value session.max_output_tokens"},
        {R"({"type":"realtime","tools":[{"type":"function","name":"x","strict":true}]})",
         "unknown_parameter session.tools[0].strict"},
        {R"({"type":"realtime","tools":[{"type":"function","function":{"name":"x"}}]})",
         "unknown_parameter session.tools[0].function"},
        {R"({"type":"realtime","prompt":{"id":"p"}})", "invalid_value session.prompt"}};
    for (const auto& c : cases) EXPECT_EQ(judge_update(c.session), c.verdict) << c.session;
}

TEST(SessionUpdate, RefusesReasoningOnModelsThatCannot) {
    const char* update = R"({"type":"realtime","reasoning":{"effort":"low"}})";
    EXPECT_EQ(judge_update(update), "good");
    EXPECT_EQ(judge_update(update, "gpt-realtime-1.5"), "unsupported_parameter ");
}

TEST(SessionUpdate, AppliesNothingOfARefusedUpdate) {
    const json before = default_session("s", "m", 0);
    const auto result = apply_session_update(
        before,
        json::parse(R"({"type":"realtime","instructions":"new","audio":{"output":{"speed":9}}})"),
        false);
    EXPECT_TRUE(std::holds_alternative<ApiError>(result));
}

// --- hearing ---

std::vector<std::string> edges(Hearing& hearing, const std::string& mulaw) {
    std::vector<std::string> out;
    for (const auto& e : hearing.append(mulaw))
        out.push_back((e.started ? "start " : "stop ") + std::to_string(e.at_ms));
    return out;
}

TEST(Hearing, FindsTurnsInAudioTime) {
    Hearing hearing;
    hearing.configure(WireFormat::pcmu, {true, 0.5, 300, 500});
    const auto quiet = [](int ms) {
        return std::string(static_cast<std::size_t>(ms) * 8, audio::k_mulaw_silence);
    };
    EXPECT_TRUE(edges(hearing, quiet(1000)).empty());
    EXPECT_EQ(edges(hearing, tone(400)), std::vector<std::string>{"start 700"});
    EXPECT_TRUE(edges(hearing, quiet(480)).empty());
    EXPECT_TRUE(edges(hearing, tone(200)).empty());  // a pause below the limit is none
    EXPECT_EQ(edges(hearing, quiet(500)), std::vector<std::string>{"stop 2580"});
}

TEST(Hearing, IgnoresClicksAndTurnsOff) {
    Hearing hearing;
    hearing.configure(WireFormat::pcmu, {true, 0.5, 300, 500});
    EXPECT_TRUE(edges(hearing, tone(40) + std::string(800, audio::k_mulaw_silence)).empty());
    hearing.configure(WireFormat::pcmu, vad_settings_of(nullptr));
    EXPECT_TRUE(edges(hearing, tone(2000)).empty());
    EXPECT_EQ(hearing.heard_ms(), 2140);
}

TEST(Hearing, ListensHarderWithALowerThreshold) {
    for (const auto& [threshold, heard] : {std::pair<double, std::size_t>{0.3, 1}, {0.9, 0}}) {
        Hearing hearing;
        hearing.configure(WireFormat::pcmu, {true, threshold, 0, 500});
        EXPECT_EQ(edges(hearing, tone(400, 300)).size(), heard) << threshold;
    }
}

TEST(Hearing, CountsSamplesInTheCurrentFormat) {
    Hearing hearing;
    hearing.configure(WireFormat::pcm16_24k, {});
    hearing.append(std::string(48'000, '\0'));
    EXPECT_EQ(hearing.heard_ms(), 1000);
    hearing.configure(WireFormat::pcma, {});
    hearing.append(std::string(8'000, '\x55'));
    EXPECT_EQ(hearing.heard_ms(), 2000);
}

TEST(Hearing, ConvertsToEveryOutputFormat) {
    for (int byte = 0; byte < 256; ++byte)
        EXPECT_EQ(alaw_encode(alaw_decode(static_cast<std::uint8_t>(byte))), byte);
    EXPECT_EQ(alaw_decode(0xd5), 8);
    EXPECT_EQ(alaw_decode(0x2a), -32256);
    EXPECT_EQ(to_wire(tone(100), WireFormat::pcm16_24k).size(), 4800u);
    EXPECT_EQ(to_wire(tone(100), WireFormat::pcma).size(), 800u);
}

// --- Eleven Realtime: elevenlabs.md 1.4 to 1.6 ---

TEST_F(ProviderSession, AsElevenTakesItsOwnUpdateAndRefusesThatOfOpenAi) {
    open(Dialect::eleven);
    say(eleven_update());
    ASSERT_NE(last("session.updated"), nullptr) << wire.sent.back().dump();
    EXPECT_EQ((*last("session.updated"))["session"]["audio"]["input"]["turn_detection"]["eagerness"], "auto");
    EXPECT_TRUE(record.wrong.empty());
    say(pcmu_update());
    EXPECT_EQ((*last("error"))["error"]["param"], "session.audio.input.transcription.model");
}

TEST_F(ProviderSession, AsElevenRefusesWhatItDoesNotKnow) {
    for (const char* patch : {R"({"audio":{"input":{"turn_detection":{"type":"server_vad"}}}})",
                              R"({"audio":{"input":{"noise_reduction":null}}})", R"({"tool_choice":"auto"})",
                              R"({"audio":{"output":{"speed":1.0}}})", R"({"truncation":"auto"})",
                              R"({"audio":{"input":{"format":{"type":"audio/opus"}}}})",
                              R"({"model":"eleven_realtime_v1_mini"})",
                              R"({"tools":[{"type":"function","name":""}]})",
                              R"({"tools":[{"type":"function","name":"a"},{"type":"function","name":"a"}]})"}) {
        wire.sent.clear();
        open(Dialect::eleven);
        json update{{"type", "session.update"}, {"session", json::parse(patch)}};
        update["session"]["type"] = "realtime";
        say(update);
        EXPECT_NE(last("error"), nullptr) << patch;
        EXPECT_EQ(last("session.updated"), nullptr) << patch;
    }
}

TEST_F(ProviderSession, AsElevenSendsOnlyWhatItsOwnClientHandles) {
    settings.script.turns[0].tool = ScriptedTool{"transfer_to_person", "{}"};
    open_eleven();
    hear_turn();
    loop.advance(milliseconds(5000));
    EXPECT_EQ(types(), (std::vector<std::string>{
                           "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "response.created",
                           "conversation.item.input_audio_transcription.completed", "response.done"}));
    const json& output = (*last("response.done"))["response"]["output"];
    EXPECT_EQ(output[1]["type"], "function_call");
    EXPECT_EQ(output[1]["arguments"], "{}");
}

TEST_F(ProviderSession, AsElevenWantsATruncateAfterTheResponseIsDone) {
    open_eleven();
    hear_turn();
    loop.advance(milliseconds(300));
    const std::string item = (*last("response.output_audio.delta"))["item_id"];
    const json truncate{{"type", "conversation.item.truncate"}, {"item_id", item}, {"content_index", 0}, {"audio_end_ms", 20}};
    say(truncate);
    EXPECT_EQ(record.wrong.size(), 1u);
    loop.advance(milliseconds(5000));
    say(truncate);
    EXPECT_NE(last("conversation.item.truncated"), nullptr);
}

TEST_F(ProviderSession, AsElevenKnowsNeitherDeletingNorItemsOfTheAssistant) {
    open_eleven();
    say({{"type", "conversation.item.delete"}, {"item_id", "x"}});
    EXPECT_EQ(error_code(), "invalid_value");
    say(json::parse(R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant",
        "content":[{"type":"output_text","text":"hi"}]}})"));
    EXPECT_EQ(record.wrong.size(), 2u);
}

// --- the agent: elevenlabs.md section 2 ---

class Agent : public ProviderSession {
  protected:
    void open_agent() {
        agent = std::make_unique<AgentSession>(loop, wire, settings, record,
                                               [](const char*, const json&, const std::string&) {});
        agent->open();
    }
    void tell(const json& message) { agent->on_text(message.dump()); }
    void initiate(const json& overrides = {{"agent", {{"prompt", {{"prompt", "calm"}}}, {"first_message", ""}}}}) {
        open_agent();
        tell({{"type", "conversation_initiation_client_data"}, {"conversation_config_override", overrides}});
    }
    void speak(const std::string& mulaw) {
        for (std::size_t at = 0; at < mulaw.size(); at += 160)
            tell({{"user_audio_chunk", base::base64_encode(std::string_view(mulaw).substr(at, 160))}});
    }
    void speak_turn() { speak(tone(400) + std::string(600 * 8, audio::k_mulaw_silence)); }
    void pong() {
        if (const json* ping = last("ping")) tell({{"type", "pong"}, {"event_id", (*ping)["ping_event"]["event_id"]}});
    }
    std::unique_ptr<AgentSession> agent;
};

TEST_F(Agent, SendsItsMetadataFirst) {
    initiate();
    ASSERT_FALSE(wire.sent.empty());
    EXPECT_EQ(wire.sent[0]["conversation_initiation_metadata_event"]["agent_output_audio_format"], "ulaw_8000");
    EXPECT_EQ(wire.closed, 0);
}

TEST_F(Agent, AnswersATurnWithRisingEventIds) {
    initiate();
    pong();
    speak_turn();
    loop.advance(milliseconds(1500));
    ASSERT_NE(last("user_transcript"), nullptr);
    EXPECT_EQ((*last("agent_response"))["agent_response_event"]["agent_response"], "one two three four");
    std::string audio;
    int id = 0;
    for (const auto& e : wire.sent) {
        if (e["type"] != "audio") continue;
        audio += *base::base64_decode(e["audio_event"]["audio_base_64"].get<std::string>());
        EXPECT_GT(e["audio_event"]["event_id"].get<int>(), id);
        id = e["audio_event"]["event_id"];
    }
    EXPECT_EQ(audio, tone(2000));
    EXPECT_EQ(count("agent_response_complete"), 1u);
}

TEST_F(Agent, IsInterruptedByTheCallersVoiceAndCorrectsItself) {
    initiate();
    pong();
    speak_turn();
    loop.advance(milliseconds(200));
    speak(tone(100));
    ASSERT_EQ(count("interruption"), 1u);
    EXPECT_EQ((*last("agent_response_correction"))["agent_response_correction_event"]["corrected_agent_response"], "one two t");
    const auto chunks = count("audio");
    loop.advance(milliseconds(1000));
    EXPECT_EQ(count("audio"), chunks);
}

TEST_F(Agent, ClosesWhenAPingGoesUnanswered) {
    initiate();
    loop.advance(milliseconds(1900));
    pong();
    loop.advance(milliseconds(2000));
    EXPECT_EQ(wire.closed, 0);
    loop.advance(milliseconds(2000));
    EXPECT_EQ(wire.closed, 1002);
    EXPECT_EQ(record.wrong, std::vector<std::string>{"a ping without a pong"});
}

TEST_F(Agent, RefusesWhatTheContractDoesNotKnow) {
    const json good{{"type", "conversation_initiation_client_data"}};
    for (const json& bad : {json{{"type", "interrupt"}}, json{{"type", "audio"}, {"audio", "AAAA"}},
                            json{{"type", "client_tool_result"}, {"tool_call_id", "x"}, {"result", "y"}},
                            json{{"type", "client_tool_result"}, {"tool_call_id", "x"}, {"result", "y"}, {"is_error", false}},
                            json{{"type", "pong"}, {"event_id", 99}}, json{{"type", "contextual_update"}}, good,
                            json{{"user_audio_chunk", "a"}}, json::array()}) {
        wire.closed = 0;
        record.configured = false;
        initiate();
        tell(bad);
        EXPECT_EQ(wire.closed, 1008) << bad.dump();
        EXPECT_EQ((*last("error"))["error_event"]["error_type"], "invalid_message");
    }
    wire.closed = 0;
    record.configured = false;
    open_agent();
    tell({{"user_audio_chunk", "AAAA"}});
    EXPECT_EQ(wire.closed, 1008);
}

TEST_F(Agent, RefusesOverridesThatAreNotEnabledAndVariablesWithoutAValue) {
    initiate({{"tts", {{"voice_id", "x"}}}});
    EXPECT_EQ((*last("error"))["error_event"]["error_type"], "override_error");
    initiate({{"agent", {{"prompt", {{"prompt", "x"}, {"llm", "gpt"}}}}}});
    EXPECT_EQ((*last("error"))["error_event"]["error_type"], "override_error");
    initiate({{"agent", {{"first_message", "Hello {{name}}"}}}});
    EXPECT_EQ((*last("error"))["error_event"]["error_type"], "missing_dynamic_variable");
    EXPECT_EQ(wire.closed, 1008);
}

TEST_F(Agent, ClosesAfterAMinuteWithoutInput) {
    initiate();
    for (int i = 0; i < 29; ++i) {
        loop.advance(milliseconds(1900));
        agent->on_text("{\"user_audio_chunk\":\"" + base::base64_encode(std::string(160, '\xff')) + "\"}");
        pong();
        loop.advance(milliseconds(100));
    }
    EXPECT_EQ(wire.closed, 0);
    add_fault("no-metadata");  // opens another one that nobody talks to
    record.configured = false;
    initiate();
    loop.advance(std::chrono::seconds(61));
    EXPECT_EQ(wire.closed, 1002);
}

TEST(EchoSession, ReturnsEveryAppendUnchanged) {
    Wire wire;
    ConnectionRecord record;
    EchoSession echo(wire, record, 0);
    echo.open();
    echo.on_text(R"({"type":"input_audio_buffer.append","audio":"AAAA"})");
    EXPECT_EQ(wire.sent.size(), 1u);  // not before session.updated
    echo.on_text(pcmu_update().dump());
    wire.sent.clear();
    echo.on_text(R"({"audio":"QUJD","type":"input_audio_buffer.append"})");
    ASSERT_FALSE(wire.sent.empty());
    EXPECT_EQ(wire.sent[0]["type"], "response.created");
    EXPECT_EQ(wire.sent.back()["delta"], "QUJD");
    EXPECT_EQ(record.bytes_before_updated, 3u);
}

}  // namespace
}  // namespace holdfast::sim
