#include "provider/session_config.hpp"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <vector>

namespace holdfast::sim {
namespace {

using nlohmann::json;
using Names = std::initializer_list<const char*>;

[[noreturn]] void refuse(const char* code, const std::string& message, const std::string& param) {
    throw ApiError{code, message, param};
}

std::string quoted(Names names) {
    std::string out;
    for (const char* name : names) out += (out.empty() ? "'" : ", '") + std::string(name) + "'";
    return out;
}

// One value of the client's JSON together with its dotted path.
class Node {
  public:
    Node(const json& value, std::string path) : value_(value), path_(std::move(path)) {}

    const json& value() const { return value_; }
    const std::string& path() const { return path_; }

    void object(Names known, Names required = {}) const {
        if (!value_.is_object()) wrong_type("an object");
        for (const auto& [key, member] : value_.items()) {
            const bool is_known = std::any_of(known.begin(), known.end(),
                                              [&, k = key](const char* name) { return k == name; });
            if (!is_known)
                refuse("unknown_parameter", "Unknown parameter: '" + path_ + "." + key + "'.",
                       path_ + "." + key);
        }
        for (const char* name : required) {
            if (!value_.contains(name)) missing(name);
        }
    }
    [[noreturn]] void missing(const std::string& name) const {
        const std::string path = path_ + "." + name;
        refuse("missing_required_parameter", "Missing required parameter: '" + path + "'.", path);
    }
    [[noreturn]] void wrong_type(const std::string& wanted) const {
        refuse("invalid_type",
               "Invalid type for '" + path_ + "': expected " + wanted + ", but got " +
                   std::string(value_.type_name()) + " instead.",
               path_);
    }
    [[noreturn]] void wrong_value(const std::string& wanted) const {
        refuse("invalid_value", "Invalid value for '" + path_ + "': expected " + wanted + ".",
               path_);
    }

    // Calls `check` with the member if it is there.
    void member(const char* name, const std::function<void(const Node&)>& check) const {
        const auto found = value_.find(name);
        if (found != value_.end()) check(Node(*found, path_ + "." + name));
    }
    void nullable(const char* name, const std::function<void(const Node&)>& check) const {
        member(name, [&](const Node& node) {
            if (!node.value_.is_null()) check(node);
        });
    }

    void string() const {
        if (!value_.is_string()) wrong_type("a string");
    }
    void boolean() const {
        if (!value_.is_boolean()) wrong_type("a boolean");
    }
    void number(double least, double most) const {
        if (!value_.is_number()) wrong_type("a number");
        const double n = value_.get<double>();
        if (n < least || n > most)
            wrong_value("a number from " + json(least).dump() + " to " + json(most).dump());
    }
    void integer(std::int64_t least, std::int64_t most) const {
        if (!value_.is_number_integer()) wrong_type("an integer");
        const auto n = value_.get<std::int64_t>();
        if (n < least || n > most)
            wrong_value("an integer from " + std::to_string(least) + " to " + std::to_string(most));
    }
    void one_of(Names names) const {
        string();
        const auto& text = value_.get_ref<const std::string&>();
        if (std::none_of(names.begin(), names.end(),
                         [&](const char* name) { return text == name; }))
            wrong_value("one of " + quoted(names));
    }

  private:
    const json& value_;
    std::string path_;
};

bool is_reasoning_model(const std::string& model) {
    return model.rfind("gpt-realtime-2", 0) == 0;
}

void check_format(const Node& format) {
    format.object({"type", "rate"}, {"type"});
    format.member("type", [](const Node& type) {
        type.one_of({"audio/pcm", "audio/pcmu", "audio/pcma"});
    });
    if (format.value()["type"] != "audio/pcm") {
        if (format.value().contains("rate")) {
            refuse("unknown_parameter", "Unknown parameter: '" + format.path() + ".rate'.",
                   format.path() + ".rate");
        }
        return;
    }
    if (!format.value().contains("rate")) format.missing("rate");
    format.member("rate", [](const Node& rate) { rate.integer(24000, 24000); });
}

void check_transcription(const Node& node) {
    node.object({"model", "language", "languages", "keywords", "prompt", "delay"});
    node.member("model", [](const Node& n) {
        n.one_of({"gpt-transcribe", "gpt-realtime-whisper", "gpt-live-transcribe",
                  "gpt-4o-mini-transcribe", "gpt-4o-transcribe",
                  "gpt-4o-mini-transcribe-2025-12-15", "gpt-4o-transcribe-diarize", "whisper-1"});
    });
    const std::string model = node.value().value("model", "");
    node.member("language", [](const Node& n) { n.string(); });
    node.member("prompt", [&](const Node& n) {
        n.string();
        if (model == "gpt-realtime-whisper") n.wrong_value("no prompt with this model");
    });
    for (const char* list : {"languages", "keywords"}) {
        node.member(list, [&](const Node& n) {
            if (!n.value().is_array() || n.value().empty()) n.wrong_type("a non-empty array");
            if (model != "gpt-transcribe" && model != "gpt-live-transcribe")
                n.wrong_value("another model for this member");
        });
    }
    node.member("delay", [&](const Node& n) {
        n.one_of({"minimal", "low", "medium", "high", "xhigh"});
        if (model != "gpt-realtime-whisper") n.wrong_value("no delay with this model");
    });
}

void check_turn_detection(const Node& node) {
    if (!node.value().is_object()) node.wrong_type("an object");
    if (!node.value().contains("type")) node.missing("type");
    node.member("type", [](const Node& n) { n.one_of({"server_vad", "semantic_vad"}); });
    if (node.value()["type"] == "server_vad") {
        node.object({"type", "threshold", "prefix_padding_ms", "silence_duration_ms",
                     "idle_timeout_ms", "create_response", "interrupt_response"});
    } else {
        node.object({"type", "eagerness", "create_response", "interrupt_response"});
    }
    node.member("threshold", [](const Node& n) { n.number(0, 1); });
    node.member("prefix_padding_ms", [](const Node& n) { n.integer(0, 60'000); });
    node.member("silence_duration_ms", [](const Node& n) { n.integer(0, 60'000); });
    node.nullable("idle_timeout_ms", [](const Node& n) { n.integer(5000, 30'000); });
    node.member("eagerness", [](const Node& n) { n.one_of({"low", "medium", "high", "auto"}); });
    node.member("create_response", [](const Node& n) { n.boolean(); });
    node.member("interrupt_response", [](const Node& n) { n.boolean(); });
}

void check_voice(const Node& voice) {
    if (voice.value().is_object()) {
        voice.object({"id"}, {"id"});
        return;
    }
    voice.string();
    if (voice.value().get_ref<const std::string&>().empty()) voice.wrong_value("a voice");
}

void check_audio(const Node& audio) {
    audio.object({"input", "output"});
    audio.member("input", [](const Node& input) {
        input.object({"format", "transcription", "noise_reduction", "turn_detection"});
        input.member("format", check_format);
        input.nullable("transcription", check_transcription);
        input.nullable("noise_reduction", [](const Node& n) {
            n.object({"type"}, {"type"});
            n.member("type", [](const Node& type) { type.one_of({"near_field", "far_field"}); });
        });
        input.nullable("turn_detection", check_turn_detection);
    });
    audio.member("output", [](const Node& output) {
        output.object({"format", "voice", "speed"});
        output.member("format", check_format);
        output.member("voice", check_voice);
        output.member("speed", [](const Node& n) { n.number(0.25, 1.5); });
    });
}

void check_tools(const Node& tools) {
    if (!tools.value().is_array()) tools.wrong_type("an array of tools");
    for (std::size_t i = 0; i < tools.value().size(); ++i) {
        const Node tool(tools.value()[i], tools.path() + "[" + std::to_string(i) + "]");
        if (tool.value().is_object() && tool.value().value("type", json()) == "mcp") continue;
        tool.object({"type", "name", "description", "parameters"}, {"type", "name"});
        tool.member("type", [](const Node& n) { n.one_of({"function"}); });
        tool.member("name", [](const Node& n) {
            n.string();
            const auto& name = n.value().get_ref<const std::string&>();
            const bool good =
                !name.empty() && name.size() <= 64 &&
                name.find_first_not_of(
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                    std::string::npos;
            if (!good) n.wrong_value("1 to 64 letters, digits, '_' or '-'");
        });
        tool.member("description", [](const Node& n) { n.string(); });
        tool.member("parameters", [](const Node& n) {
            if (!n.value().is_object()) n.wrong_type("an object");
        });
    }
}

void check_tool_choice(const Node& choice) {
    if (choice.value().is_string()) return choice.one_of({"none", "auto", "required"});
    if (!choice.value().is_object()) choice.wrong_type("a string or an object");
    choice.object({"type", "name", "server_label"}, {"type"});
}

void check_max_tokens(const Node& node) {
    if (node.value() == "inf") return;
    node.integer(1, 4096);
}

// Members that session.update and response.create share.
void check_common(const Node& node, const std::string& model) {
    node.member("output_modalities", [](const Node& n) {
        if (!n.value().is_array()) n.wrong_type("an array");
        if (n.value() != json{"audio"} && n.value() != json{"text"})
            n.wrong_value("either ['audio'] or ['text']");
    });
    node.member("instructions", [](const Node& n) { n.string(); });
    node.member("tools", check_tools);
    node.member("tool_choice", check_tool_choice);
    node.member("max_output_tokens", check_max_tokens);
    for (const char* name : {"parallel_tool_calls", "reasoning"}) {
        node.member(name, [&](const Node& n) {
            if (!is_reasoning_model(model))
                refuse("unsupported_parameter", "Reasoning is not supported by this model.", "");
            if (std::string_view(name) == "parallel_tool_calls") return n.boolean();
            n.object({"effort"});
            n.member("effort", [](const Node& effort) {
                effort.one_of({"none", "minimal", "low", "medium", "high", "xhigh"});
            });
        });
    }
}

void check_session(const Node& session, const json& current, bool audio_sent) {
    if (!session.value().is_object()) session.wrong_type("an object");
    if (!session.value().contains("type")) session.missing("type");
    session.member("type", [](const Node& n) { n.one_of({"realtime"}); });
    session.object({"type", "model", "output_modalities", "instructions", "audio", "tools",
                    "tool_choice", "parallel_tool_calls", "reasoning", "max_output_tokens",
                    "truncation", "include", "tracing", "prompt"});
    const std::string model = current.value("model", "");
    session.member("model", [&](const Node& n) {
        n.string();
        if (n.value() != model)
            refuse("cannot_update_model", "Cannot update a conversation's model.", n.path());
    });
    check_common(session, model);
    session.member("audio", check_audio);
    session.member("truncation", [](const Node& n) {
        if (n.value().is_string()) return n.one_of({"auto", "disabled"});
        n.object({"type", "retention_ratio", "token_limits"}, {"type", "retention_ratio"});
        n.member("retention_ratio", [](const Node& ratio) { ratio.number(0, 1); });
    });
    session.nullable("prompt", [](const Node& n) {
        refuse("invalid_value", "Prompt objects are no longer supported.", n.path());
    });
    const json& audio =
        session.value().contains("audio") ? session.value()["audio"] : json::object();
    if (!audio_sent || !audio.contains("output") || !audio["output"].contains("voice")) return;
    if (audio["output"]["voice"] != current["audio"]["output"]["voice"]) {
        refuse("cannot_update_voice",
               "Cannot update a conversation's voice if assistant audio is present.",
               "session.audio.output.voice");
    }
}

// elevenlabs.md 1.4: what its own SDK can produce, and what is documented as accepted and ignored.
void check_eleven_session(const Node& session, bool minting) {
    if (!session.value().is_object()) session.wrong_type("an object");
    if (!session.value().contains("type")) session.missing("type");
    session.member("type", [](const Node& n) { n.one_of({"realtime"}); });
    session.object({"type", "model", "output_modalities", "instructions", "audio", "tools",
                    "temperature", "max_output_tokens", "reasoning", "parallel_tool_calls"});
    session.member("model", [&](const Node& n) {
        if (!minting) refuse("cannot_update_model", "The model is set when minting.", n.path());
        n.one_of({"eleven_realtime_v1_mini", "eleven_realtime_v1_max"});
    });
    session.member("output_modalities", [](const Node& n) {
        if (n.value() != json{"audio"} && n.value() != json{"text"})
            n.wrong_value("either ['audio'] or ['text']");
    });
    session.member("instructions", [](const Node& n) { n.string(); });
    session.member("temperature", [](const Node& n) { n.number(0, 2); });
    session.member("max_output_tokens", check_max_tokens);
    session.member("tools", [](const Node& tools) {
        check_tools(tools);
        std::vector<std::string> names;
        for (const auto& tool : tools.value()) names.push_back(tool.value("name", ""));
        std::sort(names.begin(), names.end());
        if (std::adjacent_find(names.begin(), names.end()) != names.end())
            tools.wrong_value("tools of different names");
    });
    session.member("audio", [](const Node& audio) {
        audio.object({"input", "output"});
        audio.member("input", [](const Node& input) {
            input.object({"format", "transcription", "turn_detection"});
            input.member("format", check_format);
            input.nullable("transcription", [](const Node& n) {
                n.object({"language"});
                n.member("language", [](const Node& language) { language.string(); });
            });
            input.nullable("turn_detection", [](const Node& n) {
                if (!n.value().is_object()) n.wrong_type("an object");
                if (!n.value().contains("type")) n.missing("type");
                n.member("type", [](const Node& type) {
                    if (type.value() == "server_vad")
                        refuse("invalid_value", "server_vad is not supported.", type.path());
                    type.one_of({"semantic_vad"});
                });
                n.object({"type", "eagerness", "create_response", "interrupt_response"});
                check_turn_detection(n);
            });
        });
        audio.member("output", [](const Node& output) {
            output.object({"format", "voice"});
            output.member("format", check_format);
            output.member("voice", check_voice);
        });
    });
}

json with_defaults(const json& detection) {
    if (detection.is_null()) return detection;
    json full =
        detection["type"] == "server_vad"
            ? json{{"threshold", 0.5},           {"prefix_padding_ms", 300},
                   {"silence_duration_ms", 500}, {"idle_timeout_ms", nullptr},
                   {"create_response", true},    {"interrupt_response", true}}
            : json{{"eagerness", "auto"}, {"create_response", true}, {"interrupt_response", true}};
    full.update(detection);
    return full;
}

json merge(const json& current, const json& update) {
    json merged = current;
    for (const auto& [key, value] : update.items()) {
        if (key != "audio") merged[key] = value;
    }
    if (!update.contains("audio")) return merged;
    for (const auto& [side, members] : update["audio"].items()) {
        for (const auto& [key, value] : members.items()) {
            merged["audio"][side][key] = key == "turn_detection" ? with_defaults(value) : value;
        }
    }
    return merged;
}

}  // namespace

WireFormat format_of(const json& format) {
    const std::string type = format.value("type", "");
    return type == "audio/pcmu"   ? WireFormat::pcmu
           : type == "audio/pcma" ? WireFormat::pcma
                                  : WireFormat::pcm16_24k;
}

unsigned bytes_per_second(WireFormat format) {
    return format == WireFormat::pcm16_24k ? 48'000 : 8'000;
}

json default_session(const std::string& id, const std::string& model, std::int64_t expires_at) {
    const json pcm{{"type", "audio/pcm"}, {"rate", 24000}};
    const json vad{{"type", "server_vad"},       {"threshold", 0.5},
                   {"prefix_padding_ms", 300},   {"silence_duration_ms", 200},
                   {"idle_timeout_ms", nullptr}, {"create_response", true},
                   {"interrupt_response", true}};
    return {{"type", "realtime"},
            {"object", "realtime.session"},
            {"id", id},
            {"model", model},
            {"output_modalities", {"audio"}},
            {"instructions", "You are a helpful voice assistant."},
            {"tools", json::array()},
            {"tool_choice", "auto"},
            {"max_output_tokens", "inf"},
            {"tracing", nullptr},
            {"prompt", nullptr},
            {"truncation", "auto"},
            {"expires_at", expires_at},
            {"include", nullptr},
            {"audio",
             {{"input",
               {{"format", pcm},
                {"transcription", nullptr},
                {"noise_reduction", nullptr},
                {"turn_detection", vad}}},
              {"output", {{"format", pcm}, {"voice", "marin"}, {"speed", 1.0}}}}}};
}

std::variant<json, ApiError> apply_session_update(const json& current, const json& update,
                                                  bool audio_sent) {
    try {
        check_session(Node(update, "session"), current, audio_sent);
    } catch (const ApiError& error) {
        return error;
    }
    return merge(current, update);
}

json default_eleven_session(const std::string& id, const std::string& model) {
    json session = default_session(id, model, 0);
    for (const char* unknown : {"expires_at", "tracing", "prompt", "truncation", "include"})
        session.erase(unknown);
    session["audio"]["input"].erase("noise_reduction");
    session["audio"]["input"]["turn_detection"] = with_defaults({{"type", "semantic_vad"}});
    session["audio"]["output"] = {{"format", session["audio"]["output"]["format"]},
                                  {"voice", "some_eleven_voice"}};
    return session;
}

std::variant<json, ApiError> apply_eleven_update(const json& current, const json& update) {
    try {
        check_eleven_session(Node(update, "session"), false);
    } catch (const ApiError& error) {
        return error;
    }
    return merge(current, update);
}

std::optional<ApiError> check_eleven_mint(const json& session) {
    try {
        const Node node(session, "session");
        check_eleven_session(node, true);
        if (!session.contains("model")) node.missing("model");
    } catch (const ApiError& error) {
        return error;
    }
    return std::nullopt;
}

std::optional<ApiError> check_response_params(const json& response, const json& session) {
    try {
        const Node node(response, "response");
        node.object({"instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning",
                     "max_output_tokens", "output_modalities", "audio", "conversation", "metadata",
                     "input"});
        check_common(node, session.value("model", ""));
        node.member("audio", [](const Node& audio) {
            audio.object({"output"});
            check_audio(audio);
        });
        node.member("conversation", [](const Node& n) { n.one_of({"auto", "none"}); });
        node.nullable("metadata", [](const Node& n) {
            if (!n.value().is_object() || n.value().size() > 16)
                n.wrong_type("an object of up to 16 strings");
        });
        node.member("input", [](const Node& n) {
            if (!n.value().is_array()) n.wrong_type("an array of items");
        });
        return std::nullopt;
    } catch (const ApiError& error) {
        return error;
    }
}

}  // namespace holdfast::sim
