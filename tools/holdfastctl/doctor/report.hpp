// What the doctor found: one finding at a time, as lines for people and as a document for scripts. Pure.
#pragma once

#include "holdfastctl/text.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::ctl::doctor {

enum class Verdict { ok, warning, bad, not_checked };
std::string_view to_string(Verdict verdict);  // "ok", "warning", "bad", "not_checked"

// `seen` and `advice` are for people and hold no secret, no phone number and no words of a peer but the names of hosts and
// of who issued a certificate.
struct Finding {
    std::string check;    // a fixed word: configuration, service, tls, ...
    std::string subject;  // which of several: a provider, a part of /readyz; may be empty
    Verdict verdict = Verdict::ok;
    std::string word;  // of a fixed set
    std::string seen;
    std::string advice;  // what to do; empty when all is well
};

using Tell = std::function<void(Finding)>;

bool good(const std::vector<Finding>& findings);  // nothing is bad
std::string print_findings(const std::vector<Finding>& findings, const Look& look);
std::string findings_json(const std::vector<Finding>& findings);

// One finding as a line, on its way from a check's own process.
std::string to_line(const Finding& finding);
std::optional<Finding> from_line(std::string_view line);

}  // namespace holdfast::ctl::doctor
