// Boxes that take calls, each with its own sink, connection and numbers, on a few threads. What the sync thread of a box does is
// done here in the same order: the most urgent class first, one batch at a time, the same again after a failure.
#pragma once

#include "base/error.hpp"
#include "state_load/call_script.hpp"
#include "sync/mongo_sink.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::bench {

struct CrowdSettings {
    sync::MongoSettings mongo;        // site_id is each box's own
    std::size_t boxes = 1;
    std::size_t threads = 1;          // so many boxes can wait for the server at once
    double calls_per_hour = 1;        // of each box
    std::uint32_t seed = 1;
    std::string run;                  // stands in every generation and call: what another run left there is not touched
};

// What came of a phase. "Offered" and "taken" count notes of the journal: one for each time that a document is new or changed.
struct Tally {
    std::int64_t calls = 0;                       // begun
    std::int64_t notes_offered = 0, notes_taken = 0;  // in the window that is measured
    std::int64_t operations = 0, known_before = 0, refused = 0;  // in the whole phase, as all below
    std::int64_t left = 0;                        // notes that nobody had taken when it was given up
    std::map<std::string, std::int64_t> errors;   // by what the sink calls them
    // Sorted: from when the notes that were offered in the window could be sent until the sink had them; for what is left, until
    // it was given up.
    std::vector<float> latency_ms;
    double busy = 0;                              // share of the threads' time that was spent in sinks
};

class Crowd {
  public:
    // Connects to nobody yet. Errors: "mongodb_uri" (fatal).
    static base::Result<std::unique_ptr<Crowd>> make(CrowdSettings settings, CallScript script);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    // Every box tells that it has started, which makes its connections. What is left is not told at `most`.
    Tally start(std::chrono::milliseconds most);
    // Calls come to all boxes by chance, time passing `speed` times as fast, until the window is over; then those that go on come
    // to their ends, for at most `drain`. The window opens after the length of one call, when as many are there as will be.
    Tally calls(double speed, std::chrono::milliseconds window, std::chrono::milliseconds drain);

    std::map<std::string, std::int64_t> documents() const;  // made so far, by collection
    std::string last_call() const;                          // that has ended, of those that told so; empty: none

  private:
    class Impl;
    explicit Crowd(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::bench
