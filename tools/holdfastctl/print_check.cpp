#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

namespace holdfast::ctl {

namespace {

std::string verdict(const Checked& checked, const Look& look) {
    const auto count = checked.findings.size();
    if (!checked.not_checked.empty()) {
        return paint(look, Paint::bad, "not checked: " + printable(checked.not_checked));
    }
    if (count == 0) return paint(look, Paint::good, "good");
    return paint(look, Paint::bad, count == 1 ? "1 problem" : std::to_string(count) + " problems");
}

}  // namespace

// file:line:column first, so that editors can jump to it.
std::string print_checked(const Checked& checked, const Look& look) {
    std::string out;
    for (const auto& note : checked.notes) out += "  " + printable(note) + "\n";
    for (const auto& finding : checked.findings) {
        out += printable(finding.file);
        if (finding.line > 0)
            out += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
        out += ": ";
        if (!finding.key.empty()) out += paint(look, Paint::strong, printable(finding.key)) + ": ";
        out += printable(finding.problem);
        if (!finding.expected.empty()) out += " (expected " + printable(finding.expected) + ")";
        out += "\n";
    }
    return out + printable(checked.file) + ": " + checked.kind + ", " + verdict(checked, look) +
           "\n";
}

std::string checked_json(const Checked& checked) {
    nlohmann::ordered_json problems = nlohmann::ordered_json::array();
    for (const auto& finding : checked.findings) {
        problems.push_back({{"file", finding.file},
                            {"line", finding.line},
                            {"column", finding.column},
                            {"key", finding.key},
                            {"problem", finding.problem},
                            {"expected", finding.expected}});
    }
    const nlohmann::ordered_json document = {
        {"file", checked.file},
        {"kind", checked.kind},
        {"good", checked.good()},
        {"not_checked", checked.not_checked.empty() ? nlohmann::ordered_json()
                                                    : nlohmann::ordered_json(checked.not_checked)},
        {"problems", std::move(problems)},
        {"notes", checked.notes}};
    return document.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace holdfast::ctl
