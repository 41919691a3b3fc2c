#include "base/text.hpp"
#include "config/limits.hpp"
#include "voice/tools.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>

namespace holdfast::voice {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t k_type_bytes_max = 16;  // the longest code of the common list has 8

base::Error refused(const char* why) { return base::make_error(base::Condition::reject, why); }

std::optional<Tool> tool_of(std::string_view name) {
    if (name == "transfer_to_person") return Tool::transfer;
    if (name == "report_incident") return Tool::report;
    if (name == k_dispatch_tool) return Tool::dispatch;
    return std::nullopt;
}

// What a model tries after a caller said "cancel it" is worth a word of its own.
bool takes_back(std::string_view name) {
    static constexpr std::array<std::string_view, 8> k_verbs{"cancel", "close", "delete", "stop", "abort", "undo", "end_", "lower"};
    return std::any_of(k_verbs.begin(), k_verbs.end(), [name](std::string_view verb) { return name.find(verb) != std::string_view::npos; });
}

// A member that is absent or null is not given. False: of another kind.
bool text_at(const object& members, const char* key, std::string_view& out) {
    element value;
    if (members[key].get(value) != simdjson::SUCCESS || value.is_null()) return true;
    return value.get(out) == simdjson::SUCCESS;
}

bool is_code(std::string_view text) {
    return text.size() <= k_type_bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

}  // namespace

bool is_transfer(std::string_view name) { return tool_of(name) == Tool::transfer; }

base::Result<ToolCall> decode_tool(std::string_view name, std::string_view arguments) {
    const auto tool = tool_of(name);
    if (!tool) return refused(takes_back(name) ? "forbidden" : "unknown");
    if (arguments.size() > limits::tool_arguments_bytes_max) return refused("arguments");
    ToolCall call;
    call.tool = *tool;
    call.report.asks_dispatch = *tool == Tool::dispatch;
    if (arguments.empty()) arguments = "{}";
    thread_local simdjson::dom::parser parser(limits::tool_arguments_bytes_max);
    element root;
    object members;
    if (parser.parse(arguments.data(), arguments.size(), true).get(root) != simdjson::SUCCESS ||
        root.get(members) != simdjson::SUCCESS) {
        return refused("arguments");
    }
    std::string_view reason, type, place;
    if (!text_at(members, "reason", reason) || !text_at(members, "type", type) || !text_at(members, "location", place)) {
        return refused("arguments");
    }
    if (*tool == Tool::transfer) {
        call.reason.assign(base::utf8_prefix(reason, k_tool_reason_bytes_max));
        return call;
    }
    if (!is_code(type) || place.size() > k_tool_place_bytes_max) return refused("arguments");
    if (*tool == Tool::report && type.empty() && place.empty()) return refused("arguments");
    call.report.type.assign(type);
    call.report.place.assign(place);
    return call;
}

std::string_view tool_definitions() {
    // The codes are those of incident/types.hpp without 911H, CITASST and TROUBLE: a model cannot say that
    // nobody is needed.
    static const std::string k_text = [] {
        const std::string parameters =
            R"("parameters":{"type":"object","properties":{"type":{"type":"string","enum":["SHOOT","STABBING","ASSAULT",)"
            R"("DVA","SEXOFFNS","ROBBERY","BURGLARY","WEAPON","SUICTHRT","ABDUCTNF","PERMISS","DEATH","PERSUSP","DISORD",)"
            R"("LARCENY","BOMB","RESPARR","PERUNCON","RESP","CARDIAC","STROKE","SEIZURE","OD","TRAUMA","PREG","EDP","SICK",)"
            R"("FSTRU","FVEH","FBRUSH","FUNK","ALRF","GASLEAK","EXPLOS","ELECHZD","WATER","ENTRAP","AIR","MVAINJY","RECKDRV",)"
            R"("THAZ","ANIMAL","MAJORINC"],"description":"What has happened, as a code of the APCO common incident types. )"
            R"(Leave it out when you are not sure."},"location":{"type":"string","description":"Where, in the caller's own )"
            R"(words: address, crossing, highway with direction and exit, or landmark. Leave it out when it was not said."}},)"
            R"("required":[],"additionalProperties":false})";
        return std::string(R"([{"type":"function","name":"transfer_to_person","description":"Connect the caller to a human )") +
               R"(dispatcher. Use it when the caller asks for a person, or when you cannot help.","parameters":)"
               R"({"type":"object","properties":{"reason":{"type":"string","description":"Why, in a few words."}},)"
               R"("required":[],"additionalProperties":false}},)"
               R"({"type":"function","name":"report_incident","description":"Write down what the caller has said has )"
               R"(happened, and where. Call it as soon as you know either, and again when it changes. It sends nobody.",)" +
               parameters +
               R"(},{"type":"function","name":"request_dispatch","description":"Ask for help to be sent, once you know what )"
               R"(has happened and where. The result says whether help is on the way: never tell the caller that it is )"
               R"(before a result says so.",)" +
               parameters + "}]";
    }();
    return k_text;
}

}  // namespace holdfast::voice
