// The functions a model is given, on every rung that has a model: what they are called, what they take and
// how their arguments are read. A call is a proposal and never more: the call checks it and answers with
// what came of it. There is none that cancels, closes or lowers anything (failure-matrix.md O25, X05).
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::voice {

enum class Tool {
    transfer,  // transfer_to_person
    report,    // report_incident
    dispatch,  // request_dispatch
};

// What the model believes has happened and where. Not trusted; either may be empty.
struct ModelReport {
    std::string call_id;  // the provider's name for the tool call
    std::string type;     // a code of the common list, by its form only
    std::string place;
    bool asks_dispatch = false;  // request_dispatch
};

struct ToolCall {
    Tool tool = Tool::transfer;
    std::string reason;  // of transfer
    ModelReport report;  // of the others; call_id is left empty
};

inline constexpr std::size_t k_tool_reason_bytes_max = 500;
inline constexpr std::size_t k_tool_place_bytes_max = 300;

// `arguments`: JSON, empty counts as {}. Error codes are words of holdfast_tool_reject_total: "unknown",
// "forbidden" (a name that wants something taken back) and "arguments" (not JSON, not what the tool takes, too long).
base::Result<ToolCall> decode_tool(std::string_view name, std::string_view arguments);
// Whether it is worth acting on before the whole item has come: nobody is to wait for a person.
bool is_transfer(std::string_view name);

inline constexpr std::string_view k_dispatch_tool = "request_dispatch";

// All of them, as the realtime protocol's session.tools takes them.
std::string_view tool_definitions();

// The same news as dispatch_acknowledged brings, for a model that takes words only, and for a renewed session.
inline constexpr std::string_view k_acknowledged_note =
    "[Dispatch has acknowledged: help is on the way. Tell the caller so, without a time of arrival.]";
// What a transfer is answered with.
inline constexpr std::string_view k_transfer_result = "the caller is being connected to a person";

}  // namespace holdfast::voice
