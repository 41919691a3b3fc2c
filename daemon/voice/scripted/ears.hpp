// One session with Scribe, from the first byte of the connection to its loss: session_started checked,
// caller audio in, partial and committed words out. Knows nothing of questions or of reconnecting
// (ScriptedVoice). Loop thread only.
#pragma once

#include "base/ids.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "log/repeat.hpp"
#include "net/ws.hpp"
#include "voice/pinger.hpp"
#include "voice/scripted/scribe_codec.hpp"
#include "voice/voice.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::voice::scripted {

class Ears;

// Notices come from the loop and never inside a call that the owner made. The owner may close the ears
// in any of them.
class EarsListener {
  public:
    virtual ~EarsListener() = default;
    virtual void on_ears_connected(Ears& ears) = 0;
    virtual void on_ears_started(Ears& ears) = 0;   // the session is as we asked: give audio
    virtual void on_ears_partial(Ears& ears) = 0;   // the caller is speaking (there are words)
    // Words, settled; empty: what sounded like speech was none.
    virtual void on_ears_words(Ears& ears, const std::string& text) = 0;
    virtual void on_ears_lost(Ears& ears, const VoiceLoss& loss) = 0;  // last, once
};

using ConnectEars = std::function<std::shared_ptr<net::WsConnection>(net::WsListener& listener)>;

constexpr base::milliseconds k_ears_connect{2500};  // DNS, TCP, TLS, upgrade
constexpr base::milliseconds k_ears_start{2500};    // then session_started
constexpr base::milliseconds k_ears_ping{2000};
constexpr base::milliseconds k_ears_ping_timeout{4000};
// A partial that has not changed for so long is taken as said: with noise behind the caller a commit may
// take 90 s, and the caller would hear nothing (I4: below 4 s).
constexpr base::milliseconds k_ears_settled{3000};
// What Scribe is asked to wait after the caller's last sound before it commits.
constexpr base::milliseconds k_ears_vad_silence{800};

// The request line's target.
std::string scribe_target(std::string_view model);

// What an error message, a refused upgrade or a close means.
struct EarsVerdict {
    bool harmless = false;
    VoiceLoss loss;
};
EarsVerdict judge_scribe_error(std::string_view message_type);
VoiceLoss judge_scribe_close(const net::WsClose& close);

class Ears final : public net::WsListener, public std::enable_shared_from_this<Ears> {
  public:
    Ears(base::Loop& loop, const base::CallSid& call, unsigned number, EarsListener& listener);
    ~Ears() override;

    void open(const ConnectEars& connect);
    void close(std::string_view reason);  // no notice afterwards; idempotent
    void append_audio(std::string_view base64);
    bool started() const { return state_ == State::started; }

  private:
    enum class State { idle, connecting, opened, started, closed };

    void on_ws_open() override;
    void on_ws_text(std::string_view text) override;
    void on_ws_binary(std::size_t) override { bad_frame("binary"); }
    void on_ws_pong() override { pinger_.on_pong(); }
    void on_ws_closed(const net::WsClose& close) override { lose(judge_scribe_close(close)); }

    void on_started(const ScribeEvent& event);
    void on_partial(std::string_view text);
    void on_committed(std::string_view text);
    void on_error(const ScribeEvent& event);
    void settle();
    void start_pings();
    void bad_frame(const char* code);
    void lose(const VoiceLoss& loss);
    void lose(std::string_view reason, base::Condition condition, const char* code);
    void shut(std::string_view reason);

    base::Loop& loop_;
    const base::CallSid call_;
    const unsigned number_;
    EarsListener* listener_;
    std::shared_ptr<net::WsConnection> socket_;
    State state_ = State::idle;
    bool failing_ = false;  // a loss is posted
    std::string partial_;   // words that are not settled
    std::string given_;     // words given ahead of their commit
    std::string out_;       // scratch for one message
    std::deque<base::TimePoint> bad_frames_;
    log::RepeatGuard error_guard_;
    base::Timer step_timer_;
    Pinger pinger_;
    base::Timer settle_timer_;
};

}  // namespace holdfast::voice::scripted
