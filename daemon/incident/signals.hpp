// What: signs of an incident type in an utterance, each with its place, its polarity and its tense. Pure.
#pragma once

#include "incident/types.hpp"
#include "incident/words.hpp"

#include <cstddef>
#include <vector>

namespace holdfast::incident {

struct Signal {
    Type type = Type::trouble;
    std::size_t begin = 0;   // bytes of the text
    std::size_t end = 0;
    bool denied = false;     // "no weapons": a fact too, and lowers the response
    bool past = false;
    bool weak = false;       // a word that needs another one beside it to name a type
    bool raises = false;     // a life at risk now (domain reference, section 3.5)
};

// Words of a place (`taken`) are no signs: "Burn Brae", "Shooters Hill Road". `taken` may be empty.
std::vector<Signal> find_signals(const Words& words, const std::vector<bool>& taken);

}  // namespace holdfast::incident
