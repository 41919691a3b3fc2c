// TwiML documents. Pure. Everything that comes from outside is escaped; characters that XML 1.0 does
// not allow are left out. `<Dial>` targets come from configuration only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::twilio {

// What the caller hears while people are dialled, on the box and away from it.
constexpr std::string_view k_person_sentence = "Please stay on the line. You are being connected to a call taker.";

struct PersonVerbs {
    std::string sentence;   // <Say>
    std::string number;     // E.164, or sip:/sips: address; empty: no <Dial>, the sentence and a pause instead
    std::string caller_id;  // empty: absent
    int timeout_s = 30;
    std::string action;     // where Twilio asks what follows the dialling; empty: the next verb
    std::string whisper;    // what the person hears before the caller: a document's URL; empty: nothing
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

// The same, kept away from the box for Twilio's fallback URL: asks nothing of us, and dials again when
// nobody answered. A conversation that the person ended first rings once more: without an action the
// two cannot be told apart, and a caller who still waits comes first.
std::string fallback_document(const PersonVerbs& person);

// For the ears of the person who picked up, before the caller is connected. Without words: at once.
std::string whisper_document(std::string_view words);

// The conversation with the person is over.
std::string hangup_document();

std::string xml_escape(std::string_view text);

}  // namespace holdfast::twilio
