#include "ladder/uplink.hpp"

#include <algorithm>

namespace holdfast::ladder {
namespace {

constexpr double k_down_at = 0.1;
constexpr double k_up_from = 0.5;

std::int64_t second_of(base::TimePoint now) {
    return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

template <class Duration>
double ms(Duration d) {
    return static_cast<double>(std::chrono::duration_cast<base::milliseconds>(d).count());
}

// 1 at `good` and better, 0 at `bad` and worse, a straight line between.
double between(double value, double good, double bad) {
    return std::clamp((bad - value) / (bad - good), 0.0, 1.0);
}

double queue_score(double queued_ms) {
    return between(queued_ms, ms(limits::uplink_queue_good), ms(limits::uplink_queue_bad));
}

double late_score(double share) {
    return between(share, limits::uplink_late_good, limits::uplink_late_bad);
}

}  // namespace

void Uplink::set_caps(int up_kbps, int down_kbps) {
    up_.cap_kbps = std::max(0, up_kbps);
    down_.cap_kbps = std::max(0, down_kbps);
}

Uplink::Bucket& Uplink::bucket(base::TimePoint now) {
    const std::int64_t second = second_of(now);
    const auto size = static_cast<std::int64_t>(buckets_.size());
    Bucket& b = buckets_[static_cast<std::size_t>(((second % size) + size) % size)];
    if (b.second != second) {
        b = Bucket();
        b.second = second;
    }
    return b;
}

void Uplink::add(const CallSecond& seen, base::TimePoint now) {
    Bucket& b = bucket(now);
    const auto count = [](Measure& measure, Mean mean, bool well) {
        measure.all.add(mean);
        ++measure.calls;
        if (!well) return;
        measure.well.add(mean);
        ++measure.calls_well;
    };
    // No more than the worst that matters: a queue of a minute is no worse for the line than a full one.
    if (seen.send_queue) {
        const double queue = std::clamp(ms(*seen.send_queue), 0.0, ms(limits::uplink_queue_bad));
        count(b.queue_ms, {queue, 1}, queue_score(queue) > k_down_at);
    }
    if (seen.expected > 0) {
        const Mean late{static_cast<double>(std::min(seen.expected, seen.late)), static_cast<double>(seen.expected)};
        count(b.late, late, late_score(seen.late_share) > k_down_at);
    }
    if (seen.round_trip) b.rtt_ms.add({std::max(0.0, ms(*seen.round_trip)), 1});
}

void Uplink::Mean::add(const Mean& other) {
    sum += other.sum;
    count += other.count;
}

void Uplink::Means::add(const Bucket& bucket) {
    queue_ms.add(bucket.queue_ms.value());
    late.add(bucket.late.value());
    rtt_ms.add(bucket.rtt_ms);
}

double Uplink::score(const Means& measured, Direction direction) {
    const double rtt = between(measured.rtt_ms.value(), ms(limits::uplink_rtt_good),
                               ms(limits::uplink_rtt_bad));
    const double own = direction == Direction::up ? queue_score(measured.queue_ms.value())
                                                  : late_score(measured.late.value());
    return std::min(own, std::max(k_up_from, rtt));
}

double Uplink::score(Direction direction, base::TimePoint now) const {
    const std::int64_t oldest = second_of(now - limits::uplink_window);
    Means window;
    for (const Bucket& b : buckets_) {
        if (b.second > oldest) window.add(b);
    }
    return score(window, direction);
}

double Uplink::worst_second(Direction direction, base::TimePoint now) const {
    const std::int64_t oldest = second_of(now - limits::uplink_window);
    double worst = 1;
    for (const Bucket& b : buckets_) {
        if (b.second <= oldest) continue;
        Means second;
        second.add(b);
        worst = std::min(worst, score(second, direction));
    }
    return worst;
}

void Uplink::judge(base::TimePoint now) {
    judge(up_, Direction::up, now);
    judge(down_, Direction::down, now);
}

void Uplink::judge(Side& side, Direction direction, base::TimePoint now) {
    if (score(direction, now) <= k_down_at) side.down = true;
    if (worst_second(direction, now) < k_up_from) {
        side.good_since.reset();
        return;
    }
    if (!side.good_since) side.good_since = now;
    if (now - *side.good_since >= limits::health_good_time) side.down = false;
}

std::optional<int> Uplink::calls_max(base::TimePoint now) const {
    std::optional<int> most;
    for (const Direction direction : {Direction::up, Direction::down}) {
        const Side& s = side(direction);
        if (s.down) return 0;
        if (s.cap_kbps == 0) continue;
        // Above k_up_from the cap is the operator's; below, the line has less than they think.
        const double share = std::min(1.0, score(direction, now) / k_up_from);
        const int calls = static_cast<int>(s.cap_kbps * share / limits::call_kbps);
        most = std::min(most.value_or(calls), calls);
    }
    return most;
}

}  // namespace holdfast::ladder
