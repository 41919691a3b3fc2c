// Names and kinds of places that are no street: chains, and "the high school". Pure.
#pragma once

#include "incident/words.hpp"

#include <cstddef>
#include <string_view>

namespace holdfast::incident {

struct Landmark {
    std::size_t end = 0;   // first word behind it; 0: none here
    bool brand = false;    // a name by itself ("Walmart")
    bool vague = false;    // says something only together with a street ("store", "parking lot")
    bool hyphen = false;   // written with one ("7-ELEVEN")
};
Landmark landmark_at(const Words& words, std::size_t at);

// "big", "old", "nearest": no part of a name.
bool common_adjective(std::string_view word);

}  // namespace holdfast::incident
