#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

namespace holdfast::ctl {

// A few lines each: neither the id, which is typed again, nor the place may be cut.
std::string print_dispatches(const Json& document, const Look& look) {
    const Json& dispatches = member(document, "dispatches");
    if (!dispatches.is_array() || dispatches.empty()) return "no dispatches\n";
    std::string out;
    for (const auto& row : dispatches) {
        const auto place = word(row, "place");
        const auto by = word(row, "by");
        const auto reason = word(row, "reason");
        out += paint(look, Paint::strong, word(row, "id")) + "\n  " + word(row, "type") + ", priority " +
               std::to_string(number_or(row, "priority", 0)) + ", " + word(row, "state") + (by.empty() ? "" : " by " + printable(by)) +
               (reason.empty() ? "" : ": " + printable(reason)) + "\n  " + (place.empty() ? "place not known" : printable(place)) +
               (flag(row, "incomplete") ? " (incomplete)" : "") + "\n  proposed " +
               iso_time(number_or(row, "proposed_utc_ms", 0), look.zone) + "\n";
    }
    return out;
}

}  // namespace holdfast::ctl
