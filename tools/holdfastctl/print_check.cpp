#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

namespace holdfast::ctl {

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
    const auto count = checked.findings.size();
    const auto verdict = count == 0 ? paint(look, Paint::good, "good")
                         : count == 1
                             ? paint(look, Paint::bad, "1 problem")
                             : paint(look, Paint::bad, std::to_string(count) + " problems");
    return out + printable(checked.file) + ": " + checked.kind + ", " + verdict + "\n";
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
    const nlohmann::ordered_json document = {{"file", checked.file},
                                             {"kind", checked.kind},
                                             {"good", checked.findings.empty()},
                                             {"problems", std::move(problems)},
                                             {"notes", checked.notes}};
    return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace holdfast::ctl
