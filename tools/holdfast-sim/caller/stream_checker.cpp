#include "caller/stream_checker.hpp"

#include "base/base64.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace holdfast::sim {
namespace {

using nlohmann::json;

constexpr std::size_t k_payload_characters_max = 640;  // the daemon's own rule: 60 ms a message

bool has_exactly(const json& object, std::initializer_list<const char*> keys) {
    return object.is_object() && object.size() == keys.size() &&
           std::all_of(keys.begin(), keys.end(),
                       [&](const char* key) { return object.contains(key); });
}

}  // namespace

void StreamChecker::note(int code, const std::string& what) {
    const bool known = std::any_of(violations_.begin(), violations_.end(),
                                   [&](const Violation& v) { return v.what == what; });
    if (!known) violations_.push_back({code, what});
}

ServerMessage StreamChecker::read(std::string_view text) {
    ServerMessage message;
    const std::string problem = problem_of(text, message);
    if (!problem.empty()) {
        note(31951, problem);
        ++dropped_;
        message.kind = ServerMessage::Kind::invalid;
    }
    return message;
}

std::string StreamChecker::problem_of(std::string_view text, ServerMessage& message) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) return "not a JSON object";
    const auto event = object.find("event");
    if (event == object.end() || !event->is_string()) return "no event";
    const auto sid = object.find("streamSid");
    if (sid == object.end() || !sid->is_string()) return "no streamSid";
    if (*sid != stream_sid_) return "a streamSid that is not this stream's";
    if (*event == "clear") {
        if (!has_exactly(object, {"event", "streamSid"})) return "clear with missing or extra keys";
        message.kind = ServerMessage::Kind::clear;
        return {};
    }
    if (*event == "mark") {
        if (!has_exactly(object, {"event", "streamSid", "mark"}) ||
            !has_exactly(object["mark"], {"name"})) {
            return "mark with missing or extra keys";
        }
        const json& name = object["mark"]["name"];
        if (!name.is_string() || name.get_ref<const std::string&>().empty())
            return "mark without a name";
        message.kind = ServerMessage::Kind::mark;
        message.name = name.get<std::string>();
        return {};
    }
    if (*event != "media") return "unknown event";
    if (!has_exactly(object, {"event", "streamSid", "media"}) ||
        !has_exactly(object["media"], {"payload"})) {
        return "media with missing or extra keys";
    }
    const json& payload = object["media"]["payload"];
    if (!payload.is_string()) return "media.payload is not a string";
    const auto& base64 = payload.get_ref<const std::string&>();
    auto audio = base::base64_decode(base64);
    if (!audio) return "media.payload is not base64";
    if (audio->empty()) return "media.payload is empty";
    if (base64.size() > k_payload_characters_max) note(0, "media.payload above 640 characters");
    message.kind = ServerMessage::Kind::media;
    message.audio = std::move(*audio);
    return {};
}

}  // namespace holdfast::sim
