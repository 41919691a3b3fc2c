// The agency's database as the sync sees it: where it is, from the configuration, and what the line may carry.
#pragma once

#include "app/recording_reader.hpp"
#include "base/loop.hpp"
#include "config/config.hpp"
#include "http/status.hpp"
#include "ladder/ladder.hpp"
#include "store/journal.hpp"
#include "sync/worker.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace holdfast::app {

// Bytes a second that may go out now; written by the media loop, read by the sync thread.
class LineShare {
  public:
    // The line belongs to calls first: while there are any, at most half of what is configured goes to the sync, and
    // nothing at all on a poor line. The score only lowers what is configured.
    void set(const ladder::Snapshot& snapshot, std::int64_t calls, const config::Uplink& limits);
    sync::Allowance now() const;

  private:
    static constexpr std::int64_t k_no_cap = -1;
    std::atomic<std::int64_t> bytes_per_second_{k_no_cap};  // 0: pause
};

// Null: no mongodb_uri, nothing is sent. `clock`, `journal` and `share` outlive it. `recordings`: asked on its thread, if
// mongodb.audio is on.
std::unique_ptr<sync::Worker> start_sync(const config::Config& config, const base::Loop& clock, store::Journal& journal,
                                         const LineShare& share, RecordingReader::Read recordings);

// What the sync is given of a recording that is to be sent. `journal` knows of one that is gone whether it was to go, and is
// waited for at most `most`; not knowing is "not now".
sync::ReadAudio read_audio(RecordingReader::Read recordings, store::Journal& journal, std::chrono::milliseconds most);

// P17: what waits is sent before a stop, until `until` and for at most five seconds; not when the server takes nothing.
// `wait` passes the time given; false: not any longer.
void flush_sync(sync::Worker* worker, base::TimePoint until, const std::function<bool(std::chrono::milliseconds)>& wait);

// Ends a worker that nobody asks any more, after its stop. When the stop was in vain the driver is still waiting for its
// server: `left` then, and the process has to end without taking down what stands outside of functions.
enum class SyncEnd { done, left };
SyncEnd stop_sync(sync::Worker* worker);
void end_sync(std::unique_ptr<sync::Worker> worker, SyncEnd end);

http::SyncStatus sync_status(const sync::Worker* worker);

}  // namespace holdfast::app
