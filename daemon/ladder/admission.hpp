// Where a new call goes. Nobody is ever refused: who cannot be served by the box reaches a person.
#pragma once

#include "ladder/rung.hpp"

#include <optional>

namespace holdfast::ladder {

struct Load {
    int calls = 0;                  // streams that run or were promised, this one not among them
    int calls_max = 0;              // media.max_calls
    std::optional<int> line_calls;  // Uplink::calls_max
    bool box_healthy = true;        // prompts loaded, loop not late, memory left
    Rung best = Rung::canned;       // best rung for a new call, those with little budget left out
    bool budget_spent = false;      // ... and some were left out
};

struct Admission {
    Rung rung = Rung::person;
    const char* reason = "";  // for rung person: a word of holdfast_admission_refused_total
    bool streams() const { return rung != Rung::person; }
};

Admission admit(const Load& load);

}  // namespace holdfast::ladder
