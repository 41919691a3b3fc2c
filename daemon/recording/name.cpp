#include "recording/name.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace holdfast::recording {
namespace {

constexpr std::string_view k_end = ".wav";
constexpr std::string_view k_ours = "holdfast 1 ";
constexpr std::size_t k_number_digits = 19;  // the comment has one length, whatever its numbers are

// Cuts the text up to `mark` off the front of `rest`.
std::optional<std::string_view> take(std::string_view& rest, std::string_view mark) {
    const auto at = rest.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const auto taken = rest.substr(0, at);
    rest.remove_prefix(at + mark.size());
    return taken;
}

std::string padded(std::int64_t number) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%0*lld", static_cast<int>(k_number_digits),
                                     static_cast<long long>(std::max<std::int64_t>(number, 0)));
    return std::string(text.data(), static_cast<std::size_t>(length));
}

std::optional<std::int64_t> number_in(std::string_view& rest, std::string_view key, std::string_view mark) {
    if (rest.substr(0, key.size()) != key) return std::nullopt;
    rest.remove_prefix(key.size());
    auto digits = take(rest, mark);
    if (!digits) return std::nullopt;
    digits->remove_prefix(std::min(digits->find_first_not_of('0'), digits->size()));
    return digits->empty() ? 0 : base::parse_decimal(*digits);
}

}  // namespace

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= k_word_bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::string word_or(std::string_view text, std::string_view otherwise) {
    return std::string(is_word(text) ? text : otherwise);
}

std::string file_name(const Identity& identity) {
    return identity.call.str() + "." + identity.generation + "." + std::to_string(identity.number) +
           std::string(k_end) + std::string(identity.sealed ? k_sealed : "");
}

std::optional<Identity> parse_file_name(std::string_view name) {
    const bool sealed = ends_with(name, k_sealed);
    if (sealed) name.remove_suffix(k_sealed.size());
    if (!ends_with(name, k_end)) return std::nullopt;
    name.remove_suffix(k_end.size());
    const auto sid = take(name, ".");
    const auto generation = take(name, ".");
    if (!sid || !generation || !is_word(*generation) || name.empty() || name.front() == '0') return std::nullopt;
    const auto call = base::CallSid::parse(*sid);
    const auto number = base::parse_decimal(name);
    if (!call || !number || *number < 1) return std::nullopt;
    Identity identity;
    identity.call = *call;
    identity.generation.assign(*generation);
    identity.number = *number;
    identity.sealed = sealed;
    return identity;
}

std::string comment_of(const Identity& identity, std::int64_t lost_ms) {
    return std::string(k_ours) + "call=" + identity.call.str() + " class=" + identity.retention_class +
           " utc_ms=" + padded(identity.utc_ms) + " offset_ms=" + padded(identity.offset_ms) +
           " lost_ms=" + padded(lost_ms) + ";";
}

bool read_comment(std::string_view comment, Identity& identity, std::int64_t& lost_ms) {
    const std::string begin = std::string(k_ours) + "call=" + identity.call.str() + " class=";
    if (comment.substr(0, begin.size()) != begin) return false;
    comment.remove_prefix(begin.size());
    const auto retention_class = take(comment, " ");
    if (!retention_class || !is_word(*retention_class)) return false;
    const auto utc_ms = number_in(comment, "utc_ms=", " ");
    const auto offset_ms = utc_ms ? number_in(comment, "offset_ms=", " ") : std::nullopt;
    const auto lost = offset_ms ? number_in(comment, "lost_ms=", ";") : std::nullopt;
    if (!lost) return false;
    identity.retention_class.assign(*retention_class);
    identity.utc_ms = *utc_ms;
    identity.offset_ms = *offset_ms;
    lost_ms = *lost;
    return true;
}

}  // namespace holdfast::recording
