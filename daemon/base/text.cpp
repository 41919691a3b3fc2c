#include "base/text.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <limits>

namespace holdfast::base {
namespace {

bool continuation(unsigned char c) { return (c & 0xc0) == 0x80; }

}  // namespace

std::size_t utf8_character_bytes(std::string_view text, std::size_t i) {
    const auto at = [&](std::size_t k) { return static_cast<unsigned char>(text[i + k]); };
    const std::size_t left = text.size() - i;
    const unsigned char c = at(0);
    if (c < 0x80) return 1;
    if (c < 0xc2) return 0;
    if (c < 0xe0) return left >= 2 && continuation(at(1)) ? 2 : 0;
    if (c < 0xf0) {
        if (left < 3 || !continuation(at(1)) || !continuation(at(2))) return 0;
        if (c == 0xe0 && at(1) < 0xa0) return 0;
        if (c == 0xed && at(1) > 0x9f) return 0;
        return 3;
    }
    if (c < 0xf5) {
        if (left < 4 || !continuation(at(1)) || !continuation(at(2)) || !continuation(at(3))) return 0;
        if (c == 0xf0 && at(1) < 0x90) return 0;
        if (c == 0xf4 && at(1) > 0x8f) return 0;
        return 4;
    }
    return 0;
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_character_bytes(text, i);
        if (length == 0) return false;
        i += length;
    }
    return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > 0 && continuation(static_cast<unsigned char>(text[end]))) --end;
    return text.substr(0, end);
}

std::optional<std::int64_t> parse_decimal(std::string_view digits) {
    if (digits.empty() || digits.size() > 19) return std::nullopt;
    std::uint64_t value = 0;
    for (char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

void append_json_escaped(std::string& out, std::string_view text) {
    static constexpr char k_digits[] = "0123456789abcdef";
    for (char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                    out += "\\u00";
                    out.push_back(k_digits[static_cast<unsigned char>(c) >> 4]);
                    out.push_back(k_digits[static_cast<unsigned char>(c) & 15]);
                } else {
                    out.push_back(c);
                }
        }
    }
}

void append_iso_utc(std::string& out, std::int64_t utc_ms) {
    const std::time_t whole = utc_ms / 1000;
    std::tm parts{};
    ::gmtime_r(&whole, &parts);
    std::array<char, 64> buffer{};
    const auto length = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    out.append(buffer.data(), length);
    std::snprintf(buffer.data(), buffer.size(), ".%03dZ", static_cast<int>(utc_ms % 1000));
    out += buffer.data();
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

bool contains_words(std::string_view text, std::string_view words) {
    if (words.empty()) return false;
    // Bytes above 0x7f belong to letters of other alphabets.
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
    };
    for (std::size_t at = 0; at + words.size() <= text.size(); ++at) {
        const std::size_t end = at + words.size();
        if (equal_ignoring_case(text.substr(at, words.size()), words) && (at == 0 || !letter(text[at - 1])) &&
            (end == text.size() || !letter(text[end]))) {
            return true;
        }
    }
    return false;
}

}  // namespace holdfast::base
