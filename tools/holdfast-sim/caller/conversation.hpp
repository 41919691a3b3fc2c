// When the caller speaks, and what a person on the line would say about the answers: how long they
// took, whether the box fell silent, how fast an interruption was heeded. Pure: driven by 20 ms
// ticks with times in milliseconds since the stream's start.
#pragma once

#include "caller/script.hpp"

#include <cstdint>
#include <vector>

namespace holdfast::sim {

// The answer to one turn; entry 0 is the greeting.
struct Answer {
    std::int64_t received_ms = -1;  // its first audio message
    std::int64_t heard_ms = -1;     // its first audible 20 ms
    std::int64_t ended_ms = -1;     // the last time anything was queued
    bool over = false;              // ended, or given up
};

struct TurnTimes {
    std::int64_t speech_from_ms = -1;  // first and last audible frame of the caller, as sent
    std::int64_t speech_to_ms = -1;
    bool interrupts = false;       // something was playing when the caller began
    std::int64_t cleared_ms = -1;  // the box cleared the playout, for an interrupting turn
    bool started = false;
};

struct Gap {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
};

struct ConversationLimits {
    std::int64_t ended_after_ms = 700;  // nothing queued for so long: the answer is over
    std::int64_t greeting_patience_ms = 10'000;
    std::int64_t patience_ms = 15'000;  // the caller goes on without an answer
    std::int64_t dead_air_ms = 4'000;
};

class Conversation {
  public:
    explicit Conversation(CallerScript script, ConversationLimits limits = {});

    struct Todo {
        enum class Kind { nothing, begin_turn };
        Kind kind = Kind::nothing;
        std::size_t turn = 0;  // index into script()
    };
    // `audible`: the last 20 ms sounded; `idle`: nothing is queued for playing.
    Todo tick(std::int64_t now_ms, bool audible, bool idle);

    void speech_began(std::int64_t now_ms, bool idle);
    void speech_ended(std::int64_t now_ms);
    void nothing_to_say(std::int64_t now_ms);  // the turn was keys only
    void media_received(std::int64_t now_ms, bool was_idle);
    void cleared(std::int64_t now_ms);

    const CallerScript& script() const { return script_; }
    const std::vector<Answer>& answers() const { return answers_; }
    const std::vector<TurnTimes>& turns() const { return turns_; }
    const std::vector<Gap>& gaps() const { return gaps_; }
    std::size_t turns_begun() const { return current_; }
    void finish(std::int64_t now_ms) { watch_silence(now_ms, true); }

  private:
    void follow_answer(std::int64_t now_ms, bool audible, bool idle);
    bool due(std::int64_t now_ms);
    void watch_silence(std::int64_t now_ms, bool sound);

    CallerScript script_;
    ConversationLimits limits_;
    std::vector<Answer> answers_;
    std::vector<TurnTimes> turns_;
    std::vector<Gap> gaps_;
    std::size_t current_ = 0;  // turns begun; answers_[current_] is the one awaited
    bool speaking_ = false;
    bool excused_ = false;  // the script itself keeps silent
    std::int64_t idle_since_ms_ = 0;
    std::int64_t silent_since_ms_ = 0;
};

}  // namespace holdfast::sim
