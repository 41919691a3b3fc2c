// One utterance, read: what it says is wrong, and where. Pure, and the same on every rung.
#pragma once

#include "incident/location.hpp"
#include "incident/signals.hpp"
#include "incident/types.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace holdfast::incident {

enum class Speaker : std::uint8_t { caller, call_taker };  // a model, a prompt and a person who picks up are call-takers

struct Reading {
    Type type = Type::trouble;      // the primary one
    std::vector<Type> also;
    bool unknown = true;            // no words about what happened
    int priority = 2;               // 1 to 5
    std::optional<Place> place;
    std::vector<Place> other_places;
    std::vector<Signal> signals;    // with the denied ones

    // Whether these words by themselves are enough to propose a dispatch.
    bool complete() const { return place && place->known && sends(type); }
};

// What a call-taker says is never the caller's fact: an empty reading.
Reading read(std::string_view text, Speaker speaker = Speaker::caller);

}  // namespace holdfast::incident
