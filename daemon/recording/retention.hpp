// Which recordings may be deleted. Recording thread; blocks on the disk.
#pragma once

#include "base/loop.hpp"
#include "recording/queue.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace holdfast::recording {

struct RetentionDays {
    std::int64_t days = 0;                        // 0: kept for ever
    std::map<std::string, std::int64_t> classes;  // days of a class that has its own
    std::int64_t of(const std::string& retention_class) const;
};

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
    // One run; returns how many files went.
    std::size_t purge(const MayGo& may_go, std::int64_t utc_ms, base::TimePoint now);

  private:
    bool remove(const Identity& identity, const std::string& name, std::int64_t utc_ms);

    const std::string folder_;
    const RetentionDays days_;
    store::Journal& journal_;
    ClockCheck clock_;
};

}  // namespace holdfast::recording
