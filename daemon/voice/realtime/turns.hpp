// What the caller said in one provider session: when each turn began and ended, whether its words came
// and whether it was answered. Pure bookkeeping, bounded. Times are positions in the call's audio.
#pragma once

#include "base/loop.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace holdfast::voice::realtime {

struct Turn {
    std::string item;
    std::int64_t start_ms = 0;
    std::int64_t end_ms = -1;  // -1: still speaking
    bool committed = false;
    bool transcribed = false;  // its words, or their failure, were given on
    bool answered = false;     // audio of an answer was given to the call
    std::string words;         // from transcription deltas
    base::TimePoint committed_at;
};

class Turns {
  public:
    Turn& start(std::string_view item, std::int64_t at_ms);
    Turn& stop(std::string_view item, std::int64_t at_ms);
    Turn& commit(std::string_view item, std::int64_t at_ms, base::TimePoint now);
    Turn* find(std::string_view item);
    const Turn* last() const { return turns_.empty() ? nullptr : &turns_.back(); }
    bool speaking() const { return !turns_.empty() && turns_.back().end_ms < 0; }
    // Audio of an answer reached the call: whatever was said until now has been heard.
    void mark_answered();
    // A committed turn whose words may still come; one older than `patience` no longer counts.
    bool words_pending(base::TimePoint now, base::Mono::duration patience) const;
    // Where the first turn begins whose words have not come, spoken to its end or not; -1: there is none.
    std::int64_t unwritten_from_ms() const;
    std::deque<Turn>& all() { return turns_; }

  private:
    Turn& known(std::string_view item, std::int64_t at_ms);
    std::deque<Turn> turns_;
};

}  // namespace holdfast::voice::realtime
