// The members of an export that people read: a call's detail in, text out. One line is one line, whatever was said: control
// characters, line ends and what turns the direction of text come out escaped; what was said to the letter is in call.json.
// Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace holdfast::ctl {

// Words and seams in the order of their time in the call.
std::string transcript_text(const nlohmann::json& detail, const std::string& site_id);
std::string audit_text(const nlohmann::json& detail);

}  // namespace holdfast::ctl
