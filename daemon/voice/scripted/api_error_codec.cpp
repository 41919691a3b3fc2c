#include "voice/scripted/api_error_codec.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cctype>

namespace holdfast::voice::scripted {
namespace {

constexpr std::size_t k_status_bytes_max = 64;

std::string loggable(std::string_view word) {
    std::string out(word.substr(0, k_status_bytes_max));
    std::replace_if(out.begin(), out.end(),
                    [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_'; }, '_');
    return out;
}

}  // namespace

std::string api_error_status(std::string_view body) {
    if (body.size() > k_api_error_bytes_max) return {};
    thread_local simdjson::dom::parser parser(k_api_error_bytes_max);
    simdjson::dom::element root;
    simdjson::dom::element detail;
    if (parser.parse(body.data(), body.size(), true).get(root) != simdjson::SUCCESS) return {};
    if (root["detail"].get(detail) != simdjson::SUCCESS) return {};
    if (detail.is_array()) return "validation";
    for (const char* const key : {"status", "code"}) {
        std::string_view word;
        if (detail[key].get(word) == simdjson::SUCCESS) return loggable(word);
    }
    return {};
}

}  // namespace holdfast::voice::scripted
