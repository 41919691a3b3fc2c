// The live rung `eleven_agent`: one conversation with an agent of the workspace over the ElevenAgents
// socket (elevenlabs.md section 2). The agent listens, thinks and decides itself when it was interrupted;
// there is nothing to ask it for, and nothing to cancel. A session is not renewed: the agent's own limit
// (max_duration_seconds) is set long, and its end is a loss like another. Loop thread only.
#pragma once

#include "audio/frame_ring.hpp"
#include "base/ids.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "log/repeat.hpp"
#include "net/ws.hpp"
#include "voice/eleven_agent/codec.hpp"
#include "voice/pinger.hpp"
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

namespace holdfast::voice::eleven_agent {

// What every call of the rung shares.
struct AgentPlan {
    std::string instructions;
    std::string agent_language = "en";  // the agent's own; another one is asked for by override
    base::milliseconds connect_timeout{2500};
    base::milliseconds ping_interval{2000};
    base::milliseconds ping_timeout{4000};
};

// Starts a connection whose events go to the listener, as net::ws_connect does.
using Connect = std::function<std::shared_ptr<net::WsConnection>(net::WsListener& listener)>;

// The metadata must follow our initiation within this time.
constexpr base::milliseconds k_metadata_timeout{2500};
// No audio so long after the caller's turn: the session is given up. There is no asking twice here.
constexpr base::milliseconds k_answer_timeout{4000};
// An answer whose audio pauses so long is over; after agent_response_complete much less proves it.
constexpr base::milliseconds k_turn_quiet{1500};
constexpr base::milliseconds k_turn_quiet_complete{400};
// An answer that was cut waits so long for the text that says what was left of it; one that still plays
// when its audio is complete waits until it has played.
constexpr base::milliseconds k_correction_patience{2000};

class AgentVoice : public Voice, private net::WsListener {
  public:
    AgentVoice(base::Loop& loop, std::shared_ptr<const AgentPlan> plan, Connect connect,
               const base::CallSid& call, VoiceListener& listener);
    ~AgentVoice() override;

    void open() override;
    // What is known before the socket is open goes into the initiation; later it follows as an update.
    void prove(const Handover& handover) override;
    void caller_audio(std::string_view base64) override;
    void caller_keys(std::string_view keys) override;
    void item_played(std::string_view) override {}
    void interrupted(const std::vector<PlayedItem>& items) override;
    void cancel_response() override;
    void unheard(std::int64_t since_ms, const Give& give) override;
    void dispatch_acknowledged(std::string_view result) override;
    bool hang_up(bool speaking) override;
    bool owes_words() const override { return owes_words_ && state_ == State::configured; }
    bool ready() const override { return proven_ && state_ == State::configured; }
    std::string_view provider() const override { return "eleven_agent"; }
    void stop(std::string_view reason) override;

  private:
    enum class State { idle, connecting, opened, configured, closed };

    // One answer of the agent. `open`: audio that comes belongs to it.
    struct Answer {
        std::string item;
        std::int64_t delivered_bytes = 0;
        std::string words;
        bool has_words = false;
        bool open = true;
        bool cut = false;       // the rest of its audio is not wanted
        bool done_told = false;
        bool words_told = false;
        base::TimePoint words_due;  // once it is not open: a correction may come until then
    };

    void on_ws_open() override;
    void on_ws_text(std::string_view text) override;
    void on_ws_binary(std::size_t bytes) override;
    void on_ws_pong() override { pinger_.on_pong(); }
    void on_ws_closed(const net::WsClose& close) override;

    void handle(const Event& event);
    void on_metadata(const Event& event);
    void on_error(const Event& event);
    void on_audio(const Event& event);
    void on_interruption(const Event& event);
    void on_agent_response(const Event& event);
    void on_correction(const Event& event);
    void on_user_transcript(const Event& event);
    void on_vad_score(double score);
    void on_tool_call(const Event& event);
    void answer_tool(std::string_view tool_call, std::string_view result, bool is_error);

    void initiate();
    void begin_talk();
    void say_to_agent(std::string_view text);

    Answer* open_answer();
    Answer& begin_answer(std::int64_t event_id);
    void end_answer(Answer& answer);
    void end_open_answer();
    void tell_words(Answer& answer);
    void tell_due_words();
    bool waits_to_tell(const Answer& answer) const {
        return !answer.open && answer.has_words && !answer.words_told && answer.delivered_bytes > 0;
    }
    void flush();
    void speech_stopped(base::milliseconds wait);
    bool playing() const { return loop_.now() < playing_until_; }
    std::int64_t given_ms() const { return given_bytes_ / 8; }

    void arm_quiet_timer(base::milliseconds after);
    void arm_answer_timer();
    void start_pings();
    void bad_frame(const char* code, std::uint16_t close_code);
    void send(std::string_view text);
    void lose(std::string_view reason, base::Condition condition, const char* code);
    void lose(const VoiceLoss& loss, std::uint16_t close_code = 1000);
    void shut(std::uint16_t code, std::string_view reason);
    std::int64_t since_open_ms() const { return base::to_ms(loop_.now() - opened_at_); }

    base::Loop& loop_;
    const std::shared_ptr<const AgentPlan> plan_;
    const Connect connect_;
    const base::CallSid call_;
    VoiceListener* listener_;  // null after stop or loss
    std::shared_ptr<net::WsConnection> socket_;
    State state_ = State::idle;
    base::TimePoint opened_at_;
    bool failing_ = false;  // a loss is posted
    std::string out_;       // scratch for one client message

    bool proven_ = false;
    bool introduced_ = false;  // the handover went into the initiation
    Handover handover_;
    std::string own_message_;  // sent as a user_message last: its echo is not the caller

    audio::FrameRing ring_;          // of the caller: what was not written down goes to the next voice
    std::int64_t given_bytes_ = 0;
    bool owes_words_ = false;        // of a caller who has gone
    bool speaking_ = false;          // told so
    bool words_heard_ = false;       // the agent's ears have some of this turn
    int loud_scores_ = 0;            // in a row
    base::TimePoint last_loud_at_;
    std::int64_t speech_from_ms_ = -1;
    std::int64_t last_turn_end_ms_ = 0;
    std::uint64_t turns_ = 0;

    std::deque<Answer> answers_;
    std::uint64_t answer_serial_ = 0;
    std::int64_t interrupted_upto_ = -1;  // event ids of audio that is stale
    base::TimePoint playing_until_;       // estimate, as if the call played at once
    ToolGate tools_;

    std::deque<base::TimePoint> bad_frames_;
    log::RepeatGuard bad_frame_guard_;
    base::Timer step_timer_;  // connecting, then the metadata
    Pinger pinger_;
    base::Timer answer_timer_;
    base::Timer quiet_timer_;
    base::Timer words_timer_;
};

}  // namespace holdfast::voice::eleven_agent
