#include "voice/scripted/scripted_voice.hpp"

#include "base/base64.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "voice/silence.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::voice::scripted {
namespace {

using base::Condition;
using base::milliseconds;

constexpr log::Logger k_log{"voice"};
// Waits before the second, third, ... try for ears; the last one repeats.
constexpr std::array k_ears_waits{milliseconds(0), milliseconds(500), milliseconds(2000), milliseconds(5000),
                                  milliseconds(15'000), milliseconds(30'000)};
constexpr int k_ears_tries_deaf = 2;       // failed in a row: the caller is asked for keys
constexpr std::size_t k_end_of_turn_ms = 1500;  // of silence: Scribe is asked to commit after 0.8 s
constexpr std::int64_t k_onset_ms = 600;   // a partial comes this much after its first sound
constexpr std::size_t k_frame_base64_max = 64 * 1024;

// A word of holdfast_upstream_lost_total.
std::string_view loss_reason(std::string_view tts_code) {
    for (const std::string_view same : {"auth", "quota", "network", "timeout"}) {
        if (tts_code == same) return same;
    }
    if (tts_code == "voice") return "model";
    if (tts_code == "plan") return "auth";
    if (tts_code == "request") return "config";
    if (tts_code == "slow") return "timeout";
    if (tts_code == "busy" || tts_code == "server") return "server_error";
    if (tts_code == "cut") return "network";
    if (tts_code == "breaker") return "other";
    return "format";
}

// A word of holdfast_upstream_connect_total.
const char* connect_result(const VoiceLoss& loss) {
    const std::string_view code = loss.error.code;
    if (code == "tls") return "tls";
    if (loss.reason == "timeout") return "timeout";
    if (loss.reason == "network") return "network";
    if (loss.reason == "protocol") return "protocol";
    return loss.close_code >= 400 || loss.error.condition == Condition::fatal ? "refused" : "other";
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n,.;");
    if (first == std::string_view::npos) return {};
    const auto last = text.find_last_not_of(" \t\r\n");
    return std::string(text.substr(first, last - first + 1));
}

}  // namespace

ScriptedVoice::ScriptedVoice(base::Loop& loop, std::shared_ptr<const ScriptedParts> parts,
                             const base::CallSid& call, VoiceListener& listener, ScriptedObserver* observer)
    : loop_(loop), parts_(std::move(parts)), call_(call), listener_(&listener), observer_(observer),
      interview_(*parts_->extract, parts_->person_words), ring_(base::to_ms(limits::caller_ring)),
      ready_timer_(loop), begin_timer_(loop), ears_timer_(loop), hearing_timer_(loop), unheard_timer_(loop), played_timer_(loop),
      answer_timer_(loop) {}

ScriptedVoice::~ScriptedVoice() { stop("destroyed"); }

// --- the call's side ---

void ScriptedVoice::open() {
    if (listener_ == nullptr || std::exchange(opened_, true)) return;
    listener_->on_voice_stage(Stage::connecting);
    if (listener_ == nullptr) return;
    ready_timer_.arm(k_ready_wait, [this] { be_ready(); });
    open_ears();
}

void ScriptedVoice::prove(const Handover& handover) {
    if (std::exchange(proven_, true) || listener_ == nullptr) return;
    handover_ = handover;
    if (!ears_ && !ears_timer_.armed() && !deaf_ && opened_) open_ears();  // held back until now
    if (!ready_) return;
    begin_timer_.arm(milliseconds(0), [this] { begin(); });
    listener_->on_voice_ready();
}

void ScriptedVoice::caller_audio(std::string_view base64) {
    if (!ready() || base64.size() > k_frame_base64_max) {
        metrics::media_dropped_total.add("voice_socket");
        return;
    }
    ring_.push(base64);
    given_bytes_ += static_cast<std::int64_t>(base::base64_decoded_bytes(base64));
    if (ears_) ears_->append_audio(base64);
    watch_locally(base64);
}

// From the beginning of what the ears have not finished with, if anybody spoke.
void ScriptedVoice::unheard(std::int64_t since_ms, const Give& give) {
    const auto onset = std::max(given_ms() - k_onset_ms, settled_ms_);
    const auto from = speaking_ || spoke_ || since_ms >= 0 ? settled_ms_ : onset;
    std::int64_t at_ms = given_ms() - ring_.held_ms();
    ring_.drain([&](std::string_view base64) {
        at_ms += static_cast<std::int64_t>(base::base64_decoded_bytes(base64)) / 8;
        if (at_ms > from) give(base64);
    });
}

// Scribe commits after a silence. The interview is over.
bool ScriptedVoice::hang_up(bool speaking) {
    if (!ready() || !ears_ || !ears_->started() || !(speaking || speaking_ || spoke_)) return false;
    for (base::Timer* timer : {&begin_timer_, &hearing_timer_, &unheard_timer_, &played_timer_, &answer_timer_}) timer->cancel();
    drop_request();
    owes_words_ = true;
    give_silence(k_end_of_turn_ms, [this](std::string_view base64) {
        if (ears_) ears_->append_audio(base64);
    });
    return owes_words();
}

bool ScriptedVoice::owes_words() const { return owes_words_ && ears_ != nullptr; }

void ScriptedVoice::caller_keys(std::string_view keys) {
    if (!ready() || !begun_) return;
    answer_timer_.cancel();
    feed(Input::Kind::keys, std::string(keys.substr(0, limits::dtmf_kept)));
}

void ScriptedVoice::item_played(std::string_view item_id) {
    if (saying_ && saying_->id == item_id && saying_->made) mark_heard();
}

void ScriptedVoice::interrupted(const std::vector<PlayedItem>& items) {
    playing_until_ = loop_.now();
    const bool ours = saying_ && std::any_of(items.begin(), items.end(), [this](const PlayedItem& item) {
                          return item.item_id == saying_->id;
                      });
    if (!ours || saying_->heard || listener_ == nullptr) return;
    drop_request();
    saying_->heard = true;
    played_timer_.cancel();
    cut_ = true;
    if (!saying_->made) finish_item(false);
    if (!speaking_) listen(k_statement_wait);
}

void ScriptedVoice::cancel_response() {
    if (!saying_ || saying_->made || listener_ == nullptr) return;
    drop_request();
    finish_item(false);
}

void ScriptedVoice::stop(std::string_view) {
    if (std::exchange(listener_, nullptr) == nullptr) return;
    for (base::Timer* timer :
         {&ready_timer_, &begin_timer_, &ears_timer_, &hearing_timer_, &unheard_timer_, &played_timer_,
          &answer_timer_}) {
        timer->cancel();
    }
    drop_request();
    end_ears();
}

void ScriptedVoice::lose(std::string_view reason, Condition condition, const char* code) {
    VoiceListener* const listener = listener_;
    if (listener == nullptr) return;
    const auto self = shared_from_this();
    metrics::upstream_lost_total.add(reason);
    k_log.warning("provider lost", call_,
                  {{"provider", provider()}, {"reason", reason}, {"code", code},
                   {"condition", base::to_string(condition)}});
    stop(reason);
    listener->on_voice_lost(VoiceLoss{reason, base::make_error(condition, code), 0});
}

void ScriptedVoice::be_ready() {
    if (listener_ == nullptr || std::exchange(ready_, true)) return;
    ready_timer_.cancel();
    if (proven_) begin_timer_.arm(milliseconds(0), [this] { begin(); });
    listener_->on_voice_ready();
}

void ScriptedVoice::begin() {
    if (listener_ == nullptr || std::exchange(begun_, true)) return;
    const auto self = shared_from_this();
    perform(interview_.begin(handover_), deaf_);
    if (deaf_) feed(Input::Kind::deaf);
}

// --- ears ---

void ScriptedVoice::open_ears() {
    EarsListener& listener = *this;
    ears_ = std::make_shared<Ears>(loop_, call_, ++ears_sessions_, listener);
    ears_->open(parts_->connect_ears);
}

// We may be inside one of its notices: it is let go when the stack is unwound.
void ScriptedVoice::end_ears() {
    if (!ears_) return;
    ears_->close("done");
    loop_.post([gone = std::move(ears_)] {});
    ears_.reset();
}

void ScriptedVoice::on_ears_connected(Ears& ears) {
    if (&ears == ears_.get() && ears_sessions_ == 1) listener_->on_voice_stage(Stage::connected);
}

void ScriptedVoice::on_ears_started(Ears& ears) {
    if (&ears != ears_.get()) return;
    const auto self = shared_from_this();
    ears_started_at_ = loop_.now();
    metrics::upstream_connect_total.add("configured");
    // Ears that come and go at once are none: they are believed when they have lived a while, or have words.
    if (deaf_) hearing_timer_.arm(k_ears_believed, [this] { hear_again(); });
    replay_to_ears();
    if (ready_ || listener_ == nullptr) return;
    listener_->on_voice_stage(Stage::configured);
    be_ready();
}

void ScriptedVoice::hear_again() {
    hearing_timer_.cancel();
    if (!std::exchange(deaf_, false)) return;
    k_log.notice("caller can be heard again", call_);
    if (observer_ != nullptr) observer_->on_scripted_recovered("ears");
    if (begun_) feed(Input::Kind::hearing);
}

void ScriptedVoice::on_ears_lost(Ears& ears, const VoiceLoss& loss) {
    if (&ears == ears_.get()) ears_failed(loss);
}

// A session that served for a while has only ended; one that did not get that far counts as a failed try.
void ScriptedVoice::ears_failed(const VoiceLoss& loss) {
    const auto self = shared_from_this();
    const bool was_started = ears_started_at_ != base::TimePoint{};
    if (was_started && loop_.now() - ears_started_at_ >= k_ears_healthy) ears_tries_ = 0;
    ears_started_at_ = {};
    end_ears();
    hearing_timer_.cancel();
    unheard_timer_.cancel();
    speech_ended();
    if (listener_ == nullptr) return;
    ++ears_tries_;
    if (!was_started) metrics::upstream_connect_total.add(connect_result(loss));
    if (!proven_ && loss.error.condition == Condition::retry) return be_ready();  // one session for a webhook
    const bool again = loss.error.condition == Condition::retry && ears_tries_ < k_ears_tries_max;
    if (again) {
        const auto wait = std::min<std::size_t>(static_cast<std::size_t>(ears_tries_ - 1), k_ears_waits.size() - 1);
        ears_timer_.arm(k_ears_waits[wait], [this] { open_ears(); });
    }
    if (!again || ears_tries_ >= k_ears_tries_deaf) go_deaf(loss.reason);
}

void ScriptedVoice::go_deaf(std::string_view reason) {
    const bool news = !deaf_;
    degraded("ears", reason, deaf_);
    if (news && begun_) feed(Input::Kind::deaf);
    be_ready();
}

// What was said while nobody listened, and the sentence that the last session did not finish.
void ScriptedVoice::replay_to_ears() {
    std::vector<std::string> pieces;
    std::int64_t at_ms = given_ms() - ring_.held_ms();
    ring_.drain([&pieces](std::string_view base64) { pieces.emplace_back(base64); });
    for (const std::string& piece : pieces) {
        ring_.push(piece);
        if (ears_ && at_ms >= settled_ms_) {
            ears_->append_audio(piece);
            replayed_until_ = loop_.now() + k_ears_catch_up;
        }
        at_ms += static_cast<std::int64_t>(base::base64_decoded_bytes(piece)) / 8;
    }
}

// A session that answers pings and transcribes nothing looks healthy; only our own ear can tell. Once a
// call: noise that is no speech may look the same to it.
void ScriptedVoice::watch_locally(std::string_view base64) {
    const auto bytes = base::base64_decode(base64);
    if (!bytes) return;
    const auto change = detector_.push(*bytes);
    if (change == audio::SpeechDetector::Change::started) spoke_ = true;
    // An answer that nobody understood must not be followed by silence.
    if (change == audio::SpeechDetector::Change::stopped && begun_ && answer_timer_.armed()) {
        listen(deaf_ ? k_deaf_answer_wait : k_words_wait);
    }
    if (change != audio::SpeechDetector::Change::stopped || hung_once_ || !ears_ || !ears_->started()) return;
    if (unheard_timer_.armed()) return;
    unheard_timer_.arm(k_ears_unheard, [this] {
        hung_once_ = true;
        metrics::ears_lost_total.add("silent");
        k_log.warning("transcription hears nothing of what is said, trying another session", call_);
        ears_failed(VoiceLoss{"silent", base::make_error(Condition::retry, "unheard"), 0});
    });
}

void ScriptedVoice::on_ears_partial(Ears& ears) {
    if (&ears != ears_.get()) return;
    unheard_timer_.cancel();
    speech_began();
}

void ScriptedVoice::speech_began() {
    if (std::exchange(speaking_, true) || listener_ == nullptr) return;
    answer_timer_.cancel();
    // What another session did not finish was said a while ago: it interrupts nothing.
    const bool old = loop_.now() < replayed_until_ && !detector_.speaking();
    speech_from_ms_ = std::max(settled_ms_, given_ms() - k_onset_ms);
    if (!old) listener_->on_caller_speech_started();  // the call stops the question and tells interrupted()
}

void ScriptedVoice::speech_ended() {
    if (!std::exchange(speaking_, false) || listener_ == nullptr) return;
    if (begun_) listen(deaf_ ? k_deaf_answer_wait : k_words_wait);
    listener_->on_caller_speech_stopped(milliseconds(0));
}

// The words of everything so far are known.
void ScriptedVoice::settle() {
    settled_ms_ = given_ms();
    spoke_ = false;
}

void ScriptedVoice::on_ears_words(Ears& ears, const std::string& text) {
    if (&ears != ears_.get()) return;
    const auto self = shared_from_this();
    unheard_timer_.cancel();
    const std::string words = trimmed(text);
    if (words.empty() && !speaking_) {
        settle();
        return;
    }
    if (!words.empty()) {
        hear_again();
        speech_began();  // a commit without a partial before it
    }
    if (listener_ == nullptr) return;
    speaking_ = false;
    const bool cut = std::exchange(cut_, false);
    listener_->on_caller_speech_stopped(k_ears_vad_silence);
    if (listener_ == nullptr) return;
    if (words.empty()) {
        settle();
        if (std::exchange(owes_words_, false) || !begun_) return;
        if (cut) feed(Input::Kind::utterance);  // a noise stopped the question
        else listen(k_statement_wait);
        return;
    }
    CallerUtterance utterance;
    utterance.item_id = "u" + std::to_string(++utterances_);
    utterance.text = words;
    utterance.start_ms = speech_from_ms_;
    utterance.end_ms = std::max(speech_from_ms_, given_ms() - k_ears_vad_silence.count());
    settle();
    const bool gone = std::exchange(owes_words_, false);
    listener_->on_caller_utterance(utterance);
    if (listener_ != nullptr && begun_ && !gone) feed(Input::Kind::utterance, words);
}

// --- the interview ---

void ScriptedVoice::feed(Input::Kind kind, std::string text) {
    if (listener_ == nullptr) return;
    const auto self = shared_from_this();
    perform(interview_.take(Input{kind, std::move(text)}));
}

// `silent`: what would be said is replaced by something else.
void ScriptedVoice::perform(Actions actions, bool silent) {
    for (Action& action : actions) {
        if (listener_ == nullptr) return;
        switch (action.kind) {
            case Action::Kind::say:
                if (!silent) say(std::move(action.parts));
                break;
            case Action::Kind::listen:
                if (!silent) listen(action.wait);
                break;
            case Action::Kind::note:
                if (observer_ != nullptr) observer_->on_interview_note(action.slot, action.words);
                break;
            case Action::Kind::answered:
                k_log.info("question answered", call_, {{"slot", to_string(action.slot)}});
                if (observer_ != nullptr) observer_->on_interview_answered(action.slot);
                break;
            case Action::Kind::person:
                answer_timer_.cancel();
                k_log.notice("interview asks for a person", call_, {{"reason", action.words}});
                listener_->on_person_requested(action.words);
                break;
            case Action::Kind::language:
                k_log.info("interview language", call_, {{"language", to_string(action.language)}});
                if (observer_ != nullptr) observer_->on_interview_language(action.language);
                break;
        }
    }
}

void ScriptedVoice::listen(milliseconds wait) {
    if (speaking_) return;  // words will come, or the loss of the ears
    answer_timer_.arm(wait, [this] { feed(Input::Kind::no_answer); });
}

// --- speaking ---

void ScriptedVoice::say(std::vector<Part> parts) {
    drop_request();
    if (saying_ && !saying_->made) finish_item(false);
    if (listener_ == nullptr) return;
    answer_timer_.cancel();
    const bool fresh = std::any_of(parts.begin(), parts.end(),
                                   [](const Part& part) { return part.sentence == Sentence::count; });
    if (fresh && !parts_->tts->usable()) {  // no half sentences: the next question at once
        degraded("voice", "breaker", voice_degraded_);
        return feed(Input::Kind::unsaid);
    }
    Saying saying;
    saying.id = "s" + std::to_string(++items_);
    saying.parts = std::move(parts);
    saying.language = interview_.language();
    saying_ = std::move(saying);
    say_on();
}

// A fixed sentence is never waited for while a clip of it exists, in whatever voice.
std::optional<std::string_view> ScriptedVoice::source(Sentence sentence) const {
    if (const std::string* kept = parts_->cache->find(sentence, saying_->language)) return std::string_view(*kept);
    if (parts_->recorded) {
        const auto clip = parts_->recorded(name(sentence), to_string(saying_->language));
        if (clip && !clip->base64.empty()) return clip->base64;
    }
    return std::nullopt;
}

void ScriptedVoice::say_on() {
    const std::uint64_t item = items_;
    while (listener_ != nullptr && saying_ && items_ == item && saying_->at < saying_->parts.size()) {
        const Part& part = saying_->parts[saying_->at];
        const bool fixed = part.sentence != Sentence::count;
        if (const auto clip = fixed ? source(part.sentence) : std::nullopt) {
            ++saying_->at;
            give(*clip);
            continue;
        }
        saying_->fresh_played = false;
        const std::string_view text = fixed ? words(part.sentence, saying_->language) : std::string_view(part.fresh);
        TtsListener& listener = *this;
        request_ = parts_->tts->speak(text, saying_->language, listener);
        return;
    }
    if (listener_ != nullptr && saying_ && items_ == item && !saying_->made) finish_item(true);
}

void ScriptedVoice::give(std::string_view base64) {
    const auto length = milliseconds(base::base64_decoded_bytes(base64) / 8);
    playing_until_ = std::max(playing_until_, loop_.now()) + length;
    listener_->on_voice_audio(saying_->id, base64);
}

void ScriptedVoice::finish_item(bool complete) {
    const std::string id = saying_->id;
    const std::string text = text_of(saying_->parts, saying_->language);
    saying_->made = true;
    if (!saying_->heard) {
        played_timer_.arm_at(std::max(playing_until_, loop_.now()) + k_played_patience, [this] { mark_heard(); });
    }
    listener_->on_voice_audio_done(id);
    if (listener_ != nullptr) listener_->on_voice_utterance(VoiceUtterance{id, text, complete});
}

void ScriptedVoice::mark_heard() {
    if (!saying_ || std::exchange(saying_->heard, true)) return;
    played_timer_.cancel();
    feed(Input::Kind::heard);
}

void ScriptedVoice::drop_request() { request_.reset(); }

void ScriptedVoice::on_tts_audio(std::string_view base64) {
    if (!saying_ || saying_->made) return;
    saying_->fresh_played = true;
    give(base64);
}

void ScriptedVoice::on_tts_slow() {
    if (!saying_ || saying_->made) return;
    const auto clip = source(Sentence::moment);
    if (!clip) return;
    const auto at = saying_->parts.begin() + static_cast<std::ptrdiff_t>(saying_->at);
    saying_->parts.insert(at, Part{Sentence::moment, {}});
    ++saying_->at;
    give(*clip);
}

void ScriptedVoice::on_tts_done(const std::string& mulaw) {
    const auto self = shared_from_this();
    request_.reset();
    if (!saying_ || saying_->made) return;
    const Part& part = saying_->parts[saying_->at];
    if (part.sentence != Sentence::count) parts_->cache->keep(part.sentence, saying_->language, mulaw);
    ++saying_->at;
    voice_degraded_ = false;
    say_on();
}

void ScriptedVoice::on_tts_failed(const TtsFailure& failure) {
    const auto self = shared_from_this();
    request_.reset();
    if (!saying_ || saying_->made || listener_ == nullptr) return;
    degraded("voice", failure.code, voice_degraded_);
    const bool fixed = saying_->parts[saying_->at].sentence != Sentence::count;
    // A sentence that every call needs has no clip and no voice: the caller would hear nothing.
    if (fixed && !failure.played) return lose(loss_reason(failure.code), failure.condition, failure.code);
    // What was not said is not in the transcript as said.
    saying_->parts.resize(saying_->at + (failure.played ? 1 : 0));
    finish_item(false);
    feed(Input::Kind::unsaid);
}

void ScriptedVoice::degraded(std::string_view half, std::string_view reason, bool& flag) {
    if (std::exchange(flag, true)) return;
    k_log.warning("scripted voice goes on with less", call_, {{"lost", half}, {"reason", reason}});
    if (observer_ != nullptr) observer_->on_scripted_degraded(half, reason);
}

}  // namespace holdfast::voice::scripted
