#include "voice/eleven_codec.hpp"

#include <simdjson.h>

#include <algorithm>

namespace holdfast::voice {
namespace {

using simdjson::dom::element;

constexpr std::size_t k_body_bytes_max = 64 * 1024;
constexpr std::size_t k_word_bytes_max = 64;
constexpr std::size_t k_secret_bytes_max = 4096;

simdjson::dom::parser& parser() {
    thread_local simdjson::dom::parser parser(k_body_bytes_max);
    return parser;
}

base::Error bad(const char* code) { return base::make_error(base::Condition::fall_back, code); }

std::string_view text_at(const element& parent, std::string_view key) {
    std::string_view text;
    return parent[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

base::Result<base::Secret> secret_at(std::string_view body, std::string_view key, bool (*good)(char)) {
    element root;
    if (parser().parse(body.data(), body.size(), true).get(root) != simdjson::SUCCESS) return bad("json");
    const auto text = text_at(root, key);
    if (text.empty() || text.size() > k_secret_bytes_max) return bad("field");
    if (!std::all_of(text.begin(), text.end(), good)) return bad("field");
    return base::Secret(std::string(text));
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What may stand in a subprotocol name (a token of RFC 9110).
bool is_token_character(char c) {
    return is_letter_or_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_url_character(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; }

}  // namespace

std::string decode_detail_status(std::string_view body) {
    element root;
    element detail;
    if (parser().parse(body.data(), body.size(), true).get(root) != simdjson::SUCCESS) return {};
    if (root["detail"].get(detail) != simdjson::SUCCESS) return {};
    if (detail.is_array()) return "validation";
    auto word = text_at(detail, "status");
    if (word.empty()) word = text_at(detail, "code");
    return std::string(word.substr(0, k_word_bytes_max));
}

base::Result<base::Secret> decode_client_secret(std::string_view body) {
    return secret_at(body, "value", is_token_character);
}

base::Result<base::Secret> decode_signed_url(std::string_view body) {
    return secret_at(body, "signed_url", is_url_character);
}

}  // namespace holdfast::voice
