#include "call/watch.hpp"

#include <algorithm>

namespace holdfast::call {
namespace {

// A sound that the provider's detector did not take for speech, and shorter than this, was a cough or a
// door: no answer is owed. Anything longer should have been noticed by whoever listens.
constexpr base::milliseconds k_unnoticed_speech_min{1000};
// The provider may report a speech before our own detector dates its beginning.
constexpr base::milliseconds k_noticed_before{1000};

}  // namespace

void Watch::begin(base::TimePoint now) {
    begun_ = true;
    quiet_since_ = now;
}

void Watch::caller_started(base::TimePoint at) {
    caller_speaking_ = true;
    started_at_ = at;
    unnoticed_.reset();
    owed_since_.reset();
    filled_ = false;
    sentence_open_ = false;  // the caller has taken the turn; a voice that goes on opens it again
    stage_ = Stage::listening;
    quiet_since_ = at;
}

void Watch::caller_stopped(base::TimePoint at, base::milliseconds spoken) {
    caller_speaking_ = false;
    quiet_since_ = std::max(quiet_since_, at);
    const bool noticed = noticed_at_ && *noticed_at_ >= started_at_ - k_noticed_before;
    if (noticed || doubt_ || spoken >= k_unnoticed_speech_min) owed_since_ = at;
    else unnoticed_ = at;
}

void Watch::caller_pressed(base::TimePoint at) {
    stage_ = Stage::listening;
    quiet_since_ = std::max(quiet_since_, at);
}

void Watch::voice_noticed(base::TimePoint now) {
    noticed_at_ = now;
    // A short word may be over before its beginning is reported.
    if (unnoticed_ && now - *unnoticed_ < times_.filler_after) owed_since_ = unnoticed_;
    unnoticed_.reset();
}

void Watch::line_in_doubt(base::TimePoint now, bool doubt) {
    doubt_ = doubt;
    if (!doubt || !unnoticed_) return;
    if (now - *unnoticed_ < times_.answer_timeout) owed_since_ = unnoticed_;
    unnoticed_.reset();
}

void Watch::voice_excused() {
    owed_since_.reset();
    filled_ = false;
}

void Watch::voice_audio(base::TimePoint until) {
    owed_since_.reset();
    filled_ = false;
    noticed_at_.reset();
    sentence_open_ = true;
    sound_until_ = std::max(sound_until_, until);
}

void Watch::voice_audio_done() { sentence_open_ = false; }

void Watch::voice_changed() {
    voice_excused();
    voice_audio_done();
    noticed_at_.reset();
    doubt_ = false;
}

void Watch::box_sound(base::TimePoint until) { sound_until_ = std::max(sound_until_, until); }

void Watch::silenced(base::TimePoint now) {
    sound_until_ = std::min(sound_until_, now);
    sentence_open_ = false;
}

std::optional<Alarm> Watch::due(base::TimePoint now, bool live) {
    if (!begun_) return std::nullopt;
    if (live) {
        if (sentence_open_ && now - sound_until_ >= times_.stall_after && sound_until_ <= now) {
            sentence_open_ = false;
            return Alarm::stalled;
        }
        if (const auto alarm = answer_due(now)) return alarm;
    }
    return silence_due(now);
}

std::optional<Alarm> Watch::answer_due(base::TimePoint now) {
    if (!owed_since_ || caller_speaking_) return std::nullopt;
    if (now - *owed_since_ >= times_.answer_timeout) {
        voice_excused();
        return Alarm::answer_overdue;
    }
    if (!filled_ && now - *owed_since_ >= times_.filler_after && sound_until_ <= now) {
        filled_ = true;
        return Alarm::filler;
    }
    return std::nullopt;
}

std::optional<Alarm> Watch::silence_due(base::TimePoint now) {
    if (caller_speaking_ || owed_since_ || sound_until_ > now) return std::nullopt;
    struct Step {
        base::milliseconds after;
        Stage next;
        Alarm alarm;
    };
    Step step{};
    switch (stage_) {
        case Stage::listening: step = {times_.silence_prompt, Stage::prompted, Alarm::silence_prompt}; break;
        case Stage::prompted: step = {times_.silence_keys, Stage::offered_keys, Alarm::silence_keys}; break;
        case Stage::offered_keys: step = {times_.silence_person, Stage::given_up, Alarm::silence_person}; break;
        case Stage::given_up: return std::nullopt;
    }
    if (now - std::max(quiet_since_, sound_until_) < step.after) return std::nullopt;
    stage_ = step.next;
    quiet_since_ = now;
    return step.alarm;
}

const char* to_string(Alarm alarm) {
    switch (alarm) {
        case Alarm::filler: return "filler";
        case Alarm::answer_overdue: return "answer_overdue";
        case Alarm::stalled: return "stalled";
        case Alarm::silence_prompt: return "silence_prompt";
        case Alarm::silence_keys: return "silence_keys";
        case Alarm::silence_person: return "silence_person";
    }
    return "unknown";
}

}  // namespace holdfast::call
