#include "voice/realtime/codec.hpp"

#include "config/limits.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace holdfast::voice::realtime {
namespace {

using nlohmann::json;

// Keeps the text alive, padded as a socket's buffer is.
class Frame {
  public:
    explicit Frame(std::string text) : size_(text.size()), text_(std::move(text)) { text_.append(64, '\0'); }
    std::string_view view() const { return {text_.data(), size_}; }

  private:
    std::size_t size_;
    std::string text_;
};

std::string code_of(const std::string& text) {
    Event event;
    const auto result = decode(Frame(text).view(), event);
    return result ? "" : result.error().code;
}

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

const std::filesystem::path k_examples = std::filesystem::path(HOLDFAST_SOURCE_DIR) / "tests/fuzz/corpus/provider_event";

TEST(RealtimeCodec, ReadsEveryDocumentedExample) {
    int documented = 0;
    for (const auto& entry : std::filesystem::directory_iterator(k_examples)) {
        const std::string text = read(entry.path());
        if (text.find("\"event_id\":\"event_") == std::string::npos) continue;  // a seed off the happy path
        Event event;
        const auto result = decode(Frame(text).view(), event);
        EXPECT_TRUE(result.has_value()) << entry.path() << " " << (result ? "" : result.error().code);
        EXPECT_NE(event.type, EventType::unknown) << entry.path();
        ++documented;
    }
    EXPECT_EQ(documented, 30);
}

TEST(RealtimeCodec, ReadsTheSession) {
    const Frame frame(read(k_examples / "session_updated.json"));
    Event event;
    ASSERT_TRUE(decode(frame.view(), event));
    EXPECT_EQ(event.type, EventType::session_updated);
    EXPECT_EQ(event.session.id, "sess_D1kp000");
    EXPECT_EQ(event.session.input_format, "audio/pcmu");
    EXPECT_EQ(event.session.output_format, "audio/pcmu");
    EXPECT_EQ(event.session.voice, "alloy");
    EXPECT_EQ(event.session.vad, "server_vad");
    EXPECT_TRUE(event.session.transcription);
    EXPECT_EQ(event.session.expires_at_s, 1795341600);
}

TEST(RealtimeCodec, ReadsAudioWithoutDecodingIt) {
    const Frame frame(read(k_examples / "response_output_audio_delta.json"));
    Event event;
    ASSERT_TRUE(decode(frame.view(), event));
    EXPECT_EQ(event.type, EventType::audio_delta);
    EXPECT_EQ(event.response_id, "resp_D1kpR1");
    EXPECT_EQ(event.item_id, "item_D1kpA1");
    EXPECT_EQ(event.text, "/v7+/f38/Pz9/f7+/////w==");
}

TEST(RealtimeCodec, UnescapesBase64) {
    Event event;
    const Frame frame(R"({"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"\/v7+"})");
    ASSERT_TRUE(decode(frame.view(), event));
    EXPECT_EQ(event.text, "/v7+");
}

TEST(RealtimeCodec, ReadsWhenTheCallerSpoke) {
    Event event;
    const Frame frame(R"({"type":"input_audio_buffer.speech_stopped","audio_end_ms":5260.9,"item_id":"u"})");
    ASSERT_TRUE(decode(frame.view(), event));
    EXPECT_EQ(event.audio_end_ms, 5260);
    EXPECT_EQ(event.audio_start_ms, -1);
}

TEST(RealtimeCodec, ReadsAFailedResponse) {
    const Frame frame(read(k_examples / "response_done_failed.json"));
    Event event;
    ASSERT_TRUE(decode(frame.view(), event));
    EXPECT_EQ(event.status, Status::failed);
    EXPECT_EQ(event.error.code, "model_not_found");
    EXPECT_EQ(event.error.type, "invalid_request_error");
}

TEST(RealtimeCodec, ReadsACancelledResponseWithItsWords) {
    const Frame frame(read(k_examples / "response_done_cancelled.json"));
    Event event;
    ASSERT_TRUE(decode(frame.view(), event));
    EXPECT_EQ(event.status, Status::cancelled);
    EXPECT_EQ(event.reason, "turn_detected");
    ASSERT_EQ(event.items.size(), 1u);
    EXPECT_EQ(event.items[0].status, Status::incomplete);
    EXPECT_EQ(event.items[0].transcript, "Wir haben heute");
}

TEST(RealtimeCodec, ReadsFunctionCallsOfAResponse) {
    const Frame frame(read(k_examples / "transfer_done.json"));
    Event event;
    ASSERT_TRUE(decode(frame.view(), event));
    ASSERT_EQ(event.items.size(), 1u);
    EXPECT_EQ(event.items[0].type, "function_call");
    EXPECT_EQ(event.items[0].call_id, "c");
    EXPECT_EQ(event.items[0].arguments, R"({"reason":"asked"})");
}

TEST(RealtimeCodec, ReadsTheErrorOfATruncate) {
    const Frame frame(read(k_examples / "error.json"));
    Event event;
    ASSERT_TRUE(decode(frame.view(), event));
    EXPECT_EQ(event.error.code, "invalid_value");
    EXPECT_EQ(event.error.event_id, "trunc-4");
    EXPECT_TRUE(event.error.param.empty());
}

TEST(RealtimeCodec, LeavesNothingOfTheEventBefore) {
    Event event;
    const Frame first(read(k_examples / "transfer_done.json"));
    ASSERT_TRUE(decode(first.view(), event));
    const Frame second(R"({"type":"session.updated","session":{}})");
    ASSERT_TRUE(decode(second.view(), event));
    EXPECT_TRUE(event.items.empty());
    EXPECT_TRUE(event.response_id.empty());
    EXPECT_EQ(event.status, Status::none);
}

TEST(RealtimeCodec, O19_KnowsWhatItDoesNotKnow) {
    Event event;
    const Frame frame(R"({"type":"response.telepathy","anything":[{"at":"all"}]})");
    ASSERT_TRUE(decode(frame.view(), event));
    EXPECT_EQ(event.type, EventType::unknown);
}

TEST(RealtimeCodec, T21_TakesNullForAnyMember) {
    EXPECT_EQ(code_of(R"({"type":"response.done","response":{"id":"r","status":"completed","status_details":null,"output":null,"usage":null}})"), "");
    EXPECT_EQ(code_of(R"({"type":"error","error":{"type":"server_error","code":null,"message":null,"param":null,"event_id":null}})"), "");
    EXPECT_EQ(code_of(R"({"type":"session.created","session":null})"), "");
    EXPECT_EQ(code_of(R"({"type":"session.updated","session":{"audio":{"input":null,"output":{"format":null}}}})"), "");
}

TEST(RealtimeCodec, O17_RefusesWhatIsNotAnEvent) {
    EXPECT_EQ(code_of(""), "json");
    EXPECT_EQ(code_of("{"), "json");
    EXPECT_EQ(code_of(R"({"type":"error"} trailing)"), "json");
    EXPECT_EQ(code_of("[1,2]"), "not_object");
    EXPECT_EQ(code_of(R"({"event_id":"e"})"), "type");
    EXPECT_EQ(code_of(R"({"type":7})"), "type");
    EXPECT_EQ(code_of(R"({"type":"error","type":"error"})"), "repeated_member");
    EXPECT_EQ(code_of(R"({"type":"response.done","response":{"id":"a"},"response":{"id":"b"}})"), "repeated_member");
    EXPECT_EQ(code_of("{\"type\":\"err\xff\"}"), "utf8");
    EXPECT_EQ(code_of(R"({"type":"error","x":)" + std::string(10'000, '[') + std::string(10'000, ']') + "}"), "depth");
    EXPECT_EQ(code_of(R"({"type":"error","x":")" + std::string(limits::provider_message_bytes_max, 'x') + "\"}"), "too_large");
}

TEST(RealtimeCodec, RefusesAnEventWithoutWhatItIsAbout) {
    EXPECT_EQ(code_of(R"({"type":"response.output_audio.delta","delta":"AAAA"})"), "field");
    EXPECT_EQ(code_of(R"({"type":"response.created","response":{}})"), "field");
    EXPECT_EQ(code_of(R"({"type":"input_audio_buffer.speech_started","audio_start_ms":1})"), "field");
    EXPECT_EQ(code_of(R"({"type":"response.function_call_arguments.done","arguments":"{}"})"), "field");
}

TEST(RealtimeCodec, ReadsTheErrorOfARefusedUpgrade) {
    const std::string body = R"({"error":{"message":"m","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})";
    EXPECT_EQ(decode_error_body(body).code, "invalid_api_key");
    EXPECT_EQ(decode_error_body("<html>login</html>").code, "");
}

TEST(RealtimeCodec, WritesAudioIntoAFixedTemplate) {
    std::string out;
    append_audio(out, "////");
    EXPECT_EQ(out, R"({"type":"input_audio_buffer.append","audio":"////"})");
}

TEST(RealtimeCodec, WritesItems) {
    std::string out;
    append_message(out, "item-1", Role::assistant, "He said \"go\"\n");
    EXPECT_EQ(json::parse(out), json::parse(R"({"type":"conversation.item.create","event_id":"item-1","item":{"type":"message",
        "role":"assistant","content":[{"type":"output_text","text":"He said \"go\"\n"}]}})"));
    out.clear();
    append_message(out, "item-2", Role::user, "help");
    EXPECT_EQ(json::parse(out)["item"], json::parse(R"({"type":"message","role":"user","content":[{"type":"input_text","text":"help"}]})"));
    out.clear();
    append_message(out, "item-3", Role::system, "note");
    EXPECT_EQ(json::parse(out)["item"], json::parse(R"({"type":"message","role":"system","content":[{"type":"input_text","text":"note"}]})"));
    out.clear();
    append_function_output(out, "tool-1", "call_\"x", R"({"error":"unknown"})");
    EXPECT_EQ(json::parse(out), json::parse(R"({"type":"conversation.item.create","event_id":"tool-1","item":{
        "type":"function_call_output","call_id":"call_\"x","output":"{\"error\":\"unknown\"}"}})"));
}

TEST(RealtimeCodec, WritesWholeMilliseconds) {
    std::string out;
    append_truncate(out, "trunc-4", "item_D1kqAb", 1460);
    EXPECT_EQ(json::parse(out), json::parse(R"({"type":"conversation.item.truncate","event_id":"trunc-4","item_id":"item_D1kqAb",
        "content_index":0,"audio_end_ms":1460})"));
    EXPECT_TRUE(json::parse(out)["audio_end_ms"].is_number_integer());
}

TEST(RealtimeCodec, WritesRequests) {
    std::string out;
    append_delete(out, "del-2", "item_a");
    EXPECT_EQ(json::parse(out), json::parse(R"({"type":"conversation.item.delete","event_id":"del-2","item_id":"item_a"})"));
    out.clear();
    append_response_create(out, "resp-1");
    EXPECT_EQ(json::parse(out), json::parse(R"({"type":"response.create","event_id":"resp-1"})"));
    out.clear();
    append_response_cancel(out, "cancel-4", "resp_D1");
    EXPECT_EQ(json::parse(out), json::parse(R"({"type":"response.cancel","event_id":"cancel-4","response_id":"resp_D1"})"));
}

}  // namespace
}  // namespace holdfast::voice::realtime
