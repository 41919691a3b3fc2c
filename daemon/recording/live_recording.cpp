#include "recording/live_recording.hpp"

#include "base/base64.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "recording/limits.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace holdfast::recording {
namespace {

constexpr log::Logger k_log{"recording"};

constexpr std::int64_t samples_in(std::chrono::milliseconds time) { return time.count() * k_samples_per_ms; }

}  // namespace

LiveRecording::LiveRecording(std::shared_ptr<Queue> queue, Id id, const Start& start, Clock clock)
    : queue_(std::move(queue)), id_(id), call_(start.call), offset_ms_(start.offset_ms), clock_(std::move(clock)),
      started_(clock_() - std::chrono::milliseconds(start.before_ms)) {
    metrics::recordings_active.add(1);
}

LiveRecording::~LiveRecording() { finish(); }

std::int64_t LiveRecording::now_sample() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(clock_() - started_).count() * k_samples_per_ms / 1000;
}

// Clamped far outside of what decode() lets pass, so that nothing overflows.
std::int64_t LiveRecording::sample_at(std::int64_t position_ms) const {
    constexpr std::int64_t k_far = base::milliseconds(2 * k_recording_max).count();
    return (std::clamp(position_ms, -k_far, k_far) - std::clamp(offset_ms_, -k_far, k_far)) * k_samples_per_ms;
}

bool LiveRecording::decode(std::string_view base64, std::int64_t at) {
    if (finished_) return false;
    decoded_.clear();
    const bool plausible = at <= now_sample() + samples_in(k_ahead_max) && at < samples_in(k_recording_max);
    if (plausible && base64.size() <= k_frame_base64_max && base::base64_decode_append(decoded_, base64)) return true;
    metrics::recording_bad_frames_total.add();
    return false;
}

void LiveRecording::caller(std::string_view base64, std::int64_t position_ms) {
    const auto at = sample_at(position_ms);
    if (decode(base64, at)) add(Leg::caller, at);
    caller_end_ = std::max(caller_end_, run(Leg::caller).end);
}

void LiveRecording::box(std::string_view base64, std::int64_t position_ms) {
    const auto at = std::max(sample_at(position_ms), run(Leg::box).end);
    if (decode(base64, at)) add(Leg::box, at);
}

void LiveRecording::add(Leg leg, std::int64_t at) {
    std::string_view sound = decoded_;
    if (at < 0) {  // spoken before the recording began
        const auto before = std::min<std::size_t>(sound.size(), static_cast<std::size_t>(-at));
        sound.remove_prefix(before);
        at = 0;
    }
    if (sound.empty()) return;
    Run& r = run(leg);
    // Clocks of two sides round differently; a hole or an overlap of less than a frame is none.
    if (r.end > 0 && std::abs(at - r.end) < k_same_place_samples) at = r.end;
    if (at != r.end || r.mulaw.empty()) {
        hand_over(leg);
        r.at = at;
        r.mulaw.reserve(k_block_samples + sound.size());
    }
    r.mulaw += sound;
    r.end = r.at + static_cast<std::int64_t>(r.mulaw.size());
    if (r.mulaw.size() < k_block_samples) return;
    // Both, so that the last words of the leg that fell silent do not wait in memory.
    hand_over(Leg::caller);
    hand_over(Leg::box);
}

void LiveRecording::hand_over(Leg leg) {
    Run& r = run(leg);
    if (r.mulaw.empty()) return;
    const auto samples = static_cast<std::int64_t>(r.mulaw.size());
    if (queue_->push(Item{id_, Block{leg, r.at, std::exchange(r.mulaw, {})}})) return;
    r.mulaw.clear();
    lost_samples_ += samples;
    metrics::recording_blocks_dropped_total.add();
    if (lost_log_.should_log(clock_())) {
        k_log.error("recording queue is full, audio is not recorded", call_,
                    {{"lost_ms", lost_samples_ / k_samples_per_ms}, {"suppressed", lost_log_.suppressed()}});
    }
}

void LiveRecording::box_cleared(std::int64_t position_ms) {
    if (finished_) return;
    Run& r = run(Leg::box);
    const auto from = std::max<std::int64_t>(sample_at(position_ms), 0);
    if (from >= r.end) return;
    hand_over(Leg::box);
    queue_->push(Item{id_, Cleared{from}});
    r.end = from;
}

void LiveRecording::finish() {
    if (finished_) return;
    hand_over(Leg::caller);
    hand_over(Leg::box);
    finished_ = true;
    metrics::recordings_active.add(-1);
    // The file lasts as long as the recording did; what the box had in flight beyond was not heard.
    const auto samples = std::min(std::max(now_sample(), caller_end_), samples_in(k_recording_max + k_ahead_max));
    queue_->push(Item{id_, Close{samples, lost_samples_}});  // refused: the recorder stops and closes it itself
}

}  // namespace holdfast::recording
