// What of a recording nobody heard live, told by the rows of its call alone: so it is the same after a crash.
// Pure. Everything in milliseconds on the call's clock.
#pragma once

#include "store/journal.hpp"

#include <cstdint>
#include <vector>

namespace holdfast::transcribe {

struct Span {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
    std::int64_t length() const { return to_ms - from_ms; }
};
inline bool operator==(const Span& a, const Span& b) { return a.from_ms == b.from_ms && a.to_ms == b.to_ms; }

// In order, without overlap, inside the recording:
// - all of a recording of class "unheard",
// - while the call stood on canned,
// - while it stood on a rung whose voice never said or wrote down a word,
// - before each loss of a voice, from its last sign of having heard on, or its begin (at most
//   k_change_most_ms),
// each without what a live voice wrote down after all: the next one is given the last 30 s.
std::vector<Span> unheard_spans(const store::CallDetail& call, const store::Recording& recording);

}  // namespace holdfast::transcribe
