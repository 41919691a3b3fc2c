// The interface every rung with an open stream implements: somebody who listens to the caller and
// answers. A Voice knows its provider's protocol (or its recorded clips) and nothing of Twilio, the
// journal or the ladder. All calls and all notices on the media loop. Audio is base64 mu-law text, 8 kHz,
// on both sides; only rungs that need the samples decode it.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/loop.hpp"
#include "voice/tools.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::voice {

// Stages of a provider session worth a log line and a feed event.
enum class Stage { connecting, connected, created, configured, renewing, renewed };
const char* to_string(Stage stage);

struct CallerUtterance {
    std::string item_id;
    std::string text;          // may be empty: the provider heard nothing it could write down
    bool failed = false;       // transcription failed; text is empty
    std::int64_t start_ms = 0; // position in the caller's audio of this call
    std::int64_t end_ms = 0;
};

struct VoiceUtterance {
    std::string item_id;
    std::string text;     // whole, also when the caller interrupted it
    bool complete = true; // false when the provider cut it (cancelled, token limit)
};

// One answer item at the moment the caller began to speak.
struct PlayedItem {
    std::string item_id;
    std::int64_t played_ms = 0;  // really heard, never above what was received
};

// What the line to the provider is like, told about every ping interval (2 s).
struct VoicePulse {
    std::optional<base::milliseconds> round_trip;  // of a ping that was answered since the last pulse
    bool ping_missed = false;                      // no answer within an interval; told once until one comes,
                                                   // so that one dead session does not condemn its provider
    base::milliseconds send_queue{0};              // how long the oldest byte of ours has been waiting
};

// rate_limits.updated: what is left of the provider's token budget, as it says. Not to be trusted.
struct TokenBudget {
    double remaining = 0;
    double limit = 0;
    double reset_seconds = 0;
};

struct VoiceLoss {
    std::string_view reason;  // a word of holdfast_upstream_lost_total
    base::Error error;        // condition: retry, fall_back or fatal
    int close_code = 0;       // WebSocket close code or HTTP status, 0 when there was none
    std::optional<base::milliseconds> retry_after{};  // the provider asked to be left alone for so long
};

// What a voice that joins a call is told of it. Words of callers are data: they never become
// instructions of a model.
struct Said {
    enum class Who { caller, voice };
    Who who = Who::caller;
    std::string text;
};
struct Handover {
    std::string greeting;    // words of the recorded greeting; empty: none was played
    std::vector<Said> said;  // the talk so far, oldest first (limits::history_*)
    std::string language = "en";  // or "es"
    // The call ran on another voice until now: this one speaks first, and goes on where it stood.
    bool joining = false;
};

class VoiceListener {
  public:
    virtual ~VoiceListener() = default;
    virtual void on_voice_stage(Stage stage) = 0;
    // Configured, formats checked: caller audio may be given. Also after prove().
    virtual void on_voice_ready() = 0;
    virtual void on_caller_speech_started() = 0;  // the caller speaks; interrupt what plays
    // `vad_wait` is what the provider's detector waited after the caller's last sound.
    virtual void on_caller_speech_stopped(base::milliseconds vad_wait) = 0;
    virtual void on_caller_utterance(const CallerUtterance& utterance) = 0;
    virtual void on_voice_audio(std::string_view item_id, std::string_view base64) = 0;
    virtual void on_voice_audio_done(std::string_view item_id) = 0;  // the item has no more audio
    virtual void on_voice_utterance(const VoiceUtterance& utterance) = 0;
    virtual void on_person_requested(std::string_view reason) = 0;  // tool transfer_to_person
    // Tools report_incident and request_dispatch. Returns what the model is told: a JSON object.
    virtual std::string on_incident_reported(const ModelReport& report) {
        static_cast<void>(report);
        return R"({"error":"unavailable"})";
    }
    virtual void on_voice_pulse(const VoicePulse& pulse) { static_cast<void>(pulse); }
    virtual void on_token_budget(const TokenBudget& budget) { static_cast<void>(budget); }
    virtual void on_voice_lost(const VoiceLoss& loss) = 0;          // last notice, exactly once
};

class Voice : public std::enable_shared_from_this<Voice> {
  public:
    virtual ~Voice() = default;
    // Connects and configures. Sends no audio, item or response request.
    virtual void open() = 0;
    // The caller's token is proven: from now on audio and items may be sent.
    virtual void prove(const Handover& handover) = 0;
    // One piece of caller audio, in order. Dropped (and counted) unless ready() holds.
    virtual void caller_audio(std::string_view base64) = 0;
    // A run of keys ("1", "2#"), as the caller pressed them. Never the person key, which is not a voice's
    // business.
    virtual void caller_keys(std::string_view keys) = 0;
    // The box's own detector: the caller began or ended to speak. Only voices without ears of their own care.
    virtual void caller_speaks(bool speaking) { static_cast<void>(speaking); }
    // The item has been heard to its end (live providers do not care; fixed questions wait for it).
    virtual void item_played(std::string_view item_id) = 0;
    // The caller began to speak: items not wholly heard, in order of playing. Late audio of their
    // responses is dropped; the provider is told what was heard.
    virtual void interrupted(const std::vector<PlayedItem>& items) = 0;
    // The call cannot take more audio of the running response (playout_waiting_max).
    virtual void cancel_response() = 0;
    virtual bool ready() const = 0;
    // Whether caller audio means anything to it. A voice without ears is given none: the call keeps the
    // last 30 s for the next one that has some.
    virtual bool hears() const { return true; }
    using Give = std::function<void(std::string_view base64)>;
    // After its loss, or before it is given up: the caller audio that nobody wrote down yet, oldest first. `since_ms` of
    // the audio given to this voice: speech that the call heard by itself and got no words of; -1: none.
    virtual void unheard(std::int64_t since_ms, const Give& give) {
        static_cast<void>(since_ms);
        static_cast<void>(give);
    }
    // The caller has gone, or goes to a person: no more audio either way. True: words of what was said last may
    // still come as on_caller_utterance, and the voice stays for them until it is stopped. `speaking`: our own
    // detector hears the caller speak.
    virtual bool hang_up(bool speaking) {
        static_cast<void>(speaking);
        return false;
    }
    // After hang_up: whether there are such words.
    virtual bool owes_words() const { return false; }
    virtual std::string_view provider() const = 0;  // word for the journal, e.g. "openai"
    // Help is on the way, and that is in the journal. Voices that have a model tell it; others do nothing.
    // `result`: a JSON object, as request_dispatch would be answered now.
    virtual void dispatch_acknowledged(std::string_view result) { static_cast<void>(result); }
    // Closes; no notice after it returns. Idempotent, any state.
    virtual void stop(std::string_view reason) = 0;
};

}  // namespace holdfast::voice
