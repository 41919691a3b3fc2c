#include "voice/realtime/session.hpp"

#include "base/base64.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "voice/losses.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::voice::realtime {
namespace {

constexpr log::Logger k_log{"voice"};

constexpr std::string_view k_format = "audio/pcmu";
constexpr std::string_view k_transcription_param = "session.audio.input.transcription";
constexpr std::int64_t k_bytes_per_ms = 8;
constexpr std::size_t k_words_bytes_max = 64 * 1024;  // of one answer or turn
constexpr std::size_t k_id_bytes_max = 128;           // ids are some 30; a longer one is not kept
// A speech_stopped further than this behind the audio we sent belongs to a replayed ring: its distance
// says nothing about how long the detector waited.
constexpr std::int64_t k_detector_lag_max_ms = 2000;
// Responses with refused tools since the caller last spoke; after that the model is no longer asked to go on,
// or one that talks and calls in every response would talk to itself for ever (O24).
constexpr int k_tool_rounds_max = 3;
// Responses asked for so that the model goes on after a tool was served, since the caller last spoke.
constexpr int k_tool_answers_max = 6;

void grow(std::string& words, std::string_view more) {
    if (words.size() + more.size() <= k_words_bytes_max) words += more;
}

}  // namespace

Session::Session(base::Loop& loop, std::shared_ptr<const SessionPlan> plan, const base::CallSid& call,
                 unsigned number, SessionListener& listener)
    : loop_(loop), plan_(std::move(plan)), call_(call), number_(number), listener_(&listener),
      step_timer_(loop), pinger_(loop), answer_timer_(loop) {}

Session::~Session() { shut(1000, "gone"); }

// --- life ---

void Session::open(const Connect& connect) {
    state_ = State::connecting;
    opened_at_ = loop_.now();
    k_log.info("provider connecting", call_, {{"provider", plan_->profile.name}, {"session", number_}});
    step_timer_.arm(plan_->connect_timeout,
                    [this] { lose("timeout", base::Condition::retry, "connect_budget"); });
    socket_ = connect(*this);
}

void Session::close(std::uint16_t code, std::string_view reason) { shut(code, reason); }

void Session::shut(std::uint16_t code, std::string_view reason) {
    const bool was_closed = std::exchange(state_, State::closed) == State::closed;
    if (was_closed) return;
    for (base::Timer* timer : {&step_timer_, &answer_timer_}) timer->cancel();
    pinger_.stop();
    if (!socket_) return;
    if (socket_->open()) socket_->close(code, reason);
    else socket_->abort();
    socket_->set_listener(nullptr);
}

void Session::lose(std::string_view reason, base::Condition condition, const char* code) {
    lose(VoiceLoss{reason, base::make_error(condition, code), 0});
}

void Session::lose(const VoiceLoss& loss, std::uint16_t close_code) {
    if (state_ == State::closed) return;
    const auto self = shared_from_this();
    if (!configured()) metrics::upstream_connect_total.add(connect_result(loss));
    k_log.info("provider session ended", call_,
               {{"session", number_}, {"reason", loss.reason}, {"code", loss.error.code},
                {"close_code", loss.close_code}, {"after_ms", since_open_ms()}});
    if (loss.error.condition == base::Condition::fatal && !loss.error.detail.empty()) {
        k_log.error("provider refuses us", call_,
                    {{"provider", plan_->profile.name}, {"code", loss.error.code}, {"detail", loss.error.detail}});
    }
    shut(close_code, loss.reason);
    listener_->on_session_lost(*this, loss);
}

void Session::on_ws_open() {
    if (state_ != State::connecting) return;
    state_ = State::opened;
    k_log.info("provider connected", call_, {{"session", number_}, {"ms", since_open_ms()}});
    start_pings();
    listener_->on_session_connected(*this);
}

void Session::on_ws_closed(const net::WsClose& close) { lose(plan_->profile.judge_end(close)); }

void Session::on_ws_binary(std::size_t) { bad_frame("binary", 1003); }

void Session::on_ws_text(std::string_view text) {
    if (state_ == State::closed) return;
    const auto self = shared_from_this();
    thread_local Event event;  // its views die with the next decode on this thread anyway
    if (const auto decoded = decode(text, event); !decoded) {
        bad_frame(decoded.error().code, 1007);
        return;
    }
    handle(event);
}

void Session::bad_frame(const char* code, std::uint16_t close_code) {
    if (state_ == State::closed) return;
    metrics::upstream_bad_frame_total.add();
    const auto now = loop_.now();
    while (!bad_frames_.empty() && now - bad_frames_.front() >= limits::provider_bad_frame_window) {
        bad_frames_.pop_front();
    }
    bad_frames_.push_back(now);
    if (bad_frame_guard_.should_log(now)) {
        k_log.warning("provider message not understood", call_,
                      {{"session", number_}, {"code", code}, {"suppressed", bad_frame_guard_.suppressed()}});
    }
    if (bad_frames_.size() < limits::provider_bad_frames_max) return;
    lose(VoiceLoss{"protocol", base::make_error(base::Condition::retry, "bad_frames"), close_code},
         close_code);
}

// --- pings ---

void Session::start_pings() {
    Pinger::Users users;
    users.pulse = [this](const VoicePulse& pulse) { listener_->on_session_pulse(*this, pulse); };
    users.dead = [this](const char* code) {
        const bool silent = code == std::string_view("no_pong");
        lose(silent ? "ping" : "network", base::Condition::retry, code);
    };
    pinger_.start(*socket_, plan_->ping_interval, plan_->ping_timeout, std::move(users));
}

// --- sending ---

std::string Session::next_id(std::string_view what) {
    std::string id(what);
    id += '-';
    id += std::to_string(++ids_);
    return id;
}

void Session::send(std::string_view text) {
    if (state_ == State::closed || failing_ || socket_->send_text(text)) return;
    if (!socket_->open()) return;  // its close notice is on its way and knows more
    // The queue is full. The owner may be in the middle of giving us audio: tell it later.
    failing_ = true;
    loop_.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->lose("network", base::Condition::retry, "queue_full");
    });
}

void Session::append_audio(std::string_view base64) {
    if (!talking()) return;
    out_.clear();
    realtime::append_audio(out_, base64);
    appended_bytes_ += static_cast<std::int64_t>(base::base64_decoded_bytes(base64));
    send(out_);
}

void Session::add_message(Role role, std::string_view text) {
    if (!talking() || text.empty()) return;
    out_.clear();
    if (role == Role::user || plan_->profile.full_items) {
        append_message(out_, next_id("item"), role, text);
    } else {  // our own words as a note beside the caller's
        append_message(out_, next_id("item"), Role::user, "[You have said: " + std::string(text) + "]");
    }
    send(out_);
}

void Session::send_truncate(std::string_view item, std::int64_t audio_end_ms) {
    out_.clear();
    append_truncate(out_, next_id("trunc"), item, audio_end_ms);
    send(out_);
}

void Session::send_delete(std::string_view item) {
    out_.clear();
    append_delete(out_, next_id("del"), item);
    send(out_);
}

void Session::request_response() {
    if (!talking()) return;
    expecting_ = false;
    wanted_ = true;
    follow_up();
}

// A wanted response.create goes out as soon as nothing runs. The caller's turn makes it superfluous: the
// service answers that turn by itself, with everything that was said and done before.
void Session::follow_up() {
    if (!wanted_ || state_ == State::closed || answers_.phase() != Answers::Phase::none) return;
    wanted_ = false;
    if (!turns_.speaking() && !expecting_) send_response_create();
}

void Session::send_response_create() {
    const std::string id = next_id("resp");
    out_.clear();
    append_response_create(out_, id);
    answers_.request(id);
    arm_answer_timer();
    send(out_);
}

void Session::cancel_response() {
    if (!talking() || answers_.phase() != Answers::Phase::active) return;
    if (answers_.discarded(answers_.active_id())) return;
    answers_.discard_active();
    out_.clear();
    append_response_cancel(out_, next_id("cancel"),
                           plan_->profile.full_items ? answers_.active_id() : std::string_view());
    send(out_);
}

void Session::interrupted(const std::vector<PlayedItem>& items) {
    if (!talking()) return;
    // With the caller's speech the service has cancelled by itself; for any other reason we must.
    if (turns_.speaking()) answers_.discard_active();
    else cancel_response();
    for (const PlayedItem& played : items) {
        AnswerItem* const item = answers_.find(played.item_id);
        if (item == nullptr || item->cut) continue;
        item->cut = true;
        if (!plan_->profile.client_truncates || item->settled) continue;
        const std::int64_t heard_ms = std::min(played.played_ms, item->delivered_ms());
        if (plan_->profile.truncates_when_done && !answers_.finished(item->response)) {
            item->heard_ms = std::max<std::int64_t>(heard_ms, 0);
            continue;
        }
        if (item->done && heard_ms >= item->delivered_ms()) continue;
        tell_heard(*item, heard_ms);
    }
}

void Session::tell_heard(AnswerItem& item, std::int64_t heard_ms) {
    item.settled = true;
    if (heard_ms <= 0 && plan_->profile.full_items) send_delete(item.id);
    else send_truncate(item.id, std::max<std::int64_t>(heard_ms, 0));
}

// --- events ---

void Session::handle(const Event& event) {
    switch (event.type) {
        case EventType::unknown: metrics::unknown_event_total.add("provider"); return;
        case EventType::ignored: return;
        case EventType::session_created: on_created(event.session); return;
        case EventType::session_updated: on_updated(event.session); return;
        case EventType::error: on_error(event.error); return;
        case EventType::rate_limits:
            if (event.tokens.limit > 0) {
                listener_->on_session_budget(*this, {event.tokens.remaining, event.tokens.limit, event.tokens.reset_seconds});
            }
            return;
        default: break;
    }
    if (!talking_) return;
    switch (event.type) {
        case EventType::audio_delta: on_audio_delta(event); return;
        case EventType::transcript_delta:
        case EventType::transcript_done: on_transcript(event); return;
        case EventType::audio_done: on_audio_done(event); return;
        case EventType::speech_started: on_speech_started(event); return;
        case EventType::speech_stopped: on_speech_stopped(event); return;
        case EventType::committed: on_committed(event); return;
        case EventType::transcription_delta:
        case EventType::transcription_completed:
        case EventType::transcription_failed: on_transcription(event); return;
        case EventType::response_created: on_response_created(event); return;
        case EventType::output_item_added:
        case EventType::output_item_done: on_output_item(event); return;
        case EventType::arguments_done: on_arguments_done(event); return;
        case EventType::response_done: on_response_done(event); return;
        default: return;
    }
}

void Session::on_created(const SessionFacts& facts) {
    if (state_ != State::opened) return;
    state_ = State::updating;
    created_at_ = loop_.now();
    expires_at_s_ = facts.expires_at_s;
    k_log.info("provider session created", call_,
               {{"session", number_}, {"provider_session", loggable(facts.id)}, {"ms", since_open_ms()}});
    step_timer_.arm(k_configure_timeout, [this] { lose("timeout", base::Condition::retry, "configure"); });
    transcripts_ = !plan_->update_without_transcription.empty() || !plan_->profile.transcription_model;
    send(plan_->update);
    listener_->on_session_created(*this);
}

// A wrong output format would be played to the caller as noise (O27, T2). The input format was seen
// wrong in an echo of a session that was right, so that one is only worth a line.
void Session::on_updated(const SessionFacts& facts) {
    if (state_ != State::updating && !configured()) return;
    if (facts.output_format != k_format) {
        k_log.error("provider speaks another audio format", call_,
                    {{"session", number_}, {"format", loggable(facts.output_format)}});
        lose("format", base::Condition::fall_back, "output_format");
        return;
    }
    if (plan_->profile.input_echo_counts && facts.input_format != k_format) {
        k_log.error("provider hears another audio format", call_,
                    {{"session", number_}, {"format", loggable(facts.input_format)}});
        lose("format", base::Condition::fall_back, "input_format");
        return;
    }
    if (configured()) return;
    const auto differs = [this](std::string_view what, std::string_view echoed, std::string_view asked) {
        if (echoed == asked) return;
        k_log.warning("provider echoed another setting", call_,
                      {{"session", number_}, {"setting", what}, {"echoed", loggable(echoed)}});
    };
    differs("input_format", facts.input_format, k_format);
    differs("turn_detection", facts.vad, plan_->vad);
    if (!facts.voice.empty() && !plan_->voice.empty()) differs("voice", facts.voice, plan_->voice);
    state_ = State::configured;
    step_timer_.cancel();
    metrics::upstream_connect_total.add("configured");
    k_log.info("provider session configured", call_,
               {{"session", number_}, {"ms", since_open_ms()}, {"transcription", transcripts_}});
    listener_->on_session_configured(*this);
}

// Truncate, delete and cancel race with the service; whatever is wrong with them harms nobody (8.3).
bool Session::about_our_request(std::string_view event_id) const {
    for (const std::string_view what : {"trunc-", "del-", "cancel-"}) {
        if (event_id.substr(0, what.size()) == what) return true;
    }
    return false;
}

void Session::on_error(const ProviderError& error) {
    Verdict verdict = judge(error);
    if (verdict.error_class == ErrorClass::config && about_our_request(error.event_id)) {
        verdict.error_class = ErrorClass::harmless;
    }
    metrics::upstream_error_total.add(to_string(verdict.error_class));
    if (verdict.error_class != ErrorClass::harmless && error_guard_.should_log(loop_.now())) {
        k_log.warning("provider error", call_,
                      {{"session", number_}, {"class", to_string(verdict.error_class)},
                       {"type", loggable(error.type)}, {"code", loggable(error.code)},
                       {"param", loggable(error.param)}, {"suppressed", error_guard_.suppressed()}});
    }
    switch (verdict.error_class) {
        case ErrorClass::harmless:
            // Our response.create lost against one that the service began by itself: ask after it.
            if (error.code == "conversation_already_has_active_response" &&
                answers_.refuse(error.event_id)) {
                wanted_ = true;
            }
            return;
        case ErrorClass::retry:
            if (verdict.reason == "server_error") note_server_error(verdict);
            else lose(verdict.reason, base::Condition::retry, verdict.code);
            return;
        case ErrorClass::fatal: lose(verdict.reason, base::Condition::fatal, verdict.code); return;
        case ErrorClass::config: break;
    }
    if (!configured()) on_update_rejected(error);
    else if (!error.event_id.empty()) answers_.refuse(error.event_id);
}

// One bad member rejects the whole update. Not every rejection says what it is about (9.1): one that
// names no member is taken to mean transcription, the member that is most in flux (4.4).
void Session::on_update_rejected(const ProviderError& error) {
    const auto& current = plain_update_ ? k_update_plain_id : k_update_id;
    if (state_ == State::updating && !error.event_id.empty() && error.event_id != current) return;
    const bool transcription =
        error.param.empty() ||
        error.param.substr(0, k_transcription_param.size()) == k_transcription_param;
    if (state_ != State::updating || plain_update_ || !transcription ||
        plan_->update_without_transcription.empty()) {
        k_log.error("provider refused the session configuration", call_,
                    {{"session", number_}, {"code", loggable(error.code)}, {"param", loggable(error.param)}});
        lose("config", base::Condition::fatal, "update_rejected");
        return;
    }
    k_log.error("provider refused transcription, the caller's words will be missing", call_,
                {{"session", number_}, {"code", loggable(error.code)}});
    plain_update_ = true;
    transcripts_ = false;
    step_timer_.arm(k_configure_timeout, [this] { lose("timeout", base::Condition::retry, "configure"); });
    send(plan_->update_without_transcription);
}

void Session::note_server_error(const Verdict& verdict) {
    const auto now = loop_.now();
    const bool again = server_error_at_ && now - *server_error_at_ < k_server_error_window;
    server_error_at_ = now;
    if (again || !configured()) lose(verdict.reason, base::Condition::retry, verdict.code);
}

// --- the caller ---

std::int64_t Session::call_ms(std::int64_t session_ms) const {
    return audio_base_ms_ + std::max<std::int64_t>(session_ms, 0);
}

void Session::on_speech_started(const Event& event) {
    if (event.item_id.size() > k_id_bytes_max) return;
    turns_.start(event.item_id, call_ms(event.audio_start_ms));
    answers_.discard_active();
    expecting_ = wanted_ = retried_ = false;
    tool_rounds_ = tool_answers_ = 0;
    answer_timer_.cancel();
    listener_->on_session_speech_started(*this);
}

// The position in the event includes the silence that ended the turn, so the caller's last sound is
// that much earlier; what we have sent since is how far the detector was behind.
void Session::on_speech_stopped(const Event& event) {
    if (event.item_id.size() > k_id_bytes_max) return;
    turns_.stop(event.item_id, call_ms(event.audio_end_ms));
    if (!plan_->profile.commits_turns) {
        give_up_old_words();
        if (state_ == State::closed) return;
        turns_.commit(event.item_id, call_ms(event.audio_end_ms), loop_.now());
    }
    expecting_ = true;
    arm_answer_timer();
    const std::int64_t lag_ms = appended_bytes_ / k_bytes_per_ms - event.audio_end_ms;
    const bool live = event.audio_end_ms >= 0 && lag_ms >= 0 && lag_ms <= k_detector_lag_max_ms;
    const base::milliseconds lag(live ? lag_ms : 0);
    listener_->on_session_speech_stopped(*this, plan_->vad_silence + lag);
}

void Session::on_committed(const Event& event) {
    if (event.item_id.size() > k_id_bytes_max) return;
    give_up_old_words();
    if (state_ == State::closed) return;
    Turn& turn = turns_.commit(event.item_id, call_ms(appended_bytes_ / k_bytes_per_ms), loop_.now());
    if (!transcripts_) tell_caller_words(turn, {}, true);  // the journal shows the gap (O28)
}

// Transcripts may be late, but not for ever: the journal gets a row that says so (O28).
void Session::give_up_old_words() {
    for (Turn& turn : turns_.all()) {
        const bool waiting = turn.committed && !turn.transcribed;
        if (!waiting || loop_.now() - turn.committed_at < k_transcript_lost) continue;
        k_log.warning("transcript missing", call_, {{"session", number_}});
        tell_caller_words(turn, {}, true);
        if (state_ == State::closed) return;
    }
}

void Session::on_transcription(const Event& event) {
    if (event.item_id.size() > k_id_bytes_max) return;
    Turn* turn = turns_.find(event.item_id);
    if (event.type == EventType::transcription_delta) {
        if (turn != nullptr) grow(turn->words, event.text);
        return;
    }
    if (turn == nullptr) {
        turn = &turns_.commit(event.item_id, call_ms(appended_bytes_ / k_bytes_per_ms), loop_.now());
    }
    const bool failed = event.type == EventType::transcription_failed;
    if (failed) {
        k_log.warning("transcription failed", call_,
                      {{"session", number_}, {"code", loggable(event.error.code)}});
    }
    tell_caller_words(*turn, failed ? std::string_view() : event.text, failed);
}

void Session::tell_caller_words(Turn& turn, std::string_view text, bool failed) {
    if (std::exchange(turn.transcribed, true)) return;
    turn.words.clear();
    CallerUtterance utterance;
    utterance.item_id = turn.item;
    utterance.text.assign(text);
    utterance.failed = failed;
    utterance.start_ms = turn.start_ms;
    utterance.end_ms = std::max(turn.start_ms, turn.end_ms);
    listener_->on_session_caller(*this, utterance);
}

bool Session::words_pending() const { return turns_.words_pending(loop_.now(), k_transcript_patience); }

bool Session::hang_up(bool speaking) {
    if (!talking() || hung_up_) return false;
    cancel_response();
    answer_timer_.cancel();
    if (speaking || turns_.speaking()) {
        static const std::string k_silence = base::base64_encode(std::string(20 * k_bytes_per_ms, '\xff'));
        const auto wait = plan_->vad_silence.count() > 0 ? plan_->vad_silence + k_turn_end_margin : k_turn_end_unknown;
        for (auto given = base::milliseconds(0); given < wait; given += base::milliseconds(20)) {
            append_audio(k_silence);
        }
    }
    hung_up_ = true;
    return speaking || owes_words();
}

void Session::disown_turn(std::string_view item) {
    if (Turn* const turn = turns_.find(item)) turn->transcribed = true;
}

// --- answers ---

void Session::on_response_created(const Event& event) {
    if (event.response_id.size() > k_id_bytes_max || answers_.known(event.response_id)) return;
    // Another one still counts as running: its response.done was lost. Only one may speak (T12).
    if (answers_.phase() == Answers::Phase::active) settle(answers_.active_id(), Status::incomplete);
    if (state_ == State::closed) return;
    answers_.start(event.response_id);
    expecting_ = false;
    tools_refused_ = tools_served_ = false;
    if (turns_.speaking()) cancel_response();  // asked for just before the caller spoke
    else if (!answer_timer_.armed()) arm_answer_timer();
}

void Session::on_audio_delta(const Event& event) {
    if (!base::is_base64(event.text)) {
        bad_frame("base64", 1007);
        return;
    }
    AnswerItem* const item = event.item_id.size() <= k_id_bytes_max
                                 ? answers_.touch(event.response_id, event.item_id)
                                 : nullptr;
    const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(event.text));
    if (item == nullptr || item->done || answers_.discarded(event.response_id)) {
        metrics::stale_delta_total.add();
        if (item != nullptr) item->dropped_bytes += bytes;
        return;
    }
    if (bytes == 0) return;
    item->delivered_bytes += bytes;
    if (answer_timer_.armed() || retried_) {
        answer_timer_.cancel();
        retried_ = false;
    }
    turns_.mark_answered();
    listener_->on_session_audio(*this, event.item_id, event.text);
}

void Session::on_audio_done(const Event& event) {
    AnswerItem* const item = answers_.touch(event.response_id, event.item_id);
    if (item == nullptr || item->done || answers_.discarded(event.response_id)) return;
    item->done = true;
    if (item->delivered_bytes > 0) listener_->on_session_audio_done(*this, event.item_id);
}

void Session::on_transcript(const Event& event) {
    if (event.item_id.size() > k_id_bytes_max) return;
    AnswerItem* const item = answers_.touch(event.response_id, event.item_id);
    if (item == nullptr) return;
    if (event.type == EventType::transcript_delta) grow(item->words, event.text);
    else item->final_words.assign(event.text.substr(0, k_words_bytes_max));
}

void Session::on_output_item(const Event& event) {
    const OutputItem& item = event.items.front();
    if (item.type == "message" && item.id.size() <= k_id_bytes_max) {
        answers_.touch(event.response_id, item.id);
    } else if (item.type == "function_call" && event.type == EventType::output_item_done &&
               item.status == Status::completed && !plan_->profile.tools_when_done) {
        run_tool(item.call_id, item.name, item.arguments);
    }
}

// Earliest sign of a call, but without its status: arguments of a cancelled one may be cut. A good
// request for a person is not made to wait; everything else waits for the item.
void Session::on_arguments_done(const Event& event) {
    if (plan_->profile.tools_when_done || !is_transfer(event.name) ||
        event.response_id != answers_.active_id() ||
        answers_.discarded(event.response_id) || !decode_tool(event.name, event.text)) {
        return;
    }
    run_tool(event.call_id, event.name, event.text);
}

void Session::on_response_done(const Event& event) {
    const std::string_view response = event.response_id;
    if (response.size() > k_id_bytes_max || answers_.finished(response)) return;
    if (answers_.phase() == Answers::Phase::active && response != answers_.active_id()) return;
    for (const OutputItem& item : event.items) {
        if (item.type == "function_call") {
            // Where the items' own status is not documented, that of the response speaks for them.
            const bool unmarked = plan_->profile.tools_when_done && item.status == Status::none;
            const Status status = unmarked ? event.status : item.status;
            if (status == Status::completed) run_tool(item.call_id, item.name, item.arguments);
            else if (!item.call_id.empty() && !tools_.seen(item.call_id)) {
                tools_.admit(item.call_id, loop_.now());
                answer_tool(item.call_id, R"({"error":"cancelled"})");
            }
        } else if (AnswerItem* const known = answers_.find(item.id)) {
            if (known->final_words.empty()) {
                known->final_words.assign(item.transcript.substr(0, k_words_bytes_max));
            }
        }
        if (state_ == State::closed) return;
    }
    const bool spoke = settle(response, event.status);
    if (state_ == State::closed) return;
    answers_.finish(response);
    if (event.status == Status::incomplete) {
        k_log.warning("answer incomplete", call_, {{"session", number_}, {"reason", loggable(event.reason)}});
    }
    if (event.status == Status::failed) on_response_failed(event.error, spoke);
    // Without a word so far: the model waited for the answer.
    if (std::exchange(tools_served_, false) && !spoke && ++tool_answers_ <= k_tool_answers_max) wanted_ = true;
    if (std::exchange(tools_refused_, false) && ++tool_rounds_ > k_tool_rounds_max) wanted_ = false;
    follow_up();
}

void Session::on_response_failed(const ProviderError& error, bool spoke) {
    const Verdict verdict = judge(error);
    metrics::upstream_error_total.add(to_string(verdict.error_class));
    k_log.warning("answer failed", call_,
                  {{"session", number_}, {"class", to_string(verdict.error_class)},
                   {"type", loggable(error.type)}, {"code", loggable(error.code)}, {"spoke", spoke}});
    if (verdict.error_class == ErrorClass::fatal) {
        lose(verdict.reason, base::Condition::fatal, verdict.code);
    } else if (verdict.error_class == ErrorClass::retry && verdict.reason != "server_error") {
        lose(verdict.reason, base::Condition::retry, verdict.code);
    } else if (verdict.error_class == ErrorClass::retry) {
        note_server_error(verdict);
    }
    if (state_ == State::closed || spoke || std::exchange(retried_, true)) return;
    expecting_ = false;
    wanted_ = true;
}

// The response is over. True when the caller was given any of its audio.
bool Session::settle(std::string_view response, Status status) {
    const bool discarded = answers_.discarded(response);
    bool spoke = false;
    for (AnswerItem& item : answers_.items()) {
        if (item.response != response) continue;
        spoke = spoke || item.delivered_bytes > 0;
        if (!std::exchange(item.done, true) && item.delivered_bytes > 0 && !item.cut) {
            listener_->on_session_audio_done(*this, item.id);
        }
        settle_heard(item, discarded);
        tell_voice_words(item, status == Status::completed);
        if (state_ == State::closed) break;
    }
    return spoke;
}

// The provider must not believe that the caller heard what we dropped.
void Session::settle_heard(AnswerItem& item, bool discarded) {
    if (!plan_->profile.client_truncates || item.settled) return;
    if (item.heard_ms >= 0) {  // the cut waited for this moment
        if (item.heard_ms < item.delivered_ms() || item.dropped_bytes > 0) tell_heard(item, item.heard_ms);
    } else if (item.delivered_bytes == 0 && discarded) {
        if (plan_->profile.full_items || item.dropped_bytes > 0) tell_heard(item, 0);
    } else if (item.dropped_bytes > 0) {
        tell_heard(item, item.delivered_ms());
    }
}

void Session::tell_voice_words(AnswerItem& item, bool complete) {
    if (item.delivered_bytes == 0 || std::exchange(item.told, true)) return;
    VoiceUtterance utterance;
    utterance.item_id = item.id;
    utterance.text = item.text();
    utterance.complete = complete;
    item.words.clear();
    item.final_words.clear();
    listener_->on_session_voice(*this, utterance);
}

void Session::flush(std::string_view except_turn) {
    for (AnswerItem& item : answers_.items()) {
        if (!std::exchange(item.done, true) && item.delivered_bytes > 0 && !item.cut) {
            listener_->on_session_audio_done(*this, item.id);
        }
        tell_voice_words(item, false);
    }
    for (Turn& turn : turns_.all()) {
        if (turn.end_ms < 0 || turn.transcribed || turn.item == except_turn) continue;
        const std::string words = turn.words;
        tell_caller_words(turn, words, words.empty());
    }
}

// --- tools ---

void Session::run_tool(std::string_view call_id, std::string_view name, std::string_view arguments) {
    if (call_id.empty() || call_id.size() > k_id_bytes_max || tools_.seen(call_id)) return;
    if (!tools_.admit(call_id, loop_.now())) {
        refuse_tool(call_id, "rate");
        return;
    }
    auto call = decode_tool(name, arguments);
    if (!call) {
        refuse_tool(call_id, call.error().code);
        return;
    }
    if (call->tool != Tool::transfer) {
        serve_report(call_id, std::move(call->report));
        return;
    }
    answer_tool(call_id, R"({"result":")" + std::string(k_transfer_result) + R"("})");
    answer_timer_.cancel();  // no words have to follow
    k_log.info("model asks for a person", call_, {{"session", number_}});
    listener_->on_session_person(*this, call->reason);
}

void Session::serve_report(std::string_view call_id, ModelReport report) {
    k_log.info("model reports", call_, {{"session", number_}, {"type", !report.type.empty()}, {"place", !report.place.empty()},
                                        {"asks_dispatch", report.asks_dispatch}});
    report.call_id.assign(call_id);
    answer_tool(call_id, listener_->on_session_report(*this, report));
    tools_served_ = true;
}

void Session::dispatch_acknowledged(std::string_view result) {
    if (!talking() || hung_up_) return;
    if (plan_->profile.full_items) {
        const std::string id = next_id("dispatch");
        out_.clear();
        append_function_call(out_, id, id, k_dispatch_tool);
        send(out_);
        answer_tool(id, result);
    } else {
        add_message(Role::user, k_acknowledged_note);
    }
    request_response();
}

void Session::refuse_tool(std::string_view call_id, const char* reason) {
    metrics::tool_reject_total.add(reason);
    k_log.warning("tool call refused", call_, {{"session", number_}, {"reason", reason}});
    answer_tool(call_id, std::string(R"({"error":")") + reason + "\"}");
    tools_refused_ = true;
    wanted_ = true;  // the model goes on once this response is done
}

void Session::answer_tool(std::string_view call_id, std::string_view output) {
    out_.clear();
    append_function_output(out_, next_id("tool"), call_id, output);
    send(out_);
}

// --- no answer (O13) ---

void Session::arm_answer_timer() {
    if (hung_up_) return;
    answer_timer_.arm(k_answer_timeout, [this] { on_answer_timeout(); });
}

void Session::on_answer_timeout() {
    if (std::exchange(retried_, true)) {
        lose("silent", base::Condition::retry, "no_answer");
        return;
    }
    k_log.warning("no answer, asking again", call_,
                  {{"session", number_}, {"waited_ms", base::to_ms(k_answer_timeout)}});
    arm_answer_timer();
    if (answers_.phase() == Answers::Phase::requested) answers_.refuse({});
    cancel_response();
    request_response();
}

}  // namespace holdfast::voice::realtime
