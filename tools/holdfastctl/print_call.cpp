#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"
#include "holdfastctl/table.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace holdfast::ctl {
namespace {

std::string milliseconds(std::int64_t us) {
    char out[32];
    std::snprintf(out, sizeof out, us < 10'000 ? "%.1f" : "%.0f", static_cast<double>(us) / 1000.0);
    return out;
}

std::string head(const Json& call, const Look& look) {
    std::string out;
    const auto line = [&out](std::string_view name, const std::string& value) {
        if (!value.empty()) out += "  " + pad(name, 12) + cut(value, k_columns - 14) + "\n";
    };
    const auto reason = word(call, "end_reason");
    const auto lasted = number(call, "duration_ms");
    const auto attestation = word(call, "attestation");
    line("state", word(call, "status") + (reason.empty() ? "" : ": " + reason));
    line("started", iso_time_ms(number_or(call, "started_utc_ms", 0), look.zone));
    line("lasted", lasted ? duration(*lasted) : "");
    line("from", word(call, "from") + (attestation.empty() ? "" : " (" + attestation + ")"));
    line("to", word(call, "to"));
    line("rung", word(call, "rung") + " (" + word(call, "decision") + ")");
    line("stream", word(call, "stream_sid"));
    line("journal", "generation " + word(call, "generation") + ", last seq " +
                        std::to_string(number_or(call, "last_seq", 0)));
    return out;
}

std::string said(const Json& row) {
    if (flag(row, "failed")) return "(could not be written down)";
    auto out = "\"" + word(row, "text") + "\"";
    if (flag(row, "deferred")) out += " [written down later, from the recording]";
    const auto played = number(row, "played_ms");
    const auto total = number(row, "total_ms");
    if (flag(row, "interrupted") && played && total) {
        out += " [cut off: " + duration(*played) + " of " + duration(*total) + " heard]";
    }
    const auto response = number(row, "response_us");
    if (response) {
        out += " [answered after " + milliseconds(*response) + " ms: detector " +
               milliseconds(number_or(row, "vad_us", 0)) + ", provider " +
               milliseconds(number_or(row, "provider_us", 0)) + ", box " +
               milliseconds(number_or(row, "box_us", 0)) + "]";
    }
    return out;
}

std::string seam(const Json& row) {
    const auto from = word(row, "from_rung");
    const auto to = word(row, "to_rung");
    auto out = word(row, "kind");
    if (from != to) out += ", " + from + " to " + to;
    const auto reason = word(row, "reason");
    return reason.empty() ? out : out + ": " + reason;
}

// Words and seams in the order of their seq, as they happened.
std::string timeline(const Json& detail, const Look& look) {
    std::vector<std::pair<std::int64_t, std::vector<std::string>>> rows;
    const auto add = [&rows](const Json& row, const char* time, std::string who, std::string what) {
        const auto seq = number_or(row, "seq", 0);
        rows.push_back({seq,
                        {std::to_string(seq), offset(number_or(row, time, 0)), std::move(who),
                         std::move(what)}});
    };
    const Json& utterances = member(detail, "utterances");
    const Json& seams = member(detail, "seams");
    if (utterances.is_array()) {
        for (const auto& row : utterances) add(row, "start_ms", word(row, "speaker"), said(row));
    }
    if (seams.is_array()) {
        for (const auto& row : seams) add(row, "offset_ms", "seam", seam(row));
    }
    if (rows.empty()) return "  nothing was said\n";
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    Table table({">SEQ", ">AT", "WHO", "WHAT"}, Last::wrap);
    table.paint_column(2, [](const std::string& who) {
        return who == "caller" ? Paint::caller : who == "voice" ? Paint::voice : Paint::warning;
    });
    for (auto& row : rows) table.add(std::move(row.second));
    return table.str(look, "  ");
}

std::string recordings(const Json& rows, const Look& look) {
    if (!rows.is_array() || rows.empty()) return {};
    Table table({">AT", "LASTS", "RECORDING"}, Last::wrap);
    for (const auto& row : rows) {
        auto file = word(row, "path") + " (" + word(row, "class") + ", legs: " + word(row, "legs");
        const auto lost = number_or(row, "lost_ms", 0);
        if (lost > 0) file += ", " + duration(lost) + " lost";
        table.add({offset(number_or(row, "offset_ms", 0)), duration(number_or(row, "duration_ms", 0)),
                   file + ") sha256 " + word(row, "sha256")});
    }
    return "\n" + table.str(look, "  ");
}

// The newest revision of what is known, and each step of a dispatch.
std::string incident(const Json& revisions, const Json& dispatches, const Look& look) {
    if (!revisions.is_array() || revisions.empty()) return {};
    const Json& known = revisions.back();
    const auto place = word(known, "place");
    std::string out = "\n  incident    " + word(known, "type") + ", priority " + std::to_string(number_or(known, "priority", 0));
    const auto also = word(known, "also");
    if (!also.empty()) out += ", also " + also;
    out += "\n  place       " + cut((place.empty() ? "none named" : place + (flag(known, "place_known") ? "" : " (not enough to send to)")),
                                  k_columns - 14);
    if (flag(known, "differ")) out += "\n              the model and the caller name different things";
    out += "\n  questions   " + std::to_string(number_or(known, "questions", 0)) + "\n";
    if (!dispatches.is_array() || dispatches.empty()) return out;
    Table table({">AT", "DISPATCH", "STATE", "WHY"}, Last::wrap);
    for (const auto& row : dispatches) {
        table.add({offset(number_or(row, "offset_ms", 0)), std::to_string(number_or(row, "number", 0)), word(row, "state"),
                   word(row, "type") + ", " + word(row, "rule") + (flag(row, "incomplete") ? ", incomplete" : "") + ", by " +
                       word(row, "actor")});
    }
    return out + "\n" + table.str(look, "  ");
}

std::string audit(const Json& rows, const Look& look) {
    if (!rows.is_array() || rows.empty()) return {};
    Table table({"AUDIT", "WHO", "DID", "DETAIL"}, Last::wrap);
    for (const auto& row : rows) {
        table.add({iso_time_ms(number_or(row, "utc_ms", 0), look.zone), word(row, "actor"),
                   word(row, "action"), word(row, "detail")});
    }
    return "\n" + table.str(look, "  ");
}

}  // namespace

std::string print_call(const Json& detail, const Look& look) {
    const Json& call = member(detail, "call");
    return "call " + paint(look, Paint::strong, word(call, "call")) + "\n" + head(call, look) +
           "\n" + timeline(detail, look) +
           incident(member(detail, "incidents"), member(detail, "dispatches"), look) + recordings(member(detail, "recordings"), look) + audit(member(detail, "audit"), look);
}

}  // namespace holdfast::ctl
