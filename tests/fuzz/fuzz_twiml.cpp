// Escaping: what is written holds no markup, and read back it is the input without what XML forbids.
#include "base/text.hpp"
#include "fuzz.hpp"
#include "twilio/twiml.hpp"

#include <string>

namespace {

using namespace holdfast;

struct Reference {
    std::string_view written;
    char meant;
};
constexpr Reference k_references[] = {{"&amp;", '&'}, {"&lt;", '<'},  {"&gt;", '>'},  {"&quot;", '"'},
                                      {"&apos;", '\''}, {"&#9;", '\t'}, {"&#10;", '\n'}, {"&#13;", '\r'}};

std::string unescape(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (text[0] != '&') {
            out.push_back(text[0]);
            text.remove_prefix(1);
            continue;
        }
        bool known = false;
        for (const auto& reference : k_references) {
            if (known || text.substr(0, reference.written.size()) != reference.written) continue;
            out.push_back(reference.meant);
            text.remove_prefix(reference.written.size());
            known = true;
        }
        FUZZ_CHECK(known);
    }
    return out;
}

// Written from the recommendation (XML 1.0, 2.2), not from the code under test.
std::string allowed(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t length = 1;
        while (length < 4 && i + length < text.size() && !base::is_utf8(text.substr(i, length))) ++length;
        const auto character = text.substr(i, length);
        if (!base::is_utf8(character)) {
            ++i;
            continue;
        }
        const bool control = length == 1 && static_cast<unsigned char>(character[0]) < 0x20 &&
                             character != "\t" && character != "\n" && character != "\r";
        if (!control && character != "\xef\xbf\xbe" && character != "\xef\xbf\xbf") out += character;
        i += length;
    }
    return out;
}

void check_document(const std::string& document, std::size_t dials) {
    FUZZ_CHECK(document.size() < 64 * 1024 && base::is_utf8(document));
    FUZZ_CHECK(document.compare(0, 48, R"(<?xml version="1.0" encoding="UTF-8"?><Response>)") == 0);
    FUZZ_CHECK(document.compare(document.size() - 11, 11, "</Response>") == 0);
    std::size_t seen = 0;
    for (auto at = document.find("<Dial"); at != std::string::npos; at = document.find("<Dial", at + 1)) ++seen;
    FUZZ_CHECK(seen == dials);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = fuzz::text(data, size);
    const auto escaped = twilio::xml_escape(input);
    FUZZ_CHECK(escaped.find_first_of("<>\"'\t\r\n") == std::string::npos);
    FUZZ_CHECK(unescape(escaped) == allowed(input));

    twilio::StreamVerbs stream;
    stream.url = stream.name = stream.status_callback = input;
    stream.parameters = {{"from", std::string(input)}, {std::string(input), "x"}};
    twilio::PersonVerbs person;
    person.sentence = person.caller_id = input;
    person.timeout_s = static_cast<int>(size) * 7 - 100;
    check_document(twilio::stream_document(stream, person), 0);
    person.number = "+15550199";
    check_document(twilio::stream_document(stream, person), 1);
    check_document(twilio::person_document(person), 1);
    return 0;
}
