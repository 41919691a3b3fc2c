// When retention runs, and whom it asks. Loop thread; the run itself is the recorder's.
#pragma once

#include "base/timer.hpp"
#include "recording/queue.hpp"

#include <chrono>
#include <functional>

namespace holdfast::recording {

constexpr auto k_purge_first_after = std::chrono::minutes(5);  // a start has better things to do
constexpr auto k_purge_every = std::chrono::hours(1);          // k_purge_files_max each: 6,000 a day

// "Sent to every sink and not held", put together from who knows what. Each part runs on the recording thread.
struct Release {
    bool sinks_configured = false;  // without one nothing is unsynced: the file is the only copy there is to be
    MayGo sent;  // to every sink; empty: nobody can say so, and with a sink configured nothing goes
    MayGo held;  // by somebody; empty: there are no holds
};
MayGo may_go(Release release);

class PurgeTimer {
  public:
    PurgeTimer(base::Loop& loop, std::function<void(MayGo)> purge, Release release);
    void start();

  private:
    void run();
    base::Timer timer_;
    const std::function<void(MayGo)> purge_;
    const MayGo may_go_;
};

}  // namespace holdfast::recording
