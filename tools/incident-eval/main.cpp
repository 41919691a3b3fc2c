// incident-eval [--streets LIST] FILE.jsonl: what the box understands of one's own calls. Reads a line
// {"id","text","speaker"?,"lang"?} each, writes a line with type, place and decision each, in the same
// order. Every line stands alone. A line that cannot be read is named on standard error, and the exit
// status is 1; the others are still read.
#include "incident/reading.hpp"
#include "streets/file.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

using StreetList = std::shared_ptr<const holdfast::streets::List>;

Json answer(const nlohmann::json& line, const StreetList& list) {
    const auto text = line.at("text").get<std::string>();
    Reading reading = holdfast::incident::read(text, speaker_of(line));
    // What the list does not know is not known; its form stays the caller's.
    if (list && reading.place) {
        using Kind = holdfast::streets::Answer::Kind;
        const auto kind = list->check(holdfast::incident::to_string(reading.place->kind), reading.place->normal).kind;
        if (kind == Kind::ambiguous || kind == Kind::not_found) reading.place->known = false;
    }
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
    "usage: incident-eval [-h,--help] [--streets LIST] FILE.jsonl\n"
    "LIST is what `holdfastctl streets import` wrote. Reads lines {\"id\",\"text\",\"speaker\"?,\"lang\"?}; \"-\" is standard input.\n"
    "\n"
    "Exit codes:\n"
    "  0   every line was read\n"
    "  1   a line could not be read\n"
    "  64  the command line is wrong\n"
    "  66  the file, or the list, cannot be read\n";

int run(std::istream& input, const StreetList& list) {
    std::string line;
    bool bad = false;
    for (std::size_t number = 1; std::getline(input, line); ++number) {
        if (line.empty()) continue;
        try {
            if (line.size() > k_line_bytes_max) throw std::length_error("longer than 64 KiB");
            std::cout << answer(nlohmann::json::parse(line), list).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
        } catch (const std::exception& error) {
            std::cerr << "incident-eval: line " << number << ": " << error.what() << '\n';
            bad = true;
        }
    }
    return bad ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
        std::cout << k_usage;
        return 0;
    }
    const bool with_list = arguments.size() == 3 && arguments[0] == "--streets";
    const bool one_file = arguments.size() == 1 && (arguments[0] == "-" || arguments[0].rfind("-", 0) != 0);
    if (!one_file && !with_list) {
        std::cerr << k_usage;
        return 64;
    }
    StreetList list;
    if (with_list) {
        auto read = holdfast::streets::read_list(arguments[1]);
        if (!read) {
            std::cerr << "incident-eval: " << (read.error().detail.empty() ? read.error().code : read.error().detail) << '\n';
            return 66;
        }
        list = *read;
    }
    const std::string& name = arguments.back();
    if (name == "-") return run(std::cin, list);
    std::ifstream file(name);
    if (!file) {
        std::cerr << "incident-eval: cannot read " << name << '\n';
        return 66;
    }
    return run(file, list);
}
