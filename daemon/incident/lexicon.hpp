// The phrases callers use, by type. Data only; signals.cpp says how they are matched. Pure.
//
// A phrase is words with a space between them: "hit/struck by" (one of several), "stab*" (and its forms),
// "?the" (may be left out), "_" (any one word), ".." (up to four words between). A name with @ stands for
// a list of words (word_lists). A phrase of type none is a trap: it looks like a sign and is not one, and
// its words count for nothing else. Where phrases begin at the same word the one that takes in most words
// wins, so a trap only has to be longer than what it catches.
#pragma once

#include "incident/types.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace holdfast::incident {

struct Phrases {
    std::optional<Type> type;   // none: traps
    char mark;                  // ' ' a sign; 'w' weak; '!' raises the priority to 1
    std::string_view list;      // phrases, with | between them
};

struct WordList {
    std::string_view name;      // "@S"
    std::string_view words;
};

// A table of constants, to go over.
template <typename Row>
struct Table {
    const Row* first;
    std::size_t rows;
    const Row* begin() const { return first; }
    const Row* end() const { return first + rows; }
};

Table<Phrases> lexicon();
Table<WordList> word_lists();

}  // namespace holdfast::incident
