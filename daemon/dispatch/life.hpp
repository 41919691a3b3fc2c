// The life of one dispatch, as its steps in the journal tell it, and what may be done to it next. Pure.
//
//     proposed ---- approved ---- acknowledged        approved by a person, by the CAD's acceptance, or by the
//        |             |                              box itself (dispatch.mode: automatic)
//        +- rejected   +- (sent, undeliverable)       by a person, with the reason
//        +- superseded                                the call has another proposal now
//
// Help is on the way when it is acknowledged, and never before.
#pragma once

#include "base/ids.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::dispatch {

// "CA0123...:dispatch:1"
struct Id {
    base::CallSid call;
    std::int64_t number = 0;

    std::string str() const;
    static std::optional<Id> parse(std::string_view text);
    bool operator<(const Id& other) const { return call == other.call ? number < other.number : call < other.call; }
};

enum class Mode { advise, approve, automatic };
std::optional<Mode> mode_of(std::string_view word);

// What another system is told of it. A later one says more than an earlier one.
enum class Content { proposed, approved, rejected };
const char* to_string(Content content);
int revision(Content content);  // 1, 2, 3

struct Life {
    store::Dispatch proposal;  // its first step
    bool approved = false;
    bool rejected = false;
    bool superseded = false;
    bool acknowledged = false;
    std::optional<Content> sent;           // the newest that was delivered
    std::optional<Content> undeliverable;  // ... that will not be taken
    std::int64_t changed_utc_ms = 0;
    std::string by;                        // who did the last thing that a person or the CAD does
    std::string reason;                    // of a rejection

    Id id() const { return {proposal.call, proposal.number}; }
    Content content() const;
    const char* state() const;  // "proposed", "approved", "sent", "acknowledged", "rejected", "superseded", "undeliverable"
    bool open() const { return !acknowledged && !rejected && !superseded; }
    void take(const store::Dispatch& step);
};

// The dispatches that the steps tell of, in the order they were proposed. Steps of one whose proposal is not among
// them are passed over.
std::vector<Life> lives(const std::vector<store::DispatchRow>& steps);

// Why it may not be done: a state, "advise" (the mode only shows), or nullptr: it may.
const char* may_approve(const Life& life, Mode mode);
const char* may_reject(const Life& life);
const char* may_acknowledge(const Life& life);

}  // namespace holdfast::dispatch
