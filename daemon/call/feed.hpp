// What the console, holdfastctl and tools/run see of a call while it happens. Published by the media
// loop and, for utterances, by the store thread once they are on the disk; it lands in a bounded queue
// of the admin thread, and a full queue drops and counts. Events may hold
// transcript text: they go to the admin listener only, never to a log.
#pragma once

#include "base/ids.hpp"
#include "base/sensitive.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::call {

struct FeedEvent {
    // ringing, stream_connected, stream_started, greeting, voice (stage in `detail`), speech_started,
    // speech_stopped, utterance, incident (type in `detail`), dispatch (state), life_threat, interruption, dtmf, mark_timeout,
    // seam, voice_lost, transfer, ended
    std::string kind;
    base::CallSid call;
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;
    std::string rung;
    std::string detail;                  // stage, reason, stream sid ...
    std::string speaker;                 // caller or voice, for utterances
    base::Sensitive<std::string> text;   // for utterances; digit for dtmf
    std::optional<std::int64_t> played_ms;
    std::optional<std::int64_t> total_ms;
    std::optional<std::int64_t> response_ms;  // of this turn
};

class FeedSink {
  public:
    virtual ~FeedSink() = default;
    virtual void publish(FeedEvent event) = 0;  // any thread, never waits
};

}  // namespace holdfast::call
