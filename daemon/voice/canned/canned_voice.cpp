#include "voice/canned/canned_voice.hpp"

#include "log/log.hpp"

#include <utility>

namespace holdfast::voice::canned {
namespace {

constexpr log::Logger k_log{"voice"};

}  // namespace

CannedVoice::CannedVoice(base::Loop& loop, const Clips& clips, VoiceListener& listener)
    : clips_(clips), listener_(&listener), timer_(loop) {}

CannedVoice::~CannedVoice() = default;

// A call that comes back from a person who did not answer was told before that it is recorded.
bool CannedVoice::was_introduced(const Handover& handover) const {
    const Clip* const intro = clips_.find("canned_intro", handover.language);
    for (const Said& said : handover.said) {
        if (intro != nullptr && said.who == Said::Who::voice && said.text == intro->words) return true;
    }
    return false;
}

void CannedVoice::prove(const Handover& handover) {
    if (std::exchange(proven_, true) || listener_ == nullptr) return;
    state_.spanish = handover.language == "es";
    const bool knows = was_introduced(handover);
    timer_.arm(base::milliseconds(0), [this, knows] {
        happen(Event{knows ? EventKind::begin_again : EventKind::begin, 0});
    });
}

void CannedVoice::caller_keys(std::string_view keys) {
    for (const char key : keys) {
        if (listener_ != nullptr) happen(Event{EventKind::key, key});
    }
}

// While a question is being asked, the plan waits for nothing yet.
void CannedVoice::caller_speaks(bool speaking) {
    if (proven_ && saying_.empty()) happen(Event{speaking ? EventKind::speech_began : EventKind::speech_ended, 0});
}

void CannedVoice::item_played(std::string_view item_id) {
    if (saying_.empty() || item_id != saying_) return;
    saying_.clear();
    happen(Event{EventKind::played, 0});
}

// A key cut the prompt short: the caller knows the question.
void CannedVoice::interrupted(const std::vector<PlayedItem>& items) {
    for (const auto& item : items) {
        if (item.item_id == saying_) {
            item_played(saying_);
            return;
        }
    }
}

void CannedVoice::stop(std::string_view) {
    listener_ = nullptr;
    timer_.cancel();
}

void CannedVoice::happen(const Event& event) {
    if (listener_ == nullptr) return;
    const auto self = shared_from_this();  // giving the call to a person lets go of us
    Outcome outcome = step(state_, event);
    state_ = outcome.state;
    for (const Action& action : outcome.actions) {
        if (listener_ != nullptr) perform(action);
    }
}

void CannedVoice::perform(const Action& action) {
    switch (action.kind) {
        case Action::Kind::say: say(action.word); return;
        case Action::Kind::wait:
            timer_.arm(action.time, [this] { happen(Event{EventKind::time_out, 0}); });
            return;
        case Action::Kind::stop_waiting: timer_.cancel(); return;
        case Action::Kind::give_to_person: listener_->on_person_requested("canned_done"); return;
    }
}

void CannedVoice::say(std::string_view prompt) {
    saying_ = "canned-" + std::to_string(++said_);
    const Clip* const clip = clips_.find(prompt, state_.spanish ? "es" : "en");
    if (clip == nullptr) {  // the loader refuses such a set; silence must not follow all the same
        k_log.error("prompt missing", {{"prompt", prompt}});
        timer_.arm(base::milliseconds(0), [this] { item_played(std::string(saying_)); });
        return;
    }
    VoiceListener* const listener = listener_;
    const std::string item = saying_;
    listener->on_voice_audio(item, clip->base64);
    if (listener_ == nullptr) return;
    listener->on_voice_utterance(VoiceUtterance{item, clip->words, true});
    if (listener_ != nullptr) listener->on_voice_audio_done(item);
}

}  // namespace holdfast::voice::canned
