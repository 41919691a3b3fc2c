#include "voice/scripted/scribe_codec.hpp"

#include "base/text.hpp"

#include <simdjson.h>

#include <array>
#include <optional>

namespace holdfast::voice::scripted {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t k_depth_max = 16;  // the deepest documented message has 4 levels

struct TypeName {
    std::string_view name;
    ScribeType type;
};
// final_transcript is settled but not committed, and the same words come again; a commit with time stamps
// repeats one without (T "two messages with the same text").
constexpr std::array k_types{
    TypeName{"session_started", ScribeType::started},
    TypeName{"partial_transcript", ScribeType::partial},
    TypeName{"final_transcript", ScribeType::ignored},
    TypeName{"final_transcript_with_timestamps", ScribeType::ignored},
    TypeName{"committed_transcript", ScribeType::committed},
    TypeName{"committed_transcript_with_timestamps", ScribeType::ignored},
    TypeName{"committed_transcript_entities", ScribeType::ignored},
    TypeName{"edited_transcript", ScribeType::ignored},
    TypeName{"warning", ScribeType::warning},
    TypeName{"error", ScribeType::error},
};

enum Key : std::size_t { k_type, k_text, k_error, k_session_id, k_config, k_keys };
constexpr std::array<std::string_view, k_keys> k_key_names{"message_type", "text", "error", "session_id", "config"};
using Members = std::array<std::optional<element>, k_keys>;

base::Error bad(const char* code) { return base::make_error(base::Condition::reject, code); }

base::Error parse_error(simdjson::error_code code) {
    switch (code) {
        case simdjson::CAPACITY: return bad("too_large");
        case simdjson::UTF8_ERROR: return bad("utf8");
        case simdjson::DEPTH_ERROR: return bad("depth");
        default: return bad("json");
    }
}

std::string_view text_of(const element& value) {
    std::string_view text;
    return value.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string_view text_in(const Members& members, Key key) {
    return members[key] ? text_of(*members[key]) : std::string_view();
}

std::string_view text_at(const object& parent, std::string_view key) {
    element value;
    return parent[key].get(value) == simdjson::SUCCESS ? text_of(value) : std::string_view();
}

void read_config(const element& value, ScribeEvent& event) {
    object config;
    if (value.get(config) != simdjson::SUCCESS) return;
    event.audio_format = text_at(config, "audio_format");
    event.commit_strategy = text_at(config, "commit_strategy");
    event.model = text_at(config, "model_id");
    std::int64_t rate = 0;
    if (config["sample_rate"].get(rate) == simdjson::SUCCESS) event.sample_rate = rate;
}

}  // namespace

base::Result<void> decode_scribe(std::string_view padded, ScribeEvent& event) {
    event = ScribeEvent{};
    thread_local simdjson::dom::parser parser(k_scribe_message_bytes_max);
    if (parser.max_depth() != k_depth_max &&
        parser.allocate(4 * 1024, k_depth_max) != simdjson::SUCCESS) {
        return bad("too_large");
    }
    element root;
    if (const auto ec = parser.parse(padded.data(), padded.size(), false).get(root); ec != simdjson::SUCCESS) {
        return parse_error(ec);
    }
    object top;
    if (root.get(top) != simdjson::SUCCESS) return bad("not_object");
    Members members;
    for (const auto field : top) {
        for (std::size_t key = 0; key < k_keys; ++key) {
            if (field.key != k_key_names[key]) continue;
            if (members[key]) return bad("repeated_member");
            members[key] = field.value;
            break;
        }
    }
    event.name = text_in(members, k_type);
    const bool error = members[k_error] && !members[k_error]->is_null();
    if (event.name.empty() && !error) return bad("type");
    for (const TypeName& known : k_types) {
        if (known.name == event.name) event.type = known.type;
    }
    if (error) event.type = ScribeType::error;
    if (event.type == ScribeType::partial || event.type == ScribeType::committed) {
        event.text = base::utf8_prefix(text_in(members, k_text), k_transcript_bytes_max);
    }
    event.session_id = text_in(members, k_session_id);
    if (members[k_config]) read_config(*members[k_config], event);
    return {};
}

void append_audio_chunk(std::string& out, std::string_view base64) {
    out += R"({"message_type":"input_audio_chunk","audio_base_64":")";
    out += base64;
    out += R"(","commit":false,"sample_rate":8000})";
}

}  // namespace holdfast::voice::scripted
