#include "caller/conversation.hpp"

#include <algorithm>

namespace holdfast::sim {

Conversation::Conversation(CallerScript script, ConversationLimits limits)
    : script_(std::move(script)),
      limits_(limits),
      answers_(script_.size() + 1),
      turns_(script_.size()) {}

Conversation::Todo Conversation::tick(std::int64_t now_ms, bool audible, bool idle) {
    if (!idle) idle_since_ms_ = now_ms;
    follow_answer(now_ms, audible, idle);
    watch_silence(now_ms, audible || speaking_ || excused_);
    if (speaking_ || current_ >= script_.size() || !due(now_ms)) return {};
    turns_[current_].started = true;
    return {Todo::Kind::begin_turn, current_++};
}

// The answer to the last turn begun: heard from its first audible frame, over when the queue stays
// empty.
void Conversation::follow_answer(std::int64_t now_ms, bool audible, bool idle) {
    Answer& answer = answers_[current_];
    const bool awaited = current_ == 0 || turns_[current_ - 1].speech_to_ms >= 0;
    if (!awaited || answer.over) return;
    // An answer that began before the caller had finished (a pause taken for the end) counts as
    // well.
    const bool nothing_older =
        current_ > 0 && (!turns_[current_ - 1].interrupts || turns_[current_ - 1].cleared_ms >= 0);
    if (answer.received_ms < 0 && audible && nothing_older) answer.received_ms = now_ms;
    if (answer.received_ms >= 0 && answer.heard_ms < 0 && audible) answer.heard_ms = now_ms;
    if (answer.heard_ms >= 0) {
        if (!idle) answer.ended_ms = now_ms;
        answer.over = idle && now_ms - idle_since_ms_ >= limits_.ended_after_ms;
        return;
    }
    const std::int64_t asked = current_ == 0 ? 0 : turns_[current_ - 1].speech_to_ms;
    const std::int64_t patience =
        current_ == 0 ? limits_.greeting_patience_ms : limits_.patience_ms;
    const bool expected = current_ == 0 || script_[current_ - 1].expect_answer;
    answer.over = now_ms - asked >= (expected ? patience : 0);
}

bool Conversation::due(std::int64_t now_ms) {
    const CallerTurn& turn = script_[current_];
    const Answer& before = answers_[current_];
    std::int64_t since = -1;
    switch (turn.when) {
        case CallerTurn::When::at:
            since = 0;
            break;
        case CallerTurn::When::spoken:
            since = current_ == 0 ? 0 : turns_[current_ - 1].speech_to_ms;
            break;
        case CallerTurn::When::answer_began:
            since = before.heard_ms >= 0 ? before.heard_ms
                    : before.over        ? now_ms - turn.after_ms
                                         : -1;
            break;
        case CallerTurn::When::answer_ended:
            // The time it took to notice the end is part of the wait that the script asks for.
            if (before.over)
                since = before.ended_ms >= 0 ? before.ended_ms : now_ms - turn.after_ms;
            break;
    }
    excused_ = since >= 0 && turn.after_ms >= limits_.dead_air_ms;
    return since >= 0 && now_ms - since >= turn.after_ms;
}

void Conversation::watch_silence(std::int64_t now_ms, bool sound) {
    if (!sound) return;
    if (now_ms - silent_since_ms_ > limits_.dead_air_ms)
        gaps_.push_back({silent_since_ms_, now_ms});
    silent_since_ms_ = now_ms;
}

void Conversation::speech_began(std::int64_t now_ms, bool idle) {
    speaking_ = true;
    turns_[current_ - 1].speech_from_ms = now_ms;
    turns_[current_ - 1].interrupts = !idle;
}

void Conversation::speech_ended(std::int64_t now_ms) {
    speaking_ = false;
    turns_[current_ - 1].speech_to_ms = now_ms;
}

void Conversation::nothing_to_say(std::int64_t now_ms) {
    turns_[current_ - 1].speech_to_ms = now_ms;
}

// Audio that comes while older audio is still queued belongs to the older answer, unless the box
// has cleared the queue since the caller began to speak.
void Conversation::media_received(std::int64_t now_ms, bool was_idle) {
    Answer& answer = answers_[current_];
    if (answer.received_ms >= 0) return;
    if (current_ == 0) {
        answer.received_ms = now_ms;
        return;
    }
    const TurnTimes& turn = turns_[current_ - 1];
    if (turn.speech_to_ms < 0) return;
    if (was_idle || turn.cleared_ms >= 0) answer.received_ms = now_ms;
}

void Conversation::cleared(std::int64_t now_ms) {
    if (current_ == 0) return;
    TurnTimes& turn = turns_[current_ - 1];
    if (turn.speech_from_ms >= 0 && turn.cleared_ms < 0) turn.cleared_ms = now_ms;
}

}  // namespace holdfast::sim
