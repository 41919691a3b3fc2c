// What Twilio does with the audio it is given, as twilio.md 4.3 and 7 describe it: a queue drained
// at 8000 bytes a second, marks that come back when their audio has sounded, a clear that empties
// it and returns what is pending. Records exactly what the caller hears. Pure: time comes in.
#pragma once

#include "base/loop.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

class PlayoutModel {
  public:
    struct Mark {
        std::string name;
        bool flushed = false;  // came back because of a clear, not because it was heard
    };

    explicit PlayoutModel(base::TimePoint start) : start_(start) {}

    // False: more than ten minutes are waiting; the audio is dropped (31931).
    bool add(std::string_view mulaw, base::TimePoint now);
    void mark(std::string_view name, base::TimePoint now);
    std::size_t clear(base::TimePoint now);  // bytes that will never be heard
    void advance(base::TimePoint now);

    std::vector<Mark> take_marks();
    bool idle() const { return queue_.size() == taken_; }
    std::int64_t queued_ms() const { return static_cast<std::int64_t>(queue_.size() - taken_) / 8; }
    // Everything since the start, silence included; 8 bytes a millisecond.
    const std::string& heard() const { return heard_; }

  private:
    struct Pending {
        std::uint64_t position;  // of all bytes ever queued
        std::string name;
    };

    base::TimePoint start_;
    std::string queue_;
    std::size_t taken_ = 0;  // bytes of queue_ already played
    std::uint64_t played_ = 0;
    std::deque<Pending> pending_;
    std::vector<Mark> returned_;
    std::string heard_;
};

}  // namespace holdfast::sim
