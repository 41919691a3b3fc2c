// One call, placed as Twilio places it: webhook, TwiML, Media Stream paced in real time, the verbs
// that follow; with a judgement at the end. Loop thread.
#pragma once

#include "base/timer.hpp"
#include "caller/continuation.hpp"
#include "caller/conversation.hpp"
#include "caller/media_stream.hpp"
#include "caller/microphone.hpp"
#include "caller/playout_model.hpp"
#include "caller/rest.hpp"
#include "caller/side_stream.hpp"
#include "caller/stream_checker.hpp"
#include "caller/webhook.hpp"
#include "events.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::sim {

struct CallResult {
    bool good = false;
    nlohmann::ordered_json report;
    std::string heard;  // mu-law, from the stream's start
    std::string said;
};

class Call final : public WsHandler {
  public:
    Call(net::AsioLoop& loop, CallOptions options, EventLog& events,
         std::function<void(CallResult)> done);
    ~Call() override;
    void start();
    void hang_up(const std::string& why);  // idempotent; also what a signal does

  private:
    // Front half: webhook and TwiML.
    void ask_webhook();
    void on_twiml(TwimlAnswer answer);
    void ask_fallback(const TwimlAnswer& failed);
    void replay_webhook(const TwimlAnswer& first, std::function<void()> then);
    void open_stream();

    // The stream.
    void on_ws_open() override;
    void on_ws_refused(const HttpMessage& answer) override;
    void on_ws_text(std::string_view text) override;
    void on_ws_binary(std::size_t bytes) override;
    void on_ws_violation(std::uint16_t code, const std::string& what) override;
    void on_ws_end(const WsEnd& end) override;
    void started();
    void tick();
    void speak_tick(std::int64_t now_ms);
    void listen_tick(std::int64_t now_ms);
    void begin_turn(std::size_t turn);
    void return_marks();
    void stop_stream();
    void tell_answers(std::int64_t now_ms);

    // Faults that strike at a time.
    void strike(std::int64_t now_ms);
    void strike_one(const Fault& fault);
    void strike_wire(const Fault& fault);
    void open_side_stream(const char* why);
    void take_over();

    // Back half.
    void after_stream();
    void run_verbs();
    void leave_alone();
    void redirect(XmlElement response);
    bool open_rest();
    void finish();
    void judge();
    nlohmann::ordered_json report_turns() const;

    std::int64_t now_ms() const;

    net::AsioLoop& loop_;
    CallOptions options_;
    EventLog& events_;
    std::function<void(CallResult)> done_;
    std::string call_sid_;
    Webhook webhook_;
    base::Timer timer_;  // the 20 ms tick, and waits before and after the stream
    base::Timer limit_;  // the whole call

    XmlElement response_;
    std::size_t after_connect_ = 0;
    StreamIdentity identity_;
    std::unique_ptr<MediaStream> stream_;
    std::optional<StreamChecker> checker_;
    std::optional<PlayoutModel> playout_;
    Conversation conversation_;
    Microphone microphone_;
    std::vector<std::unique_ptr<SideStream>> side_streams_;
    std::unique_ptr<Continuation> continuation_;
    std::unique_ptr<RestServer> rest_;
    std::vector<Fault> pending_faults_;

    base::TimePoint started_at_{};
    std::int64_t ticks_ = 0;
    bool running_ = false;  // between start and the end of the stream
    bool hung_up_ = false;  // by the caller
    bool taking_over_ = false;
    bool stream_over_ = false;
    bool left_alone_ = false;  // nothing is run any more, until somebody says what
    bool finishing_ = false;  // only side streams are still being watched
    std::string hangup_reason_;
    std::size_t listened_ = 0;  // bytes of heard() already looked at
    std::string said_;
    WsEnd end_;
    int upgrade_status_ = 0;
    std::string stream_error_;  // Twilio's number
    std::uint64_t media_messages_ = 0;
    std::uint64_t media_bytes_ = 0;
    std::uint64_t ragged_ = 0;
    std::uint64_t marks_received_ = 0;
    std::uint64_t marks_returned_ = 0;
    std::uint64_t marks_flushed_ = 0;
    std::uint64_t clears_ = 0;
    std::int64_t first_media_ms_ = -1;
    std::int64_t worst_lateness_us_ = 0;
    std::size_t answers_told_ = 0;
    CallResult result_;
    std::vector<std::string> reasons_;  // why the call was not good
};

}  // namespace holdfast::sim
