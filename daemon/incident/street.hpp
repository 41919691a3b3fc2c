// Streets and highways in an utterance, in the forms of USPS Publication 28. Pure.
#pragma once

#include "incident/words.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::incident {

struct Street {
    std::string text;        // "N LARCH DR", "9TH ST", "CR 12", "CALLE OLIVE"
    std::size_t begin = 0;   // words
    std::size_t end = 0;
    bool complete = false;   // nothing missing that could make it another street
    bool doubtful = false;   // where its name begins is a guess
    bool road = false;       // a numbered highway
};

// "north", "north east", "ne", "norte": "N", "NE"; words taken in `taken`. Empty: none at `at`.
std::string direction(const Words& words, std::size_t at, std::size_t& taken);

// The direction of travel at `at`: "northbound", "heading north", "hacia el norte": "NB".
std::string travel(const Words& words, std::size_t at, std::size_t& taken);

// A street that begins at `at`, as one does behind a house number.
std::optional<Street> street_at(const Words& words, std::size_t at);

// As street_at, or a bare name ("Oak", "5th"): for the corner of two streets.
std::optional<Street> loose_street_at(const Words& words, std::size_t at);

// A street whose suffix stands at `at` and whose name is to be looked for before it, not beyond `floor`.
std::optional<Street> street_ending_at(const Words& words, std::size_t at, std::size_t floor);

// "I-95", "US 66", "SR 12", "CR 210", "COUNTY ROAD ZZ", "HWY 9", "FM 1960"
std::optional<Street> highway_at(const Words& words, std::size_t at);

// Words that are never part of a street's name, and words that rarely are.
bool never_a_name(std::string_view word);
bool hardly_a_name(std::string_view word);

}  // namespace holdfast::incident
