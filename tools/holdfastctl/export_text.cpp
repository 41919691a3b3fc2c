#include "holdfastctl/export_text.hpp"

#include "holdfastctl/json.hpp"
#include "holdfastctl/text.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace holdfast::ctl {
namespace {

constexpr std::size_t k_offset_columns = 10;
constexpr std::size_t k_who_columns = 6;

struct Line {
    std::int64_t offset_ms = 0;
    std::int64_t seq = 0;
    std::string who;
    std::string what;
};

// Remarks of ours stand before the words: behind them a caller could have said them.
std::string said(const Json& row) {
    if (flag(row, "failed")) return "(could not be written down)";
    std::string remarks;
    if (flag(row, "deferred")) remarks += "(written down later, from the recording) ";
    const auto played = number(row, "played_ms");
    const auto total = number(row, "total_ms");
    if (flag(row, "interrupted") && played && total) {
        remarks += "(cut off: " + duration(*played) + " of " + duration(*total) + " heard) ";
    }
    return remarks + "\"" + word(row, "text") + "\"";
}

std::string changed(const Json& row) {
    const auto from = word(row, "from_rung");
    const auto to = word(row, "to_rung");
    const auto reason = word(row, "reason");
    return word(row, "kind") + (from == to ? "" : ", " + from + " to " + to) + (reason.empty() ? "" : ": " + reason);
}

std::vector<Line> lines_of(const Json& detail) {
    std::vector<Line> lines;
    const Json& utterances = member(detail, "utterances");
    const Json& seams = member(detail, "seams");
    if (utterances.is_array()) {
        for (const auto& row : utterances) {
            lines.push_back({number_or(row, "start_ms", 0), number_or(row, "seq", 0), word(row, "speaker"), said(row)});
        }
    }
    if (seams.is_array()) {
        for (const auto& row : seams) {
            lines.push_back({number_or(row, "offset_ms", 0), number_or(row, "seq", 0), "seam", changed(row)});
        }
    }
    // What was written down later stands where it was said.
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
        return std::pair(a.offset_ms, a.seq) < std::pair(b.offset_ms, b.seq);
    });
    return lines;
}

}  // namespace

std::string transcript_text(const Json& detail, const std::string& site_id) {
    const Json& call = member(detail, "call");
    const auto started = number_or(call, "started_utc_ms", 0);
    const auto ended = number(call, "ended_utc_ms");
    const auto reason = word(call, "end_reason");
    const auto end = ended ? iso_time_ms(*ended, Zone::utc) + (reason.empty() ? "" : ", " + reason) : "not yet";
    std::string out =
        "Call      " + word(call, "call") + "\n" +
        "Site      " + printable(site_id) + ", journal generation " + word(call, "generation") + "\n" +
        "Started   " + iso_time_ms(started, Zone::utc) + "\n" +
        "Ended     " + end + "\n\n" +
        "Times are UTC, with the time since the call began behind them. A seam is a change of who talks with the caller.\n"
        "Characters that a terminal would obey are written as \\n, \\xNN or \\u{NNNN}; call.json has the words as they are.\n\n";
    const auto lines = lines_of(detail);
    if (lines.empty()) return out + "Nothing was said.\n";
    for (const auto& line : lines) {
        out += iso_time_ms(started + line.offset_ms, Zone::utc) + "  +" + pad(offset(line.offset_ms), k_offset_columns) +
               pad(line.who, k_who_columns) + "  " + line.what + "\n";
    }
    return out;
}

std::string audit_text(const Json& detail) {
    const Json& rows = member(detail, "audit");
    std::string out;
    if (rows.is_array()) {
        for (const auto& row : rows) {
            const auto about = word(row, "detail");
            out += iso_time_ms(number_or(row, "utc_ms", 0), Zone::utc) + "  " + word(row, "actor") + "  " + word(row, "action") +
                   (about.empty() ? "" : "  " + about) + "\n";
        }
    }
    return out.empty() ? "No audit line is about this call.\n" : out;
}

}  // namespace holdfast::ctl
