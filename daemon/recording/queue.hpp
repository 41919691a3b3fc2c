// From media threads (and acknowledgements) to the recording thread. Audio is refused when too much of
// it waits; what begins and ends a recording always gets through, which is bounded by the number of calls.
#pragma once

#include "recording/file.hpp"
#include "recording/recorder.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <variant>

namespace holdfast::recording {

using Id = std::uint64_t;

struct Open {
    Start start;
};
struct Block {
    Leg leg = Leg::caller;
    std::int64_t at = 0;  // sample
    std::string mulaw;
};
struct Cleared {
    std::int64_t from = 0;  // the box's leg is silent from here to the end
};
struct Close {
    std::int64_t samples = 0;
    std::int64_t lost_samples = 0;  // of both legs, refused by this queue
};
struct Settled {  // the journal has answered
    std::string name;
    bool durable = false;
};
using MayGo = std::function<bool(const base::CallSid&, const std::string& path)>;
struct PurgeNow {
    MayGo may_go;
};
struct RetentionDays {
    std::int64_t days = 0;                        // 0: kept for ever
    std::map<std::string, std::int64_t> classes;  // days of a class that has its own
    std::int64_t of(const std::string& retention_class) const;
};
struct NewDays {
    RetentionDays days;
};
struct Remove {  // every file of a call
    base::CallSid call;
    std::function<void(bool gone)> done;
};

struct Item {
    Id id = 0;
    std::variant<Open, Block, Cleared, Close, Settled, PurgeNow, NewDays, Remove> what;
};

class Queue {
  public:
    explicit Queue(std::size_t blocks_max) : blocks_max_(blocks_max) {}
    // False: too many blocks wait, or the recorder has stopped. Any thread; never waits for the disk.
    bool push(Item item);
    // Moves what waits into `out` (cleared first), waits up to `wait` for a first item.
    void drain(std::deque<Item>& out, std::chrono::milliseconds wait);
    void close();  // no more Open, Block, Cleared, Close, PurgeNow, NewDays and Remove; Settled still gets through
    bool closed() const;

  private:
    const std::size_t blocks_max_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Item> items_;  // guarded by mutex_, as is what follows
    std::size_t blocks_ = 0;
    bool closed_ = false;
};

}  // namespace holdfast::recording
