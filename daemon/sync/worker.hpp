// One sink's thread: takes what the journal has to tell, most urgent first, and gives it to the sink until it has it.
//
// Waits and retries without end, because the journal keeps everything; what it holds in memory is one batch.
#pragma once

#include "store/journal.hpp"
#include "sync/audio.hpp"
#include "sync/sink.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace holdfast::sync {

enum class State { off, starting, good, behind, not_allowed };
const char* to_string(State state);

// The sound of recordings: a matter of its own, so that rows are told of whatever becomes of it.
struct AudioStatus {
    State state = State::off;
    std::string why;
    std::int64_t code = 0;
    std::int64_t waiting = 0;  // recordings
    std::optional<std::int64_t> oldest_utc_ms;
    std::int64_t delivered = 0;  // by this process, as what follows
    std::int64_t refused = 0;    // dead letters
    std::int64_t purged = 0;     // passed over: they had been deleted
};

// For /readyz, metrics and people.
struct Status {
    State state = State::off;
    std::string why;                 // of behind and not_allowed: a word
    std::int64_t code = 0;
    std::optional<std::int64_t> looked_utc_ms;  // when what waits was counted; none: it is not known yet
    std::array<std::int64_t, 6> waiting{};  // by class, in their order
    std::int64_t rows_waiting = 0;   // together
    std::int64_t bytes_waiting = 0;  // about: what a document of each class has taken so far; what grows goes once for several rows
    std::optional<std::int64_t> oldest_utc_ms;
    std::optional<std::int64_t> last_success_utc_ms;
    std::int64_t rows_delivered = 0;   // by this process
    std::int64_t rows_refused = 0;
    AudioStatus audio;

    // The sink has every change of the class, as of the last look a second or so ago.
    bool has_all(store::ChangeClass change_class) const {
        return looked_utc_ms && waiting[static_cast<std::size_t>(change_class) - 1] == 0;
    }
    // The same for the sound, where it is to have that.
    bool has_all_audio() const { return audio.state == State::off || (looked_utc_ms && audio.waiting == 0); }
};

// What the line may be used for now. Sync thread.
struct Allowance {
    bool pause = false;                               // calls need all of it
    std::optional<std::int64_t> bytes_per_second;     // none: no cap
};

struct WorkerParts {
    store::Journal& journal;
    std::function<std::unique_ptr<Sink>()> make_sink;  // on the sync thread; empty: it can never work, which was said loudly
    std::function<Allowance()> allowance = [] { return Allowance(); };
    std::function<std::int64_t()> utc_ms;
    std::function<std::uint32_t()> random;
    // Tests shorten them.
    std::chrono::milliseconds poll{250};
    std::chrono::milliseconds again_first{1'000};
    std::chrono::milliseconds again_most{60'000};
    ReadAudio read_audio{};  // empty: the sound stays on this box
};

class Worker {
  public:
    explicit Worker(WorkerParts parts);
    ~Worker();  // stops it, if nobody did
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    Status status() const;  // any thread
    // Asks for what waits to be sent now, also on a line that is kept for calls. Any thread.
    void flush();
    // False: nothing waited any more, or the sink does not take it. Any thread.
    bool flushing() const;
    // Any thread but its own. False: the sink did not come back within `most`. Its thread is left to itself then and uses
    // none of the parts again, but the process must not take down what the sink's library stands on.
    bool stop(std::chrono::milliseconds most);

  private:
    class Core;
    std::shared_ptr<Core> core_;  // its thread has it as well
};

}  // namespace holdfast::sync
