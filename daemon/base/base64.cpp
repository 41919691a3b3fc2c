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

bool base64_decode_append(std::string& out, std::string_view text) {
    if (!is_base64(text)) return false;
    const std::size_t bytes = out.size() + base64_decoded_bytes(text);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const char c = text[i + k];
            group = group << 6 | (c == '=' ? 0u : value_of(c));
        }
        out.push_back(static_cast<char>(group >> 16 & 0xff));
        out.push_back(static_cast<char>(group >> 8 & 0xff));
        out.push_back(static_cast<char>(group & 0xff));
    }
    out.resize(bytes);
    return true;
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
