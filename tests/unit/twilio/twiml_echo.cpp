// Reads six texts, each after its length in decimal and a line feed, as often as they come, and
// writes the stream document made of them after its length. For twiml_xml_test.py.
#include "twilio/twiml.hpp"

#include <cstddef>
#include <iostream>
#include <iterator>
#include <string>

namespace {

bool read_text(std::string& out) {
    std::size_t bytes = 0;
    if (!(std::cin >> bytes)) return false;
    std::cin.get();
    out.resize(bytes);
    return static_cast<bool>(std::cin.read(out.data(), static_cast<std::streamsize>(bytes)));
}

}  // namespace

int main() {
    std::string texts[6];
    for (;;) {
        for (std::string& text : texts) {
            if (!read_text(text)) return &text == std::begin(texts) ? 0 : 1;
        }
        holdfast::twilio::StreamVerbs stream;
        stream.url = texts[0];
        stream.name = texts[1];
        stream.parameters = {{texts[2], texts[3]}};
        holdfast::twilio::PersonVerbs person;
        person.sentence = texts[4];
        person.number = texts[5];
        person.caller_id = texts[3];
        const auto document = holdfast::twilio::stream_document(stream, person);
        std::cout << document.size() << '\n' << document << std::flush;
    }
}
