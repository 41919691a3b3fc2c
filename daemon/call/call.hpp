// One call: performs what the machine decides, carries audio between the caller leg and the voice leg,
// and writes every word down. Owned by the Registry through shared_ptr; legs and voice point back by
// interfaces. Media loop only.
#pragma once

#include "audio/frame_ring.hpp"
#include "audio/playout.hpp"
#include "base/ids.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "call/feed.hpp"
#include "call/leg.hpp"
#include "call/machine.hpp"
#include "store/journal.hpp"
#include "twilio/media_stream.hpp"
#include "twilio/webhook.hpp"
#include "voice/voice.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::call {

// Recorded clips in memory: base64 mu-law and what they say. Lives as long as the daemon.
struct Clip {
    std::string base64;
    std::string words;
};
struct Clips {
    Clip greeting;
    Clip person;
};

using VoiceFactory =
    std::function<std::shared_ptr<voice::Voice>(const base::CallSid&, voice::VoiceListener&)>;

// What all calls share. Everything outlives the calls.
struct Environment {
    base::Loop& loop;
    store::Journal& journal;
    FeedSink& feed;
    const Clips& clips;
    VoiceFactory make_voice;
    std::string live_rung = "openai";
};

class Call;

class CallOwner {
  public:
    virtual ~CallOwner() = default;
    // The call is over; its rows are queued. Called once, last.
    virtual void on_call_ended(Call& call, std::string_view reason) = 0;
    virtual void on_call_voice(bool healthy, std::string_view code) = 0;
};

class Call : public std::enable_shared_from_this<Call>, private voice::VoiceListener, private audio::PlayoutSink {
  public:
    Call(Environment& environment, CallOwner& owner, twilio::VoiceRequest request);
    ~Call() override;

    // Writes the call's row and opens the voice. Once, right after construction.
    void admit();

    const base::CallSid& sid() const { return request_.call; }
    Phase phase() const { return state_.phase; }
    bool has_stream() const { return leg_ != nullptr; }
    base::TimePoint started_at() const { return started_at_; }

    // --- from the caller leg ---
    // `leg` must stay valid until detach() or until Leg::close was called.
    void stream_started(Leg& leg, const twilio::StartInfo& start);
    void media(const twilio::StreamEvent& event);
    void dtmf(std::string_view digit);
    void mark(std::string_view name);
    void twilio_stop();
    void stream_closed(std::string_view reason);
    void stream_protocol(std::string_view reason);  // the leg closes its socket itself

    // --- from webhooks and the daemon ---
    void webhook_repeated();
    void callback_ended();
    void ask_person(std::string_view reason);
    void drain();

  private:
    // What is known of one answer item between its first audio and its journal row.
    struct Answer {
        std::string item;
        std::int64_t start_ms = 0;  // offset in the call when its first frame went out
        std::optional<std::string> text;
        std::optional<audio::Playout::Outcome> outcome;
        bool clip = false;  // recorded: no provider said it
        bool interrupted = false;
        std::optional<std::int64_t> response_us, vad_us, provider_us, box_us;
    };
    // The turn whose first answer frame is awaited.
    struct Turn {
        base::TimePoint stopped_at;
        base::milliseconds vad_wait{0};
    };

    void apply(EventKind kind, std::string reason = {});
    void perform(const Action& action);
    void end(std::string_view reason);
    void tick();
    void pump_playout();
    void settle_playout();
    void play(const Clip& clip, std::string_view name);

    // voice::VoiceListener
    void on_voice_stage(voice::Stage stage) override;
    void on_voice_ready() override;
    void on_caller_speech_started() override;
    void on_caller_speech_stopped(base::milliseconds vad_wait) override;
    void on_caller_utterance(const voice::CallerUtterance& utterance) override;
    void on_voice_audio(std::string_view item_id, std::string_view base64) override;
    void on_voice_audio_done(std::string_view item_id) override;
    void on_voice_utterance(const voice::VoiceUtterance& utterance) override;
    void on_person_requested(std::string_view reason) override;
    void on_voice_lost(const voice::VoiceLoss& loss) override;

    // audio::PlayoutSink
    bool send_media(std::string_view base64) override;
    bool send_mark(std::string_view name) override;
    bool send_clear() override;

    bool accept_payload(const twilio::StreamEvent& event);
    void pad_gap(std::int64_t timestamp_ms);
    void give_silence(std::int64_t milliseconds);
    void give_voice(std::string_view base64);
    void watch_caller_audio(base::TimePoint now);
    void store_keys();
    Answer& answer_for(std::string_view item, bool clip);
    void note_response(Answer& answer, base::TimePoint arrived);
    void cut_playout();
    // Writes every answer whose words and playback are both known; with `all`, those left over too.
    void store_answers(bool all);
    void store_utterance(store::Utterance utterance);
    void record_seam(std::string_view kind, std::string_view reason);
    void append(store::Record record, store::Ack ack = {});
    FeedEvent feed_event(std::string_view kind) const;
    std::int64_t offset_ms() const;

    Environment& env_;
    CallOwner& owner_;
    const twilio::VoiceRequest request_;
    const base::TimePoint started_at_;

    State state_;
    std::string rung_;
    std::string stream_sid_;
    Leg* leg_ = nullptr;
    std::shared_ptr<voice::Voice> voice_;

    // caller audio
    audio::FrameRing early_;          // until the voice is ready
    std::int64_t last_chunk_ = 0;
    std::int64_t next_timestamp_ms_ = -1;  // where the next frame should begin; -1: none seen
    std::int64_t silence_given_ms_ = 0;    // put in during a gap whose length is not known yet
    base::TimePoint last_media_at_;
    bool speech_active_ = false;
    bool stall_padded_ = false;
    bool idle_pinged_ = false;

    // answers
    audio::Playout playout_;
    std::deque<Answer> answers_;
    std::optional<Turn> turn_;
    std::uint64_t marks_timed_out_seen_ = 0;

    // keypad: a run of keys becomes one row, as words of a caller who cannot speak
    std::string keys_;
    std::int64_t keys_start_ms_ = 0;
    base::TimePoint last_key_at_{};
    base::TimePoint keys_window_{};
    std::size_t keys_in_window_ = 0;
    std::uint64_t key_runs_ = 0;

    base::Timer tick_timer_;
    base::Timer pump_timer_;
    base::Timer start_timer_;
    base::Timer takeover_timer_;
    base::Timer leave_timer_;
};

}  // namespace holdfast::call
