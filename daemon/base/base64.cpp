#include "base/base64.hpp"

#include <array>

namespace holdfast::base {
namespace {

constexpr char k_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t k_bad = 0xff;

constexpr std::array<std::uint8_t, 256> make_table() {
    std::array<std::uint8_t, 256> table{};
    for (auto& entry : table) entry = k_bad;
    for (std::uint8_t i = 0; i < 64; ++i) table[static_cast<std::uint8_t>(k_alphabet[i])] = i;
    return table;
}

constexpr auto k_table = make_table();

std::uint8_t value_of(char c) { return k_table[static_cast<std::uint8_t>(c)]; }

std::size_t padding(std::string_view text) {
    if (text.empty()) return 0;
    if (text[text.size() - 1] != '=') return 0;
    return text[text.size() - 2] == '=' ? 2 : 1;
}

}  // namespace

bool is_base64(std::string_view text) {
    if (text.size() % 4 != 0) return false;
    const std::size_t body = text.size() - padding(text);
    std::uint8_t seen = 0;
    for (std::size_t i = 0; i < body; ++i) seen |= value_of(text[i]);
    return (seen & 0xc0) == 0;  // values are below 64; k_bad sets the high bits
}

std::size_t base64_decoded_bytes(std::string_view text) { return text.size() / 4 * 3 - padding(text); }

std::optional<std::string> base64_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    if (!base64_decode_append(out, text)) return std::nullopt;
    return out;
}

// One pass: each caller frame comes through here.
bool base64_decode_append(std::string& out, std::string_view text) {
    if (text.size() % 4 != 0) return false;
    const std::size_t before = out.size();
    const std::size_t bytes = before + base64_decoded_bytes(text);
    out.resize(before + text.size() / 4 * 3);
    char* to = out.data() + before;
    std::uint8_t seen = 0;
    const auto decode = [&](char first, char second, char third, char fourth) {
        const std::uint8_t a = value_of(first), b = value_of(second), c = value_of(third), d = value_of(fourth);
        seen = static_cast<std::uint8_t>(seen | a | b | c | d);
        const std::uint32_t group = std::uint32_t{a} << 18 | std::uint32_t{b} << 12 | std::uint32_t{c} << 6 | d;
        *to++ = static_cast<char>(group >> 16 & 0xff);
        *to++ = static_cast<char>(group >> 8 & 0xff);
        *to++ = static_cast<char>(group & 0xff);
    };
    const std::size_t padded = padding(text);
    const std::size_t whole = text.size() - (padded > 0 ? 4 : 0);
    for (std::size_t i = 0; i < whole; i += 4) decode(text[i], text[i + 1], text[i + 2], text[i + 3]);
    if (padded > 0) decode(text[whole], text[whole + 1], padded == 2 ? 'A' : text[whole + 2], 'A');
    const bool good = (seen & 0xc0) == 0;  // values are below 64; k_bad sets the high bits
    out.resize(good ? bytes : before);
    return good;
}

void base64_append(std::string& out, std::string_view bytes) {
    const auto at = [bytes](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i]));
    };
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        out.push_back(k_alphabet[group >> 18]);
        out.push_back(k_alphabet[group >> 12 & 63]);
        out.push_back(k_alphabet[group >> 6 & 63]);
        out.push_back(k_alphabet[group & 63]);
    }
    const std::size_t rest = bytes.size() - i;
    if (rest == 0) return;
    const std::uint32_t group = at(i) << 16 | (rest == 2 ? at(i + 1) << 8 : 0);
    out.push_back(k_alphabet[group >> 18]);
    out.push_back(k_alphabet[group >> 12 & 63]);
    out.push_back(rest == 2 ? k_alphabet[group >> 6 & 63] : '=');
    out.push_back('=');
}

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    base64_append(out, bytes);
    return out;
}

std::string hex_encode(std::string_view bytes) {
    static constexpr char k_digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (char c : bytes) {
        out.push_back(k_digits[static_cast<std::uint8_t>(c) >> 4]);
        out.push_back(k_digits[static_cast<std::uint8_t>(c) & 15]);
    }
    return out;
}

}  // namespace holdfast::base
