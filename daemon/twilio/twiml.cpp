// Documents are written without white space between elements: nothing in them depends on how a
// reader treats blank text. Each piece is bounded after escaping, so that a hostile number cannot
// push a document over Twilio's 64 KB and with it the verbs that save the caller.
#include "twilio/twiml.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>

namespace holdfast::twilio {
namespace {

constexpr std::size_t k_document_bytes_max = 64 * 1024;   // twilio.md 1.3
constexpr std::size_t k_url_bytes_max = 4 * 1024;
constexpr std::size_t k_name_bytes_max = 256;
constexpr std::size_t k_number_bytes_max = 256;           // E.164 has 16; a SIP address may have 255
constexpr std::size_t k_parameter_bytes_max = 500;        // name plus value (twilio.md 3.1)
constexpr std::size_t k_parameters_max = 32;
constexpr std::size_t k_sentence_bytes_max = 2 * 1024;    // <Say> takes 4096 characters
constexpr int k_ring_s_min = 5;
constexpr int k_ring_s_max = 600;                         // twilio.md 3.4
constexpr int k_hold_repeats = 10;                        // ten sentences in five minutes, then Twilio
constexpr int k_hold_pause_s = 30;                        // hangs up: only without a person.number
constexpr int k_fallback_dials = 3;                       // of one person, then Twilio hangs up

static_assert(4 * k_url_bytes_max + k_name_bytes_max + k_parameters_max * (k_parameter_bytes_max + 64) +
                      k_hold_repeats * (k_sentence_bytes_max + 64) + 2 * k_number_bytes_max + 1024 <
                  k_document_bytes_max,
              "the largest document must be one that Twilio accepts");
static_assert(k_fallback_dials * (k_sentence_bytes_max + 2 * k_number_bytes_max + 256) < k_document_bytes_max);

// One character as XML. White space other than the blank goes as a reference: parsers turn it into
// blanks inside attributes. Empty for what XML 1.0 does not allow.
std::string_view escaped(std::string_view character) {
    if (character.size() == 3 && (character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf")) return {};
    if (character.size() > 1) return character;
    switch (character[0]) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '"': return "&quot;";
        case '\'': return "&apos;";
        case '\t': return "&#9;";
        case '\n': return "&#10;";
        case '\r': return "&#13;";
        default: break;
    }
    return static_cast<unsigned char>(character[0]) < 0x20 ? std::string_view() : character;
}

// At most `bytes_max` of escaped text, ending at a character. Returns how much was written.
std::size_t append_escaped(std::string& out, std::string_view text, std::size_t bytes_max) {
    const std::size_t before = out.size();
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = base::utf8_character_bytes(text, i);
        const auto piece = length == 0 ? std::string_view() : escaped(text.substr(i, length));
        if (out.size() - before + piece.size() > bytes_max) break;
        out += piece;
        i += std::max<std::size_t>(length, 1);
    }
    return out.size() - before;
}

void append_attribute(std::string& out, std::string_view name, std::string_view value,
                      std::size_t bytes_max) {
    out.append(" ").append(name).append("=\"");
    append_escaped(out, value, bytes_max);
    out += '"';
}

void append_say(std::string& out, std::string_view sentence) {
    if (sentence.empty()) return;
    out += "<Say>";
    append_escaped(out, sentence, k_sentence_bytes_max);
    out += "</Say>";
}

// Whom <Dial> rings: an address of the internet telephone, or a number.
void append_target(std::string& out, const PersonVerbs& person) {
    constexpr std::string_view k_schemes[] = {"sip:", "sips:"};
    const bool sip = std::any_of(std::begin(k_schemes), std::end(k_schemes), [&](std::string_view scheme) {
        return base::equal_ignoring_case(std::string_view(person.number).substr(0, scheme.size()), scheme);
    });
    const std::string_view noun = sip ? "Sip" : "Number";
    out.append("<").append(noun);
    if (!person.whisper.empty()) append_attribute(out, "url", person.whisper, k_url_bytes_max);
    out += '>';
    append_escaped(out, person.number, k_number_bytes_max);
    out.append("</").append(noun).append(">");
}

void append_person(std::string& out, const PersonVerbs& person) {
    if (person.number.empty()) {
        // Nobody to dial: the line is held as long as a caller can be asked to wait.
        for (int i = 0; i < k_hold_repeats; ++i) {
            append_say(out, person.sentence);
            out.append("<Pause length=\"").append(std::to_string(k_hold_pause_s)).append("\"/>");
        }
        return;
    }
    append_say(out, person.sentence);
    const int ring_s = std::clamp(person.timeout_s, k_ring_s_min, k_ring_s_max);
    out.append("<Dial timeout=\"").append(std::to_string(ring_s)).append("\" answerOnBridge=\"true\"");
    if (!person.caller_id.empty()) append_attribute(out, "callerId", person.caller_id, k_number_bytes_max);
    if (!person.action.empty()) append_attribute(out, "action", person.action, k_url_bytes_max);
    out += '>';
    append_target(out, person);
    out += "</Dial>";
}

void append_stream(std::string& out, const StreamVerbs& stream) {
    out += "<Connect><Stream";
    append_attribute(out, "url", stream.url, k_url_bytes_max);
    if (!stream.name.empty()) append_attribute(out, "name", stream.name, k_name_bytes_max);
    if (!stream.status_callback.empty()) {
        append_attribute(out, "statusCallback", stream.status_callback, k_url_bytes_max);
    }
    out += '>';
    const std::size_t count = std::min(stream.parameters.size(), k_parameters_max);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& [name, value] = stream.parameters[i];
        out += "<Parameter name=\"";
        const std::size_t used = append_escaped(out, name, k_parameter_bytes_max);
        out += '"';
        append_attribute(out, "value", value, k_parameter_bytes_max - used);
        out += "/>";
    }
    out += "</Stream></Connect>";
}

constexpr std::string_view k_open = R"(<?xml version="1.0" encoding="UTF-8"?><Response>)";
constexpr std::string_view k_close = "</Response>";

}  // namespace

std::string stream_document(const StreamVerbs& stream, const PersonVerbs& person) {
    std::string out(k_open);
    append_stream(out, stream);
    append_person(out, person);
    return out.append(k_close);
}

std::string person_document(const PersonVerbs& person) {
    std::string out(k_open);
    append_person(out, person);
    return out.append(k_close);
}

std::string fallback_document(const PersonVerbs& person) {
    PersonVerbs alone = person;
    alone.action.clear();
    alone.whisper.clear();
    std::string out(k_open);
    for (int i = 0; i < (alone.number.empty() ? 1 : k_fallback_dials); ++i) append_person(out, alone);
    return out.append(k_close);
}

std::string whisper_document(std::string_view words) {
    std::string out(k_open);
    append_say(out, words);
    return out.append(k_close);
}

std::string hangup_document() { return std::string(k_open).append("<Hangup/>").append(k_close); }

std::string xml_escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_escaped(out, text, std::numeric_limits<std::size_t>::max());
    return out;
}

}  // namespace holdfast::twilio
