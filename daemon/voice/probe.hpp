// Proves a live rung without a caller: opens a voice, waits until it is configured and its formats are
// checked, and closes it politely. For the start-up line of a rung and for the ladder's way back up. The
// only probe that shows a workspace without access (elevenlabs.md 5.1); a session of some tenths of a
// second is billed. Loop thread.
#pragma once

#include "base/ids.hpp"
#include "voice/voice.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace holdfast::voice {

struct ProbeResult {
    std::optional<VoiceLoss> loss;  // none: the rung is good
    base::milliseconds took{0};
    bool good() const { return !loss; }
};

class Probe final : public std::enable_shared_from_this<Probe>, private VoiceListener {
  public:
    using MakeVoice =
        std::function<std::shared_ptr<Voice>(const base::CallSid& call, VoiceListener& listener)>;
    using Done = std::function<void(const ProbeResult&)>;

    // `done` is called once, never before start() returns, and not at all once the probe is destroyed or
    // stopped. The voice keeps its own time limits. `loop` must outlive the probe.
    static std::shared_ptr<Probe> start(base::Loop& loop, const MakeVoice& make, Done done);
    ~Probe() override;
    void stop();

    // What stands for the CallSid in the log lines of a probe.
    static const base::CallSid& call();

  private:
    Probe(base::Loop& loop, Done done) : loop_(loop), done_(std::move(done)), began_at_(loop.now()) {}
    void finish(ProbeResult result);
    void release();

    void on_voice_stage(Stage) override {}
    void on_voice_ready() override;
    void on_caller_speech_started() override {}
    void on_caller_speech_stopped(base::milliseconds) override {}
    void on_caller_utterance(const CallerUtterance&) override {}
    void on_voice_audio(std::string_view, std::string_view) override {}
    void on_voice_audio_done(std::string_view) override {}
    void on_voice_utterance(const VoiceUtterance&) override {}
    void on_person_requested(std::string_view) override {}
    void on_voice_lost(const VoiceLoss& loss) override;

    base::Loop& loop_;
    Done done_;  // empty: nobody waits any more
    bool over_ = false;
    const base::TimePoint began_at_;
    std::shared_ptr<Voice> voice_;
};

}  // namespace holdfast::voice
