// The rung `scripted`: the box asks its own questions (Interview), speaks them from kept sentences and
// hears the answers through Scribe. Speaking and hearing fail apart: without ears the keypad is asked,
// without ElevenLabs' voice the kept and shipped clips speak on. The voice is lost only when a question
// cannot be spoken by any means: a caller must not be met with silence.
#pragma once

#include "audio/frame_ring.hpp"
#include "audio/level.hpp"
#include "base/ids.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "voice/scripted/ears.hpp"
#include "voice/scripted/interview.hpp"
#include "voice/scripted/speech_cache.hpp"
#include "voice/scripted/tts.hpp"
#include "voice/voice.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::voice::scripted {

// A recorded clip of the shipped set. Both views live as long as the daemon.
struct ClipView {
    std::string_view base64;
    std::string_view words;
};
// By id (name() of a sentence) and language ("en", "es"); nothing when the set does not have it.
using Recorded = std::function<std::optional<ClipView>(std::string_view id, std::string_view language)>;

// What the interview finds out, for those who act on it. On the loop; may be null.
class ScriptedObserver {
  public:
    virtual ~ScriptedObserver() = default;
    virtual void on_interview_note(Slot slot, std::string_view words) = 0;
    // A question's answer, or its answer time-out, has come: dispatch policy may run.
    virtual void on_interview_answered(Slot slot) = 0;
    virtual void on_interview_language(Language language) = 0;
    // One of the two halves is gone, or here again; the call goes on. `half` is "ears" or "voice".
    virtual void on_scripted_degraded(std::string_view half, std::string_view reason) = 0;
    virtual void on_scripted_recovered(std::string_view half) = 0;
};

// What all calls share. Built by make.hpp; tests build their own.
struct ScriptedParts {
    ConnectEars connect_ears;
    std::shared_ptr<Tts> tts;  // never null
    std::shared_ptr<SpeechCache> cache;
    Recorded recorded;  // may be empty
    std::shared_ptr<const Extract> extract;
    std::vector<std::string> person_words;
};

// Ready without ears after so long: what the caller says meanwhile is kept and heard when they come.
constexpr base::milliseconds k_ready_wait{1500};
constexpr int k_ears_tries_max = 8;              // without a healthy session between them
constexpr base::milliseconds k_ears_healthy{30'000};
// The caller was heard here, and no word of it came back for so long: the session hangs.
constexpr base::milliseconds k_ears_unheard{4000};
// The caller has stopped talking and no words have come: it is gone on so long after our own ear noticed (half a
// second after the last sound), so that nobody waits 4 s. With ears, their words mostly come within 2 s.
constexpr base::milliseconds k_words_wait{2500};
constexpr base::milliseconds k_deaf_answer_wait{1000};
constexpr base::milliseconds k_ears_believed{2000};   // after a loss: a session that has lived so long hears
constexpr base::milliseconds k_ears_catch_up{1500};   // with what is played to them at once
// The call says when an item was played; if it never does, this much after it must have been.
constexpr base::milliseconds k_played_patience{5000};

class ScriptedVoice final : public Voice, private EarsListener, private TtsListener {
  public:
    ScriptedVoice(base::Loop& loop, std::shared_ptr<const ScriptedParts> parts, const base::CallSid& call,
                  VoiceListener& listener, ScriptedObserver* observer);
    ~ScriptedVoice() override;

    void open() override;
    void prove(const Handover& handover) override;
    void caller_audio(std::string_view base64) override;
    void caller_keys(std::string_view keys) override;
    void item_played(std::string_view item_id) override;
    void interrupted(const std::vector<PlayedItem>& items) override;
    void cancel_response() override;
    void unheard(std::int64_t since_ms, const Give& give) override;
    bool hang_up(bool speaking) override;
    bool owes_words() const override;
    bool ready() const override { return ready_ && proven_ && listener_ != nullptr; }
    std::string_view provider() const override { return "scripted"; }
    void stop(std::string_view reason) override;

  private:
    // What is being said: an item of the call.
    struct Saying {
        std::string id;
        std::vector<Part> parts;
        std::size_t at = 0;  // the part that is next
        Language language = Language::en;
        bool made = false;   // all its audio was given
        bool heard = false;
        bool fresh_played = false;
    };

    void on_ears_connected(Ears& ears) override;
    void on_ears_started(Ears& ears) override;
    void on_ears_partial(Ears& ears) override;
    void on_ears_words(Ears& ears, const std::string& text) override;
    void on_ears_lost(Ears& ears, const VoiceLoss& loss) override;

    void on_tts_audio(std::string_view base64) override;
    void on_tts_slow() override;
    void on_tts_done(const std::string& mulaw) override;
    void on_tts_failed(const TtsFailure& failure) override;

    void open_ears();
    void ears_failed(const VoiceLoss& loss);
    void end_ears();
    void go_deaf(std::string_view reason);
    void replay_to_ears();
    void watch_locally(std::string_view base64);
    void settle();
    void hear_again();
    void be_ready();
    void begin();

    void feed(Input::Kind kind, std::string text = {});
    void perform(Actions actions, bool silent = false);
    void say(std::vector<Part> parts);
    void say_on();
    std::optional<std::string_view> source(Sentence sentence) const;
    void give(std::string_view base64);
    void finish_item(bool complete);
    void mark_heard();
    void drop_request();
    void listen(base::milliseconds wait);
    void speech_began();
    void speech_ended();
    void degraded(std::string_view half, std::string_view reason, bool& flag);
    void lose(std::string_view reason, base::Condition condition, const char* code);
    std::int64_t given_ms() const { return given_bytes_ / 8; }

    base::Loop& loop_;
    const std::shared_ptr<const ScriptedParts> parts_;
    const base::CallSid call_;
    VoiceListener* listener_;  // null after stop or loss
    ScriptedObserver* const observer_;
    Interview interview_;

    std::shared_ptr<Ears> ears_;
    unsigned ears_sessions_ = 0;
    int ears_tries_ = 0;
    base::TimePoint ears_started_at_{};
    bool deaf_ = false;
    base::TimePoint replayed_until_{};
    bool hung_once_ = false;
    bool voice_degraded_ = false;

    bool opened_ = false;
    bool ready_ = false;
    bool proven_ = false;
    bool begun_ = false;
    Handover handover_;

    audio::FrameRing ring_;
    std::int64_t given_bytes_ = 0;
    std::int64_t settled_ms_ = 0;  // of the caller's audio: its words are known up to here
    std::int64_t speech_from_ms_ = 0;
    bool speaking_ = false;
    bool spoke_ = false;       // our own ear heard speech whose words are not known yet
    bool owes_words_ = false;  // of a caller who has gone
    bool cut_ = false;  // the caller's speech stopped the question
    std::uint64_t utterances_ = 0;
    audio::SpeechDetector detector_;

    std::optional<Saying> saying_;
    std::shared_ptr<Tts::Request> request_;
    std::uint64_t items_ = 0;
    base::TimePoint playing_until_{};

    base::Timer ready_timer_;
    base::Timer begin_timer_;
    base::Timer ears_timer_;
    base::Timer hearing_timer_;
    base::Timer unheard_timer_;
    base::Timer played_timer_;
    base::Timer answer_timer_;
};

}  // namespace holdfast::voice::scripted
