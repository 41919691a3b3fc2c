// An utterance as words: lower case, accents folded, each with its place in the text. Pure.
//
// Speech recognition writes the same speech in many ways. Here the spellings that mean the same become
// the same: "I-95" and "i 95", "U.S." and "us", "dont" and "don't", "10,000" and "10000".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::incident {

inline constexpr std::size_t k_text_bytes_max = 8192;  // an utterance is read up to here
inline constexpr std::size_t k_words_max = 600;        // three minutes of fast speech

struct Word {
    std::string folded;     // never empty
    std::size_t begin = 0;  // bytes in the text
    std::size_t end = 0;
    bool pause = false;     // a mark of punctuation follows
    bool capital = false;   // written with a capital, and not because a sentence begins
};

using Words = std::vector<Word>;

Words split(std::string_view text);

bool is_digits(std::string_view word);
bool starts_with(std::string_view word, std::string_view head);
bool ends_with(std::string_view word, std::string_view tail);

// Text in upper case with accents folded, single spaces; punctuation dropped.
std::string upper(std::string_view folded);

}  // namespace holdfast::incident
