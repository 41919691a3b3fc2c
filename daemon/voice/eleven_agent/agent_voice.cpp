#include "voice/eleven_agent/agent_voice.hpp"

#include "base/base64.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "voice/eleven_agent/context.hpp"
#include "voice/eleven_agent/faults.hpp"
#include "voice/losses.hpp"
#include "voice/silence.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::voice::eleven_agent {
namespace {

using base::milliseconds;

constexpr log::Logger k_log{"voice"};

constexpr std::string_view k_format = "ulaw_8000";
constexpr std::size_t k_answers_kept = 16;
constexpr std::size_t k_words_bytes_max = 64 * 1024;
constexpr std::size_t k_id_bytes_max = 128;
// Scores of the agent's voice detector: two loud ones begin speech, a pause between words does not end it.
constexpr double k_loud_score = 0.6;
constexpr double k_quiet_score = 0.4;
constexpr int k_loud_scores = 2;
constexpr milliseconds k_speech_hangover{600};
constexpr std::size_t k_end_of_turn_ms = 2000;  // of silence, after which every turn is over
constexpr std::int64_t k_onset_ms = 300;  // speech is reported that late at least
constexpr milliseconds k_detector_wait_max{3000};
// The call plays behind its own queue: its playing ends later than what we gave it.
constexpr milliseconds k_playing_margin{500};

}  // namespace

AgentVoice::AgentVoice(base::Loop& loop, std::shared_ptr<const AgentPlan> plan, Connect connect,
                       const base::CallSid& call, VoiceListener& listener)
    : loop_(loop), plan_(std::move(plan)), connect_(std::move(connect)), call_(call), listener_(&listener),
      ring_(base::to_ms(limits::caller_ring)), step_timer_(loop), pinger_(loop), answer_timer_(loop), quiet_timer_(loop), words_timer_(loop) {}

AgentVoice::~AgentVoice() { stop("destroyed"); }

// --- life ---

void AgentVoice::open() {
    if (listener_ == nullptr || state_ != State::idle) return;
    state_ = State::connecting;
    opened_at_ = loop_.now();
    k_log.info("provider connecting", call_, {{"provider", provider()}});
    step_timer_.arm(plan_->connect_timeout,
                    [this] { lose("timeout", base::Condition::retry, "connect_budget"); });
    listener_->on_voice_stage(Stage::connecting);
    if (state_ == State::connecting) socket_ = connect_(*this);
}

void AgentVoice::stop(std::string_view reason) {
    if (std::exchange(listener_, nullptr) == nullptr) return;
    shut(1000, reason);
}

void AgentVoice::shut(std::uint16_t code, std::string_view reason) {
    if (std::exchange(state_, State::closed) == State::closed) return;
    for (base::Timer* timer : {&step_timer_, &answer_timer_, &quiet_timer_, &words_timer_}) timer->cancel();
    pinger_.stop();
    if (!socket_) return;
    if (socket_->open()) socket_->close(code, reason);
    else socket_->abort();
    socket_->set_listener(nullptr);
}

void AgentVoice::lose(std::string_view reason, base::Condition condition, const char* code) {
    lose(loss_of(reason, condition, code));
}

void AgentVoice::lose(const VoiceLoss& loss, std::uint16_t close_code) {
    if (state_ == State::closed || listener_ == nullptr) return;
    const auto self = shared_from_this();
    const bool was_configured = state_ == State::configured;
    if (!was_configured) metrics::upstream_connect_total.add(connect_result(loss));
    metrics::upstream_lost_total.add(loss.reason);
    k_log.warning("provider lost", call_,
                  {{"provider", provider()}, {"reason", loss.reason}, {"code", loss.error.code},
                   {"close_code", loss.close_code}, {"condition", base::to_string(loss.error.condition)},
                   {"after_ms", since_open_ms()}});
    if (loss.error.condition == base::Condition::fatal && !loss.error.detail.empty()) {
        k_log.error("provider refuses us", call_,
                    {{"provider", provider()}, {"code", loss.error.code}, {"detail", loss.error.detail}});
    }
    shut(close_code, loss.reason);
    flush();
    if (auto* const listener = std::exchange(listener_, nullptr)) listener->on_voice_lost(loss);
}

void AgentVoice::on_ws_open() {
    if (state_ != State::connecting) return;
    const auto self = shared_from_this();
    state_ = State::opened;
    k_log.info("provider connected", call_, {{"provider", provider()}, {"ms", since_open_ms()}});
    step_timer_.arm(k_metadata_timeout, [this] { lose("timeout", base::Condition::retry, "configure"); });
    start_pings();
    initiate();
    listener_->on_voice_stage(Stage::connected);
}

// Before the call's token is proven this holds nothing of the call: our instructions, and that the agent
// has to wait for the caller. An agent that joins a running call speaks first.
void AgentVoice::initiate() {
    const std::string prompt = prompt_for(plan_->instructions, handover_.language);
    std::string first;
    if (proven_ && handover_.joining) first = joining_words(handover_);
    introduced_ = proven_;
    Initiation initiation;
    initiation.prompt = prompt;
    initiation.first_message = first;
    if (proven_ && handover_.language != plan_->agent_language) initiation.language = handover_.language;
    out_.clear();
    append_initiation(out_, initiation);
    send(out_);
}

// Formats are settings of the agent, and somebody may have changed them in a dashboard: noise would be
// what the caller hears (elevenlabs.md trap 5).
void AgentVoice::on_metadata(const Event& event) {
    if (state_ != State::opened) return;
    if (event.output_format != k_format || event.input_format != k_format) {
        k_log.error("the agent's audio formats are not ulaw_8000", call_,
                    {{"input", loggable(event.input_format)}, {"output", loggable(event.output_format)}});
        return lose("format", base::Condition::fall_back,
                    event.output_format != k_format ? "output_format" : "input_format");
    }
    state_ = State::configured;
    step_timer_.cancel();
    metrics::upstream_connect_total.add("configured");
    k_log.info("provider session configured", call_,
               {{"provider", provider()}, {"provider_session", loggable(event.conversation)},
                {"ms", since_open_ms()}});
    if (proven_) begin_talk();
    listener_->on_voice_stage(Stage::configured);
    if (listener_ != nullptr && state_ == State::configured) listener_->on_voice_ready();
}

void AgentVoice::prove(const Handover& handover) {
    if (std::exchange(proven_, true)) return;
    handover_ = handover;
    if (state_ != State::configured || listener_ == nullptr) return;
    begin_talk();
    listener_->on_voice_ready();
}

void AgentVoice::begin_talk() {
    const std::string quoted = quote(handover_);
    if (!quoted.empty()) {
        out_.clear();
        append_context(out_, quoted);
        send(out_);
    }
    if (!handover_.joining) return;
    if (introduced_) arm_answer_timer();  // its first message
    else say_to_agent(go_on_words());
}

// Counts as a turn of the caller, so the agent answers it.
void AgentVoice::say_to_agent(std::string_view text) {
    own_message_.assign(text);
    out_.clear();
    append_user_message(out_, text);
    send(out_);
    arm_answer_timer();
}

// --- the call's side ---

void AgentVoice::caller_audio(std::string_view base64) {
    if (!ready()) {
        metrics::media_dropped_total.add("voice_socket");
        return;
    }
    ring_.push(base64);
    given_bytes_ += static_cast<std::int64_t>(base::base64_decoded_bytes(base64));
    out_.clear();
    append_audio(out_, base64);
    send(out_);
}

// From the beginning of a turn that has no transcript yet.
void AgentVoice::unheard(std::int64_t since_ms, const Give& give) {
    auto from = std::max(given_ms() - k_onset_ms, last_turn_end_ms_);
    for (const auto begin : {speech_from_ms_, since_ms}) {
        if (begin >= 0) from = std::min(from, begin);
    }
    std::int64_t at_ms = given_ms() - ring_.held_ms();
    ring_.drain([&](std::string_view base64) {
        at_ms += static_cast<std::int64_t>(base::base64_decoded_bytes(base64)) / 8;
        if (at_ms > from) give(base64);
    });
}

// The agent writes a turn down when it has heard the end of it.
bool AgentVoice::hang_up(bool speaking) {
    if (!ready() || !(speaking || speaking_ || speech_from_ms_ >= 0)) return false;
    for (base::Timer* timer : {&answer_timer_, &quiet_timer_}) timer->cancel();
    owes_words_ = true;
    give_silence(k_end_of_turn_ms, [this](std::string_view base64) {
        out_.clear();
        append_audio(out_, base64);
        send(out_);
    });
    return owes_words();
}

void AgentVoice::caller_keys(std::string_view keys) {
    if (ready()) say_to_agent("[The caller pressed these keys: " + std::string(keys) + "]");
}

void AgentVoice::dispatch_acknowledged(std::string_view) {
    if (ready()) say_to_agent(k_acknowledged_note);
}

// The agent knows by itself what was heard; only what is still to come of these answers is dropped.
void AgentVoice::interrupted(const std::vector<PlayedItem>& items) {
    playing_until_ = loop_.now();
    for (const PlayedItem& played : items) {
        for (Answer& answer : answers_) {
            if (answer.item == played.item_id) answer.cut = true;
        }
    }
}

void AgentVoice::cancel_response() {
    if (Answer* const answer = open_answer()) answer->cut = true;
}

// --- messages ---

void AgentVoice::on_ws_closed(const net::WsClose& close) { lose(judge(close)); }

void AgentVoice::on_ws_binary(std::size_t) { bad_frame("binary", 1003); }

void AgentVoice::on_ws_text(std::string_view text) {
    if (state_ == State::closed || listener_ == nullptr) return;
    const auto self = shared_from_this();
    Event event;
    if (const auto decoded = decode(text, event); !decoded) return bad_frame(decoded.error().code, 1007);
    handle(event);
}

void AgentVoice::handle(const Event& event) {
    switch (event.type) {
        case EventType::unknown: metrics::unknown_event_total.add("provider"); return;
        case EventType::ignored: return;
        case EventType::ping:
            out_.clear();
            append_pong(out_, event.event_id);
            send(out_);
            return;
        case EventType::metadata: on_metadata(event); return;
        case EventType::error:
            on_error(event);
            return;
        default: break;
    }
    if (!ready()) return;
    switch (event.type) {
        case EventType::audio: on_audio(event); return;
        case EventType::interruption: on_interruption(event); return;
        case EventType::agent_response: on_agent_response(event); return;
        case EventType::correction: on_correction(event); return;
        case EventType::response_complete:
            if (quiet_timer_.armed()) arm_quiet_timer(k_turn_quiet_complete);
            return;
        case EventType::user_transcript: on_user_transcript(event); return;
        case EventType::tentative_transcript: words_heard_ = words_heard_ || !event.text.empty(); return;
        case EventType::vad_score: on_vad_score(event.vad_score); return;
        case EventType::tool_call: on_tool_call(event); return;
        default: return;
    }
}

// The connection is closing; the message says more than the close will.
void AgentVoice::on_error(const Event& event) {
    const VoiceLoss loss = judge(event);
    const bool retry = loss.error.condition == base::Condition::retry;
    metrics::upstream_error_total.add(retry ? "retry" : "fatal");
    k_log.warning("provider error", call_, {{"type", loggable(event.error_type)}});
    lose(loss);
}

// --- the agent speaks ---

void AgentVoice::on_audio(const Event& event) {
    if (!base::is_base64(event.text)) return bad_frame("base64", 1007);
    const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(event.text));
    if (bytes == 0) return;
    if (event.event_id >= 0 && event.event_id <= interrupted_upto_) {
        metrics::stale_delta_total.add();
        return;
    }
    Answer* answer = open_answer();
    if (answer == nullptr) answer = &begin_answer(event.event_id);
    arm_quiet_timer(k_turn_quiet);
    if (answer->cut) {
        metrics::stale_delta_total.add();
        return;
    }
    answer_timer_.cancel();
    answer->delivered_bytes += bytes;
    playing_until_ = std::max(playing_until_, loop_.now() + k_playing_margin) + milliseconds(bytes / 8);
    const std::string item = answer->item;  // the call may interrupt inside the notice
    listener_->on_voice_audio(item, event.text);
}

// The words may come before their audio, after it, or in the middle of it.
void AgentVoice::on_agent_response(const Event& event) {
    if (event.event_id >= 0 && event.event_id <= interrupted_upto_) return;
    Answer* answer = open_answer();
    if (answer != nullptr && answer->has_words) {
        end_answer(*answer);
        if (listener_ == nullptr) return;
        answer = nullptr;
    }
    if (answer == nullptr && !answers_.empty()) {
        Answer& last = answers_.back();
        if (last.delivered_bytes > 0 && !last.has_words && !last.words_told) answer = &last;
    }
    if (answer == nullptr) answer = &begin_answer(event.event_id);
    answer->words.assign(event.text.substr(0, k_words_bytes_max));
    answer->has_words = true;
    tell_due_words();
}

void AgentVoice::on_correction(const Event& event) {
    for (auto it = answers_.rbegin(); it != answers_.rend(); ++it) {
        if (it->words_told || it->delivered_bytes == 0) continue;
        if (it->has_words && !it->cut && it->words != event.original) continue;
        if (!event.text.empty() || !it->has_words) it->words.assign(event.text.substr(0, k_words_bytes_max));
        it->has_words = true;
        it->cut = true;
        it->words_due = loop_.now();
        return tell_due_words();
    }
}

void AgentVoice::on_interruption(const Event& event) {
    interrupted_upto_ = std::max(interrupted_upto_, event.event_id);
    playing_until_ = loop_.now();
    answer_timer_.cancel();
    for (Answer& answer : answers_) {
        if (!answer.open) continue;
        answer.cut = true;
        answer.open = false;
        answer.done_told = true;  // the call cuts it by itself
    }
    quiet_timer_.cancel();
    if (!std::exchange(speaking_, true)) {
        speech_from_ms_ = std::max<std::int64_t>(given_ms() - k_onset_ms, 0);
    }
    last_loud_at_ = loop_.now();
    listener_->on_caller_speech_started();
    // What had been given whole may be cut as well: the call was still playing it.
    for (Answer& answer : answers_) {
        if (!answer.words_told) answer.words_due = loop_.now() + k_correction_patience;
    }
    tell_due_words();
}

AgentVoice::Answer* AgentVoice::open_answer() {
    return !answers_.empty() && answers_.back().open ? &answers_.back() : nullptr;
}

AgentVoice::Answer& AgentVoice::begin_answer(std::int64_t event_id) {
    if (answers_.size() >= k_answers_kept) answers_.pop_front();
    Answer answer;
    answer.item = "answer-" + std::to_string(++answer_serial_);
    if (event_id >= 0) answer.item += '-' + std::to_string(event_id);
    answers_.push_back(std::move(answer));
    return answers_.back();
}

void AgentVoice::end_open_answer() {
    if (Answer* const answer = open_answer()) end_answer(*answer);
}

void AgentVoice::end_answer(Answer& answer) {
    answer.open = false;
    quiet_timer_.cancel();
    if (answer.cut) answer.words_due = loop_.now() + k_correction_patience;
    else answer.words_due = playing() ? playing_until_ : loop_.now();
    const std::string item = answer.item;
    if (answer.delivered_bytes > 0 && !answer.cut && !std::exchange(answer.done_told, true)) {
        listener_->on_voice_audio_done(item);
    }
    tell_due_words();
}

void AgentVoice::tell_words(Answer& answer) {
    if (listener_ == nullptr || answer.delivered_bytes == 0 || !answer.has_words) return;
    if (std::exchange(answer.words_told, true)) return;
    VoiceUtterance utterance;
    utterance.item_id = answer.item;
    utterance.text = std::exchange(answer.words, {});
    utterance.complete = !answer.cut;
    listener_->on_voice_utterance(utterance);
}

void AgentVoice::tell_due_words() {
    const auto self = shared_from_this();
    std::optional<base::TimePoint> next;
    for (Answer& answer : answers_) {
        if (!waits_to_tell(answer)) continue;
        if (answer.words_due <= loop_.now()) tell_words(answer);
        else next = next ? std::min(*next, answer.words_due) : answer.words_due;
    }
    if (next && listener_ != nullptr) words_timer_.arm_at(*next, [this] { tell_due_words(); });
}

// What is half known goes to the call before the loss does.
void AgentVoice::flush() {
    for (Answer& answer : answers_) {
        const bool cut_off = std::exchange(answer.open, false);
        if (listener_ != nullptr && cut_off && answer.delivered_bytes > 0 && !answer.cut && !answer.done_told) {
            answer.done_told = true;
            listener_->on_voice_audio_done(answer.item);
        }
        answer.cut = answer.cut || cut_off;
        tell_words(answer);
    }
}

void AgentVoice::arm_quiet_timer(milliseconds after) {
    quiet_timer_.arm(after, [this] {
        const auto self = shared_from_this();
        end_open_answer();
    });
}

// --- the caller speaks ---

// Only while nothing plays: whether the caller interrupts is the agent's to say, or it would believe
// that words were heard which the call has cut.
void AgentVoice::on_vad_score(double score) {
    const auto now = loop_.now();
    loud_scores_ = score >= k_loud_score ? loud_scores_ + 1 : 0;
    if (score >= k_loud_score) last_loud_at_ = now;
    if (!speaking_) {
        if (loud_scores_ < k_loud_scores || playing()) return;
        speaking_ = true;
        speech_from_ms_ = std::max<std::int64_t>(given_ms() - k_onset_ms, 0);
        listener_->on_caller_speech_started();
        return;
    }
    if (score >= k_quiet_score || now - last_loud_at_ < k_speech_hangover) return;
    const bool words = words_heard_;
    speech_stopped(k_speech_hangover);
    // Noise without words gets no answer, and none is missed.
    if (listener_ != nullptr && words) arm_answer_timer();
}

void AgentVoice::speech_stopped(milliseconds wait) {
    speaking_ = false;
    words_heard_ = false;
    listener_->on_caller_speech_stopped(wait);
}

void AgentVoice::on_user_transcript(const Event& event) {
    if (!own_message_.empty() && event.text == own_message_) {
        own_message_.clear();
        return;
    }
    // "..." is how the agent notes that its turn time-out passed in silence.
    if (event.text.empty() || event.text == "...") return;
    CallerUtterance utterance;
    utterance.item_id = "turn-" + std::to_string(++turns_);
    utterance.text.assign(event.text.substr(0, k_words_bytes_max));
    utterance.start_ms = speech_from_ms_ >= 0 ? speech_from_ms_ : last_turn_end_ms_;
    utterance.end_ms = std::max(given_ms(), utterance.start_ms);
    last_turn_end_ms_ = utterance.end_ms;
    speech_from_ms_ = -1;
    if (std::exchange(owes_words_, false)) {  // nobody is there any more who could be answered
        if (listener_ != nullptr) listener_->on_caller_utterance(utterance);
        return;
    }
    end_open_answer();
    if (listener_ == nullptr) return;
    const bool over_answer = playing();  // said beside an answer that goes on: it may stay without one
    if (!speaking_ && !over_answer) {
        last_loud_at_ = loop_.now();
        listener_->on_caller_speech_started();
        speaking_ = true;
    }
    if (listener_ != nullptr && speaking_) {
        const auto waited = std::chrono::duration_cast<milliseconds>(loop_.now() - last_loud_at_);
        speech_stopped(std::min(waited, k_detector_wait_max));
    }
    if (listener_ == nullptr) return;
    if (!over_answer) arm_answer_timer();
    listener_->on_caller_utterance(utterance);
}

void AgentVoice::arm_answer_timer() {
    answer_timer_.arm(k_answer_timeout, [this] { lose("silent", base::Condition::retry, "no_answer"); });
}

// --- tools ---

void AgentVoice::on_tool_call(const Event& event) {
    if (event.tool_call.size() > k_id_bytes_max || tools_.seen(event.tool_call)) return;
    const std::string tool_call(event.tool_call);
    const auto refuse = [this, &tool_call](const char* why) {
        metrics::tool_reject_total.add(why);
        k_log.warning("tool call refused", call_, {{"reason", why}});
        answer_tool(tool_call, why, true);
    };
    if (!tools_.admit(tool_call, loop_.now())) return refuse("rate");
    auto call = decode_tool(event.tool, event.tool_arguments);
    if (!call) return refuse(call.error().code);
    if (call->tool == Tool::transfer) {
        answer_tool(tool_call, k_transfer_result, false);
        answer_timer_.cancel();  // no words have to follow
        k_log.info("model asks for a person", call_);
        return listener_->on_person_requested(call->reason);
    }
    k_log.info("model reports", call_, {{"type", !call->report.type.empty()}, {"place", !call->report.place.empty()},
                                        {"asks_dispatch", call->report.asks_dispatch}});
    call->report.call_id = tool_call;
    answer_tool(tool_call, listener_->on_incident_reported(call->report), false);
}

void AgentVoice::answer_tool(std::string_view tool_call, std::string_view result, bool is_error) {
    out_.clear();
    append_tool_result(out_, tool_call, result, is_error);
    send(out_);
}

// --- the line ---

void AgentVoice::bad_frame(const char* code, std::uint16_t close_code) {
    if (state_ == State::closed) return;
    metrics::upstream_bad_frame_total.add();
    const auto now = loop_.now();
    while (!bad_frames_.empty() && now - bad_frames_.front() >= limits::provider_bad_frame_window) {
        bad_frames_.pop_front();
    }
    bad_frames_.push_back(now);
    if (bad_frame_guard_.should_log(now)) {
        k_log.warning("provider message not understood", call_,
                      {{"code", code}, {"suppressed", bad_frame_guard_.suppressed()}});
    }
    if (bad_frames_.size() < limits::provider_bad_frames_max) return;
    lose(loss_of("protocol", base::Condition::retry, "bad_frames", close_code), close_code);
}

void AgentVoice::start_pings() {
    Pinger::Users users;
    users.pulse = [this](const VoicePulse& pulse) { listener_->on_voice_pulse(pulse); };
    users.dead = [this](const char* code) {
        const bool silent = code == std::string_view("no_pong");
        lose(silent ? "ping" : "network", base::Condition::retry, code);
    };
    pinger_.start(*socket_, plan_->ping_interval, plan_->ping_timeout, std::move(users));
}

void AgentVoice::send(std::string_view text) {
    if (state_ == State::closed || failing_ || socket_->send_text(text, net::SendKind::keep)) return;
    if (!socket_->open()) return;  // its close notice is on its way and knows more
    // The queue is full. The call may be in the middle of giving us audio: tell it later.
    failing_ = true;
    loop_.post([weak = weak_from_this()] {
        const auto self = std::static_pointer_cast<AgentVoice>(weak.lock());
        if (self) self->lose("network", base::Condition::retry, "queue_full");
    });
}

}  // namespace holdfast::voice::eleven_agent
