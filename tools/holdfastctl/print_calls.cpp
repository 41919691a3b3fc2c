#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::ctl {
namespace {

// An ended call says why, which says that it ended.
std::string state(const Json& call) {
    const auto reason = word(call, "end_reason");
    return reason.empty() ? word(call, "status") : reason;
}

}  // namespace

std::string print_calls(const Json& document, const Look& look) {
    const Json& calls = member(document, "calls");
    if (!calls.is_array() || calls.empty()) return "no calls\n";
    Table table({"CALL", "STARTED", ">LASTED", "RUNG", ">SAID", "STATE"}, Last::cut);
    table.paint_column(0, [](const std::string&) { return Paint::strong; });
    for (const auto& call : calls) {
        const auto lasted = number(call, "duration_ms");
        table.add({word(call, "call"), iso_time(number_or(call, "started_utc_ms", 0), look.zone),
                   lasted ? duration(*lasted) : "", word(call, "rung"),
                   std::to_string(number_or(call, "utterances", 0)), state(call)});
    }
    return table.str(look);
}

}  // namespace holdfast::ctl
