// Retention: which calls go, when, and in what order. Admin loop but for purge_call(); the work happens on the recording and the
// store thread. Never what a sink lacks, never what is held, never by a clock that cannot be believed (D22).
#pragma once

#include "base/loop.hpp"
#include "base/timer.hpp"
#include "recording/retention.hpp"
#include "store/journal.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace holdfast::app {

struct PurgeDays {
    std::int64_t calls = 365;
    std::int64_t words = 0;  // 0: as calls
    std::int64_t audit = 0;  // 0: as calls
};

class PurgePlan {
  public:
    static constexpr auto k_first_after = std::chrono::minutes(5);  // a start has better things to do
    static constexpr auto k_every = std::chrono::hours(1);
    static constexpr auto k_more = std::chrono::seconds(10);        // when one run did not take all that may go
    static constexpr std::int64_t k_calls_at_once = 100;
    // With the disk nearly full (D01), what is synced goes before its time, but never what is younger than this.
    static constexpr std::int64_t k_younger_stays_ms = 86'400'000;

    struct Parts {
        base::Loop& loop;
        store::Journal& journal;
        // Removes the call's files. `done` on any thread, once.
        std::function<void(const base::CallSid&, std::function<void(bool gone)> done)> remove_recordings;
        std::string sink;    // empty: there is none, and nothing goes before its time
        PurgeDays days;
        std::string folder;  // where the clock is remembered
        std::string audio_sink{};  // that has the sound of recordings; empty: the rows are all that is sent
        // Removes damaged files that were set aside before; what was said stands in them, too.
        std::function<void(std::int64_t before_utc_ms)> remove_set_aside = {};
    };
    explicit PurgePlan(Parts parts);

    void start();
    void set_days(PurgeDays days) { parts_.days = days; }  // from the next run on; admin loop
    void run();  // one run now

    // Files first, then rows: what is interrupted is found by the next run. Any thread.
    void purge_call(const base::CallSid& call, bool words_only, std::string actor, std::string reason,
                    std::function<void(base::Result<store::Committed>)> done);

  private:
    struct Step {
        std::int64_t before_utc_ms = 0;
        bool words_only = false;
        const char* reason = "";
    };
    void next_step();
    void next_call();
    void again(std::chrono::milliseconds after);

    Parts parts_;
    base::Timer timer_;
    recording::ClockCheck clock_;
    std::deque<Step> steps_;
    Step step_;
    std::deque<base::CallSid> calls_;
    bool more_ = false;
};

}  // namespace holdfast::app
