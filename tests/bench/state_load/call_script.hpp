// A call as its box tells it: what the real journal makes of the rows of a call, step by step. The rows and their order are
// those that the daemon wrote in a call of tests/integration (test_dispatch.py: fire(), with a CAD that acknowledges and two
// more turns about people in danger); how long it all takes, and how often the two speak, is assumed.
#pragma once

#include "base/error.hpp"
#include "store/journal.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::bench {

inline constexpr int k_turns_least = 3;  // what is new is said in the first three
inline constexpr int k_turns_most = 100;

// Something that the sink is told at one moment.
struct Telling {
    store::ChangeClass change_class = store::ChangeClass::dispatch;
    store::Change change;
    std::int64_t notes = 1;       // of the journal, that came together in it
    bool new_document = true;     // false: it changes one that is there
};
struct Step {
    std::chrono::milliseconds at{0};  // in the call
    std::vector<Telling> tellings;    // most urgent first
};
struct CallScript {
    std::vector<Step> steps;
    std::chrono::milliseconds length{0};
    std::int64_t notes = 0;       // of all steps
    std::int64_t documents = 0;
    std::int64_t utterances = 0;
};

// Writes the call into a journal of its own and reads it back as the sync thread would. `turns`: how often caller and voice
// speak. Errors: those of the journal.
base::Result<CallScript> make_call_script(int turns);

// The same of another call, which began at `utc_ms`. Number, generation and seq stay as they are.
store::Change told_of(const store::Change& change, const base::CallSid& call, std::int64_t utc_ms);
// Which document of its class it is about: calls and dispatches have one that grows. Empty: it is a document by itself.
std::string grows(const store::Change& change);

}  // namespace holdfast::bench
