// Everything the interview says that is not the caller's own words: one table, two languages. Each
// sentence is kept as a clip (speech_cache.hpp); its name is the clip's id and the name of its file. A
// sentence asks one thing, in under twelve words where it can, and promises nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::voice::scripted {

enum class Language : std::uint8_t { en, es };
std::string_view to_string(Language language);              // "en", "es"
std::optional<Language> language_of(std::string_view code);  // "es", "es-MX", ...

enum class Sentence : std::uint8_t {
    still_here, where, where_again, where_check, what, what_again, danger, danger_again, callback,
    callback_again, callback_check, i_understood, your_number, right, right_again, not_repeated, moment,
    noted, more, more_again, keys_help, keys_help_again, keys_deaf, keys_again, keys_danger, keys_medical,
    keys_fire, keys_police, keys_here, keys_number,
    digit_0, digit_1, digit_2, digit_3, digit_4, digit_5, digit_6, digit_7, digit_8, digit_9,
    count
};
constexpr std::size_t k_sentences = static_cast<std::size_t>(Sentence::count);

std::string_view name(Sentence sentence);  // "where_again"
std::string_view words(Sentence sentence, Language language);
Sentence digit(char c);  // of '0' to '9'

}  // namespace holdfast::voice::scripted
