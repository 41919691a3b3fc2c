// A live rung over the GA realtime protocol: one conversation, carried by one provider session after
// another. A session lives at most an hour and cannot be prolonged, so a second one is opened before it
// ends, told what was said, and given the caller's audio in a moment when nobody speaks (O12,
// openai-realtime.md 9.3). The caller and the call notice nothing.
#pragma once

#include "audio/frame_ring.hpp"
#include "base/backoff.hpp"
#include "base/ids.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "voice/realtime/profile.hpp"
#include "voice/realtime/session.hpp"
#include "voice/voice.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::voice::realtime {

// How long a session lives from its session.created, by the provider's clock. Implausible times (past,
// more than two hours ahead, none) count as a session whose renewal is due after session_life_default.
base::milliseconds session_life(std::int64_t expires_at_s, std::int64_t utc_ms);
// When its successor is opened, and when the caller is moved even while somebody speaks.
base::milliseconds renewal_due(base::milliseconds life);
base::milliseconds renewal_forced(base::milliseconds life);

class RealtimeVoice : public Voice, private SessionListener {
  public:
    RealtimeVoice(base::Loop& loop, std::shared_ptr<const SessionPlan> plan, Connect connect,
                  const base::CallSid& call, VoiceListener& listener);
    ~RealtimeVoice() override;

    void open() override;
    void prove(const Handover& handover) override;
    void caller_audio(std::string_view base64) override;
    void caller_keys(std::string_view keys) override;
    void item_played(std::string_view) override {}
    void interrupted(const std::vector<PlayedItem>& items) override;
    void cancel_response() override;
    bool ready() const override { return ready_ && proven_ && listener_ != nullptr; }
    void unheard(std::int64_t since_ms, const Give& give) override;
    std::string_view provider() const override { return plan_->profile.name; }
    void stop(std::string_view reason) override;
    void dispatch_acknowledged(std::string_view result) override;
    bool hang_up(bool speaking) override;
    bool owes_words() const override;

  private:
    struct Remembered {
        Role role;
        std::string text;
        std::int64_t at_ms;  // in the caller's audio: the order in which things were said
    };
    // What the next session has to be given of the caller's audio when it takes over.
    struct Carry {
        std::int64_t from_ms = 0;
        std::string turn;      // heard again by the next session; empty: none
        bool respond = false;  // an answer was due or cut off, and its question is in the history
    };
    struct ItemStart {
        std::string item;
        std::int64_t at_ms;
    };

    void on_session_connected(Session& session) override;
    void on_session_created(Session& session) override;
    void on_session_configured(Session& session) override;
    void on_session_speech_started(Session& session) override;
    void on_session_speech_stopped(Session& session, base::milliseconds vad_wait) override;
    void on_session_caller(Session& session, const CallerUtterance& utterance) override;
    void on_session_audio(Session& session, std::string_view item, std::string_view base64) override;
    void on_session_audio_done(Session& session, std::string_view item) override;
    void on_session_voice(Session& session, const VoiceUtterance& utterance) override;
    void on_session_person(Session& session, std::string_view reason) override;
    std::string on_session_report(Session& session, const ModelReport& report) override;
    void on_session_pulse(Session& session, const VoicePulse& pulse) override;
    void on_session_budget(Session& session, const TokenBudget& budget) override;
    void on_session_lost(Session& session, const VoiceLoss& loss) override;

    std::shared_ptr<Session> make_session();
    void end_session(std::shared_ptr<Session>& session, std::string_view reason);
    void lose(const VoiceLoss& loss);

    void arm_renewal();
    void begin_renewal();
    void open_next();
    void next_lost(const VoiceLoss& loss);
    void try_switch();
    bool quiet() const;
    Carry carry_from(const Session& old) const;
    void switch_over(const Carry& carry);
    void retire(std::shared_ptr<Session> old);
    void end_retired();
    template <class Take>
    std::int64_t pieces_from(std::int64_t from_ms, Take take);  // ms that were given; empties the ring
    std::int64_t replay(std::int64_t from_ms);                  // ms that were given again

    void start_talk(Session& session);
    void introduce(Session& session) const;
    void remember(Role role, std::string_view text, std::int64_t at_ms);
    std::int64_t given_ms() const { return given_bytes_ / 8; }

    base::Loop& loop_;
    const std::shared_ptr<const SessionPlan> plan_;
    const Connect connect_;
    const base::CallSid call_;
    VoiceListener* listener_;  // null after stop or loss

    std::shared_ptr<Session> current_;  // null only while a renewal outlives an expired session
    std::shared_ptr<Session> next_;
    std::shared_ptr<Session> retired_;  // waits for the last transcripts
    unsigned sessions_ = 0;
    bool ready_ = false;  // the first session was configured
    bool proven_ = false;
    bool joining_ = false;  // speaks first, once

    audio::FrameRing ring_;  // the caller's last 30 s, for the session or the voice that takes over
    // Where in the call's audio the words begin that this session has not given us.
    std::int64_t unwritten_from(const Session& session) const;
    std::int64_t unheard_from_ms_ = -1;  // after a loss: where the words that nobody wrote down begin
    std::int64_t given_bytes_ = 0;
    bool caller_speaking_ = false;
    base::TimePoint playing_until_;  // at the earliest: what the call was given, end to end
    std::deque<ItemStart> item_starts_;  // of the answers whose words are still to come
    std::deque<Remembered> history_;
    std::size_t history_bytes_ = 0;

    bool renewing_ = false;
    base::TimePoint renew_began_at_;
    base::TimePoint forced_at_;
    std::optional<Carry> lost_carry_;  // of a session that died before its successor was ready
    base::Backoff backoff_;
    base::Timer renew_timer_;
    base::Timer switch_timer_;
    base::Timer retire_timer_;
};

}  // namespace holdfast::voice::realtime
