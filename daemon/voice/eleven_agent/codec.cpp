#include "voice/eleven_agent/codec.hpp"

#include "base/text.hpp"
#include "config/limits.hpp"

#include <simdjson.h>

#include <array>
#include <optional>

namespace holdfast::voice::eleven_agent {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t k_depth_max = 32;

struct TypeName {
    std::string_view name;
    EventType type;
    std::string_view payload;  // member that holds everything else
};
constexpr std::array k_types{
    TypeName{"audio", EventType::audio, "audio_event"},
    TypeName{"ping", EventType::ping, "ping_event"},
    TypeName{"vad_score", EventType::vad_score, "vad_score_event"},
    TypeName{"user_transcript", EventType::user_transcript, "user_transcription_event"},
    TypeName{"tentative_user_transcript", EventType::tentative_transcript, "tentative_user_transcription_event"},
    TypeName{"agent_response", EventType::agent_response, "agent_response_event"},
    TypeName{"agent_response_correction", EventType::correction, "agent_response_correction_event"},
    TypeName{"agent_response_complete", EventType::response_complete, "agent_response_complete_event"},
    TypeName{"interruption", EventType::interruption, "interruption_event"},
    TypeName{"client_tool_call", EventType::tool_call, "client_tool_call"},
    TypeName{"conversation_initiation_metadata", EventType::metadata, "conversation_initiation_metadata_event"},
    TypeName{"error", EventType::error, "error_event"},
    TypeName{"agent_chat_response_part", EventType::ignored, {}},
    TypeName{"agent_response_metadata", EventType::ignored, {}},
    TypeName{"agent_tool_request", EventType::ignored, {}},
    TypeName{"agent_tool_response", EventType::ignored, {}},
    TypeName{"agent_tool_response_full_payload", EventType::ignored, {}},
    TypeName{"context_usage", EventType::ignored, {}},
    TypeName{"asr_initiation_metadata", EventType::ignored, {}},
    TypeName{"guardrail_triggered", EventType::ignored, {}},
    TypeName{"dtmf_request", EventType::ignored, {}},
    TypeName{"client_error", EventType::ignored, {}},
};

const TypeName* find_type(std::string_view name) {
    for (const TypeName& known : k_types) {
        if (name == known.name) return &known;
    }
    return nullptr;
}

simdjson::dom::parser& event_parser() {
    // One for each loop's thread. It keeps the memory of the largest message seen.
    thread_local simdjson::dom::parser parser(limits::provider_message_bytes_max);
    return parser;
}

base::Error bad(const char* code) { return base::make_error(base::Condition::reject, code); }

base::Error parse_error(simdjson::error_code code) {
    switch (code) {
        case simdjson::CAPACITY: return bad("too_large");
        case simdjson::UTF8_ERROR: return bad("utf8");
        case simdjson::DEPTH_ERROR: return bad("depth");
        default: return bad("json");
    }
}

// Null, absent and of another kind all mean "not given".
std::string_view text_at(const object& parent, std::string_view key) {
    std::string_view text;
    return parent[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::int64_t number_at(const object& parent, std::string_view key, std::int64_t missing) {
    std::int64_t number = 0;
    return parent[key].get(number) == simdjson::SUCCESS ? number : missing;
}

void read_tool(const object& payload, Event& event) {
    event.tool = text_at(payload, "tool_name");
    event.tool_call = text_at(payload, "tool_call_id");
    element parameters;
    if (payload["parameters"].get(parameters) != simdjson::SUCCESS || parameters.is_null()) return;
    event.tool_arguments = simdjson::minify(parameters);
}

void read_error(const object& payload, Event& event) {
    event.error_code = number_at(payload, "code", 0);
    event.error_type = text_at(payload, "error_type");
    for (const char* key : {"reason", "message", "debug_message"}) {
        if (event.error_text.empty()) event.error_text = text_at(payload, key);
    }
}

void read(const object& payload, Event& event) {
    event.event_id = number_at(payload, "event_id", -1);
    switch (event.type) {
        case EventType::metadata:
            event.conversation = text_at(payload, "conversation_id");
            event.input_format = text_at(payload, "user_input_audio_format");
            event.output_format = text_at(payload, "agent_output_audio_format");
            break;
        case EventType::audio: event.text = text_at(payload, "audio_base_64"); break;
        case EventType::user_transcript:
        case EventType::tentative_transcript: event.text = text_at(payload, "user_transcript"); break;
        case EventType::agent_response: event.text = text_at(payload, "agent_response"); break;
        case EventType::correction:
            event.text = text_at(payload, "corrected_agent_response");
            event.original = text_at(payload, "original_agent_response");
            break;
        case EventType::tool_call: read_tool(payload, event); break;
        case EventType::vad_score: {
            double score = -1;
            if (payload["vad_score"].get(score) == simdjson::SUCCESS) event.vad_score = score;
            break;
        }
        case EventType::error: read_error(payload, event); break;
        default: break;
    }
}

// Whether what the type cannot do without is there.
bool complete(const Event& event) {
    switch (event.type) {
        case EventType::ping: return event.event_id >= 0;
        case EventType::tool_call: return !event.tool_call.empty();
        case EventType::vad_score: return event.vad_score >= 0 && event.vad_score <= 1;
        default: return true;
    }
}

void member(std::string& out, std::string_view key, std::string_view text) {
    out += '"';
    out += key;
    out += "\":\"";
    base::append_json_escaped(out, text);
    out += '"';
}

}  // namespace

base::Result<void> decode(std::string_view padded, Event& event) {
    event = Event{};
    auto& parser = event_parser();
    if (parser.max_depth() != k_depth_max) {
        if (parser.allocate(16 * 1024, k_depth_max) != simdjson::SUCCESS) return bad("too_large");
    }
    element root;
    const auto parsed = parser.parse(padded.data(), padded.size(), false).get(root);
    if (parsed != simdjson::SUCCESS) return parse_error(parsed);
    object top;
    if (root.get(top) != simdjson::SUCCESS) return bad("not_object");
    const auto name = text_at(top, "type");
    if (name.empty()) return bad("type");
    const TypeName* const known = find_type(name);
    if (known != nullptr) event.type = known->type;
    std::optional<element> payload;
    int types = 0;
    for (const auto field : top) {
        if (field.key == "type" && ++types > 1) return bad("repeated_member");
        if (known == nullptr || known->payload.empty() || field.key != known->payload) continue;
        if (payload) return bad("repeated_member");
        payload = field.value;
    }
    if (event.type == EventType::unknown || event.type == EventType::ignored) return {};
    object members;
    if (!payload || payload->get(members) != simdjson::SUCCESS) {
        if (event.type == EventType::response_complete) return {};
        return bad("field");
    }
    read(members, event);
    if (!complete(event)) return bad("field");
    return {};
}

void append_initiation(std::string& out, const Initiation& initiation) {
    out += R"({"type":"conversation_initiation_client_data","conversation_config_override":{"agent":{)";
    if (!initiation.prompt.empty()) {
        out += R"("prompt":{)";
        member(out, "prompt", initiation.prompt);
        out += "},";
    }
    member(out, "first_message", initiation.first_message);
    if (!initiation.language.empty()) {
        out += ',';
        member(out, "language", initiation.language);
    }
    out += "}}}";
}

void append_audio(std::string& out, std::string_view base64) {
    out += R"({"user_audio_chunk":")";
    out += base64;
    out += "\"}";
}

void append_pong(std::string& out, std::int64_t event_id) {
    out += R"({"type":"pong","event_id":)" + std::to_string(event_id) + '}';
}

void append_tool_result(std::string& out, std::string_view tool_call, std::string_view result, bool is_error) {
    out += R"({"type":"client_tool_result",)";
    member(out, "tool_call_id", tool_call);
    out += ',';
    member(out, "result", result);
    out += is_error ? R"(,"is_error":true})" : R"(,"is_error":false})";
}

void append_context(std::string& out, std::string_view text) {
    out += R"({"type":"contextual_update",)";
    member(out, "text", text);
    out += '}';
}

void append_user_message(std::string& out, std::string_view text) {
    out += R"({"type":"user_message",)";
    member(out, "text", text);
    out += '}';
}

}  // namespace holdfast::voice::eleven_agent
