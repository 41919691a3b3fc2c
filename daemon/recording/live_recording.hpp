// One call on the media thread: decodes frames, puts those of a leg together and hands over runs of at
// most a second. Holds two of them, 16 KB a call; no disk, no wait.
#pragma once

#include "base/loop.hpp"
#include "log/repeat.hpp"
#include "recording/queue.hpp"
#include "recording/recorder.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::recording {

class LiveRecording : public Recording {
  public:
    using Clock = std::function<base::TimePoint()>;
    LiveRecording(std::shared_ptr<Queue> queue, Id id, const Start& start, Clock clock);
    ~LiveRecording() override;

    void caller(std::string_view base64, std::int64_t position_ms) override;
    void box(std::string_view base64, std::int64_t position_ms) override;
    void box_cleared(std::int64_t position_ms) override;
    void finish() override;

  private:
    struct Run {
        std::int64_t at = 0;   // sample of its first byte
        std::int64_t end = 0;  // behind the last sample of this leg, handed over or not
        std::string mulaw;
    };
    Run& run(Leg leg) { return runs_[leg == Leg::caller ? 0 : 1]; }
    bool decode(std::string_view base64, std::int64_t at);
    void add(Leg leg, std::int64_t at);
    void hand_over(Leg leg);
    std::int64_t sample_at(std::int64_t position_ms) const;
    std::int64_t now_sample() const;

    const std::shared_ptr<Queue> queue_;
    const Id id_;
    const base::CallSid call_;
    const std::int64_t offset_ms_;
    const Clock clock_;
    const base::TimePoint started_;
    std::array<Run, 2> runs_;
    std::string decoded_;  // scratch
    std::int64_t caller_end_ = 0;
    std::int64_t lost_samples_ = 0;
    bool finished_ = false;
    log::RepeatGuard lost_log_;
};

}  // namespace holdfast::recording
