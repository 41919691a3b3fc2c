#include "holdfastctl/doctor/report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace holdfast::ctl::doctor {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t k_verdict_columns = 12;
constexpr std::size_t k_check_columns = 14;
constexpr std::array<Verdict, 4> k_verdicts{Verdict::ok, Verdict::warning, Verdict::bad, Verdict::not_checked};

std::string_view for_people(Verdict verdict) { return verdict == Verdict::not_checked ? "not checked" : to_string(verdict); }

Paint paint_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok: return Paint::good;
        case Verdict::warning: return Paint::warning;
        case Verdict::bad: return Paint::bad;
        case Verdict::not_checked: return Paint::dim;
    }
    return Paint::bad;
}

// Under the first line's text.
void append_wrapped(std::string& out, const std::string& text, bool first_stands) {
    constexpr std::size_t k_indent = k_verdict_columns + k_check_columns;
    for (const auto& line : wrap(text, k_columns - k_indent)) {
        if (!first_stands) out += std::string(k_indent, ' ');
        first_stands = false;
        out += line + "\n";
    }
}

Json as_json(const Finding& finding) {
    return {{"check", finding.check},
            {"subject", finding.subject},
            {"verdict", to_string(finding.verdict)},
            {"word", finding.word},
            {"seen", finding.seen},
            {"advice", finding.advice}};
}

std::string dump(const Json& document) { return document.dump(-1, ' ', true, Json::error_handler_t::replace); }

}  // namespace

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok: return "ok";
        case Verdict::warning: return "warning";
        case Verdict::bad: return "bad";
        case Verdict::not_checked: return "not_checked";
    }
    return "bad";
}

bool good(const std::vector<Finding>& findings) {
    return std::none_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.verdict == Verdict::bad; });
}

std::string print_findings(const std::vector<Finding>& findings, const Look& look) {
    std::string out;
    std::array<std::size_t, 4> counts{};
    for (const auto& finding : findings) {
        ++counts.at(static_cast<std::size_t>(finding.verdict));
        out += paint(look, paint_of(finding.verdict), pad(for_people(finding.verdict), k_verdict_columns));
        out += pad(printable(finding.check), k_check_columns);
        append_wrapped(out, printable(finding.subject.empty() ? finding.seen : finding.subject + ": " + finding.seen), true);
        if (!finding.advice.empty()) append_wrapped(out, "-> " + printable(finding.advice), false);
    }
    std::string sum;
    for (const auto verdict : {Verdict::bad, Verdict::warning, Verdict::not_checked, Verdict::ok}) {
        const auto count = counts.at(static_cast<std::size_t>(verdict));
        if (count == 0) continue;
        sum += (sum.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(for_people(verdict));
    }
    return out + paint(look, Paint::strong, sum) + "\n";
}

std::string findings_json(const std::vector<Finding>& findings) {
    Json list = Json::array();
    for (const auto& finding : findings) list.push_back(as_json(finding));
    return dump({{"good", good(findings)}, {"findings", std::move(list)}}) + "\n";
}

std::string to_line(const Finding& finding) { return dump(as_json(finding)) + "\n"; }

std::optional<Finding> from_line(std::string_view line) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto text = [&json](const char* key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto verdict = text("verdict");
    for (const auto one : k_verdicts) {
        if (verdict != to_string(one)) continue;
        return Finding{text("check"), text("subject"), one, text("word"), text("seen"), text("advice")};
    }
    return std::nullopt;
}

}  // namespace holdfast::ctl::doctor
