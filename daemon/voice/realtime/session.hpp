// One session with a provider that speaks the GA realtime protocol, from the first byte of the
// connection to its loss: connecting, session.created, our one session.update, session.updated checked,
// then the conversation. Knows nothing of renewal (RealtimeVoice) or of sockets (net::WsConnection is
// an interface; the real one comes from `Connect`). Loop thread only.
#pragma once

#include "base/ids.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "log/repeat.hpp"
#include "net/ws.hpp"
#include "voice/pinger.hpp"
#include "voice/realtime/answers.hpp"
#include "voice/realtime/codec.hpp"
#include "voice/realtime/faults.hpp"
#include "voice/realtime/profile.hpp"
#include "voice/realtime/turns.hpp"
#include "voice/tool_gate.hpp"
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

class Session;

// Notices of a session, always from the loop and never inside a call that its owner made into it. The
// owner may close the session in any of them.
class SessionListener {
  public:
    virtual ~SessionListener() = default;
    virtual void on_session_connected(Session& session) = 0;
    virtual void on_session_created(Session& session) = 0;
    virtual void on_session_configured(Session& session) = 0;
    virtual void on_session_speech_started(Session& session) = 0;
    virtual void on_session_speech_stopped(Session& session, base::milliseconds vad_wait) = 0;
    virtual void on_session_caller(Session& session, const CallerUtterance& utterance) = 0;
    virtual void on_session_audio(Session& session, std::string_view item, std::string_view base64) = 0;
    virtual void on_session_audio_done(Session& session, std::string_view item) = 0;
    virtual void on_session_voice(Session& session, const VoiceUtterance& utterance) = 0;
    virtual void on_session_person(Session& session, std::string_view reason) = 0;
    virtual std::string on_session_report(Session& session, const ModelReport& report) = 0;
    virtual void on_session_pulse(Session& session, const VoicePulse& pulse) = 0;
    virtual void on_session_budget(Session& session, const TokenBudget& budget) = 0;
    virtual void on_session_lost(Session& session, const VoiceLoss& loss) = 0;  // last, once
};

// Starts a connection whose events go to the listener, as net::ws_connect does.
using Connect = std::function<std::shared_ptr<net::WsConnection>(net::WsListener& listener)>;

// session.updated must follow our update within this time.
constexpr base::milliseconds k_configure_timeout{2500};
// No audio of an answer this long after the caller's turn: the request is repeated once, then the
// session is given up (O13).
constexpr base::milliseconds k_answer_timeout{4000};
// Two server errors this close together and the session is given up (O11).
constexpr base::milliseconds k_server_error_window{10'000};
// Of silence beyond the detector's own, so that it is sure that a turn is over.
constexpr base::milliseconds k_turn_end_margin{300};
constexpr base::milliseconds k_turn_end_unknown{2000};  // when it does not say (semantic_vad)
// A transcript that has not come by then is no longer waited for.
constexpr base::milliseconds k_transcript_patience{5000};
// ... and by then it is reported as missing (O28).
constexpr base::milliseconds k_transcript_lost{30'000};

class Session : public net::WsListener, public std::enable_shared_from_this<Session> {
  public:
    Session(base::Loop& loop, std::shared_ptr<const SessionPlan> plan, const base::CallSid& call,
            unsigned number, SessionListener& listener);
    ~Session() override;

    void open(const Connect& connect);
    // Ends it without a notice. Idempotent.
    void close(std::uint16_t code, std::string_view reason);

    bool configured() const { return state_ == State::configured; }
    bool closed() const { return state_ == State::closed; }
    unsigned number() const { return number_; }
    base::TimePoint created_at() const { return created_at_; }
    std::int64_t expires_at_s() const { return expires_at_s_; }

    // --- the conversation ---
    // Until this is called on a configured session, nothing but its configuration is sent, and what the
    // provider says about a conversation is ignored: the call's token is not proven.
    void start_talking() { talking_ = configured(); }
    // Where in the call's audio the first appended sample stands.
    void set_audio_base(std::int64_t call_ms) { audio_base_ms_ = call_ms; }
    void append_audio(std::string_view base64);
    void add_message(Role role, std::string_view text);
    void request_response();
    void interrupted(const std::vector<PlayedItem>& items);
    void cancel_response();

    bool caller_speaking() const { return turns_.speaking(); }
    bool awaiting_answer() const {
        return expecting_ || wanted_ || answers_.phase() != Answers::Phase::none;
    }
    bool words_pending() const;
    // No more of the caller's audio will come. Ends a turn that is open, by silence: the service hears time only
    // in what is appended. True: words are still owed.
    // The model learns that help is on the way and is asked to say so.
    void dispatch_acknowledged(std::string_view result);
    bool hang_up(bool speaking);
    bool owes_words() const { return turns_.speaking() || words_pending(); }
    const Turn* last_turn() const { return turns_.last(); }
    std::int64_t unwritten_from_ms() const { return turns_.unwritten_from_ms(); }
    // Gives on what is half known: words of cut answers, and turns whose words will not come any more,
    // except `turn` (another session will hear it again).
    void flush(std::string_view except_turn);
    // The turn's words will come from another session.
    void disown_turn(std::string_view item);

  private:
    enum class State { idle, connecting, opened, updating, configured, closed };

    void on_ws_open() override;
    void on_ws_text(std::string_view text) override;
    void on_ws_binary(std::size_t bytes) override;
    void on_ws_pong() override { pinger_.on_pong(); }
    void on_ws_closed(const net::WsClose& close) override;

    void handle(const Event& event);
    void on_created(const SessionFacts& facts);
    void on_updated(const SessionFacts& facts);
    void on_error(const ProviderError& error);
    void on_update_rejected(const ProviderError& error);
    bool about_our_request(std::string_view event_id) const;
    void note_server_error(const Verdict& verdict);

    void on_speech_started(const Event& event);
    void on_speech_stopped(const Event& event);
    void on_committed(const Event& event);
    void on_transcription(const Event& event);
    void give_up_old_words();
    void tell_caller_words(Turn& turn, std::string_view text, bool failed);

    void on_response_created(const Event& event);
    void on_audio_delta(const Event& event);
    void on_audio_done(const Event& event);
    void on_transcript(const Event& event);
    void on_output_item(const Event& event);
    void on_arguments_done(const Event& event);
    void on_response_done(const Event& event);
    void on_response_failed(const ProviderError& error, bool spoke);
    bool settle(std::string_view response, Status status);
    void settle_heard(AnswerItem& item, bool discarded);
    void tell_heard(AnswerItem& item, std::int64_t heard_ms);
    void tell_voice_words(AnswerItem& item, bool complete);

    void run_tool(std::string_view call_id, std::string_view name, std::string_view arguments);
    void refuse_tool(std::string_view call_id, const char* reason);
    void answer_tool(std::string_view call_id, std::string_view output);
    void serve_report(std::string_view call_id, ModelReport report);

    void send_response_create();
    void follow_up();
    void on_answer_timeout();
    void arm_answer_timer();
    void start_pings();
    void bad_frame(const char* code, std::uint16_t close_code);

    std::string next_id(std::string_view what);
    void send(std::string_view text);
    void send_truncate(std::string_view item, std::int64_t audio_end_ms);
    void send_delete(std::string_view item);
    void lose(const VoiceLoss& loss, std::uint16_t close_code = 1000);
    void lose(std::string_view reason, base::Condition condition, const char* code);
    void shut(std::uint16_t code, std::string_view reason);
    bool talking() const { return talking_ && configured(); }
    std::int64_t call_ms(std::int64_t session_ms) const;
    std::int64_t since_open_ms() const { return base::to_ms(loop_.now() - opened_at_); }

    base::Loop& loop_;
    const std::shared_ptr<const SessionPlan> plan_;
    const base::CallSid call_;
    const unsigned number_;
    SessionListener* listener_;
    std::shared_ptr<net::WsConnection> socket_;
    State state_ = State::idle;
    bool talking_ = false;
    bool failing_ = false;         // a loss is posted
    bool plain_update_ = false;    // the update went out without transcription
    bool transcripts_ = true;
    base::TimePoint opened_at_;
    base::TimePoint created_at_;
    std::int64_t expires_at_s_ = 0;
    std::uint64_t ids_ = 0;
    std::string out_;  // scratch for one client event

    std::int64_t audio_base_ms_ = 0;
    std::int64_t appended_bytes_ = 0;
    Turns turns_;
    Answers answers_;
    bool hung_up_ = false;
    bool expecting_ = false;   // the caller's turn ended, the service has not begun its response
    bool wanted_ = false;      // a response.create waits for the running response to end
    bool retried_ = false;     // this answer was already asked for twice
    bool tools_refused_ = false;  // in the running response
    bool tools_served_ = false;   // ... and its model waits for what came of it
    int tool_rounds_ = 0;         // responses that called refused tools, since the caller spoke
    int tool_answers_ = 0;        // responses asked for because of a tool's answer, since the caller spoke
    ToolGate tools_;

    std::deque<base::TimePoint> bad_frames_;
    std::optional<base::TimePoint> server_error_at_;
    log::RepeatGuard error_guard_;
    log::RepeatGuard bad_frame_guard_;
    base::Timer step_timer_;    // connecting, then configuring
    Pinger pinger_;
    base::Timer answer_timer_;
};

}  // namespace holdfast::voice::realtime
