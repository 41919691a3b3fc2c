// The recorder of the daemon: one thread that does everything with a disk in it. See README.md for the
// life of a file and for what is done about trouble.
#pragma once

#include "base/loop.hpp"
#include "recording/file.hpp"
#include "recording/key.hpp"
#include "recording/limits.hpp"
#include "recording/queue.hpp"
#include "recording/recorder.hpp"
#include "recording/retention.hpp"
#include "store/journal.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::recording {

struct DiskRecorderOptions {
    std::string path;  // folder; created (0700) when its parent is there
    RetentionDays retention;
    std::function<base::TimePoint()> now = [] { return base::Mono::now(); };
    std::function<std::int64_t()> utc_ms;     // empty: the system's
    std::size_t blocks_max = k_queue_blocks_max;
    std::chrono::milliseconds announce_again = k_announce_again;
    FileKeys keys;                            // empty: nothing is sealed
    std::chrono::milliseconds repair_again = k_repair_again;
    std::shared_ptr<Disk> disk;               // empty: the real one
};

class DiskRecorder : public Recorder {
  public:
    // Starts the thread, which first repairs what a crash left. Never fails: without a folder it keeps
    // trying. `journal` outlives the recorder.
    DiskRecorder(DiskRecorderOptions options, store::Journal& journal);
    ~DiskRecorder() override;  // stops, if nobody did

    RecordingHandle start(const Start& start) override;  // media threads

    // Asks for one retention run. Nothing goes that `may_go` does not allow; it runs on the recording
    // thread: "sent to every sink, and nobody holds the call".
    void purge(MayGo may_go);

    // From the next run on.
    void set_retention(RetentionDays days);

    // Removes every file of a call, whatever its name ends in. `done` runs once, on the recording thread or, when the recorder has
    // stopped, here; false: one is still there.
    void remove(const base::CallSid& call, std::function<void(bool gone)> done);

    // Ends every recording, waits at most `most` until their rows are acknowledged and their names final.
    // Idempotent. Before the journal's stop. A thread that hangs in the disk is left behind.
    void stop(std::chrono::milliseconds most);

  private:
    class Core;
    std::shared_ptr<Core> core_;  // shared with its thread
};

}  // namespace holdfast::recording
