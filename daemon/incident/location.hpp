// Where: the places an utterance names, normalised, and whether one is enough to send somebody to. Pure.
//
// Nothing is filled in: a street without its suffix, a highway without direction or marker and a landmark
// without a street are kept, and are not known. What has two readings is not known either.
#pragma once

#include "incident/words.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::incident {

enum class PlaceKind : std::uint8_t { address, block, crossing, road, landmark, coords, code, area };
const char* to_string(PlaceKind kind);

struct Place {
    PlaceKind kind = PlaceKind::area;
    std::string normal;      // as described in the manual: "1234 OAK ST APT 4", "OAK ST & 5TH AVE"
    std::size_t begin = 0;   // bytes of the text it was read from
    std::size_t end = 0;
    bool known = false;      // enough to send somebody to
    double confidence = 0;   // 0 to 1, of the reading, not of the caller
};

struct Places {
    std::optional<Place> best;
    std::vector<Place> others;    // named too: taken back, or another one
    std::vector<bool> taken;      // words that are part of a place, and so no sign of what happened
};

Places find_places(std::string_view text, const Words& words);

}  // namespace holdfast::incident
