// One call: performs what the machine decides, carries audio between the caller leg and the voice leg,
// moves from rung to rung, and writes every word down. Owned by the Registry through shared_ptr; legs and
// voices point back by interfaces. Media loop only.
#pragma once

#include "audio/frame_ring.hpp"
#include "audio/playout.hpp"
#include "audio/voice_detector.hpp"
#include "base/ids.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "call/case_keeper.hpp"
#include "call/feed.hpp"
#include "call/leg.hpp"
#include "call/line_watch.hpp"
#include "call/machine.hpp"
#include "call/spoken.hpp"
#include "call/voice_seat.hpp"
#include "call/watch.hpp"
#include "config/config.hpp"
#include "ladder/climb.hpp"
#include "ladder/ladder.hpp"
#include "recording/recorder.hpp"
#include "store/journal.hpp"
#include "twilio/media_stream.hpp"
#include "twilio/webhook.hpp"
#include "voice/clips.hpp"
#include "voice/scripted/extract.hpp"
#include "voice/voice.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::call {

// The voice of a rung, for a call; null when the rung has none after all.
using VoiceFactory = std::function<std::shared_ptr<voice::Voice>(ladder::Rung, const base::CallSid&,
                                                                 voice::VoiceListener&)>;

// What of the configuration running calls take their part of when they begin.
struct CallSettings {
    config::Ladder timers;
    std::vector<std::string> person_words;  // lower case
    base::milliseconds person_patience{45'000};  // how long Twilio may dial before it must have said how it went
    bool record_live = false;               // canned calls are always recorded
    bool dials = false;                     // person.number is set: somebody may not answer
    incident::CaseSettings incident;
};

// What all calls share. Everything outlives the calls.
struct Environment {
    base::Loop& loop;
    store::Journal& journal;
    FeedSink& feed;
    const voice::Clips& clips;
    VoiceFactory make_voice;
    ladder::Ladder& ladder;
    std::shared_ptr<const CallSettings> settings;
    recording::Recorder& recorder;
    std::function<void(const store::Dispatch&)> on_proposed{};  // on the disk; media loop
};

class Call;

class CallOwner {
  public:
    virtual ~CallOwner() = default;
    // phase() has changed, and not to ended.
    virtual void on_call_phase(Call& call) { static_cast<void>(call); }
    // The call is over; its rows are queued. Called once, last.
    // A call that lingers() must be kept until on_call_gone.
    virtual void on_call_ended(Call& call, std::string_view reason) = 0;
    // Nothing more will come of it. Never inside on_call_ended.
    virtual void on_call_gone(Call& call) { static_cast<void>(call); }
};

class Call : public std::enable_shared_from_this<Call>, private SeatOwner, private audio::PlayoutSink {
  public:
    // `rung`: where it starts, from Ladder::admit.
    Call(Environment& environment, CallOwner& owner, twilio::VoiceRequest request, ladder::Rung rung);
    ~Call() override;

    // Writes the call's row and opens the voice. Once, right after construction.
    void admit();

    const base::CallSid& sid() const { return request_.call; }
    Phase phase() const { return state_.phase; }
    bool has_stream() const { return leg_ != nullptr; }
    ladder::Rung rung() const { return climb_.rung(); }
    base::TimePoint started_at() const { return started_at_; }
    // Words of what the caller said last may still come, for some seconds.
    bool lingers() const { return lingering_ != nullptr; }

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
    // For the ears of the person who takes the call: why it comes and in which language. From fixed words only.
    std::string briefing() const;
    // Twilio says how the dialling of a person ended. True: nobody answered, and the call waits for a
    // stream again.
    bool person_unanswered(std::string_view how);
    void person_done();
    // What has become of a proposal of this call, once that is on the disk.
    void dispatch_moved(const store::Dispatch& step);
    void drain();

  private:
    // What is known of one answer item between its first audio and its journal row.
    struct Answer {
        std::string item;
        std::int64_t start_ms = 0;  // offset in the call when its first frame went out
        std::optional<std::string> text;
        std::optional<audio::Playout::Outcome> outcome;
        std::string provider = "recorded";
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
    void apply(Event event);
    void perform(const Action& action);
    void end(std::string_view reason);
    void tick();
    void pump_playout();
    void settle_playout();
    void play(std::string_view id);

    // voices
    void open_voice();
    void prove(VoiceSeat& seat, bool joining);
    void let_go(std::shared_ptr<VoiceSeat>& seat, std::string_view reason);
    // The voice that talks leaves, but stays for words that are on their way.
    void part(std::string_view reason);
    void end_lingering();
    bool talks(const VoiceSeat& seat) const { return &seat == seat_.get(); }
    // Where to after a loss or a failure of the voice that talks.
    Event moved(EventKind kind, std::string_view reason, ladder::Move move) const;
    void give_up_voice(EventKind kind, std::string_view reason, ladder::Move move);
    void look_up();
    void watch_silence(base::TimePoint now);
    bool asks_for_person(std::string_view words) const;

    // SeatOwner
    void on_seat_stage(VoiceSeat& seat, voice::Stage stage) override;
    void on_seat_ready(VoiceSeat& seat) override;
    void on_seat_lost(VoiceSeat& seat, const voice::VoiceLoss& loss) override;
    void on_seat_speech_started(VoiceSeat& seat) override;
    void on_seat_speech_stopped(VoiceSeat& seat, base::milliseconds vad_wait) override;
    void on_seat_caller(VoiceSeat& seat, const voice::CallerUtterance& utterance) override;
    void on_seat_audio(VoiceSeat& seat, std::string_view item, std::string_view base64) override;
    void on_seat_audio_done(VoiceSeat& seat, std::string_view item) override;
    void on_seat_voice(VoiceSeat& seat, const voice::VoiceUtterance& utterance) override;
    void on_seat_person(VoiceSeat& seat, std::string_view reason) override;
    std::string on_seat_report(VoiceSeat& seat, const voice::ModelReport& report) override;
    void on_seat_pulse(VoiceSeat& seat, const voice::VoicePulse& pulse) override;
    void on_seat_budget(VoiceSeat& seat, const voice::TokenBudget& budget) override;

    // audio::PlayoutSink
    bool send_media(std::string_view base64) override;
    bool send_mark(std::string_view name) override;
    void hold() override;
    void release() override;
    bool send_clear() override;

    bool accept_payload(const twilio::StreamEvent& event);
    void pad_gap(std::int64_t timestamp_ms);
    void give_silence(std::int64_t milliseconds);
    void give_voice(std::string_view base64, std::string_view samples);
    void hear_locally(std::string_view samples);
    void record_if_wanted();
    void record_early(recording::Recording& recording, std::int64_t until_ms);
    void take_unwritten(VoiceSeat& seat);
    bool caller_spoke();
    void note_for_briefing(std::string_view words);
    void keep_unwritten(VoiceSeat* seat);
    std::int64_t audio_now_ms() const;  // of the caller's audio, on the call's clock
    void interrupted();
    void watch_caller_audio(base::TimePoint now);
    // Once a second: what this stream says of the box's line.
    void judge_line(base::TimePoint now);
    void store_keys();
    Answer& answer_for(std::string_view item, bool clip);
    void note_response(Answer& answer, base::TimePoint arrived);
    void cut_playout();
    // Clears what plays and waits, and notes in each answer what was heard of it; nothing is stored yet.
    std::vector<audio::Playout::Outcome> take_cut();
    // Writes every answer whose words and playback are both known; with `all`, those left over too.
    void store_answers(bool all);
    void store_utterance(store::Utterance utterance);
    void remember(const store::Utterance& utterance);
    // `leads_to`: the rung the call is on its way to; empty: it stays.
    void record_seam(std::string_view kind, std::string_view reason, std::string_view leads_to = {});
    void append(store::Record record, store::Ack ack = {});
    // What the incident has become: written down, told to the feed.
    void note_incident(incident::Changes changes);
    // Tells the caller that help is on the way, if nobody has: by the voice that talks, or in recorded words.
    void tell_acknowledged();
    FeedEvent feed_event(std::string_view kind) const;
    std::int64_t offset_ms() const;

    Environment& env_;
    CallOwner& owner_;
    const twilio::VoiceRequest request_;
    const base::TimePoint started_at_;

    const std::shared_ptr<const CallSettings> settings_;
    State state_;
    ladder::Climb climb_;
    std::string stream_sid_;
    Leg* leg_ = nullptr;
    std::shared_ptr<VoiceSeat> seat_;    // who talks
    std::shared_ptr<VoiceSeat> lingering_;  // talks no more, and still owes words
    bool words_missing_ = false;            // ... which have not come yet
    std::shared_ptr<VoiceSeat> better_;  // of a better rung, being prepared
    std::deque<voice::Said> talk_;       // for the next voice
    std::size_t talk_bytes_ = 0;
    std::string language_ = "en";
    std::string person_reason_;          // who asked for a person: keypad, words, console, ...
    bool prompting_ = false;             // a prompt plays that the voice's own words cut short
    Watch watch_;

    // caller audio
    LineWatch line_;
    base::TimePoint line_judged_at_{};
    base::TimePoint tick_due_{};
    bool slow_ = false;               // a tick came late: what we measure is ourselves, not the line
    audio::FrameRing early_;          // until a voice with ears is ready
    std::int64_t given_ms_ = 0;       // of caller audio, silence put into gaps included
    std::int64_t given_from_ms_ = 0;  // on the call's clock: where given_ms_ began, as this stream has it
    audio::VoiceDetector detector_;   // when the caller talks, by our own ears
    Spoken spoken_;                   // ... and what of it nobody wrote down yet
    CaseKeeper case_;                 // what is wrong and where
    std::int64_t help_at_ms_ = 0;
    bool help_untold_ = false;        // it is on the way, and no voice has said so yet
    std::string said_what_, said_where_;  // of the emergency, as the caller said it last
    std::string samples_;             // scratch: one frame decoded
    recording::RecordingHandle recording_;
    bool recorded_ = false;  // there has been one
    std::int64_t heard_until_ms_ = -1;  // where the caller's audio ended when the talk did
    std::int64_t stream_offset_ms_ = 0;  // on the call's clock: where Twilio's time stamps begin
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
    base::Timer replace_timer_;
    base::Timer person_timer_;
    base::Timer words_timer_;
};

}  // namespace holdfast::call
