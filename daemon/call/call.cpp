#include "call/call.hpp"

#include "base/base64.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::call {
namespace {

constexpr log::Logger k_log{"call"};

constexpr base::milliseconds k_tick{250};           // coarse supervision of one call
constexpr base::milliseconds k_leave_margin{3000};  // beyond the sentence, for a mark that is lost
constexpr base::milliseconds k_keys_quiet{1500};    // ends a run of keys
constexpr std::int64_t k_frame_ms = 20;
constexpr std::int64_t k_bytes_per_ms = 8;
constexpr char k_person_key = '0';

// 20 ms of mu-law silence (0xFF) as base64, made once.
const std::string& silence_frame() {
    static const std::string frame =
        base::base64_encode(std::string(static_cast<std::size_t>(k_frame_ms * k_bytes_per_ms), '\xff'));
    return frame;
}

std::int64_t micros(base::Mono::duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

double seconds(base::Mono::duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

Call::Call(Environment& environment, CallOwner& owner, twilio::VoiceRequest request)
    : env_(environment), owner_(owner), request_(std::move(request)), started_at_(environment.loop.now()),
      rung_(environment.live_rung), early_(base::to_ms(limits::caller_ring)),
      playout_(*this, audio::PlayoutLimits::defaults()), tick_timer_(environment.loop),
      pump_timer_(environment.loop), start_timer_(environment.loop), takeover_timer_(environment.loop),
      leave_timer_(environment.loop) {}

Call::~Call() {
    if (voice_) voice_->stop("call_destroyed");
}

std::int64_t Call::offset_ms() const { return base::to_ms(env_.loop.now() - started_at_); }

FeedEvent Call::feed_event(std::string_view kind) const {
    FeedEvent event;
    event.kind.assign(kind);
    event.call = sid();
    event.utc_ms = env_.loop.utc_ms();
    event.offset_ms = offset_ms();
    event.rung = rung_;
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
    row.rung = rung_;
    row.decision = "admitted";
    append(std::move(row));
    k_log.notice("call admitted", sid(), {{"rung", rung_}});
    env_.feed.publish(feed_event("ringing"));
    apply(EventKind::admitted);
}

// --- machine ---

void Call::apply(EventKind kind, std::string reason) {
    const auto self = shared_from_this();  // end_call makes the registry let go of us
    Step next = step(state_, Event{kind, std::move(reason)});
    if (!next.actions.empty() && next.actions.back().kind == ActionKind::report_impossible) {
        k_log.warning("event without a rule in this phase", sid(),
                      {{"phase", to_string(state_.phase)}, {"event", to_string(kind)}});
    }
    state_ = next.state;
    for (const Action& action : next.actions) perform(action);
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
            voice_ = env_.make_voice(sid(), *this);
            if (voice_) voice_->open();
            break;
        case ActionKind::prove_voice:
            if (voice_) {
                voice::Handover handover;
                handover.greeting = env_.clips.greeting.words;
                voice_->prove(handover);
            }
            if (voice_ && voice_->ready()) on_voice_ready();
            break;
        case ActionKind::close_voice:
            if (voice_) voice_->stop(action.word);
            break;
        case ActionKind::play_greeting:
            play(env_.clips.greeting, "greeting");
            break;
        case ActionKind::silence_playout:
            cut_playout();
            break;
        case ActionKind::play_sentence:
            play(env_.clips.person, action.word);
            break;
        case ActionKind::arm_leave_timer: {
            const auto bytes = base::base64_decoded_bytes(env_.clips.person.base64);
            leave_timer_.arm(base::milliseconds(static_cast<std::int64_t>(bytes) / k_bytes_per_ms) +
                                 playout_.waiting() + limits::playout_ahead + k_leave_margin,
                             later(EventKind::sentence_played));
            break;
        }
        case ActionKind::close_stream:
            if (leg_ != nullptr) std::exchange(leg_, nullptr)->close(action.word);
            break;
        case ActionKind::record_seam:
            record_seam(action.word, action.second);
            break;
        case ActionKind::set_rung: {
            store::CallChanged row;
            row.call = sid();
            row.utc_ms = env_.loop.utc_ms();
            row.offset_ms = offset_ms();
            row.rung = std::string(action.word);
            rung_ = *row.rung;
            append(std::move(row));
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

void Call::record_seam(std::string_view kind, std::string_view reason) {
    store::Seam seam;
    seam.call = sid();
    seam.utc_ms = env_.loop.utc_ms();
    seam.offset_ms = offset_ms();
    seam.kind.assign(kind);
    seam.from_rung = rung_;
    seam.to_rung = state_.phase == Phase::leaving ? "person" : rung_;
    seam.reason.assign(reason);
    k_log.notice("seam", sid(), {{"kind", kind}, {"reason", reason}});
    FeedEvent event = feed_event(kind == "voice_lost" ? "voice_lost" : kind == "person_asked" ? "transfer" : "seam");
    event.detail = seam.kind + ": " + seam.reason;
    env_.feed.publish(std::move(event));
    append(std::move(seam));
}

void Call::end(std::string_view reason) {
    for (base::Timer* timer : {&tick_timer_, &pump_timer_, &start_timer_, &takeover_timer_, &leave_timer_}) {
        timer->cancel();
    }
    if (voice_) {
        voice_->stop(reason);
        // We may be inside one of its notices: let it go when the stack is unwound.
        env_.loop.post([voice = std::move(voice_)] {});
        voice_.reset();
    }
    if (playout_.busy()) cut_playout();
    store_keys();
    store_answers(true);
    if (leg_ != nullptr) std::exchange(leg_, nullptr)->close(reason);
    early_.clear();

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
    if (event.timestamp_ms >= 0) pad_gap(event.timestamp_ms);
    const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(event.payload));
    next_timestamp_ms_ = std::max<std::int64_t>(event.timestamp_ms, 0) + bytes / k_bytes_per_ms;
    if (event.chunk > 0) last_chunk_ = event.chunk;
    give_voice(event.payload);
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
    if (!base::is_base64(event.payload)) {
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
    give_silence(std::min(missing, base::to_ms(limits::gap_pad_max)));
}

void Call::give_silence(std::int64_t milliseconds) {
    metrics::media_padded_ms_total.add(static_cast<std::uint64_t>(milliseconds));
    for (std::int64_t given = 0; given + k_frame_ms <= milliseconds; given += k_frame_ms) {
        give_voice(silence_frame());
    }
}

void Call::give_voice(std::string_view base64) {
    if (voice_ && state_.voice == VoiceState::ready && early_.empty() && voice_->ready()) {
        voice_->caller_audio(base64);
    } else if (state_.phase == Phase::talking || state_.phase == Phase::stream_lost) {
        early_.push(base64);
    }
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
    FeedEvent event = feed_event("dtmf");
    event.text = store::Text(std::string(digit));
    env_.feed.publish(std::move(event));
    if (keys_.size() >= limits::dtmf_kept) store_keys();
    if (digit.size() == 1 && digit.front() == k_person_key) ask_person("keypad");
}

void Call::store_keys() {
    if (keys_.empty()) return;
    store::Utterance row;
    row.speaker = store::Speaker::caller;
    row.provider = "keypad";
    row.item_id = "keys-" + std::to_string(++key_runs_);
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
void Call::ask_person(std::string_view reason) { apply(EventKind::person_asked, std::string(reason)); }
void Call::drain() { apply(EventKind::drain); }

// --- supervision ---

void Call::tick() {
    const auto now = env_.loop.now();
    const auto weak = weak_from_this();
    tick_timer_.arm(k_tick, [weak] {
        if (const auto self = weak.lock()) self->tick();
    });
    if (!keys_.empty() && now - last_key_at_ >= k_keys_quiet) store_keys();
    if (leg_ == nullptr) return;
    if (now - leg_->blocked_since() >= limits::caller_queue_stuck) {
        apply(EventKind::stream_blocked, "stuck");
        return;
    }
    watch_caller_audio(now);
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

void Call::play(const Clip& clip, std::string_view name) {
    answer_for(name, true).text = clip.words;
    FeedEvent event = feed_event(name == "greeting" ? "greeting" : "sentence");
    event.detail.assign(name);
    env_.feed.publish(std::move(event));
    playout_.play_clip(name, clip.base64, env_.loop.now());
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
        Answer& answer = answer_for(outcome.item, outcome.clip);
        answer.outcome = std::move(outcome);
    }
    store_answers(false);
    if (sentence_over) {
        leave_timer_.cancel();
        apply(EventKind::sentence_played);
    }
}

// Stops what plays and waits; what was cut is kept whole with what was heard of it.
void Call::cut_playout() {
    const auto cut = playout_.interrupt(env_.loop.now());
    for (const auto& outcome : cut) {
        Answer& answer = answer_for(outcome.item, outcome.clip);
        answer.outcome = outcome;
        answer.interrupted = true;
    }
    store_answers(false);
}

bool Call::send_media(std::string_view base64) {
    metrics::media_frames_out_total.add();
    return leg_ != nullptr && leg_->send_media(base64);
}
bool Call::send_mark(std::string_view name) { return leg_ != nullptr && leg_->send_mark(name); }
bool Call::send_clear() { return leg_ != nullptr && leg_->send_clear(); }

// --- voice ---

void Call::on_voice_stage(voice::Stage stage) {
    FeedEvent event = feed_event("voice");
    event.detail = voice::to_string(stage);
    env_.feed.publish(std::move(event));
    if (stage == voice::Stage::renewed) record_seam("session_renewed", "expiry");
}

void Call::on_voice_ready() {
    if (state_.voice == VoiceState::opening) {
        owner_.on_call_voice(true, "");
        apply(EventKind::voice_ready);
    }
    if (state_.phase != Phase::talking || !voice_ || !voice_->ready()) return;
    early_.drain([this](std::string_view base64) { voice_->caller_audio(base64); });
}

void Call::on_caller_speech_started() {
    speech_active_ = true;
    turn_.reset();
    env_.feed.publish(feed_event("speech_started"));
    if (!playout_.busy() || state_.phase != Phase::talking) return;
    const auto cut = playout_.interrupt(env_.loop.now());
    std::vector<voice::PlayedItem> items;
    for (const auto& outcome : cut) {
        Answer& answer = answer_for(outcome.item, outcome.clip);
        answer.outcome = outcome;
        answer.interrupted = true;
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
    if (voice_ && !items.empty()) voice_->interrupted(items);
    store_answers(false);
}

void Call::on_caller_speech_stopped(base::milliseconds vad_wait) {
    speech_active_ = false;
    turn_ = Turn{env_.loop.now(), vad_wait};
    env_.feed.publish(feed_event("speech_stopped"));
}

void Call::on_caller_utterance(const voice::CallerUtterance& utterance) {
    store::Utterance row;
    row.speaker = store::Speaker::caller;
    row.text = store::Text(utterance.text);
    row.failed = utterance.failed;
    row.provider.assign(voice_ ? voice_->provider() : std::string_view("unknown"));
    row.item_id = utterance.item_id;
    row.start_ms = utterance.start_ms;
    row.end_ms = utterance.end_ms;
    store_utterance(std::move(row));
}

void Call::on_voice_audio(std::string_view item_id, std::string_view base64) {
    if (state_.phase != Phase::talking) return;
    const auto arrived = env_.loop.now();
    if (!base::is_base64(base64)) {  // Twilio would drop the message with a warning that nobody reads
        metrics::upstream_bad_frame_total.add();
        return;
    }
    Answer& answer = answer_for(item_id, false);
    if (!playout_.add(item_id, base64, arrived)) {
        k_log.warning("answer too long, response cancelled", sid(),
                      {{"waiting_ms", playout_.waiting().count()}});
        record_seam("answer_too_long", "cancelled");
        if (voice_) voice_->cancel_response();
        return;
    }
    if (turn_) note_response(answer, arrived);
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
    metrics::response_vad_seconds.observe(seconds(vad));
    metrics::response_provider_seconds.observe(seconds(provider));
    metrics::response_box_seconds.observe(seconds(box));
    metrics::response_seconds.observe(seconds(vad + provider + box));
    k_log.info("answer begins", sid(),
               {{"response_ms", *answer.response_us / 1000}, {"vad_ms", *answer.vad_us / 1000},
                {"provider_ms", *answer.provider_us / 1000}, {"box_us", *answer.box_us}});
}

void Call::on_voice_audio_done(std::string_view item_id) {
    playout_.finish(item_id, env_.loop.now());
    pump_playout();
}

void Call::on_voice_utterance(const voice::VoiceUtterance& utterance) {
    answer_for(utterance.item_id, false).text = utterance.text;
    store_answers(false);
}

void Call::on_person_requested(std::string_view reason) { ask_person(reason); }

void Call::on_voice_lost(const voice::VoiceLoss& loss) {
    owner_.on_call_voice(false, loss.error.code);
    k_log.warning("voice lost", sid(),
                  {{"reason", loss.reason}, {"code", loss.error.code}, {"close_code", loss.close_code},
                   {"condition", base::to_string(loss.error.condition)}});
    speech_active_ = false;
    apply(EventKind::voice_lost, std::string(loss.reason));
    if (state_.phase != Phase::ended) store_answers(true);
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
        row.provider = it->clip ? "recorded" : env_.live_rung;
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

void Call::store_utterance(store::Utterance row) {
    row.call = sid();
    row.utc_ms = env_.loop.utc_ms();
    const bool caller = row.speaker == store::Speaker::caller;
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
}

}  // namespace holdfast::call
