#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

namespace holdfast::ctl {
namespace {

std::string count(const Json& json, const char* name) { return std::to_string(number_or(json, name, 0)); }

std::string row_name(const Json& each) {
    const auto table = word(each, "table");
    return table.empty() ? std::string() : " " + printable(table) + " " + count(each, "row");
}

}  // namespace

std::string print_verified(const Json& all, const Look& look) {
    const Json& findings = member(all, "findings");
    std::string out = count(all, "links") + " links, " + count(all, "rows") + " rows as they were written, " + count(all, "purged") +
                      " purged; the chain ends at " + count(all, "newest") + " with " + printable(word(all, "head")) + "\n";
    if (!flag(all, "heads_checked")) out += "a key of the chain is not there: who changed it with care is not seen\n";
    for (const auto& purge : member(all, "purges")) {
        const auto line = word(purge, "audit");
        out += "purged: " + count(purge, "rows") + " rows, audit row " + count(purge, "audit_seq") + " " +
               (line.empty() ? "(gone itself)" : iso_time(number_or(purge, "utc_ms", 0), look.zone) + " " + printable(line)) + "\n";
    }
    const auto against = word(all, "against");
    if (!against.empty() && findings.empty()) out += "up to link " + printable(against) + " it is what the box told before\n";
    if (findings.empty()) return out + paint(look, Paint::good, "whole") + "\n";
    for (const auto& each : findings) {
        out += paint(look, Paint::bad, printable(word(each, "what"))) + row_name(each) + ": " + printable(word(each, "detail")) + "\n";
    }
    return out;
}

std::string print_losses(const Json& document, const Look& look) {
    const Json& losses = member(document, "losses");
    if (!losses.is_array() || losses.empty()) return "nothing was ever found to be gone or changed\n";
    std::string out;
    for (const auto& each : losses) {
        const auto rows = number_or(each, "rows", 0);
        const auto call = word(each, "call");
        out += iso_time(number_or(each, "utc_ms", 0), look.zone) + "  " +
               paint(look, flag(each, "seen") ? Paint::dim : Paint::bad, printable(word(each, "what"))) + row_name(each) +
               (call.empty() ? "" : " of call " + printable(call)) + ", " +
               (rows > 0 ? std::to_string(rows) + " rows" : "how many rows is not known") +
               (word(each, "detail").empty() ? "" : ": " + printable(word(each, "detail"))) + (flag(each, "seen") ? " (seen)" : "") + "\n";
    }
    return out;
}

}  // namespace holdfast::ctl
