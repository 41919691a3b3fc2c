// A database of somebody else's that is to have what the journal has. Sync thread only; may block, for as long as its
// time-outs say.
#pragma once

#include "store/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::sync {

// A document that the sink will not take, ever.
struct Refused {
    std::size_t row = 0;  // of Changes::rows
    std::string key;      // class/_id, as in DeadLetter
    std::string reason;   // the server's; may hold words of the document: for the journal, never for the log
    // False: it may have been the server's mood. Counts only when it happens again and again while others get through.
    bool sure = true;
};

struct Outcome {
    enum class State {
        taken,        // all rows are there for good, but the refused ones
        again,        // nothing is certain of what is not settled: send that again, later
        not_allowed,  // log-in, role or quota: only people can mend it
    };
    State state = State::taken;
    std::string why;     // one word of a fixed set: "unreachable", "time_out", "write_concern" ...
    std::int64_t code = 0;
    std::vector<Refused> refused;
    // So many rows, from the first, are there for good or refused, also where the state is not `taken`: they are not sent again.
    std::size_t settled = 0;
    std::int64_t bytes = 0;        // sent, as documents
    std::int64_t known_before = 0; // were there already, and the same
};

class AudioSink;

class Sink {
  public:
    virtual ~Sink() = default;
    virtual const char* name() const = 0;
    virtual Outcome send(const store::Changes& changes, store::ChangeClass change_class) = 0;
    virtual AudioSink* audio() { return nullptr; }  // null: it keeps no sound
};

}  // namespace holdfast::sync
