#include "voice/realtime/codec.hpp"

#include "base/text.hpp"
#include "config/limits.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace holdfast::voice::realtime {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t k_depth_max = 32;  // the deepest documented event has 9 levels

// Sorted by name. What is not listed is unknown and counted.
struct TypeName {
    std::string_view name;
    EventType type;
};
constexpr std::array k_types{
    TypeName{"conversation.created", EventType::ignored},
    TypeName{"conversation.item.added", EventType::ignored},
    TypeName{"conversation.item.created", EventType::ignored},
    TypeName{"conversation.item.deleted", EventType::ignored},
    TypeName{"conversation.item.done", EventType::ignored},
    TypeName{"conversation.item.input_audio_transcription.completed", EventType::transcription_completed},
    TypeName{"conversation.item.input_audio_transcription.delta", EventType::transcription_delta},
    TypeName{"conversation.item.input_audio_transcription.failed", EventType::transcription_failed},
    TypeName{"conversation.item.input_audio_transcription.segment", EventType::ignored},
    TypeName{"conversation.item.retrieved", EventType::ignored},
    TypeName{"conversation.item.truncated", EventType::ignored},
    TypeName{"error", EventType::error},
    TypeName{"input_audio_buffer.cleared", EventType::ignored},
    TypeName{"input_audio_buffer.committed", EventType::committed},
    TypeName{"input_audio_buffer.dtmf_event_received", EventType::ignored},
    TypeName{"input_audio_buffer.speech_started", EventType::speech_started},
    TypeName{"input_audio_buffer.speech_stopped", EventType::speech_stopped},
    TypeName{"input_audio_buffer.timeout_triggered", EventType::ignored},
    TypeName{"output_audio_buffer.cleared", EventType::ignored},
    TypeName{"output_audio_buffer.started", EventType::ignored},
    TypeName{"output_audio_buffer.stopped", EventType::ignored},
    TypeName{"rate_limits.updated", EventType::rate_limits},
    TypeName{"response.content_part.added", EventType::ignored},
    TypeName{"response.content_part.done", EventType::ignored},
    TypeName{"response.created", EventType::response_created},
    TypeName{"response.done", EventType::response_done},
    TypeName{"response.function_call_arguments.delta", EventType::ignored},
    TypeName{"response.function_call_arguments.done", EventType::arguments_done},
    TypeName{"response.output_audio.delta", EventType::audio_delta},
    TypeName{"response.output_audio.done", EventType::audio_done},
    TypeName{"response.output_audio_transcript.delta", EventType::transcript_delta},
    TypeName{"response.output_audio_transcript.done", EventType::transcript_done},
    TypeName{"response.output_item.added", EventType::output_item_added},
    TypeName{"response.output_item.done", EventType::output_item_done},
    TypeName{"response.output_text.delta", EventType::ignored},
    TypeName{"response.output_text.done", EventType::ignored},
    TypeName{"session.created", EventType::session_created},
    TypeName{"session.updated", EventType::session_updated},
};

constexpr bool sorted() {
    for (std::size_t i = 1; i < k_types.size(); ++i) {
        if (!(k_types[i - 1].name < k_types[i].name)) return false;
    }
    return true;
}
static_assert(sorted(), "event_type() searches this table by halves");

EventType event_type(std::string_view name) {
    const auto* const found = std::lower_bound(
        k_types.begin(), k_types.end(), name,
        [](const TypeName& entry, std::string_view wanted) { return entry.name < wanted; });
    return found != k_types.end() && found->name == name ? found->type : EventType::unknown;
}

// Members of an event that we read. Each may stand once.
enum Key : std::size_t {
    k_type, k_item_id, k_response_id, k_delta, k_transcript, k_arguments, k_call_id, k_name,
    k_audio_start_ms, k_audio_end_ms, k_session, k_response, k_item, k_error, k_rate_limits, k_keys
};
constexpr std::array<std::string_view, k_keys> k_key_names{
    "type", "item_id", "response_id", "delta", "transcript", "arguments", "call_id", "name",
    "audio_start_ms", "audio_end_ms", "session", "response", "item", "error", "rate_limits"};

using Members = std::array<std::optional<element>, k_keys>;

simdjson::dom::parser& event_parser() {
    // One for each loop's thread. It keeps the memory of the largest event seen.
    thread_local simdjson::dom::parser parser(limits::provider_message_bytes_max);
    return parser;
}

simdjson::dom::parser& small_parser() {
    thread_local simdjson::dom::parser parser(limits::tool_arguments_bytes_max);
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

// --- reading: null, absent and of another kind all mean "not given" ---

std::string_view text_of(const element& value) {
    std::string_view text;
    return value.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string_view text_at(const object& parent, std::string_view key) {
    element value;
    return parent[key].get(value) == simdjson::SUCCESS ? text_of(value) : std::string_view();
}

std::optional<object> object_of(const element& value) {
    object out;
    return value.get(out) == simdjson::SUCCESS ? std::optional<object>(out) : std::nullopt;
}

std::optional<object> object_at(const object& parent, std::string_view key) {
    element value;
    return parent[key].get(value) == simdjson::SUCCESS ? object_of(value) : std::nullopt;
}

std::optional<object> object_at(const std::optional<object>& parent, std::string_view key) {
    return parent ? object_at(*parent, key) : std::nullopt;
}

std::string_view text_at(const std::optional<object>& parent, std::string_view key) {
    return parent ? text_at(*parent, key) : std::string_view();
}

// Whole milliseconds or seconds. The service counts in integers; a fraction is rounded down.
std::int64_t number_of(const element& value, std::int64_t missing) {
    std::int64_t whole = 0;
    if (value.get(whole) == simdjson::SUCCESS) return whole;
    double real = 0;
    if (value.get(real) != simdjson::SUCCESS || !(real > -9e15 && real < 9e15)) return missing;
    return static_cast<std::int64_t>(real);
}

Status status_of(std::string_view word) {
    if (word == "in_progress") return Status::in_progress;
    if (word == "completed") return Status::completed;
    if (word == "cancelled") return Status::cancelled;
    if (word == "failed") return Status::failed;
    if (word == "incomplete") return Status::incomplete;
    return Status::none;
}

ProviderError error_of(const object& source) {
    ProviderError error;
    error.type = text_at(source, "type");
    error.code = text_at(source, "code");
    error.message = text_at(source, "message");
    error.param = text_at(source, "param");
    error.event_id = text_at(source, "event_id");
    return error;
}

OutputItem item_of(const object& source) {
    OutputItem item;
    item.id = text_at(source, "id");
    item.type = text_at(source, "type");
    item.status = status_of(text_at(source, "status"));
    item.call_id = text_at(source, "call_id");
    item.name = text_at(source, "name");
    item.arguments = text_at(source, "arguments");
    simdjson::dom::array content;
    if (source["content"].get(content) == simdjson::SUCCESS) {
        for (const element part : content) {
            const auto transcript = text_at(object_of(part), "transcript");
            if (!transcript.empty()) item.transcript = transcript;
        }
    }
    return item;
}

SessionFacts session_of(const object& source) {
    SessionFacts facts;
    const auto input = object_at(object_at(source, "audio"), "input");
    const auto output = object_at(object_at(source, "audio"), "output");
    facts.id = text_at(source, "id");
    facts.input_format = text_at(object_at(input, "format"), "type");
    facts.output_format = text_at(object_at(output, "format"), "type");
    facts.voice = text_at(output, "voice");
    facts.vad = text_at(object_at(input, "turn_detection"), "type");
    facts.transcription = object_at(input, "transcription").has_value();
    element expires;
    if (source["expires_at"].get(expires) == simdjson::SUCCESS) {
        facts.expires_at_s = number_of(expires, 0);
    }
    return facts;
}

void read_response(const object& source, Event& event) {
    event.response_id = text_at(source, "id");
    event.status = status_of(text_at(source, "status"));
    if (const auto details = object_at(source, "status_details")) {
        event.reason = text_at(*details, "reason");
        if (const auto error = object_at(*details, "error")) event.error = error_of(*error);
    }
    simdjson::dom::array output;
    if (source["output"].get(output) != simdjson::SUCCESS) return;
    for (const element entry : output) {
        if (const auto item = object_of(entry)) event.items.push_back(item_of(*item));
    }
}

// A few entries; the service sends one. Numbers that are none are 0.
RateLimitFacts tokens_of(const element& value) {
    constexpr int k_entries_max = 8;
    RateLimitFacts facts;
    simdjson::dom::array entries;
    if (value.get(entries) != simdjson::SUCCESS) return facts;
    int seen = 0;
    for (const element entry : entries) {
        if (++seen > k_entries_max) break;
        const auto limit = object_of(entry);
        if (text_at(limit, "name") != "tokens") continue;
        const auto real = [&limit](std::string_view key) {
            double number = 0;
            return (*limit)[key].get(number) == simdjson::SUCCESS ? number : 0.0;
        };
        facts = {real("limit"), real("remaining"), real("reset_seconds")};
    }
    return facts;
}

void clear(Event& event) {
    auto items = std::move(event.items);
    items.clear();
    event = Event{};
    event.items = std::move(items);
}

base::Result<void> collect(const object& root, Members& members) {
    for (const auto field : root) {
        for (std::size_t key = 0; key < k_keys; ++key) {
            if (field.key != k_key_names[key]) continue;
            if (members[key]) return bad("repeated_member");
            members[key] = field.value;
            break;
        }
    }
    return {};
}

std::string_view text_in(const Members& members, Key key) {
    return members[key] ? text_of(*members[key]) : std::string_view();
}

void read_members(const Members& members, Event& event) {
    event.item_id = text_in(members, k_item_id);
    event.response_id = text_in(members, k_response_id);
    event.call_id = text_in(members, k_call_id);
    event.name = text_in(members, k_name);
    for (const Key key : {k_delta, k_transcript, k_arguments}) {
        if (event.text.empty()) event.text = text_in(members, key);
    }
    if (members[k_audio_start_ms]) event.audio_start_ms = number_of(*members[k_audio_start_ms], -1);
    if (members[k_audio_end_ms]) event.audio_end_ms = number_of(*members[k_audio_end_ms], -1);
    const auto object_in = [&members](Key key) {
        return members[key] ? object_of(*members[key]) : std::nullopt;
    };
    if (const auto session = object_in(k_session)) event.session = session_of(*session);
    if (const auto error = object_in(k_error)) event.error = error_of(*error);
    if (const auto item = object_in(k_item)) event.items.push_back(item_of(*item));
    if (const auto response = object_in(k_response)) read_response(*response, event);
    if (members[k_rate_limits]) event.tokens = tokens_of(*members[k_rate_limits]);
}

// Members without which an event of this type means nothing.
bool complete(const Event& event) {
    switch (event.type) {
        case EventType::audio_delta:
        case EventType::audio_done:
        case EventType::transcript_delta:
        case EventType::transcript_done: return !event.response_id.empty() && !event.item_id.empty();
        case EventType::arguments_done: return !event.call_id.empty();
        case EventType::speech_started:
        case EventType::speech_stopped:
        case EventType::committed:
        case EventType::transcription_delta:
        case EventType::transcription_completed:
        case EventType::transcription_failed: return !event.item_id.empty();
        case EventType::response_created:
        case EventType::response_done: return !event.response_id.empty();
        case EventType::output_item_added:
        case EventType::output_item_done: return event.items.size() == 1 && !event.items[0].id.empty();
        default: return true;
    }
}

// --- writing ---

void begin(std::string& out, std::string_view type, std::string_view event_id) {
    out += R"({"type":")";
    out += type;
    out += R"(","event_id":")";
    out += event_id;
    out += '"';
}

void member(std::string& out, std::string_view key, std::string_view text) {
    out += ",\"";
    out += key;
    out += "\":\"";
    base::append_json_escaped(out, text);
    out += '"';
}

}  // namespace

const char* to_string(Status status) {
    switch (status) {
        case Status::none: return "none";
        case Status::in_progress: return "in_progress";
        case Status::completed: return "completed";
        case Status::cancelled: return "cancelled";
        case Status::failed: return "failed";
        case Status::incomplete: return "incomplete";
    }
    return "unknown";
}

base::Result<void> decode(std::string_view padded, Event& event) {
    clear(event);
    auto& parser = event_parser();
    if (parser.max_depth() != k_depth_max) {
        if (parser.allocate(16 * 1024, k_depth_max) != simdjson::SUCCESS) return bad("too_large");
    }
    element root;
    const auto parsed = parser.parse(padded.data(), padded.size(), false).get(root);
    if (parsed != simdjson::SUCCESS) return parse_error(parsed);
    object top;
    if (root.get(top) != simdjson::SUCCESS) return bad("not_object");
    Members members;
    if (auto collected = collect(top, members); !collected) return collected;
    const auto name = text_in(members, k_type);
    if (name.empty()) return bad("type");
    event.type = event_type(name);
    if (event.type == EventType::unknown || event.type == EventType::ignored) return {};
    read_members(members, event);
    if (!complete(event)) return bad("field");
    return {};
}

ProviderError decode_error_body(std::string_view body) {
    element root;
    object top;
    const auto parsed = small_parser().parse(body.data(), body.size(), true).get(root);
    if (parsed != simdjson::SUCCESS) return {};
    if (root.get(top) != simdjson::SUCCESS) return {};
    const auto error = object_at(top, "error");
    return error ? error_of(*error) : ProviderError{};
}

void append_audio(std::string& out, std::string_view base64) {
    out += R"({"type":"input_audio_buffer.append","audio":")";
    out += base64;
    out += "\"}";
}

void append_message(std::string& out, std::string_view event_id, Role role, std::string_view text) {
    const char* const who = role == Role::user        ? "user"
                            : role == Role::assistant ? "assistant"
                                                      : "system";
    begin(out, "conversation.item.create", event_id);
    out += R"(,"item":{"type":"message","role":")";
    out += who;
    out += R"(","content":[{"type":")";
    out += role == Role::assistant ? "output_text" : "input_text";
    out += '"';
    member(out, "text", text);
    out += "}]}}";
}

void append_function_output(std::string& out, std::string_view event_id, std::string_view call_id,
                            std::string_view output) {
    begin(out, "conversation.item.create", event_id);
    out += R"(,"item":{"type":"function_call_output")";
    member(out, "call_id", call_id);
    member(out, "output", output);
    out += "}}";
}

void append_function_call(std::string& out, std::string_view event_id, std::string_view call_id, std::string_view name) {
    begin(out, "conversation.item.create", event_id);
    out += R"(,"item":{"type":"function_call")";
    member(out, "call_id", call_id);
    member(out, "name", name);
    out += R"(,"arguments":"{}"}})";
}

void append_truncate(std::string& out, std::string_view event_id, std::string_view item_id,
                     std::int64_t audio_end_ms) {
    begin(out, "conversation.item.truncate", event_id);
    member(out, "item_id", item_id);
    out += R"(,"content_index":0,"audio_end_ms":)";
    out += std::to_string(audio_end_ms);
    out += '}';
}

void append_delete(std::string& out, std::string_view event_id, std::string_view item_id) {
    begin(out, "conversation.item.delete", event_id);
    member(out, "item_id", item_id);
    out += '}';
}

void append_response_create(std::string& out, std::string_view event_id) {
    begin(out, "response.create", event_id);
    out += '}';
}

void append_response_cancel(std::string& out, std::string_view event_id,
                            std::string_view response_id) {
    begin(out, "response.cancel", event_id);
    if (!response_id.empty()) member(out, "response_id", response_id);
    out += '}';
}

}  // namespace holdfast::voice::realtime
