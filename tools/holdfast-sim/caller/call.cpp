#include "caller/call.hpp"

#include "base/random.hpp"
#include "net/asio_loop.hpp"

#include <algorithm>

namespace holdfast::sim {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr base::milliseconds k_frame{20};
constexpr base::milliseconds k_side_stream_patience{8000};
constexpr std::int64_t k_greeting_within_ms = 1000;
constexpr int k_no_stream_wait_ms =
    12'000;  // for a stream that never speaks (no-start): until it is shown out
constexpr base::milliseconds k_left_alone_max{40'000};  // a caller who hears nothing at all

std::string seconds(std::int64_t ms) {
    std::string text = std::to_string(ms / 1000) + "." + std::to_string(1000 + ms % 1000).substr(1);
    return text + " s";
}

const XmlElement* find_stream(const XmlElement& response, std::size_t& after) {
    for (std::size_t i = 0; i < response.children.size(); ++i) {
        if (response.children[i].name != "Connect") continue;
        after = i + 1;
        return &response.children[i].children.front();
    }
    return nullptr;
}

twilio::Params parameters_of(const XmlElement& stream) {
    twilio::Params out;
    for (const auto& p : stream.children)
        out.emplace_back(p.attribute_or("name", ""), p.attribute_or("value", ""));
    return out;
}

// Twilio's error for a stream that could not be opened.
std::string stream_error_of(const WsEnd& end, int http_status) {
    if (http_status != 0) return "31920";
    if (end.why.rfind("timeout", 0) == 0) return "31901";
    if (end.why.rfind("refused", 0) == 0) return "31902";
    if (end.why.rfind("tls", 0) == 0) return "31910";
    return "31920";
}

}  // namespace

Call::Call(net::AsioLoop& loop, CallOptions options, EventLog& events,
           std::function<void(CallResult)> done)
    : loop_(loop),
      options_(std::move(options)),
      events_(events),
      done_(std::move(done)),
      call_sid_(options_.call_sid.empty() ? "CA" + base::random_hex(16) : options_.call_sid),
      webhook_(loop_, options_, call_sid_),
      timer_(loop_),
      limit_(loop_),
      conversation_(options_.script, [this] {
          ConversationLimits limits;
          limits.patience_ms = options_.patience_ms;
          return limits;
      }()) {
    for (const auto& fault : options_.faults.all()) pending_faults_.push_back(fault);
}

Call::~Call() {
    if (stream_) stream_->socket().set_handler(nullptr);
}

std::int64_t Call::now_ms() const {
    return base::to_ms(loop_.now() - started_at_);
}

// --- webhook ---

void Call::start() {
    limit_.arm(std::chrono::seconds(options_.max_seconds), [this] {
        reasons_.emplace_back("the call took longer than --max-seconds");
        hang_up("time limit");
    });
    if (!open_rest()) return finish();
    events_.emit("ringing", {{"call_sid", call_sid_}, {"url", options_.webhook.target}},
                 "ringing   " + call_sid_ + " at " + options_.webhook.host_header() +
                     options_.webhook.target);
    ask_webhook();
}

void Call::ask_webhook() {
    webhook_.post(options_.webhook, "ringing", {},
                  [this](TwimlAnswer answer) { on_twiml(std::move(answer)); });
}

void Call::on_twiml(TwimlAnswer answer) {
    result_.report["webhook"] = {{"status", answer.http_status},
                                 {"took_ms", answer.took_ms},
                                 {"error", answer.error_code},
                                 {"detail", answer.detail}};
    const std::string sentence =
        answer.error_code.empty()
            ? "answered  TwiML after " + std::to_string(answer.took_ms) + " ms"
            : "failed    " + answer.error_code + ": " + answer.detail;
    events_.emit("webhook", result_.report["webhook"], sentence);
    if (!answer.error_code.empty()) return ask_fallback(answer);
    response_ = answer.twiml;
    const XmlElement* stream = find_stream(response_, after_connect_);
    if (stream == nullptr) {
        after_connect_ = 0;
        return after_stream();
    }
    const bool covered = after_connect_ < response_.children.size();
    if (!covered)
        reasons_.emplace_back(
            "no verbs after </Connect>: a lost stream would hang up on the caller");
    identity_ = {stream->attribute_or("url", ""), options_.account_sid, call_sid_,
                 "MZ" + base::random_hex(16), parameters_of(*stream)};
    if (options_.faults.has("abandon")) {
        hung_up_ = true;
        hangup_reason_ = "abandoned before the stream";
        return finish();
    }
    if (options_.faults.has("no-stream")) return leave_alone();
    if (options_.faults.has("replay-webhook") && !taking_over_)
        return replay_webhook(answer, [this] { open_stream(); });
    open_stream();
}

void Call::ask_fallback(const TwimlAnswer& failed) {
    reasons_.push_back("webhook: " + failed.error_code + " " + failed.detail);
    const auto url = net::parse_url(options_.fallback);
    if (!url) {
        stream_error_ = failed.error_code;
        return finish();
    }
    webhook_.post(*url, "ringing",
                  {{"ErrorCode", failed.error_code}, {"ErrorUrl", options_.webhook.target}},
                  [this](TwimlAnswer answer) {
                      if (!answer.error_code.empty()) {
                          reasons_.push_back("fallback: " + answer.error_code + " " + answer.detail);
                      }
                      response_ = answer.twiml;
                      after_connect_ = 0;
                      after_stream();
                  });
}

void Call::replay_webhook(const TwimlAnswer& first, std::function<void()> then) {
    webhook_.post(options_.webhook, "ringing", {},
                  [this, body = first.body, then = std::move(then)](TwimlAnswer again) {
                      const ordered_json replay{{"status", again.http_status},
                                                {"same_twiml", again.body == body},
                                                {"error", again.error_code}};
                      result_.report["replays"].push_back(replay);
                      events_.emit(
                          "webhook_replayed", replay,
                          "replayed  the webhook: status " + std::to_string(again.http_status));
                      then();
                  });
}

void Call::open_stream() {
    if (hung_up_) return finish();
    if (!net::parse_url(identity_.url)) {
        reasons_.emplace_back("the stream URL cannot be used");
        return after_stream();
    }
    stream_ = std::make_unique<MediaStream>(loop_, options_, identity_, this);
}

// --- stream ---

void Call::on_ws_open() {
    upgrade_status_ = 101;
    stream_->send_connected();
    if (options_.faults.has("media-before-start")) {
        stream_->send_frame(std::string(audio::k_mulaw_frame_bytes, audio::k_mulaw_silence), 0);
    }
    if (options_.faults.has("no-start")) {
        timer_.arm(base::milliseconds(k_no_stream_wait_ms),
                   [this] { hang_up("nobody ended a stream without start"); });
        return;
    }
    stream_->send_start();
    if (taking_over_) {
        taking_over_ = false;
        checker_.emplace(identity_.stream_sid);
        events_.emit("taken_over", {{"stream_sid", identity_.stream_sid}},
                     "took over with a new stream");
        return;
    }
    started();
}

void Call::started() {
    started_at_ = loop_.now();
    playout_.emplace(started_at_);
    checker_.emplace(identity_.stream_sid);
    running_ = true;
    events_.emit("started", {{"stream_sid", identity_.stream_sid}, {"url", identity_.url}},
                 "connected " + identity_.url);
    timer_.arm_at(started_at_ + k_frame, [this] { tick(); });
}

// Absolute deadlines: a late tick is followed by an early one, and the frames stay at 50 a second.
void Call::tick() {
    if (!running_) return;
    ++ticks_;
    const auto lateness = loop_.now() - (started_at_ + ticks_ * k_frame);
    worst_lateness_us_ = std::max<std::int64_t>(
        worst_lateness_us_,
        std::chrono::duration_cast<std::chrono::microseconds>(lateness).count());
    timer_.arm_at(started_at_ + (ticks_ + 1) * k_frame, [this] { tick(); });
    const std::int64_t now = ticks_ * 20;
    listen_tick(now);
    if (running_) speak_tick(now);
    if (running_) strike(now);
}

void Call::listen_tick(std::int64_t now) {
    playout_->advance(loop_.now());
    return_marks();
    const std::string_view fresh = std::string_view(playout_->heard()).substr(listened_);
    listened_ = playout_->heard().size();
    const bool audible = audio::dbfs(fresh) >= Microphone::k_audible_dbfs;
    const auto todo = conversation_.tick(now, audible, playout_->idle());
    tell_answers(now);
    if (todo.kind == Conversation::Todo::Kind::begin_turn) begin_turn(todo.turn);
}

void Call::speak_tick(std::int64_t now) {
    const auto piece = microphone_.next();
    said_ += piece.frame;
    if (!taking_over_ && stream_->socket().open()) stream_->send_frame(piece.frame, now);
    if (piece.first) conversation_.speech_began(now, playout_->idle());
    if (!piece.last) return;
    conversation_.speech_ended(now);
    const auto& times = conversation_.turns()[conversation_.turns_begun() - 1];
    events_.emit(
        "caller_spoke",
        {{"turn", conversation_.turns_begun()}, {"from_ms", times.speech_from_ms}, {"to_ms", now}},
        "");
}

void Call::begin_turn(std::size_t index) {
    const CallerTurn& turn = conversation_.script()[index];
    if (turn.hangup && turn.audio.empty()) return hang_up("script");
    if (!turn.audio.empty()) {
        const bool over = !playout_->idle();
        events_.emit("caller_speaks",
                     {{"turn", index + 1}, {"text", turn.text}, {"interrupting", over}},
                     std::string(over ? "caller  ! " : "caller    ") + turn.text);
        microphone_.say(turn.audio);
    } else {
        conversation_.nothing_to_say(now_ms());
    }
    for (const char digit : turn.dtmf) stream_->send_dtmf(digit);
    if (!turn.dtmf.empty()) events_.emit("dtmf", {{"digits", turn.dtmf}}, "keys      " + turn.dtmf);
}

void Call::tell_answers(std::int64_t now) {
    const auto& answers = conversation_.answers();
    const std::size_t current = conversation_.turns_begun();
    if (answers_told_ > current || answers[current].heard_ms < 0) return;
    const Answer& answer = answers[current];
    if (current == 0) {
        events_.emit("greeting_began",
                     {{"heard_ms", answer.heard_ms}, {"received_ms", answer.received_ms}},
                     "greeting  heard " + std::to_string(answer.heard_ms) + " ms after the start");
    } else {
        const std::int64_t asked = conversation_.turns()[current - 1].speech_to_ms;
        events_.emit(
            "answer_began",
            {{"turn", current}, {"response_ms", answer.received_ms - asked}, {"heard_ms", now}},
            "answer    began " + seconds(answer.received_ms - asked) +
                " after the caller's last word");
    }
    answers_told_ = current + 1;
}

void Call::on_ws_text(std::string_view text) {
    if (!playout_) {
        reasons_.emplace_back("the server spoke before start");
        return;
    }
    const auto now = loop_.now();
    const ServerMessage message = checker_->read(text);
    switch (message.kind) {
        case ServerMessage::Kind::media: {
            playout_->advance(now);
            const bool was_idle = playout_->idle();
            ++media_messages_;
            media_bytes_ += message.audio.size();
            ragged_ += message.audio.size() % audio::k_mulaw_frame_bytes != 0 ? 1 : 0;
            if (first_media_ms_ < 0) first_media_ms_ = now_ms();
            if (!playout_->add(message.audio, now))
                checker_->note(31931, "more than ten minutes of audio queued");
            conversation_.media_received(now_ms(), was_idle);
            break;
        }
        case ServerMessage::Kind::mark:
            ++marks_received_;
            playout_->mark(message.name, now);
            break;
        case ServerMessage::Kind::clear: {
            ++clears_;
            const std::size_t discarded = playout_->clear(now);
            conversation_.cleared(now_ms());
            events_.emit("cleared", {{"discarded_ms", discarded / 8}},
                         "cleared   " + seconds(static_cast<std::int64_t>(discarded / 8)) +
                             " of audio will not be heard");
            break;
        }
        case ServerMessage::Kind::invalid:
            break;
    }
    return_marks();
}

void Call::return_marks() {
    for (const auto& mark : playout_->take_marks()) {
        if (options_.faults.has("no-marks") || taking_over_) continue;
        ++(mark.flushed ? marks_flushed_ : marks_returned_);
        stream_->send_mark(mark.name);
    }
}

void Call::on_ws_binary(std::size_t bytes) {
    if (checker_) checker_->note(31950, "a binary frame of " + std::to_string(bytes) + " bytes");
}

void Call::on_ws_violation(std::uint16_t code, const std::string& what) {
    const std::string text = "websocket " + std::to_string(code) + ": " + what;
    if (checker_) {
        checker_->note(31924, text);
    } else {
        reasons_.push_back(text);
    }
}

void Call::on_ws_refused(const HttpMessage& answer) {
    upgrade_status_ = answer.status;
}

void Call::hang_up(const std::string& why) {
    if (hung_up_ || stream_over_) return;
    hung_up_ = true;
    hangup_reason_ = why;
    events_.emit("hangup", {{"why", why}}, "hang up   (" + why + ")");
    if (!stream_) return finish();
    stop_stream();
}

void Call::stop_stream() {
    if (running_) conversation_.finish(now_ms());
    running_ = false;
    timer_.cancel();
    if (options_.faults.has("stop-without-close")) {
        stream_->send_stop();
        timer_.arm(base::milliseconds(k_no_stream_wait_ms),
                   [this] { stream_->socket().close(1000, ""); });
        return;
    }
    if (!options_.faults.has("no-stop")) stream_->send_stop();
    stream_->socket().close(1000, "");
}

void Call::on_ws_end(const WsEnd& end) {
    if (taking_over_) return take_over();
    stream_over_ = true;
    end_ = end;
    if (running_) conversation_.finish(now_ms());
    running_ = false;
    timer_.cancel();
    const bool opened = upgrade_status_ == 101;
    if (!opened) stream_error_ = stream_error_of(end, upgrade_status_);
    if (opened && !hung_up_ && !end.clean) stream_error_ = "31921";
    events_.emit("stream_closed",
                 {{"code", end.code},
                  {"reason", end.reason},
                  {"by_caller", hung_up_},
                  {"clean", end.clean},
                  {"why", end.why},
                  {"upgrade_status", upgrade_status_},
                  {"error", stream_error_}},
                 opened ? "stream    closed by the " + std::string(hung_up_ ? "caller" : "box") +
                              ", code " + std::to_string(end.code)
                        : "stream    could not be opened: " + stream_error_ + " " + end.why);
    if (!opened)
        reasons_.push_back("stream: " + stream_error_ + " (" + end.why + ", status " +
                           std::to_string(upgrade_status_) + ")");
    if (hung_up_) return finish();
    after_stream();
}

// --- faults that strike at a time ---

void Call::strike(std::int64_t now) {
    static const std::vector<std::string> k_timed{
        "double-start", "other-sid-start", "second-stream", "reuse-token", "takeover",
        "binary",       "oversize",        "fragments",     "garbage",     "stop-reading",
        "reset",        "half-open",       "dtmf-flood",    "unmasked",    "reserved-bits",
        "bad-opcode",   "bad-utf8",        "unknown-event", "replay-late", "hangup",
        "deep-json",    "empty-media",     "foreign-media"};
    for (std::size_t i = 0; i < pending_faults_.size();) {
        const Fault fault = pending_faults_[i];
        const bool timed = std::find(k_timed.begin(), k_timed.end(), fault.name) != k_timed.end();
        if (!timed || now < fault.at_ms.value_or(k_fault_default_ms)) {
            ++i;
            continue;
        }
        pending_faults_.erase(pending_faults_.begin() + static_cast<std::ptrdiff_t>(i));
        events_.emit("fault", {{"name", fault.name}}, "fault     " + fault.name);
        strike_one(fault);
        if (!running_) return;
    }
}

void Call::strike_one(const Fault& fault) {
    if (fault.name == "double-start") return stream_->send_start();
    if (fault.name == "hangup") return hang_up("fault");
    if (fault.name == "second-stream") return open_side_stream("second-stream");
    if (fault.name == "replay-late") {
        return replay_webhook({}, [] {});
    }
    if (fault.name == "reuse-token" || fault.name == "takeover") {
        taking_over_ = fault.name == "takeover";
        if (!taking_over_) open_side_stream("reuse-token");
        return stream_->socket().reset();
    }
    if (fault.name == "dtmf-flood") {
        for (int i = 0, n = fault.number(1000); i < n; ++i)
            stream_->send_dtmf(static_cast<char>('0' + i % 10));
        return;
    }
    strike_wire(fault);
}

void Call::strike_wire(const Fault& fault) {
    WsPeer& socket = stream_->socket();
    const std::string sid = identity_.stream_sid;
    const std::string& name = fault.name;
    if (name == "other-sid-start") {
        socket.send_text(
            R"({"event":"start","sequenceNumber":"2","streamSid":"MZ00000000000000000000000000000099","start":{"accountSid":"AC00000000000000000000000000000001","streamSid":"MZ00000000000000000000000000000099","callSid":"CA00000000000000000000000000000099","tracks":["inbound"],"customParameters":{},"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}})");
    } else if (name == "foreign-media") {
        socket.send_text(
            R"({"event":"media","sequenceNumber":"9","streamSid":"MZ00000000000000000000000000000099","media":{"track":"inbound","chunk":"9","timestamp":"180","payload":"////"}})");
    } else if (name == "binary") {
        socket.send_frame({k_binary, true, 0, true}, std::string(160, '\xff'));
    } else if (name == "oversize") {
        socket.send_text(R"({"event":"media","pad":")" +
                         std::string(static_cast<std::size_t>(fault.number(10'000'000)), 'x') +
                         "\"}");
    } else if (name == "fragments") {
        socket.send_frame({k_text, false, 0, true}, "{");
        for (int i = 0, n = fault.number(10'000); i < n; ++i)
            socket.send_frame({k_continuation, false, 0, true}, " ");
    } else if (name == "garbage") {
        socket.send_text("this is {not json");
    } else if (name == "deep-json") {
        socket.send_text(std::string(10'000, '['));
    } else if (name == "empty-media") {
        socket.send_text(R"({"event":"media","streamSid":")" + sid + R"("})");
    } else if (name == "unknown-event") {
        socket.send_text(R"({"event":"applause","sequenceNumber":"77","streamSid":")" + sid +
                         "\"}");
    } else if (name == "unmasked") {
        socket.send_frame({k_text, true, 0, false}, R"({"event":"connected"})");
    } else if (name == "reserved-bits") {
        socket.send_frame({k_text, true, 4, true}, R"({"event":"connected"})");
    } else if (name == "bad-opcode") {
        socket.send_frame({11, true, 0, true}, "");
    } else if (name == "bad-utf8") {
        socket.send_text("{\"event\":\"\xc3\x28\"}");
    } else if (name == "stop-reading") {
        socket.pause_reading(true);
    } else if (name == "reset") {
        socket.reset();
    } else if (name == "half-open") {
        socket.freeze();
    }
}

void Call::open_side_stream(const char* why) {
    StreamIdentity other = identity_;
    other.stream_sid = "MZ" + base::random_hex(16);
    side_streams_.push_back(
        std::make_unique<SideStream>(loop_, options_, std::move(other), why, [this] {
            if (finishing_) finish();
        }));
}

// The first socket is lost; Twilio would run the webhook again and bring a fresh token.
void Call::take_over() {
    events_.emit("stream_lost", json::object(), "stream    lost; asking the webhook again");
    ask_webhook();
}

// --- end ---

void Call::after_stream() {
    if (options_.faults.has("no-follow") && !left_alone_) return leave_alone();
    run_verbs();
}

void Call::leave_alone() {
    left_alone_ = true;
    events_.emit("left_alone", json::object(), "nothing   follows, and the caller hears nothing");
    timer_.arm(k_left_alone_max, [this] {
        reasons_.emplace_back("Twilio did not go on with the call, and nobody told it to");
        finish();
    });
}

// --- REST ---

bool Call::open_rest() {
    if (options_.rest_port < 0) return true;
    LiveCall live;
    live.in_progress = [this] { return !hung_up_ && !finishing_; };
    live.children = [this] { return continuation_ ? continuation_->dials() : 0; };
    live.redirect = [this](XmlElement response) {
        loop_.post([this, response = std::move(response)]() mutable { redirect(std::move(response)); });
    };
    auto rest = RestServer::open(loop_, options_, call_sid_, std::move(live));
    if (!rest) {
        reasons_.push_back("REST interface: " + rest.error().detail);
        return false;
    }
    rest_ = std::move(*rest);
    events_.emit("rest", {{"port", rest_->port()}}, "REST      on port " + std::to_string(rest_->port()));
    return true;
}

// What the call does ends, its stream included; the new verbs run.
void Call::redirect(XmlElement response) {
    if (!done_ || finishing_) return;
    events_.emit("redirected", json::object(), "REST      other TwiML for the call");
    result_.report["redirected"] = true;
    response_ = std::move(response);
    after_connect_ = 0;
    left_alone_ = true;  // what follows is what was just said
    timer_.cancel();
    if (running_) return stop_stream();
    run_verbs();
}

void Call::run_verbs() {
    continuation_ = std::make_unique<Continuation>(webhook_, options_, [this](Ending ending) {
        for (const auto& verb : ending.verbs)
            events_.emit("verb", {{"verb", verb}}, "then      " + verb);
        result_.report["continuation"] = {
            {"verbs", ending.verbs}, {"person", ending.reached_person}, {"error", ending.error}};
        if (!ending.error.empty()) reasons_.push_back("continuation: error " + ending.error);
        finish();
    });
    continuation_->run(response_, after_connect_);
}

ordered_json Call::report_turns() const {
    ordered_json turns = ordered_json::array();
    for (std::size_t i = 0; i < conversation_.script().size(); ++i) {
        const CallerTurn& turn = conversation_.script()[i];
        const TurnTimes& times = conversation_.turns()[i];
        const Answer& answer = conversation_.answers()[i + 1];
        if (!times.started || (turn.audio.empty() && turn.dtmf.empty())) continue;
        ordered_json entry{{"turn", i + 1},
                           {"said", turn.text},
                           {"dtmf", turn.dtmf},
                           {"speech_from_ms", times.speech_from_ms},
                           {"speech_to_ms", times.speech_to_ms},
                           {"answered", answer.heard_ms >= 0},
                           {"expects_answer", turn.expect_answer}};
        if (answer.heard_ms >= 0) {
            entry["answer_received_ms"] = answer.received_ms;
            entry["answer_heard_ms"] = answer.heard_ms;
            entry["answer_ended_ms"] = answer.ended_ms;
            entry["response_ms"] = answer.received_ms - times.speech_to_ms;
            entry["heard_after_ms"] = answer.heard_ms - times.speech_to_ms;
        }
        entry["interrupts"] = times.interrupts;
        if (times.interrupts)
            entry["cut_off_ms"] =
                times.cleared_ms < 0 ? -1 : times.cleared_ms - times.speech_from_ms;
        turns.push_back(std::move(entry));
    }
    return turns;
}

void Call::judge() {
    const auto& answers = conversation_.answers();
    const bool streamed = started_at_ != base::TimePoint{};
    const bool person =
        result_.report.contains("continuation") && result_.report["continuation"]["person"] == true;
    // Who is handed to people in the middle of it has the rest of his script to say to them.
    const bool handed_over = options_.expect_person && person;
    if (streamed) {
        if (answers[0].heard_ms < 0) {
            reasons_.emplace_back("no greeting was heard");
        } else if (answers[0].heard_ms > k_greeting_within_ms) {
            reasons_.push_back("the greeting came after " + std::to_string(answers[0].heard_ms) +
                               " ms");
        }
        for (std::size_t i = 0; i < conversation_.script().size(); ++i) {
            const CallerTurn& turn = conversation_.script()[i];
            const TurnTimes& times = conversation_.turns()[i];
            if (!times.started && !turn.audio.empty() && !handed_over)
                reasons_.push_back("turn " + std::to_string(i + 1) + " was never reached");
            if (times.started && turn.expect_answer && answers[i + 1].heard_ms < 0) {
                reasons_.push_back("turn " + std::to_string(i + 1) + " had no audible answer");
            }
            if (times.interrupts && times.cleared_ms < 0)
                reasons_.push_back("turn " + std::to_string(i + 1) +
                                   " did not interrupt the answer");
        }
        for (const Gap& gap : conversation_.gaps()) {
            reasons_.push_back("silence of " + seconds(gap.to_ms - gap.from_ms) + " from " +
                               seconds(gap.from_ms) + " on");
        }
    } else if (!options_.expect_person) {
        reasons_.emplace_back("the stream never started");
    }
    if (checker_) {
        for (const auto& v : checker_->violations())
            reasons_.push_back("violation " + std::to_string(v.code) + ": " + v.what);
    }
    if (options_.expect_person && !person)
        reasons_.emplace_back("the call did not end with a person");
    if (!options_.expect_person && streamed && !hung_up_)
        reasons_.emplace_back("the box ended the stream");
    if (hung_up_ && stream_ && !end_.clean)
        reasons_.emplace_back("the closing handshake failed: " + end_.why);
}

void Call::finish() {
    if (!done_) return;
    timer_.cancel();
    finishing_ = true;
    for (const auto& side : side_streams_) {
        if (side->ended()) continue;
        // How a second stream is shown out is part of the result; a box that keeps it is told to
        // let go.
        timer_.arm(k_side_stream_patience, [this] {
            for (const auto& open : side_streams_) open->close();
        });
        return;
    }
    limit_.cancel();
    judge();
    ordered_json& r = result_.report;
    ordered_json head{{"call_sid", call_sid_},
                      {"stream_sid", identity_.stream_sid},
                      {"good", reasons_.empty()},
                      {"reasons", reasons_}};
    const auto& greeting = conversation_.answers()[0];
    r["stream"] = {{"url", identity_.url},
                   {"upgrade_status", upgrade_status_},
                   {"error", stream_error_},
                   {"close_code", end_.code},
                   {"close_reason", end_.reason},
                   {"clean", end_.clean},
                   {"why", end_.why},
                   {"ended_by", hung_up_       ? "caller"
                                : stream_over_ ? "box"
                                               : "nobody"},
                   {"hangup_reason", hangup_reason_}};
    r["greeting"] = {{"received_ms", first_media_ms_},
                     {"heard_ms", greeting.heard_ms},
                     {"ended_ms", greeting.ended_ms}};
    r["turns"] = report_turns();
    r["gaps"] = ordered_json::array();
    for (const Gap& gap : conversation_.gaps())
        r["gaps"].push_back({{"from_ms", gap.from_ms}, {"to_ms", gap.to_ms}});
    r["violations"] = ordered_json::array();
    if (checker_) {
        for (const auto& v : checker_->violations())
            r["violations"].push_back({{"code", v.code}, {"what", v.what}});
    }
    r["marks"] = {
        {"received", marks_received_}, {"played", marks_returned_}, {"flushed", marks_flushed_}};
    r["clears"] = clears_;
    r["sent"] = {{"frames", stream_ ? stream_->frames_sent() : 0},
                 {"worst_lateness_us", worst_lateness_us_}};
    r["received"] = {{"media_messages", media_messages_},
                     {"media_ms", media_bytes_ / 8},
                     {"ragged", ragged_},
                     {"dropped", checker_ ? checker_->dropped() : 0}};
    if (rest_) r["rest"] = rest_->requests();
    r["side_streams"] = ordered_json::array();
    for (const auto& side : side_streams_) r["side_streams"].push_back(side->report());
    r["duration_ms"] = ticks_ * 20;
    head.update(r);
    result_.report = std::move(head);
    result_.good = reasons_.empty();
    if (playout_) result_.heard = playout_->heard();
    result_.said = said_;
    // Posted: this may be called from inside one of our own parts.
    loop_.post([done = std::exchange(done_, nullptr), result = std::move(result_)]() mutable {
        done(std::move(result));
    });
}

const std::vector<FaultName>& caller_faults() {
    static const std::vector<FaultName> k_faults{
        {"abandon", "the webhook only; no stream is ever opened"},
        {"replay-webhook", "the webhook is sent twice before the stream opens"},
        {"replay-late", "the webhook is sent again during the stream"},
        {"no-stream", "the TwiML is taken, no stream is opened and nothing follows"},
        {"no-follow", "after the stream nothing follows, whatever stands behind </Connect>"},
        {"rest-status", "=STATUS answers of the REST interface; conn: which request"},
        {"no-start", "connected, but no start (T08)"},
        {"media-before-start", "a media message before start (T09)"},
        {"double-start", "start a second time (T09)"},
        {"other-sid-start", "a second start with other SIDs (T09)"},
        {"foreign-media", "a media message with another streamSid"},
        {"bad-token", "a wrong one-time token (T10)"},
        {"no-token", "no parameters at all in start (T10)"},
        {"second-stream", "a second stream for the same call (T11)"},
        {"reuse-token", "the first stream is reset, a second one brings the used token (T11)"},
        {"takeover",
         "the first stream is reset, the webhook asked again, a second stream opened (T11)"},
        {"gap", "=MS frames are lost for so long (T12)"},
        {"jitter", "=MS frames come late by up to so much, in order (T12)"},
        {"burst", "=N frames are held back, then come at once (T12)"},
        {"out-of-order", "pairs of frames change places (T12)"},
        {"duplicate", "every frame comes twice (T13)"},
        {"not-base64", "payloads that are not base64 (T14)"},
        {"wrong-codec", "mediaFormat is 16 kHz L16 (T14)"},
        {"oversize", "=BYTES one message of 10 MB (T15)"},
        {"fragments", "=N a message that never ends (T15)"},
        {"unmasked", "an unmasked frame (T15)"},
        {"reserved-bits", "a frame with RSV1 set (T15)"},
        {"bad-opcode", "a frame with opcode 11 (T15)"},
        {"bad-utf8", "a text frame that is not UTF-8"},
        {"garbage", "a message that is not JSON"},
        {"deep-json", "10,000 opening brackets"},
        {"empty-media", "a media message without media"},
        {"unknown-event", "an event nobody knows"},
        {"binary", "a binary frame (T16)"},
        {"stop-media", "media ends, the socket stays (T17)"},
        {"no-stop", "hang-up without a stop message (T18)"},
        {"stop-without-close", "a stop message, but the socket stays (T18)"},
        {"stop-reading", "the socket is not read any more (T19)"},
        {"no-marks", "marks are never returned (T20)"},
        {"dtmf-flood", "=N digits at once (T21)"},
        {"reset", "a TCP reset"},
        {"half-open", "the socket goes silent without an end"},
        {"hangup", "the caller hangs up"},
        {"numbers-as-numbers", "sequenceNumber, chunk and timestamp as JSON numbers"}};
    return k_faults;
}

}  // namespace holdfast::sim
