// Looks after the machine under the daemon (clock, disk, certificates) and after what the daemon thinks of itself: one log line when a
// part of /readyz changes, and the line that `systemctl status` shows. Admin loop; reads /run and /sys, which are memory.
#pragma once

#include "base/timer.hpp"
#include "http/part_watch.hpp"
#include "http/status.hpp"
#include "store/journal.hpp"
#include "supervise/clock_watch.hpp"
#include "supervise/disk_wear.hpp"
#include "supervise/slow_commits.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::app {

// When to say that a certificate is about to expire: at once when fewer than fourteen days are left, then once a day.
class ExpiryNotice {
  public:
    // The days that are left, if it is time to say so; below 0: it has expired.
    std::optional<std::int64_t> look(std::int64_t not_after_utc_s, std::int64_t now_utc_ms, base::TimePoint now);

  private:
    std::int64_t said_of_ = 0;
    base::TimePoint said_at_{};
};

class BoxWatch {
  public:
    static constexpr std::chrono::milliseconds k_look_every{500};     // a change is told within it
    static constexpr std::chrono::milliseconds k_figures_every{1000}; // the line at most, when only its figures change
    static constexpr std::chrono::milliseconds k_disk_every{60'000};

    struct Certificate {
        std::string_view listener;
        std::int64_t not_after_utc_s = 0;
    };
    struct Parts {
        base::Loop& loop;
        store::Journal& journal;
        std::function<http::DaemonStatus()> status;
        std::function<std::vector<Certificate>()> certificates;
        std::function<void(const std::string& line)> tell;
        bool safe_mode = false;
        dev_t disk = 0;  // of the journal
        std::string sys = "/sys";
        std::string timesync = "/run/systemd/timesync";
    };
    explicit BoxWatch(Parts parts);

    void start();
    // Looks now. The loop calls it every k_look_every.
    void look();
    const http::BoxStatus& box() const { return box_; }

  private:
    void look_at_clock();
    void look_at_disk();
    void look_at_certificates();
    void look_at_parts();

    Parts parts_;
    base::Timer timer_;
    http::BoxStatus box_;
    supervise::ClockWatch clock_;
    supervise::DiskLife life_;
    supervise::SlowCommits commits_;
    std::optional<base::TimePoint> disk_at_;
    std::vector<ExpiryNotice> notices_;
    http::PartWatch watch_;
    std::string judgement_, line_;
    std::optional<base::TimePoint> told_at_;
};

}  // namespace holdfast::app
