// Small text checks used at several boundaries. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::base {

bool is_utf8(std::string_view text);  // strict: no overlong forms, no surrogates

// Length (1 to 4) of the well-formed UTF-8 character at `at`, which must lie inside; 0: not one.
std::size_t utf8_character_bytes(std::string_view text, std::size_t at);

// As much of it as fits, ending at a character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

// Decimal digits only, no sign, no white space, fits in 63 bits.
std::optional<std::int64_t> parse_decimal(std::string_view digits);

// Appends `text` as the inside of a JSON string: quotes, backslash and control characters escaped.
void append_json_escaped(std::string& out, std::string_view text);

// Case-insensitive for ASCII letters.
// "2026-01-31T23:59:59.123Z"
void append_iso_utc(std::string& out, std::int64_t utc_ms);

bool equal_ignoring_case(std::string_view a, std::string_view b);

// Whether `words` stand in `text` as whole words, ignoring the case of ASCII letters.
bool contains_words(std::string_view text, std::string_view words);

}  // namespace holdfast::base
