// The rungs as this box has them: which are configured, how the voice of each is made, and the probes that
// prove one before callers return to it. Built on the main thread (trust stores and clips are read), used on
// the media loop.
#pragma once

#include "base/timer.hpp"
#include "config/config.hpp"
#include "ladder/ladder.hpp"
#include "net/asio_loop.hpp"
#include "voice/clips.hpp"
#include "voice/eleven_agent/make.hpp"
#include "voice/probe.hpp"
#include "voice/realtime/make.hpp"
#include "voice/scripted/make.hpp"

#include <array>
#include <memory>

namespace holdfast::app {

// Settings of the provider rungs; null where a rung is not configured. Calls and probes that run keep theirs.
struct Voices {
    std::shared_ptr<const voice::realtime::RealtimeSettings> openai, eleven_realtime;
    std::shared_ptr<const voice::eleven_agent::AgentSettings> eleven_agent;
    std::shared_ptr<const voice::scripted::ScriptedParts> scripted;
    ladder::Settings ladder;

    // `clips` outlives what is made. An error only for what the configuration says itself to be wrong; a rung
    // that cannot be built is left out with a log line.
    static base::Result<Voices> build(net::AsioLoop& loop, const config::Config& config, const voice::Clips& clips);

    // Null: the rung has no voice (person), or is not configured.
    std::shared_ptr<voice::Voice> make(net::AsioLoop& loop, ladder::Rung rung, const voice::Clips& clips,
                                       const base::CallSid& call, voice::VoiceListener& listener) const;
};

// Asks the ladder once a second which rung wants a probe session, and reports how it went. Media loop.
class Prober {
  public:
    using Make = std::function<std::shared_ptr<voice::Voice>(ladder::Rung, const base::CallSid&, voice::VoiceListener&)>;
    Prober(base::Loop& loop, ladder::Ladder& ladder, Make make);
    void start();

  private:
    void look();
    void report(ladder::Rung rung, const voice::ProbeResult& result);

    base::Loop& loop_;
    ladder::Ladder& ladder_;
    const Make make_;
    std::array<std::shared_ptr<voice::Probe>, ladder::k_rungs> probes_;
    base::Timer timer_;
};

}  // namespace holdfast::app
