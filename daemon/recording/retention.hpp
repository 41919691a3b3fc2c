// Which recordings may be deleted. Recording thread; blocks on the disk.
#pragma once

#include "base/loop.hpp"
#include "recording/queue.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace holdfast::recording {

// Whether the wall clock can be believed enough to delete by it (D22). Remembers the last look in a
// file, so that a restart does not forget it, and between two looks of one process compares the wall clock
// with the monotonic one.
class ClockCheck {
  public:
    explicit ClockCheck(std::string folder);
    enum class Verdict { good, first_look, wrong };
    Verdict look(std::int64_t utc_ms, base::TimePoint now);

  private:
    std::string path_;
    std::optional<std::int64_t> utc_ms_;  // of the last good look in this process
    base::TimePoint looked_at_{};
};

class Retention {
  public:
    Retention(std::string folder, RetentionDays days, store::Journal& journal);
    void set_days(RetentionDays days) { days_ = std::move(days); }
    // One run; returns how many files went.
    std::size_t purge(const MayGo& may_go, std::int64_t utc_ms, base::TimePoint now);

  private:
    bool remove(const Identity& identity, const std::string& name, std::int64_t utc_ms);

    const std::string folder_;
    RetentionDays days_;
    store::Journal& journal_;
    ClockCheck clock_;
};

}  // namespace holdfast::recording
