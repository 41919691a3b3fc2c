#include "transcribe/answer_codec.hpp"

#include "base/text.hpp"
#include "transcribe/limits.hpp"

#include <simdjson.h>

#include <algorithm>

namespace holdfast::transcribe {
namespace {

using simdjson::dom::element;

constexpr std::size_t k_word_bytes_max = 64;
constexpr std::string_view k_white = " \t\r\n";

simdjson::dom::parser& parser() {
    thread_local simdjson::dom::parser parser(k_body_bytes_max);
    return parser;
}

std::string word_at(const element& parent, std::string_view key) {
    std::string_view text;
    if (parent[key].get(text) != simdjson::SUCCESS || text.size() > k_word_bytes_max) return {};
    const bool word = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    return word ? std::string(text) : std::string();
}

}  // namespace

base::Result<base::Sensitive<std::string>> decode_transcript(std::string_view body) {
    element root;
    std::string_view text;
    if (body.size() > k_body_bytes_max || parser().parse(body.data(), body.size(), true).get(root) != simdjson::SUCCESS ||
        root["text"].get(text) != simdjson::SUCCESS || !base::is_utf8(text)) {
        return base::make_error(base::Condition::retry, "json");
    }
    text.remove_prefix(std::min(text.find_first_not_of(k_white), text.size()));
    while (!text.empty() && k_white.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
    if (text.size() > k_text_bytes_max) return base::make_error(base::Condition::retry, "too_long");
    return base::Sensitive<std::string>(std::string(text));
}

ApiError decode_api_error(std::string_view body) {
    element root, error;
    if (body.size() > k_body_bytes_max || parser().parse(body.data(), body.size(), true).get(root) != simdjson::SUCCESS ||
        root["error"].get(error) != simdjson::SUCCESS) {
        return {};
    }
    return {word_at(error, "code"), word_at(error, "param")};
}

}  // namespace holdfast::transcribe
