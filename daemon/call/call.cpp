#include "call/call.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::call {
namespace {

constexpr log::Logger k_log{"call"};
constexpr std::size_t k_briefing_bytes_max = 120;  // of each: some eight seconds
constexpr base::milliseconds k_stuck{2000};  // nothing could be written for so long

constexpr base::milliseconds k_tick{250};           // coarse supervision of one call
constexpr base::milliseconds k_own_lag{20};         // P12: from here the box itself is late
constexpr base::milliseconds k_leave_margin{3000};  // beyond the sentence, for a mark that is lost
constexpr base::milliseconds k_keys_quiet{1500};    // ends a run of keys
constexpr std::int64_t k_frame_ms = 20;
constexpr std::int64_t k_bytes_per_ms = 8;
constexpr char k_person_key = '0';

// 20 ms of mu-law silence, made once, and the same as base64.
const std::string& silence_samples() {
    static const std::string samples(static_cast<std::size_t>(k_frame_ms * k_bytes_per_ms), '\xff');
    return samples;
}

const std::string& silence_frame() {
    static const std::string frame = base::base64_encode(silence_samples());
    return frame;
}

std::int64_t micros(base::Mono::duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

WatchTimes watch_times(const config::Ladder& timers) {
    WatchTimes times;
    times.filler_after = timers.filler_after;
    times.answer_timeout = timers.answer_timeout;
    times.stall_after = timers.stall_after;
    times.silence_prompt = times.silence_keys = timers.silence_prompt;
    // The operator counts from the first moment of silence; prompt and offer are part of it.
    times.silence_person = std::max<base::milliseconds>(timers.silence_person - 2 * timers.silence_prompt,
                                                        timers.silence_prompt);
    return times;
}

double seconds(base::Mono::duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

Call::Call(Environment& environment, CallOwner& owner, twilio::VoiceRequest request, ladder::Rung rung)
    : env_(environment), owner_(owner), request_(std::move(request)), started_at_(environment.loop.now()),
      settings_(environment.settings), climb_(rung, environment.loop.now(), environment.settings->timers),
      watch_(watch_times(environment.settings->timers)), early_(base::to_ms(limits::caller_ring)),
      case_(request_.call, environment.settings->incident),
      playout_(*this, audio::PlayoutLimits::defaults()), tick_timer_(environment.loop),
      pump_timer_(environment.loop), start_timer_(environment.loop), takeover_timer_(environment.loop),
      leave_timer_(environment.loop), replace_timer_(environment.loop), person_timer_(environment.loop),
      words_timer_(environment.loop) {}

Call::~Call() = default;

std::int64_t Call::offset_ms() const { return base::to_ms(env_.loop.now() - started_at_); }

FeedEvent Call::feed_event(std::string_view kind) const {
    FeedEvent event;
    event.kind.assign(kind);
    event.call = sid();
    event.utc_ms = env_.loop.utc_ms();
    event.offset_ms = offset_ms();
    event.rung = ladder::to_string(climb_.rung());
    return event;
}

void Call::append(store::Record record, store::Ack ack) {
    if (env_.journal.append(std::move(record), std::move(ack))) return;
    // Words would be lost from here on: people take the call, who keep their own record.
    k_log.error("journal queue full, giving the call to a person", sid());
    const auto weak = weak_from_this();
    env_.loop.post([weak] {
        if (const auto self = weak.lock()) self->ask_person("journal_full");
    });
}

void Call::admit() {
    store::CallOpened row;
    row.call = sid();
    row.utc_ms = env_.loop.utc_ms();
    row.account_sid = request_.account_sid;
    row.from = request_.from;
    row.to = request_.to;
    row.direction = request_.direction;
    row.attestation = request_.attestation;
    row.status = "ringing";
    row.rung = ladder::to_string(climb_.rung());
    row.decision = "admitted";
    append(std::move(row));
    k_log.notice("call admitted", sid(), {{"rung", ladder::to_string(climb_.rung())}});
    env_.feed.publish(feed_event("ringing"));
    apply(EventKind::admitted);
}

// --- machine ---

void Call::apply(EventKind kind, std::string reason) {
    Event event;
    event.kind = kind;
    event.reason = std::move(reason);
    apply(std::move(event));
}

void Call::apply(Event event) {
    const auto self = shared_from_this();  // end_call makes the registry let go of us
    const EventKind kind = event.kind;
    Step next = step(state_, std::move(event));
    if (!next.actions.empty() && next.actions.back().kind == ActionKind::report_impossible) {
        k_log.warning("event without a rule in this phase", sid(),
                      {{"phase", to_string(state_.phase)}, {"event", to_string(kind)}});
    }
    const Phase before = std::exchange(state_, next.state).phase;
    if (state_.phase != before && state_.phase != Phase::ended) owner_.on_call_phase(*this);
    std::string_view leads_to = state_.phase == Phase::leaving ? "person" : "";
    for (const Action& action : next.actions) {
        if (action.kind == ActionKind::set_rung) leads_to = action.word;
    }
    for (const Action& action : next.actions) {
        if (action.kind == ActionKind::record_seam) record_seam(action.word, action.second, leads_to);
        else perform(action);
    }
}

void Call::perform(const Action& action) {
    const auto weak = weak_from_this();
    const auto later = [weak](EventKind kind) {
        return [weak, kind] {
            if (const auto self = weak.lock()) self->apply(kind);
        };
    };
    switch (action.kind) {
        case ActionKind::open_voice:
            open_voice();
            break;
        case ActionKind::prove_voice:
            // A call that comes back from a person that nobody was is gone on with, not begun.
            if (seat_) prove(*seat_, !talk_.empty());
            break;
        case ActionKind::close_voice:
            if (action.word == "call_ended" || action.word == "leaving") part(action.word);
            else let_go(seat_, action.word);
            break;
        case ActionKind::take_better_voice: {
            seat_ = std::exchange(better_, nullptr);
            watch_.voice_changed();
            prove(*seat_, true);
            break;
        }
        case ActionKind::drop_better_voice:
            let_go(better_, "dropped");
            break;
        case ActionKind::play_greeting:
            play("greeting");
            break;
        case ActionKind::play_prompt:
            prompting_ = true;
            play(action.second);
            break;
        case ActionKind::silence_playout:
            cut_playout();
            break;
        case ActionKind::play_sentence:
            play(action.word);
            break;
        case ActionKind::arm_leave_timer: {
            const auto left = std::chrono::duration_cast<base::milliseconds>(
                playout_.sounds_until(env_.loop.now()) - env_.loop.now());
            leave_timer_.arm(std::max(left, base::milliseconds(0)) + k_leave_margin, later(EventKind::sentence_played));
            break;
        }
        case ActionKind::arm_replace_timer:
            if (const auto until = climb_.replace_until()) {
                replace_timer_.arm_at(*until, [weak] {
                    const auto self = weak.lock();
                    if (!self) return;
                    const auto move = self->climb_.replace_overdue(self->env_.loop.now());
                    if (move != ladder::Move::stay) self->give_up_voice(EventKind::voice_late, "late", move);
                });
            }
            break;
        case ActionKind::cancel_replace_timer:
            replace_timer_.cancel();
            break;
        case ActionKind::arm_person_timer:
            if (!settings_->dials) {
                apply(EventKind::person_timeout);
                break;
            }
            env_.feed.publish(feed_event("with_person"));
            k_log.notice("call with a person", sid());
            person_timer_.arm(settings_->person_patience, later(EventKind::person_timeout));
            break;
        case ActionKind::cancel_person_timer:
            person_timer_.cancel();
            break;
        case ActionKind::close_stream:
            recording_.reset();
            if (leg_ != nullptr) std::exchange(leg_, nullptr)->close(action.word);
            break;
        case ActionKind::record_seam:  // apply() knows where it leads
            break;
        case ActionKind::set_rung: {
            store::CallChanged row;
            row.call = sid();
            row.utc_ms = env_.loop.utc_ms();
            row.offset_ms = offset_ms();
            row.rung = std::string(action.word);
            append(std::move(row));
            if (const auto rung = ladder::parse_rung(action.word)) climb_.stepped(*rung, env_.loop.now());
            metrics::rung_changes_total.add(action.word);
            record_if_wanted();
            break;
        }
        case ActionKind::set_status: {
            store::CallChanged row;
            row.call = sid();
            row.utc_ms = env_.loop.utc_ms();
            row.offset_ms = offset_ms();
            row.status = std::string(action.word);
            row.stream_sid = stream_sid_;
            append(std::move(row));
            break;
        }
        case ActionKind::arm_start_timer:
            start_timer_.arm(limits::webhook_to_start, later(EventKind::start_timeout));
            break;
        case ActionKind::cancel_start_timer:
            start_timer_.cancel();
            break;
        case ActionKind::arm_takeover_timer:
            takeover_timer_.arm(limits::dup_stream_takeover, later(EventKind::takeover_timeout));
            break;
        case ActionKind::cancel_takeover_timer:
            takeover_timer_.cancel();
            break;
        case ActionKind::end_call:
            end(action.word);
            break;
        case ActionKind::report_impossible:
            break;
    }
}

void Call::record_seam(std::string_view kind, std::string_view reason, std::string_view leads_to) {
    store::Seam seam;
    seam.call = sid();
    seam.utc_ms = env_.loop.utc_ms();
    seam.offset_ms = offset_ms();
    seam.kind.assign(kind);
    seam.from_rung = ladder::to_string(climb_.rung());
    seam.to_rung = leads_to.empty() ? seam.from_rung : std::string(leads_to);
    seam.reason.assign(reason);
    k_log.notice("seam", sid(), {{"kind", kind}, {"reason", reason}});
    FeedEvent event = feed_event(kind == "voice_lost" ? "voice_lost" : kind == "person_asked" ? "transfer" : "seam");
    event.detail = seam.kind + ": " + seam.reason;
    env_.feed.publish(std::move(event));
    append(std::move(seam));
}

void Call::end(std::string_view reason) {
    for (base::Timer* timer : {&tick_timer_, &pump_timer_, &start_timer_, &takeover_timer_, &leave_timer_,
                               &replace_timer_, &person_timer_}) {
        timer->cancel();
    }
    let_go(better_, reason);
    let_go(seat_, reason);
    if (playout_.busy()) cut_playout();
    recording_.reset();
    store_keys();
    store_answers(true);
    keep_unwritten(nullptr);
    if (leg_ != nullptr) std::exchange(leg_, nullptr)->close(reason);

    store::CallEnded row;
    row.call = sid();
    row.utc_ms = env_.loop.utc_ms();
    row.offset_ms = offset_ms();
    row.reason.assign(reason);
    FeedEvent event = feed_event("ended");
    event.detail = row.reason;
    env_.feed.publish(std::move(event));
    k_log.notice("call ended", sid(), {{"reason", reason}, {"duration_ms", row.offset_ms}});
    metrics::calls_ended_total.add(reason);
    append(std::move(row));
    owner_.on_call_ended(*this, reason);
}

// --- caller leg ---

void Call::stream_started(Leg& leg, const twilio::StartInfo& start) {
    const bool takeover = state_.phase == Phase::stream_lost;
    leg_ = &leg;
    stream_sid_ = start.stream.str();
    last_chunk_ = 0;
    next_timestamp_ms_ = -1;
    silence_given_ms_ = 0;
    last_media_at_ = env_.loop.now();
    line_.reset();
    line_judged_at_ = last_media_at_;
    watch_.begin(last_media_at_);
    stream_offset_ms_ = offset_ms();
    given_from_ms_ = stream_offset_ms_ - given_ms_;
    record_if_wanted();
    idle_pinged_ = false;
    k_log.notice("stream started", sid(), {{"stream", stream_sid_}, {"takeover", takeover}});
    FeedEvent event = feed_event("stream_started");
    event.detail = stream_sid_;
    env_.feed.publish(std::move(event));
    tick();
    const auto begin = env_.loop.now();
    apply(EventKind::stream_started, takeover ? "fresh_token" : "");
    if (!takeover) metrics::greeting_seconds.observe(seconds(env_.loop.now() - begin));
}

void Call::media(const twilio::StreamEvent& event) {
    if (!accept_payload(event)) return;
    metrics::media_frames_in_total.add();
    last_media_at_ = env_.loop.now();
    idle_pinged_ = false;
    stall_padded_ = false;
    line_.frame(event.timestamp_ms, last_media_at_);
    if (event.timestamp_ms >= 0) pad_gap(event.timestamp_ms);
    const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(event.payload));
    next_timestamp_ms_ = std::max<std::int64_t>(event.timestamp_ms, 0) + bytes / k_bytes_per_ms;
    if (event.chunk > 0) last_chunk_ = event.chunk;
    give_voice(event.payload, samples_);
    if (recording_) recording_->caller(event.payload, stream_offset_ms_ + std::max<std::int64_t>(event.timestamp_ms, 0));
    watch_silence(last_media_at_);
}

bool Call::accept_payload(const twilio::StreamEvent& event) {
    if (event.track != "inbound" && !event.track.empty()) {
        metrics::media_bad_total.add("track");
        return false;
    }
    if (event.chunk > 0 && last_chunk_ > 0) {
        if (event.chunk <= last_chunk_) {  // twice, or so late that its gap is already silence
            metrics::media_duplicate_total.add();
            return false;
        }
        if (event.chunk > last_chunk_ + 1) metrics::media_gap_total.add();
    }
    if (event.payload.empty() || event.payload.size() > limits::caller_payload_base64_max) {
        metrics::media_bad_total.add("length");
        return false;
    }
    samples_.clear();
    if (!base::base64_decode_append(samples_, event.payload)) {
        metrics::media_bad_total.add("base64");
        return false;
    }
    return true;
}

// Twilio's own time stamps tell how much is missing; a turn can only end when the provider hears
// the silence (openai-realtime.md T9).
void Call::pad_gap(std::int64_t timestamp_ms) {
    if (next_timestamp_ms_ < 0) return;
    const std::int64_t missing = timestamp_ms - next_timestamp_ms_ - std::exchange(silence_given_ms_, 0);
    if (missing < k_frame_ms) return;
    line_.missing(static_cast<std::uint32_t>(std::min(missing, base::to_ms(limits::gap_pad_max)) / k_frame_ms));
    give_silence(std::min(missing, base::to_ms(limits::gap_pad_max)));
}

void Call::give_silence(std::int64_t milliseconds) {
    metrics::media_padded_ms_total.add(static_cast<std::uint64_t>(milliseconds));
    for (std::int64_t given = 0; given + k_frame_ms <= milliseconds; given += k_frame_ms) {
        give_voice(silence_frame(), silence_samples());
    }
}

void Call::give_voice(std::string_view base64, std::string_view samples) {
    given_ms_ += static_cast<std::int64_t>(samples.size()) / k_bytes_per_ms;
    hear_locally(samples);
    if (seat_ && state_.voice == VoiceState::ready && early_.empty() && seat_->ready() && seat_->voice()->hears()) {
        seat_->voice()->caller_audio(base64);
    } else if (state_.phase == Phase::talking || state_.phase == Phase::stream_lost) {
        early_.push(base64);
    }
}

// The detector tells where in the audio something was; the newest sample is now.
void Call::hear_locally(std::string_view samples) {
    const auto change = detector_.feed(samples);
    if (!change) return;
    const auto at = [&](std::int64_t position_ms) {
        return env_.loop.now() - base::milliseconds(detector_.position_ms() - position_ms);
    };
    if (seat_ && seat_->voice() != nullptr && state_.phase == Phase::talking) {
        if (change->started) seat_->voice()->caller_speaks(true);
        if (change->stopped && !detector_.speaking()) seat_->voice()->caller_speaks(false);
    }
    if (change->started) {
        spoken_.began(given_from_ms_ + detector_.speech_started_ms());
        watch_.caller_started(at(detector_.speech_started_ms()));
    }
    if (change->stopped) {
        watch_.caller_stopped(at(detector_.last_sound_ms()),
                              base::milliseconds(detector_.last_sound_ms() - detector_.speech_started_ms()));
    }
    if (change->started && change->stopped && detector_.speaking()) watch_.caller_started(at(detector_.speech_started_ms()));
}

// A canned call is always recorded, from the moment it becomes one.
void Call::record_if_wanted() {
    if (recording_ || leg_ == nullptr) return;
    const bool canned = climb_.rung() == ladder::Rung::canned;
    if (!canned && !settings_->record_live) return;
    recording::Start start;
    start.call = sid();
    // What was said before and nobody wrote down comes first: a rung without ears may never find any.
    if (canned) start.before_ms = early_.held_ms();
    const auto now_ms = audio_now_ms();
    start.before_ms = std::min(start.before_ms, now_ms);
    start.utc_ms = env_.loop.utc_ms() - start.before_ms;
    start.offset_ms = now_ms - start.before_ms;
    start.retention_class = canned ? "canned" : "live";
    recording_ = env_.recorder.start(start);
    recorded_ = recorded_ || recording_ != nullptr;
    if (recording_ && start.before_ms > 0) record_early(*recording_, now_ms);
}

void Call::dtmf(std::string_view digit) {
    const auto now = env_.loop.now();
    metrics::dtmf_total.add();
    if (now - keys_window_ >= std::chrono::seconds(1)) {
        keys_window_ = now;
        keys_in_window_ = 0;
    }
    if (++keys_in_window_ > limits::dtmf_per_second) {
        metrics::dtmf_dropped_total.add();
        return;
    }
    if (keys_.empty()) keys_start_ms_ = offset_ms();
    keys_.append(digit);
    last_key_at_ = now;
    watch_.caller_pressed(now);
    FeedEvent event = feed_event("dtmf");
    event.text = store::Text(std::string(digit));
    env_.feed.publish(std::move(event));
    if (keys_.size() >= limits::dtmf_kept) store_keys();
    if (digit.size() == 1 && digit.front() == k_person_key) {
        ask_person("keypad");
        return;
    }
    // Fixed questions take a key at once, and a key ends the question; a model is given a run of keys as
    // one text (store_keys).
    if (seat_ && seat_->voice() != nullptr && state_.phase == Phase::talking && !ladder::is_live(climb_.rung())) {
        interrupted();
        if (seat_) seat_->voice()->caller_keys(digit);
    }
}

void Call::store_keys() {
    if (keys_.empty()) return;
    store::Utterance row;
    row.speaker = store::Speaker::caller;
    row.provider = "keypad";
    row.item_id = "keys-" + std::to_string(++key_runs_);
    if (seat_ && seat_->voice() != nullptr && state_.phase == Phase::talking && ladder::is_live(climb_.rung())) {
        seat_->voice()->caller_keys(keys_);
    }
    row.text = store::Text(std::exchange(keys_, {}));
    row.start_ms = keys_start_ms_;
    row.end_ms = base::to_ms(last_key_at_ - started_at_);
    store_utterance(std::move(row));
}

void Call::mark(std::string_view name) {
    playout_.on_mark(name, env_.loop.now());
    settle_playout();
}

void Call::twilio_stop() { apply(EventKind::twilio_stop); }

void Call::stream_closed(std::string_view reason) {
    if (std::exchange(leg_, nullptr) == nullptr) return;
    if (playout_.busy()) cut_playout();
    apply(EventKind::stream_closed, std::string(reason));
}

void Call::stream_protocol(std::string_view reason) {
    leg_ = nullptr;
    if (playout_.busy()) cut_playout();
    apply(EventKind::stream_protocol, std::string(reason));
}

void Call::webhook_repeated() { apply(EventKind::webhook_repeated); }
void Call::callback_ended() { apply(EventKind::callback_ended); }
void Call::ask_person(std::string_view reason) {
    person_reason_.assign(reason);
    apply(EventKind::person_asked, std::string(reason));
}

std::string Call::briefing() const {
    std::string out = "Emergency call";
    if (!said_what_.empty()) out += ": " + said_what_;
    const bool said_with_it = said_what_.find(said_where_) != std::string::npos;
    if (!said_where_.empty() && !said_with_it) out += (said_what_.empty() ? ": at " : ", at ") + said_where_;
    out += ". ";
    if (person_reason_ == "keypad" || person_reason_ == "words") {
        out += "The caller asked for a person. ";
    } else if (person_reason_ == "silence") {
        out += "The caller has not spoken. ";
    } else if (person_reason_ == "console") {
        out += "A colleague transferred it. ";
    } else if (person_reason_.empty()) {
        out += "The automatic call taker was lost. ";
    } else {
        out += "The automatic call taker transferred it. ";
    }
    if (language_ == "es") out += "The caller speaks Spanish.";
    else if (language_ == "en") out += "The caller speaks English.";
    return out;
}

void Call::drain() { apply(EventKind::drain); }
void Call::person_done() { apply(EventKind::person_done); }

bool Call::person_unanswered(std::string_view how) {
    if (state_.phase != Phase::with_person) return false;
    Event event;
    event.kind = EventKind::person_unanswered;
    event.reason.assign(how);
    event.rung = env_.ladder.best(env_.loop.now());
    if (event.rung == ladder::Rung::person) return false;
    apply(std::move(event));
    return state_.phase == Phase::ringing;
}

// --- supervision ---

void Call::tick() {
    const auto now = env_.loop.now();
    const bool late = now - std::exchange(tick_due_, now + k_tick) > k_own_lag;
    const auto weak = weak_from_this();
    tick_timer_.arm(k_tick, [weak] {
        if (const auto self = weak.lock()) self->tick();
    });
    if (!keys_.empty() && now - last_key_at_ >= k_keys_quiet) store_keys();
    note_incident(case_.tick(offset_ms()));
    if (leg_ == nullptr) return;
    if (now - leg_->blocked_since() >= limits::caller_queue_stuck) {
        apply(EventKind::stream_blocked, "stuck");
        return;
    }
    watch_silence(now);
    look_up();
    if (leg_ != nullptr) watch_caller_audio(now);
    slow_ = slow_ || late;
    if (leg_ != nullptr && now - line_judged_at_ >= std::chrono::seconds(1)) judge_line(now);
}

void Call::judge_line(base::TimePoint now) {
    line_judged_at_ = now;
    if (std::exchange(slow_, false)) return line_.discard();
    const auto second = line_.take();
    ladder::CallSecond seen;
    seen.expected = second.expected;
    seen.late = second.late;
    seen.late_share = second.late_share;
    // Marks come back on the caller's way: what holds up the caller's audio holds them up as well. A peer that
    // takes nothing at all (T19) is no slow line: who could not be reached could not have called either.
    const auto blocked = std::chrono::duration_cast<base::milliseconds>(now - leg_->blocked_since());
    const auto lag = playout_.mark_lag(now);
    if (blocked < k_stuck) seen.send_queue = lag ? std::max(blocked, *lag - line_.behind()) : blocked;
    seen.round_trip = leg_->round_trip();
    env_.ladder.uplink().add(seen, now);
}

void Call::watch_caller_audio(base::TimePoint now) {
    const auto quiet = now - last_media_at_;
    if (speech_active_ && !stall_padded_ && quiet >= limits::gap_speech_idle) {
        stall_padded_ = true;
        metrics::media_gap_total.add();
        give_silence(base::to_ms(limits::gap_speech_silence));
        silence_given_ms_ += base::to_ms(limits::gap_speech_silence);
    }
    if (quiet >= limits::media_idle_close) {
        metrics::media_idle_total.add();
        apply(EventKind::media_idle, "no_media");
    } else if (quiet >= limits::media_idle_ping && !idle_pinged_) {
        idle_pinged_ = true;
        leg_->ping();
    }
}

// --- playout ---

void Call::play(std::string_view id) {
    const voice::Clip* const clip = env_.clips.find(id, language_);
    if (clip == nullptr) {
        k_log.warning("no such prompt", sid(), {{"prompt", id}});
        return;
    }
    answer_for(id, true).text = clip->words;
    FeedEvent event = feed_event(id == "greeting" ? "greeting" : "sentence");
    event.detail.assign(id);
    env_.feed.publish(std::move(event));
    const auto now = env_.loop.now();
    playout_.play_clip(id, clip->base64, now);
    watch_.box_sound(playout_.sounds_until(now));
    pump_playout();
}

void Call::pump_playout() {
    const auto next = playout_.pump(env_.loop.now());
    settle_playout();
    if (!next || state_.phase == Phase::ended) {
        pump_timer_.cancel();
        return;
    }
    const auto weak = weak_from_this();
    pump_timer_.arm_at(*next, [weak] {
        if (const auto self = weak.lock()) self->pump_playout();
    });
}

void Call::settle_playout() {
    if (playout_.marks_timed_out() != marks_timed_out_seen_) {
        metrics::mark_timeout_total.add(playout_.marks_timed_out() - marks_timed_out_seen_);
        marks_timed_out_seen_ = playout_.marks_timed_out();
    }
    auto finished = playout_.take_finished();
    if (finished.empty()) return;
    bool sentence_over = false;
    for (auto& outcome : finished) {
        sentence_over = sentence_over || (outcome.clip && outcome.item == "person");
        if (!outcome.clip && seat_ && state_.phase == Phase::talking) seat_->voice()->item_played(outcome.item);
        Answer& answer = answer_for(outcome.item, outcome.clip);
        answer.outcome = std::move(outcome);
    }
    if (!playout_.busy()) prompting_ = false;
    store_answers(false);
    if (sentence_over) {
        leave_timer_.cancel();
        apply(EventKind::sentence_played);
    }
}

// Stops what plays and waits; what was cut is kept whole with what was heard of it.
void Call::cut_playout() {
    take_cut();
    store_answers(false);
}

std::vector<audio::Playout::Outcome> Call::take_cut() {
    auto cut = playout_.interrupt(env_.loop.now());
    watch_.silenced(env_.loop.now());
    prompting_ = false;
    for (const auto& outcome : cut) {
        Answer& answer = answer_for(outcome.item, outcome.clip);
        answer.outcome = outcome;
        answer.interrupted = true;
    }
    return cut;
}

bool Call::send_media(std::string_view base64) {
    if (recording_) recording_->box(base64, offset_ms());
    metrics::media_frames_out_total.add();
    return leg_ != nullptr && leg_->send_media(base64);
}
void Call::hold() {
    if (leg_ != nullptr) leg_->hold();
}
void Call::release() {
    if (leg_ != nullptr) leg_->release();
}
bool Call::send_mark(std::string_view name) { return leg_ != nullptr && leg_->send_mark(name); }
bool Call::send_clear() {
    if (recording_) recording_->box_cleared(offset_ms());
    return leg_ != nullptr && leg_->send_clear();
}

// --- voices ---

void Call::open_voice() {
    const auto now = env_.loop.now();
    const ladder::Rung rung = climb_.rung();
    let_go(seat_, "replaced");
    SeatOwner& owner = *this;
    seat_ = std::make_shared<VoiceSeat>(owner, rung, now);
    auto voice = env_.make_voice(rung, sid(), seat_->listener());
    if (!voice) {  // the list promised what the box cannot do: on with the next one, once we are out of here
        env_.loop.post([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->give_up_voice(EventKind::voice_lost, "config", ladder::Move::step_down);
        });
        return;
    }
    seat_->sit(std::move(voice));
    watch_.voice_changed();
    env_.ladder.note_connect(rung, now);
    const auto seat = seat_;
    seat->voice()->open();
    if (talks(*seat) && (state_.phase == Phase::talking || state_.phase == Phase::stream_lost)) {
        prove(*seat, !talk_.empty());  // with nothing said yet the greeting, or a prompt, has asked already
    }
}

void Call::prove(VoiceSeat& seat, bool joining) {
    if (seat.voice() == nullptr) return;
    voice::Handover handover;
    if (const auto* greeting = env_.clips.find("greeting", language_)) handover.greeting = greeting->words;
    handover.said.assign(talk_.begin(), talk_.end());
    handover.language = language_;
    handover.joining = joining;
    seat.voice()->prove(handover);
    if (talks(seat) && seat.ready()) on_seat_ready(seat);
}

// We may be inside one of its notices: it is let go when the stack is unwound.
void Call::let_go(std::shared_ptr<VoiceSeat>& seat, std::string_view reason) {
    if (!seat) return;
    seat->stop(reason);
    env_.loop.post([gone = std::move(seat)] {});
    seat.reset();
}

void Call::part(std::string_view reason) {
    if (!lingering_) heard_until_ms_ = audio_now_ms();
    const bool owes = seat_ && !lingering_ && seat_->ready() && seat_->voice()->hang_up(caller_spoke());
    if (!owes) {
        keep_unwritten(seat_.get());
        return let_go(seat_, reason);
    }
    lingering_ = std::exchange(seat_, nullptr);
    const auto weak = weak_from_this();
    words_timer_.arm(limits::last_words_patience, [weak] {
        if (const auto self = weak.lock()) self->end_lingering();
    });
    words_missing_ = true;
}

// What a caller said last and nobody wrote down, now that nobody will: a recording of its own, unless there is
// one of the call, or no speech in it.
void Call::keep_unwritten(VoiceSeat* seat) {
    if (seat != nullptr && seat->voice() != nullptr) {
        take_unwritten(*seat);
    }
    if (caller_spoke() && !early_.empty() && !recorded_) {
        const auto until_ms = heard_until_ms_ >= 0 ? heard_until_ms_ : audio_now_ms();
        recording::Start start;
        start.call = sid();
        start.offset_ms = std::max<std::int64_t>(until_ms - early_.held_ms(), 0);
        start.before_ms = offset_ms() - start.offset_ms;
        start.utc_ms = env_.loop.utc_ms() - start.before_ms;
        start.retention_class = "unheard";
        const auto kept = env_.recorder.start(start);
        if (kept) record_early(*kept, until_ms);
        k_log.notice("words that nobody wrote down are recorded", sid(), {{"ms", early_.held_ms()}});
    }
    early_.clear();
}

// And nobody has written it down yet.
bool Call::caller_spoke() { return detector_.speaking() || spoken_.unwritten_from(given_from_ms_ + given_ms_); }

// For the next voice, or a recording.
void Call::take_unwritten(VoiceSeat& seat) {
    const auto from = spoken_.unwritten_from(given_from_ms_ + given_ms_);
    const auto since = from ? std::max<std::int64_t>(*from - seat.base_ms, 0) : -1;
    seat.voice()->unheard(since, [this](std::string_view base64) { early_.push(base64); });
}

void Call::record_early(recording::Recording& recording, std::int64_t until_ms) {
    auto at_ms = until_ms - early_.held_ms();
    early_.each([&](std::string_view base64) {
        recording.caller(base64, at_ms);
        at_ms += static_cast<std::int64_t>(base::base64_decoded_bytes(base64)) / k_bytes_per_ms;
    });
}

std::int64_t Call::audio_now_ms() const {
    return next_timestamp_ms_ >= 0 ? stream_offset_ms_ + next_timestamp_ms_ : offset_ms();
}

void Call::end_lingering() {
    if (!lingering_) return;
    words_timer_.cancel();
    if (std::exchange(words_missing_, false)) keep_unwritten(lingering_.get());
    let_go(lingering_, "last_words");
    if (state_.phase != Phase::ended) return;
    // We may be inside one of the voice's notices.
    env_.loop.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->owner_.on_call_gone(*self);
    });
}

Event Call::moved(EventKind kind, std::string_view reason, ladder::Move move) const {
    Event event;
    event.kind = kind;
    event.reason.assign(reason);
    event.move = move;
    const auto now = env_.loop.now();
    if (move == ladder::Move::replace && !env_.ladder.may_replace(climb_.rung(), now)) event.move = ladder::Move::step_down;
    if (event.move == ladder::Move::step_down) event.rung = env_.ladder.next_below(climb_.rung(), now);
    return event;
}

void Call::give_up_voice(EventKind kind, std::string_view reason, ladder::Move move) {
    if (seat_ && seat_->ready()) take_unwritten(*seat_);
    apply(moved(kind, reason, move));
}

// A better rung that has been well for a while gets its voice ready behind the talk; the caller moves over
// when nobody speaks.
void Call::look_up() {
    if (state_.phase != Phase::talking || state_.voice != VoiceState::ready) return;
    const auto now = env_.loop.now();
    const auto rung = env_.ladder.better_than(climb_.rung(), now);
    if (climb_.turn_boundary(rung, now) != ladder::Move::step_up) return;
    if (!better_) {
        if (!env_.ladder.take_connect(*rung, now)) return;
        SeatOwner& owner = *this;
        better_ = std::make_shared<VoiceSeat>(owner, *rung, now);
        auto voice = env_.make_voice(*rung, sid(), better_->listener());
        if (!voice) {
            better_.reset();
            return;
        }
        better_->sit(std::move(voice));
        const auto seat = better_;
        seat->voice()->open();
        return;
    }
    if (!better_->configured || playout_.busy() || speech_active_ || turn_) return;
    Event event;
    event.kind = EventKind::better_ready;
    event.reason = "healthy";
    event.rung = better_->rung;
    apply(std::move(event));
}

void Call::watch_silence(base::TimePoint now) {
    if (state_.phase != Phase::talking) return;
    const auto alarm = watch_.due(now, ladder::is_live(climb_.rung()) && state_.voice == VoiceState::ready);
    if (!alarm) return;
    k_log.info("silence", sid(), {{"alarm", to_string(*alarm)}, {"rung", ladder::to_string(climb_.rung())}});
    metrics::silence_total.add(to_string(*alarm));
    switch (*alarm) {
        case Alarm::filler: apply(EventKind::prompt_due, "filler"); return;
        case Alarm::silence_prompt: case Alarm::silence_keys:
            // Fixed questions have time-outs of their own.
            if (ladder::is_live(climb_.rung())) apply(EventKind::prompt_due, to_string(*alarm));
            return;
        case Alarm::silence_person: ask_person("silence"); return;
        case Alarm::answer_overdue:
            env_.ladder.on_no_answer(climb_.rung(), now);
            give_up_voice(EventKind::voice_unserved, "silent", climb_.unserved());
            return;
        case Alarm::stalled:
            env_.ladder.on_lost(climb_.rung(), ladder::Fault::timeout, now, base::random_u32());
            give_up_voice(EventKind::voice_unserved, "stalled", climb_.lost(ladder::Loss::may_heal, now));
            return;
    }
}

void Call::on_seat_stage(VoiceSeat& seat, voice::Stage stage) {
    FeedEvent event = feed_event("voice");
    event.detail = voice::to_string(stage);
    event.rung = ladder::to_string(seat.rung);
    env_.feed.publish(std::move(event));
    if (stage == voice::Stage::renewed) record_seam("session_renewed", "expiry");
}

void Call::on_seat_ready(VoiceSeat& seat) {
    const auto now = env_.loop.now();
    if (!std::exchange(seat.configured, true)) {
        env_.ladder.on_connected(seat.rung, std::chrono::duration_cast<base::milliseconds>(now - seat.opened_at), now);
    }
    if (!talks(seat)) return;
    if (state_.voice == VoiceState::opening) {
        climb_.replaced();
        apply(EventKind::voice_ready);
    }
    if (state_.phase != Phase::talking || !talks(seat) || !seat.ready() || !seat.voice()->hears()) return;
    seat.base_ms = given_from_ms_ + given_ms_ - early_.held_ms();
    early_.drain([&seat](std::string_view base64) { seat.voice()->caller_audio(base64); });
    tell_acknowledged();
}

void Call::on_seat_lost(VoiceSeat& seat, const voice::VoiceLoss& loss) {
    const auto now = env_.loop.now();
    const auto fault = ladder::fault_of(loss.reason, loss.error.condition, loss.close_code);
    const auto outcome = seat.configured
                             ? env_.ladder.on_lost(seat.rung, fault, now, base::random_u32())
                             : env_.ladder.on_fault(seat.rung, fault, now, base::random_u32(), loss.retry_after);
    k_log.warning("voice lost", sid(),
                  {{"rung", ladder::to_string(seat.rung)}, {"reason", loss.reason}, {"code", loss.error.code},
                   {"close_code", loss.close_code}, {"condition", base::to_string(loss.error.condition)},
                   {"fault", ladder::to_string(fault)}, {"breaker_opened", outcome.opened}});
    if (&seat == lingering_.get()) return end_lingering();
    if (!talks(seat)) {
        let_go(better_, loss.reason);
        return;
    }
    speech_active_ = false;
    if (state_.phase == Phase::talking || state_.phase == Phase::stream_lost) {
        take_unwritten(seat);
    }
    // A session that never came has had its time already: only one that talked is opened again here.
    const bool mend = seat.configured && !ladder::is_fatal(fault);
    const auto move = climb_.lost(mend ? ladder::Loss::may_heal : ladder::Loss::fatal, now);
    apply(moved(EventKind::voice_lost, loss.reason, move));
    if (state_.phase != Phase::ended) store_answers(true);
}

void Call::on_seat_speech_started(VoiceSeat& seat) {
    if (!talks(seat)) return;
    speech_active_ = true;
    turn_.reset();
    watch_.voice_noticed(env_.loop.now());
    env_.feed.publish(feed_event("speech_started"));
    interrupted();
}

// The caller speaks into what plays.
void Call::interrupted() {
    if (!playout_.busy() || state_.phase != Phase::talking) return;
    const auto cut = take_cut();
    std::vector<voice::PlayedItem> items;
    for (const auto& outcome : cut) {
        if (!outcome.clip) items.push_back(voice::PlayedItem{outcome.item, outcome.played_ms});
    }
    metrics::interruptions_total.add();
    const auto& first = cut.front();
    k_log.info("interruption", sid(),
               {{"items", cut.size()}, {"played_ms", first.played_ms}, {"total_ms", first.received_ms}});
    FeedEvent event = feed_event("interruption");
    event.played_ms = first.played_ms;
    event.total_ms = first.received_ms;
    env_.feed.publish(std::move(event));
    if (seat_ && seat_->voice() != nullptr && !items.empty()) seat_->voice()->interrupted(items);
    store_answers(false);
}

void Call::on_seat_speech_stopped(VoiceSeat& seat, base::milliseconds vad_wait) {
    if (!talks(seat)) return;
    speech_active_ = false;
    turn_ = Turn{env_.loop.now(), vad_wait};
    env_.feed.publish(feed_event("speech_stopped"));
}

void Call::on_seat_caller(VoiceSeat& seat, const voice::CallerUtterance& utterance) {
    store::Utterance row;
    row.speaker = store::Speaker::caller;
    row.text = store::Text(utterance.text);
    row.failed = utterance.failed;
    row.provider.assign(seat.voice()->provider());
    row.item_id = utterance.item_id;
    row.start_ms = seat.base_ms + utterance.start_ms;
    row.end_ms = seat.base_ms + utterance.end_ms;
    spoken_.written(row.end_ms);
    store_utterance(std::move(row));
    note_for_briefing(utterance.text);
    if (&seat == lingering_.get()) {
        if (!seat.voice()->owes_words()) {
            words_missing_ = false;
            end_lingering();
        }
        return;
    }
    if (asks_for_person(utterance.text)) ask_person("words");
}

// In the caller's own words, and nobody has checked them: for the ears of a person only. The language is also that of
// our own prompts from now on.
void Call::note_for_briefing(std::string_view words) {
    const auto language = language_ == "es" ? voice::scripted::Language::es : voice::scripted::Language::en;
    const auto found = voice::scripted::SimpleExtract().look(words, language);
    const auto keep = [](std::string& kept, std::string_view said) {
        if (said.empty()) return;
        kept.assign(base::utf8_prefix(said, k_briefing_bytes_max));
        kept.erase(kept.find_last_not_of(" .,;!?") + 1);
    };
    keep(said_what_, found.what);
    keep(said_where_, found.place);
    if (found.language) language_ = *found.language == voice::scripted::Language::es ? "es" : "en";
}

bool Call::asks_for_person(std::string_view words) const {
    for (const auto& wanted : settings_->person_words) {
        if (base::contains_words(words, wanted)) return true;
    }
    return false;
}

void Call::on_seat_audio(VoiceSeat& seat, std::string_view item_id, std::string_view base64) {
    if (state_.phase != Phase::talking || !talks(seat)) return;
    const auto arrived = env_.loop.now();
    if (!base::is_base64(base64)) {  // Twilio would drop the message with a warning that nobody reads
        metrics::upstream_bad_frame_total.add();
        return;
    }
    if (prompting_) cut_playout();  // its own words are better than our filler
    Answer& answer = answer_for(item_id, false);
    answer.provider.assign(seat.voice()->provider());
    if (!playout_.add(item_id, base64, arrived)) {
        k_log.warning("answer too long, response cancelled", sid(),
                      {{"waiting_ms", playout_.waiting().count()}});
        record_seam("answer_too_long", "cancelled");
        seat.voice()->cancel_response();
        return;
    }
    if (turn_) note_response(answer, arrived);
    watch_.voice_audio(playout_.sounds_until(arrived));
    if (!pump_timer_.armed()) pump_playout();
}

void Call::note_response(Answer& answer, base::TimePoint arrived) {
    const auto sent = env_.loop.now();
    const auto vad = turn_->vad_wait;
    const auto provider = arrived - turn_->stopped_at;
    const auto box = sent - arrived;
    turn_.reset();
    answer.vad_us = micros(vad);
    answer.provider_us = micros(provider);
    answer.box_us = micros(box);
    answer.response_us = *answer.vad_us + *answer.provider_us + *answer.box_us;
    if (seat_) {
        env_.ladder.on_first_audio(seat_->rung, vad + std::chrono::duration_cast<base::milliseconds>(provider), sent);
    }
    metrics::response_vad_seconds.observe(seconds(vad));
    metrics::response_provider_seconds.observe(seconds(provider));
    metrics::response_box_seconds.observe(seconds(box));
    metrics::response_seconds.observe(seconds(vad + provider + box));
    k_log.info("answer begins", sid(),
               {{"response_ms", *answer.response_us / 1000}, {"vad_ms", *answer.vad_us / 1000},
                {"provider_ms", *answer.provider_us / 1000}, {"box_us", *answer.box_us}});
}

void Call::on_seat_audio_done(VoiceSeat& seat, std::string_view item_id) {
    if (!talks(seat)) return;
    playout_.finish(item_id, env_.loop.now());
    watch_.voice_audio_done();
    pump_playout();
}

void Call::on_seat_voice(VoiceSeat& seat, const voice::VoiceUtterance& utterance) {
    Answer& answer = answer_for(utterance.item_id, false);
    answer.provider.assign(seat.voice()->provider());
    answer.text = utterance.text;
    store_answers(false);
}

void Call::on_seat_person(VoiceSeat& seat, std::string_view reason) {
    if (talks(seat)) ask_person(reason);
}

std::string Call::on_seat_report(VoiceSeat& seat, const voice::ModelReport& report) {
    if (!talks(seat)) return R"({"error":"unavailable"})";
    if (!CaseKeeper::acceptable(report)) {
        metrics::tool_reject_total.add("arguments");
        k_log.warning("tool call refused", sid(), {{"reason", "type"}});
        return R"({"error":"arguments"})";
    }
    note_incident(case_.reported(report, offset_ms()));
    return case_.answer();
}

void Call::on_seat_pulse(VoiceSeat& seat, const voice::VoicePulse& pulse) {
    const auto now = env_.loop.now();
    if (pulse.round_trip) env_.ladder.on_ping(seat.rung, *pulse.round_trip, now);
    if (pulse.ping_missed) env_.ladder.on_ping_lost(seat.rung, now);
    if (talks(seat) && (pulse.ping_missed || pulse.round_trip)) watch_.line_in_doubt(now, pulse.ping_missed);
    env_.ladder.on_send_queue(seat.rung, pulse.send_queue, now);
}

void Call::on_seat_budget(VoiceSeat& seat, const voice::TokenBudget& budget) {
    env_.ladder.on_rate_limit(seat.rung, {budget.remaining, budget.limit, budget.reset_seconds}, env_.loop.now());
}

// --- words ---

Call::Answer& Call::answer_for(std::string_view item, bool clip) {
    for (auto it = answers_.rbegin(); it != answers_.rend(); ++it) {
        if (it->item == item && it->clip == clip) return *it;
    }
    Answer answer;
    answer.item.assign(item);
    answer.clip = clip;
    answer.start_ms = offset_ms();
    answers_.push_back(std::move(answer));
    return answers_.back();
}

void Call::store_answers(bool all) {
    for (auto it = answers_.begin(); it != answers_.end();) {
        const bool playing = !it->outcome && (it->clip || playout_.busy());
        if (!(it->text && it->outcome) && (!all || playing)) {
            ++it;
            continue;
        }
        store::Utterance row;
        row.speaker = store::Speaker::voice;
        row.failed = !it->text;  // audio was heard, but its words never came (O28)
        row.text = store::Text(it->text.value_or(std::string()));
        row.provider = it->provider;
        row.item_id = it->item;
        row.start_ms = it->start_ms;
        row.end_ms = offset_ms();
        row.interrupted = it->interrupted;
        row.played_ms = it->outcome ? it->outcome->played_ms : 0;
        row.total_ms = it->outcome ? it->outcome->received_ms : 0;
        row.response_us = it->response_us;
        row.vad_us = it->vad_us;
        row.provider_us = it->provider_us;
        row.box_us = it->box_us;
        it = answers_.erase(it);
        store_utterance(std::move(row));
    }
}

// What the next voice is told: words, not fillers.
void Call::remember(const store::Utterance& row) {
    const std::string& text = row.text.reveal();
    const bool caller = row.speaker == store::Speaker::caller;
    if (text.empty() || text.size() > limits::history_bytes_max || (!caller && row.provider == "recorded")) return;
    using Who = voice::Said::Who;
    talk_.push_back(voice::Said{caller ? Who::caller : Who::voice, text});
    talk_bytes_ += text.size();
    while (talk_.size() > limits::history_items_max || talk_bytes_ > limits::history_bytes_max) {
        talk_bytes_ -= talk_.front().text.size();
        talk_.pop_front();
    }
}

void Call::store_utterance(store::Utterance row) {
    row.call = sid();
    row.utc_ms = env_.loop.utc_ms();
    const bool caller = row.speaker == store::Speaker::caller;
    if (!caller && row.provider != "recorded" && row.start_ms > help_at_ms_) help_untold_ = false;
    remember(row);
    incident::Changes changes = case_.said(row);
    FeedEvent event = feed_event("utterance");
    event.speaker = caller ? "caller" : "voice";
    event.text = row.text;
    event.detail = row.provider;
    event.played_ms = row.played_ms;
    event.total_ms = row.total_ms;
    if (row.response_us) event.response_ms = *row.response_us / 1000;
    // The feed shows words only once they are on the disk; the acknowledgement runs on the store thread.
    const auto chars = row.text.reveal().size();
    const auto call = sid();
    FeedSink* const feed = &env_.feed;
    append(std::move(row), [call, chars, caller, feed, event = std::move(event)](
                               const store::Committed& committed) mutable {
        k_log.info("utterance stored", call,
                   {{"speaker", caller ? "caller" : "voice"}, {"chars", chars}, {"seq", committed.seq},
                    {"emergency", committed.emergency}});
        feed->publish(std::move(event));
    });
    note_incident(std::move(changes));
}

// Behind the row of the words it comes from. What is proposed is told once it is on the disk.
void Call::note_incident(incident::Changes changes) {
    if (!CaseKeeper::anything(changes)) return;
    const CaseKeeper::Rows rows = case_.rows(changes, env_.loop.utc_ms(), offset_ms());
    for (const auto& fact : rows.facts) append(fact);
    if (rows.incident) append(*rows.incident);
    if (rows.dispatch) {
        FeedEvent event = feed_event("dispatch");
        event.detail = rows.dispatch->state;
        FeedSink* const feed = &env_.feed;
        const auto call = sid();
        const auto row = *rows.dispatch;
        const std::int64_t wait_ms = offset_ms() - stream_offset_ms_;
        base::Loop* const loop = &env_.loop;
        append(row, [call, feed, row, wait_ms, loop, proposed = env_.on_proposed,
                     event = std::move(event)](const store::Committed&) mutable {
            CaseKeeper::log_dispatch(call, row, wait_ms);
            feed->publish(std::move(event));
            if (proposed) loop->post([proposed, row] { proposed(row); });
        });
    }
    if (rows.incident) {
        FeedEvent event = feed_event("incident");
        event.detail = rows.incident->type;
        env_.feed.publish(std::move(event));
    }
    if (changes.life_threat) {
        record_seam("life_threat", "tripwire");
        env_.feed.publish(feed_event("life_threat"));
        if (state_.phase == Phase::talking) play("person_offer");
    }
}

void Call::dispatch_moved(const store::Dispatch& step) {
    case_.moved(step);
    if (step.state != "acknowledged" || state_.phase == Phase::ended || state_.phase == Phase::with_person) return;
    help_untold_ = true;
    help_at_ms_ = offset_ms();
    tell_acknowledged();
}

void Call::tell_acknowledged() {
    if (!help_untold_ || state_.phase != Phase::talking) return;
    if (ladder::is_live(climb_.rung())) {
        // It counts as told once the voice has said something after it; a voice that takes over is told again.
        if (seat_ && seat_->ready()) seat_->voice()->dispatch_acknowledged(case_.answer());
        return;
    }
    help_untold_ = false;
    play("help_coming");
    if (const auto* clip = env_.clips.find("help_coming", language_)) {
        talk_.push_back(voice::Said{voice::Said::Who::voice, clip->words});
        talk_bytes_ += clip->words.size();
    }
}

}  // namespace holdfast::call
