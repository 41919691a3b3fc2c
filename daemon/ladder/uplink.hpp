// One score per direction of the box's line, from what the box sees of its Twilio legs. Up: audio
// waiting in send queues. Down: caller frames that came late or not at all. Round-trip time counts
// for both, but alone never condemns a line. A call that fares badly while at least as many fare well
// has a trouble of its own, and its seconds do not count: one peer that stops reading, or whose time
// stamps lie, must not send all others to a person. A few one-second buckets, however many the calls.
#pragma once

#include "base/loop.hpp"
#include "config/limits.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace holdfast::ladder {

enum class Direction { up, down };

// What one call saw in its last second.
struct CallSecond {
    std::uint32_t expected = 0;  // caller frames
    std::uint32_t late = 0;      // of these, late or missing
    double late_share = 0;       // over the call's last seconds
    std::optional<base::milliseconds> send_queue;  // audio waits so long, here or anywhere on the way; nullopt: not known
    std::optional<base::milliseconds> round_trip;  // nullopt: not known
};

class Uplink {
  public:
    // 0: no cap.
    void set_caps(int up_kbps, int down_kbps);

    // To be called about once a second for each call.
    void add(const CallSecond& seen, base::TimePoint now);

    // Looks at the measurements: to be called about once a second, and before an admission.
    void judge(base::TimePoint now);

    double score(Direction direction, base::TimePoint now) const;  // 1 good, 0 unusable
    // No talk is possible that way. At once at a score of 0.1; back after thirty seconds of which
    // each alone is above 0.5: the mean of a flapping line may look well (N15).
    bool is_down(Direction direction) const { return side(direction).down; }
    bool is_down() const { return up_.down || down_.down; }
    // Calls the line carries now; nullopt: no cap. The score only ever lowers it.
    std::optional<int> calls_max(base::TimePoint now) const;

  private:
    struct Mean {
        double sum = 0;
        double count = 0;
        double value() const { return count > 0 ? sum / count : 0; }
        void add(const Mean& other);
    };
    // One direction, one second: means of its own measure over all calls, and over those that fare well.
    struct Measure {
        Mean all;
        Mean well;
        int calls = 0;
        int calls_well = 0;
        const Mean& value() const { return 2 * calls_well >= calls ? well : all; }
    };
    struct Bucket {
        std::int64_t second = -1;
        Measure queue_ms;
        Measure late;  // sum: late frames, count: expected ones
        Mean rtt_ms;
    };
    struct Means {
        Mean queue_ms, late, rtt_ms;
        void add(const Bucket& bucket);
    };
    struct Side {
        int cap_kbps = 0;
        bool down = false;
        std::optional<base::TimePoint> good_since;
    };

    Bucket& bucket(base::TimePoint now);
    static double score(const Means& measured, Direction direction);
    double worst_second(Direction direction, base::TimePoint now) const;
    const Side& side(Direction direction) const {
        return direction == Direction::up ? up_ : down_;
    }
    void judge(Side& side, Direction direction, base::TimePoint now);

    std::array<Bucket, 6> buckets_;  // uplink_window, and the second that runs
    Side up_;
    Side down_;
};

}  // namespace holdfast::ladder
