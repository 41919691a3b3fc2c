#include "voice/realtime/realtime_voice.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::voice::realtime {
namespace {

using std::chrono::duration_cast;
using base::milliseconds;

constexpr log::Logger k_log{"voice"};

// 11/12 of the life: 55 of 60 minutes, and still early enough for the 20 s sessions of the tests.
constexpr int k_due_numerator = 11;
constexpr int k_due_denominator = 12;
constexpr milliseconds k_life_max =
    duration_cast<milliseconds>(limits::session_life_max) * k_due_denominator / k_due_numerator;
constexpr milliseconds k_life_unknown =
    duration_cast<milliseconds>(limits::session_life_default) * k_due_denominator / k_due_numerator;
constexpr milliseconds k_plausible_max = std::chrono::hours(2);
// Left over for the forced move: enough for the last transcripts of the old session.
constexpr milliseconds k_forced_reserve_max{10'000};
constexpr milliseconds k_switch_look{50};  // how often a ready successor looks for a quiet moment
// The call plays from its own queue and behind a greeting, so it may be this much later than we think.
constexpr milliseconds k_playing_margin{500};
// A detector reports speech some 300 ms after its first sound (prefix padding, network): the next
// session gets that much and more of what the old one may not have reported yet.
constexpr std::int64_t k_onset_ms = 600;
constexpr milliseconds k_retry_first{250};
constexpr milliseconds k_retry_most{30'000};
constexpr std::size_t k_item_starts_kept = 64;
constexpr std::int64_t k_before_us = -1;  // said before this voice was given audio

}  // namespace

milliseconds session_life(std::int64_t expires_at_s, std::int64_t utc_ms) {
    const auto latest_s = utc_ms / 1000 + k_plausible_max.count() / 1000;
    if (expires_at_s <= 0 || expires_at_s > latest_s) return k_life_unknown;
    const milliseconds left(expires_at_s * 1000 - utc_ms);
    return left <= milliseconds(0) ? k_life_unknown : std::min(left, k_life_max);
}

milliseconds renewal_due(milliseconds life) { return life * k_due_numerator / k_due_denominator; }

milliseconds renewal_forced(milliseconds life) {
    return life - std::min(k_forced_reserve_max, (life - renewal_due(life)) / 4);
}

RealtimeVoice::RealtimeVoice(base::Loop& loop, std::shared_ptr<const SessionPlan> plan, Connect connect,
                             const base::CallSid& call, VoiceListener& listener)
    : loop_(loop), plan_(std::move(plan)), connect_(std::move(connect)), call_(call), listener_(&listener),
      ring_(base::to_ms(limits::caller_ring)), backoff_(k_retry_first, k_retry_most), renew_timer_(loop),
      switch_timer_(loop), retire_timer_(loop) {}

RealtimeVoice::~RealtimeVoice() { stop("destroyed"); }

// --- the call's side ---

void RealtimeVoice::open() {
    if (listener_ == nullptr || current_) return;
    current_ = make_session();
    listener_->on_voice_stage(Stage::connecting);
    if (current_) current_->open(connect_);
}

void RealtimeVoice::prove(const Handover& handover) {
    if (std::exchange(proven_, true)) return;
    joining_ = handover.joining;
    remember(Role::assistant, handover.greeting, k_before_us);
    for (const Said& said : handover.said) {
        remember(said.who == Said::Who::caller ? Role::user : Role::assistant, said.text, k_before_us);
    }
    if (!ready_ || listener_ == nullptr) return;
    if (current_) start_talk(*current_);
    listener_->on_voice_ready();
}

void RealtimeVoice::caller_keys(std::string_view keys) {
    if (!ready() || !current_) return;
    const std::string text = "[The caller pressed these keys: " + std::string(keys) + "]";
    remember(Role::user, text, given_ms());
    current_->add_message(Role::user, text);
    current_->request_response();
}

void RealtimeVoice::dispatch_acknowledged(std::string_view result) {
    if (!ready() || !current_) return;
    remember(Role::user, std::string(k_acknowledged_note), given_ms());
    current_->dispatch_acknowledged(result);
}

void RealtimeVoice::caller_audio(std::string_view base64) {
    if (!ready()) {
        metrics::media_dropped_total.add("voice_socket");
        return;
    }
    ring_.push(base64);
    given_bytes_ += static_cast<std::int64_t>(base::base64_decoded_bytes(base64));
    if (current_) current_->append_audio(base64);
}

void RealtimeVoice::interrupted(const std::vector<PlayedItem>& items) {
    playing_until_ = loop_.now();
    if (current_) current_->interrupted(items);
}

void RealtimeVoice::cancel_response() {
    if (current_) current_->cancel_response();
}

bool RealtimeVoice::hang_up(bool speaking) {
    if (!ready() || !current_) return false;
    for (base::Timer* timer : {&renew_timer_, &switch_timer_}) timer->cancel();
    end_session(next_, "hang_up");
    const bool now = current_->hang_up(speaking);
    return now || owes_words();
}

bool RealtimeVoice::owes_words() const {
    return (current_ && current_->owes_words()) || (retired_ && retired_->words_pending());
}

void RealtimeVoice::stop(std::string_view reason) {
    if (std::exchange(listener_, nullptr) == nullptr) return;
    for (base::Timer* timer : {&renew_timer_, &switch_timer_, &retire_timer_}) timer->cancel();
    for (auto* session : {&current_, &next_, &retired_}) end_session(*session, reason);
}

// --- sessions ---

std::shared_ptr<Session> RealtimeVoice::make_session() {
    SessionListener& listener = *this;
    return std::make_shared<Session>(loop_, plan_, call_, ++sessions_, listener);
}

// We may be inside one of its notices: it is let go when the stack is unwound.
void RealtimeVoice::end_session(std::shared_ptr<Session>& session, std::string_view reason) {
    if (!session) return;
    session->close(1000, reason);
    loop_.post([gone = std::move(session)] {});
    session.reset();
}

void RealtimeVoice::lose(const VoiceLoss& loss) {
    metrics::upstream_lost_total.add(loss.reason);
    k_log.warning("provider lost", call_,
                  {{"provider", plan_->profile.name}, {"reason", loss.reason}, {"code", loss.error.code},
                   {"close_code", loss.close_code}, {"condition", base::to_string(loss.error.condition)}});
    VoiceListener* const listener = listener_;
    stop(loss.reason);
    if (listener != nullptr) listener->on_voice_lost(loss);
}

void RealtimeVoice::on_session_connected(Session& session) {
    if (&session == current_.get() && !ready_) listener_->on_voice_stage(Stage::connected);
}

void RealtimeVoice::on_session_created(Session& session) {
    if (&session == current_.get() && !ready_) listener_->on_voice_stage(Stage::created);
}

void RealtimeVoice::on_session_configured(Session& session) {
    if (&session == next_.get()) {
        try_switch();
        return;
    }
    ready_ = true;
    arm_renewal();
    if (proven_) start_talk(session);
    const auto self = shared_from_this();
    listener_->on_voice_stage(Stage::configured);
    if (listener_ != nullptr) listener_->on_voice_ready();
}

void RealtimeVoice::on_session_speech_started(Session& session) {
    if (&session != current_.get()) return;
    // A session that took over in the middle of a sentence reports its beginning once more.
    if (!std::exchange(caller_speaking_, true)) listener_->on_caller_speech_started();
}

void RealtimeVoice::on_session_speech_stopped(Session& session, milliseconds vad_wait) {
    if (&session != current_.get()) return;
    caller_speaking_ = false;
    listener_->on_caller_speech_stopped(vad_wait);
}

void RealtimeVoice::on_session_caller(Session& session, const CallerUtterance& utterance) {
    if (listener_ == nullptr) return;
    const auto self = shared_from_this();
    remember(Role::user, utterance.text, utterance.start_ms);
    // Late words of a retired session: its successor was introduced without them.
    if (&session != current_.get() && current_) current_->add_message(Role::user, utterance.text);
    if (&session == retired_.get() && !session.words_pending()) {
        retire_timer_.arm(milliseconds(0), [this] { end_retired(); });
    }
    listener_->on_caller_utterance(utterance);
}

void RealtimeVoice::on_session_audio(Session& session, std::string_view item, std::string_view base64) {
    if (&session != current_.get()) return;
    if (item_starts_.empty() || item_starts_.back().item != item) {
        if (item_starts_.size() >= k_item_starts_kept) item_starts_.pop_front();
        item_starts_.push_back(ItemStart{std::string(item), given_ms()});
    }
    const auto length = milliseconds(base::base64_decoded_bytes(base64) / 8);
    playing_until_ = std::max(playing_until_, loop_.now()) + length;
    listener_->on_voice_audio(item, base64);
}

void RealtimeVoice::on_session_audio_done(Session&, std::string_view item) {
    if (listener_ != nullptr) listener_->on_voice_audio_done(item);
}

void RealtimeVoice::on_session_voice(Session&, const VoiceUtterance& utterance) {
    if (listener_ == nullptr) return;
    std::int64_t at_ms = given_ms();
    for (const ItemStart& start : item_starts_) {
        if (start.item == utterance.item_id) at_ms = start.at_ms;
    }
    remember(Role::assistant, utterance.text, at_ms);
    listener_->on_voice_utterance(utterance);
}

void RealtimeVoice::on_session_person(Session& session, std::string_view reason) {
    if (&session == current_.get()) listener_->on_person_requested(reason);
}

std::string RealtimeVoice::on_session_report(Session& session, const ModelReport& report) {
    if (&session != current_.get()) return R"({"error":"unavailable"})";
    return listener_->on_incident_reported(report);
}

void RealtimeVoice::on_session_pulse(Session& session, const VoicePulse& pulse) {
    if (&session == current_.get() && listener_ != nullptr) listener_->on_voice_pulse(pulse);
}

void RealtimeVoice::on_session_budget(Session&, const TokenBudget& budget) {
    if (listener_ != nullptr) listener_->on_token_budget(budget);
}

void RealtimeVoice::on_session_lost(Session& session, const VoiceLoss& loss) {
    const auto self = shared_from_this();
    if (&session == next_.get()) {
        next_lost(loss);
        return;
    }
    if (&session == retired_.get()) {
        end_retired();
        return;
    }
    // Its end is part of the renewal when a successor is at hand, or when it ended because of its age.
    const bool renewable = ready_ && loss.error.condition == base::Condition::retry &&
                           (next_ != nullptr || loss.reason == "expired");
    const Carry carry = carry_from(session);
    const auto unwritten = unwritten_from(session);
    session.flush(renewable ? std::string_view(carry.turn) : std::string_view());
    if (listener_ == nullptr) return;
    if (!renewable) {
        unheard_from_ms_ = unwritten;
        lose(loss);
        return;
    }
    lost_carry_ = carry;
    end_session(current_, loss.reason);
    if (!next_) {
        renew_timer_.cancel();
        if (!renewing_) begin_renewal();
        else open_next();
    } else if (next_->configured()) {
        try_switch();
    }
}

// --- renewal ---

void RealtimeVoice::arm_renewal() {
    const auto life = session_life(current_->expires_at_s(), loop_.utc_ms());
    forced_at_ = current_->created_at() + renewal_forced(life);
    renew_timer_.arm_at(current_->created_at() + renewal_due(life), [this] { begin_renewal(); });
    k_log.debug("session life", call_, {{"session", current_->number()}, {"life_ms", life.count()}});
}

void RealtimeVoice::begin_renewal() {
    const auto self = shared_from_this();
    renewing_ = true;
    renew_began_at_ = loop_.now();
    backoff_.reset();
    k_log.notice("session renewing", call_, {{"provider", plan_->profile.name}, {"session", sessions_}});
    listener_->on_voice_stage(Stage::renewing);
    if (listener_ != nullptr) open_next();
}

void RealtimeVoice::open_next() {
    next_ = make_session();
    next_->open(connect_);
}

// The running session goes on until it expires; only then a failed renewal is a loss.
void RealtimeVoice::next_lost(const VoiceLoss& loss) {
    k_log.warning("session renewal failed", call_,
                  {{"reason", loss.reason}, {"code", loss.error.code}, {"close_code", loss.close_code}});
    end_session(next_, loss.reason);
    if (!current_) {
        lose(VoiceLoss{"expired", loss.error, loss.close_code});
        return;
    }
    if (loss.error.condition == base::Condition::fatal) return;
    renew_timer_.arm(backoff_.next(base::random_u32()), [this] { open_next(); });
}

bool RealtimeVoice::quiet() const {
    return !current_->caller_speaking() && !current_->awaiting_answer() && !current_->words_pending() &&
           playing_until_ + k_playing_margin <= loop_.now();
}

void RealtimeVoice::try_switch() {
    if (!next_ || !next_->configured()) return;
    if (!current_) {
        switch_over(lost_carry_.value_or(Carry{given_ms() - k_onset_ms, {}, false}));
        return;
    }
    // An answer that is on its way is let through even then: it takes a moment, and if the session
    // ends before, its loss brings us back here.
    const bool forced = loop_.now() >= forced_at_ && !current_->awaiting_answer();
    if (quiet() || forced) {
        switch_over(carry_from(*current_));
        return;
    }
    switch_timer_.arm(k_switch_look, [this] { try_switch(); });
}

RealtimeVoice::Carry RealtimeVoice::carry_from(const Session& old) const {
    Carry carry;
    carry.from_ms = given_ms() - k_onset_ms;
    const Turn* const turn = old.last_turn();
    if (!old.caller_speaking() && !old.awaiting_answer()) return carry;
    if (turn != nullptr && !turn->answered && !turn->transcribed) {
        carry.from_ms = std::min(carry.from_ms, turn->start_ms);
        carry.turn = turn->item;
    } else {
        carry.respond = true;
    }
    return carry;
}

void RealtimeVoice::switch_over(const Carry& carry) {
    const auto self = shared_from_this();
    switch_timer_.cancel();
    renew_timer_.cancel();
    auto old = std::exchange(current_, std::exchange(next_, nullptr));
    lost_carry_.reset();
    renewing_ = false;
    if (proven_) introduce(*current_);
    const std::int64_t replayed_ms = replay(carry.from_ms);
    if (carry.respond) current_->request_response();
    arm_renewal();
    metrics::session_rollover_total.add();
    k_log.notice("session renewed", call_,
                 {{"provider", plan_->profile.name}, {"session", current_->number()},
                  {"ms", base::to_ms(loop_.now() - renew_began_at_)},
                  {"replayed_ms", replayed_ms}});
    if (old) {
        if (!carry.turn.empty()) old->disown_turn(carry.turn);
        retire(std::move(old));
    }
    if (listener_ != nullptr) listener_->on_voice_stage(Stage::renewed);
}

// The old session stays until the words of its last turns are there, or late.
void RealtimeVoice::retire(std::shared_ptr<Session> old) {
    end_retired();
    retired_ = std::move(old);
    if (!retired_->words_pending()) end_retired();
    else retire_timer_.arm(k_transcript_patience, [this] { end_retired(); });
}

void RealtimeVoice::end_retired() {
    const auto self = shared_from_this();
    retire_timer_.cancel();
    auto old = std::exchange(retired_, nullptr);
    if (!old) return;
    old->flush({});
    end_session(old, "renewed");
}

// Pieces are whole Twilio frames; the one that `from_ms` falls into is the first to go. What it gives can be
// less than was asked for: the ring holds the last 30 s.
template <class Take>
std::int64_t RealtimeVoice::pieces_from(std::int64_t from_ms, Take take) {
    std::int64_t at_ms = given_ms() - ring_.held_ms();
    std::int64_t given_again_ms = 0;
    ring_.drain([&](std::string_view base64) {
        const auto length_ms = static_cast<std::int64_t>(base::base64_decoded_bytes(base64)) / 8;
        if (at_ms + length_ms > from_ms) {
            take(base64, at_ms);
            given_again_ms += length_ms;
        }
        at_ms += length_ms;
    });
    return given_again_ms;
}

// Also a turn that has been answered: its transcript may be later than the answer, and the answer broke off.
std::int64_t RealtimeVoice::unwritten_from(const Session& session) const {
    const auto onset = given_ms() - k_onset_ms;
    const auto first = session.unwritten_from_ms();
    return first < 0 ? onset : std::min(onset, first);
}

void RealtimeVoice::unheard(std::int64_t since_ms, const Give& give) {
    if (unheard_from_ms_ < 0 && ready() && current_) unheard_from_ms_ = unwritten_from(*current_);
    auto from_ms = std::exchange(unheard_from_ms_, -1);
    if (since_ms >= 0) from_ms = from_ms < 0 ? since_ms : std::min(from_ms, since_ms);
    if (from_ms >= 0) pieces_from(from_ms, [&](std::string_view base64, std::int64_t) { give(base64); });
}

std::int64_t RealtimeVoice::replay(std::int64_t from_ms) {
    bool first = true;
    const auto replayed_ms = pieces_from(from_ms, [&](std::string_view base64, std::int64_t at_ms) {
        if (std::exchange(first, false)) current_->set_audio_base(at_ms);
        current_->append_audio(base64);
    });
    if (first) current_->set_audio_base(given_ms());
    return replayed_ms;
}

// --- memory of the conversation ---

void RealtimeVoice::start_talk(Session& session) {
    introduce(session);
    if (std::exchange(joining_, false)) session.request_response();
}

void RealtimeVoice::introduce(Session& session) const {
    session.start_talking();
    for (const Remembered& said : history_) session.add_message(said.role, said.text);
}

void RealtimeVoice::remember(Role role, std::string_view text, std::int64_t at_ms) {
    if (text.empty() || text.size() > limits::history_bytes_max) return;
    // Transcripts of the caller come late, often after the answer to them.
    auto place = history_.end();
    while (place != history_.begin() && std::prev(place)->at_ms > at_ms) --place;
    history_.insert(place, Remembered{role, std::string(text), at_ms});
    history_bytes_ += text.size();
    while (history_.size() > limits::history_items_max || history_bytes_ > limits::history_bytes_max) {
        history_bytes_ -= history_.front().text.size();
        history_.pop_front();
    }
}

}  // namespace holdfast::voice::realtime
