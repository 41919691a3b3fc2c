// incident-eval FILE.jsonl: what the box understands of one's own calls. Reads a line
// {"id","text","speaker"?,"lang"?} each, writes a line with type, place and decision each, in the same
// order. Every line stands alone. A line that cannot be read is named on standard error, and the exit
// status is 1; the others are still read.
#include "incident/reading.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

namespace {

using holdfast::incident::Place;
using holdfast::incident::Reading;
using holdfast::incident::Speaker;
using Json = nlohmann::ordered_json;

constexpr std::size_t k_line_bytes_max = 64 * 1024;

Json place_json(const std::optional<Place>& place, const std::string& text) {
    if (!place) return nullptr;
    Json json;
    json["text"] = text.substr(place->begin, place->end - place->begin);
    json["normal"] = place->normal;
    json["kind"] = holdfast::incident::to_string(place->kind);
    json["confidence"] = place->confidence;
    json["known"] = place->known;
    return json;
}

// Who speaks is the caller unless the line says otherwise.
Speaker speaker_of(const nlohmann::json& line) {
    const auto found = line.find("speaker");
    if (found == line.end() || found->is_null()) return Speaker::caller;
    return found->get<std::string>() == "caller" ? Speaker::caller : Speaker::call_taker;
}

Json answer(const nlohmann::json& line) {
    const auto text = line.at("text").get<std::string>();
    const Reading reading = holdfast::incident::read(text, speaker_of(line));
    Json json;
    json["id"] = line.at("id");
    json["type"] = holdfast::incident::code(reading.type);
    json["types"] = Json::array();
    if (!reading.unknown) json["types"].push_back(holdfast::incident::code(reading.type));
    for (const auto type : reading.also) json["types"].push_back(holdfast::incident::code(type));
    json["priority"] = reading.priority;
    json["location"] = place_json(reading.place, text);
    json["dispatch"] = reading.complete();
    json["unknown"] = reading.unknown;
    return json;
}

constexpr std::string_view k_usage =
    "usage: incident-eval FILE.jsonl\n"
    "Reads lines {\"id\",\"text\",\"speaker\"?,\"lang\"?}; \"-\" is standard input.\n";

int run(std::istream& input) {
    std::string line;
    bool bad = false;
    for (std::size_t number = 1; std::getline(input, line); ++number) {
        if (line.empty()) continue;
        try {
            if (line.size() > k_line_bytes_max) throw std::length_error("longer than 64 KiB");
            std::cout << answer(nlohmann::json::parse(line)).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
        } catch (const std::exception& error) {
            std::cerr << "incident-eval: line " << number << ": " << error.what() << '\n';
            bad = true;
        }
    }
    return bad ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view argument = argc == 2 ? argv[1] : "";
    if (argument == "--help" || argument == "-h") {
        std::cout << k_usage;
        return 0;
    }
    if (argument.empty()) {
        std::cerr << k_usage;
        return 64;
    }
    if (argument == "-") return run(std::cin);
    std::ifstream file{std::string(argument)};
    if (!file) {
        std::cerr << "incident-eval: cannot read " << argument << '\n';
        return 66;
    }
    return run(file);
}
