// What a caller's words tell the interview: which of its questions they answer. An interface, because
// the incident room has a better extractor; SimpleExtract is what the interview needs to be usable by
// itself, and errs on the side of asking. Pure.
#pragma once

#include "voice/scripted/sentences.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::voice::scripted {

enum class Slot : std::uint8_t { place, what, danger, callback, more };
const char* to_string(Slot slot);

// Empty or unset: these words say nothing about it. Texts are the caller's own words.
struct Found {
    std::string place;
    std::string what;
    std::string danger;            // "yes", "no", or the words about it
    std::string digits;            // of a spoken or written number, however short
    std::optional<bool> yes;       // the utterance is a yes or a no
    bool filler = false;           // nothing but "hello?", "um", "please"
    bool unknown = false;          // "I don't know"
    std::optional<Language> language;  // only when the words are clearly of it
};

class Extract {
  public:
    virtual ~Extract() = default;
    virtual Found look(std::string_view text, Language language) const = 0;
};

class SimpleExtract final : public Extract {
  public:
    Found look(std::string_view text, Language language) const override;
};

// Words of `text` in lower case with accents folded, at most 400 of them, each with its place in `text`.
struct Word {
    std::string folded;
    std::size_t begin = 0;
    std::size_t end = 0;
};
std::vector<Word> split_words(std::string_view text);

// Whether one of the phrases ("operator", "real person") stands in the text as whole words.
bool has_phrase(std::string_view text, const std::vector<std::string>& phrases);

}  // namespace holdfast::voice::scripted
