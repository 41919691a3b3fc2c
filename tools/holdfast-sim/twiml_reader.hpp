// Reads the TwiML that a webhook answers, as strictly as a careful reading of twilio.md allows: a
// small XML reader of its own (no DTD, no processing instructions), known verbs, their attributes
// and nesting.
#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::sim {

struct XmlElement {
    std::string name;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string text;  // of this element, entities resolved, trimmed
    std::vector<XmlElement> children;

    const std::string* attribute(std::string_view name) const;
    std::string attribute_or(std::string_view name, std::string otherwise) const;
};

// Error code "xml" with line and reason.
base::Result<XmlElement> parse_xml(std::string_view text);

// Root <Response> with its verbs. Error code "12100" (the number Twilio would log) or "31941",
// "31922" for a <Stream> that could never work. `allow_plain_ws`: ws:// is accepted (loopback).
base::Result<XmlElement> parse_twiml(std::string_view text, bool allow_plain_ws);

// One line for a timeline: "dial +15550100", "say Please stay ...", "hangup".
std::string describe_verb(const XmlElement& verb);

}  // namespace holdfast::sim
