// How Twilio's audio arrives on one stream: how many frames of each second came late or never, for the
// score of the box's line. A frame is late against the fastest one so far, so that neither clock nor the
// length of the way matters. Pure; the call feeds it.
#pragma once

#include "base/loop.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace holdfast::call {

class LineWatch {
  public:
    // Older than that is stale (P06) and was missing where it was needed.
    static constexpr base::milliseconds k_late{400};
    // Two clocks part by 500 ppm at most (P14): the fastest way seen is forgotten at twice that.
    static constexpr std::int64_t k_forget_frames = 50;  // one millisecond for so many

    // The time over which a call's own share is taken: a line that loses a frame now and then holds up all
    // behind it, so that single seconds are either good or lost.
    static constexpr std::size_t k_seconds = 5;

    struct Second {
        std::uint32_t expected = 0;
        std::uint32_t late = 0;
        double late_share = 0;  // of the last `k_seconds`, this one included
    };

    void reset() { *this = LineWatch(); }

    // One frame of 20 ms with Twilio's time stamp, -1: it has none.
    void frame(std::int64_t timestamp_ms, base::TimePoint now) {
        ++second_.expected;
        if (timestamp_ms < 0) return;
        const std::int64_t way = base::to_ms(now.time_since_epoch()) - timestamp_ms;
        if (!least_ || way < *least_) least_ = way;
        behind_ms_ = way - *least_;
        if (behind_ms_ >= k_late.count()) ++second_.late;
        if (++frames_ % k_forget_frames == 0) ++*least_;
    }
    // Frames that a hole in the time stamps says were never received.
    void missing(std::uint32_t frames) {
        second_.expected += frames;
        second_.late += frames;
    }
    // What came since the last time.
    Second take() {
        Second out = std::exchange(second_, Second());
        last_[next_] = out;
        next_ = (next_ + 1) % k_seconds;
        std::uint64_t expected = 0;
        std::uint64_t late = 0;
        for (const Second& second : last_) {
            expected += second.expected;
            late += second.late;
        }
        if (expected > 0) out.late_share = static_cast<double>(late) / static_cast<double>(expected);
        return out;
    }
    // How far the newest frame came behind the fastest one.
    base::milliseconds behind() const { return base::milliseconds(behind_ms_); }
    // Not measured: what came since the last time says nothing of the line.
    void discard() { second_ = Second(); }

  private:
    Second second_;
    std::array<Second, k_seconds> last_{};
    std::size_t next_ = 0;
    std::optional<std::int64_t> least_;  // arrival minus time stamp, of the fastest
    std::int64_t behind_ms_ = 0;
    std::int64_t frames_ = 0;
};

}  // namespace holdfast::call
