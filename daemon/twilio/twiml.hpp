// TwiML documents. Pure. Everything that comes from outside is escaped; characters that XML 1.0 does
// not allow are left out. `<Dial>` targets come from configuration only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::twilio {

struct PersonVerbs {
    std::string sentence;   // <Say>
    std::string number;     // E.164; empty: no <Dial>, the sentence and a pause instead
    std::string caller_id;  // empty: absent
    int timeout_s = 30;
};

struct StreamVerbs {
    std::string url;   // wss://host/ws/media
    std::string name;  // unique per call
    std::string status_callback;  // empty: absent
    std::vector<std::pair<std::string, std::string>> parameters;
};

// <Connect><Stream> and, after it, what serves the caller without us. No `action` on <Connect>: a dead
// daemon must not mean a dead call (twilio.md 3.2).
std::string stream_document(const StreamVerbs& stream, const PersonVerbs& person);

// Rung person at once: over the limit, draining, unhealthy.
std::string person_document(const PersonVerbs& person);

std::string xml_escape(std::string_view text);

}  // namespace holdfast::twilio
