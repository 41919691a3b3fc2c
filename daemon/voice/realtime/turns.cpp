#include "voice/realtime/turns.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace holdfast::voice::realtime {
namespace {
constexpr std::size_t k_turns_kept = 32;
}

Turn* Turns::find(std::string_view item) {
    for (auto it = turns_.rbegin(); it != turns_.rend(); ++it) {
        if (it->item == item) return &*it;
    }
    return nullptr;
}

Turn& Turns::known(std::string_view item, std::int64_t at_ms) {
    if (Turn* const turn = find(item)) return *turn;
    if (turns_.size() >= k_turns_kept) turns_.pop_front();
    Turn turn;
    turn.item.assign(item);
    turn.start_ms = at_ms;
    turns_.push_back(std::move(turn));
    return turns_.back();
}

Turn& Turns::start(std::string_view item, std::int64_t at_ms) { return known(item, at_ms); }

Turn& Turns::stop(std::string_view item, std::int64_t at_ms) {
    Turn& turn = known(item, at_ms);
    turn.end_ms = std::max(at_ms, turn.start_ms);
    return turn;
}

Turn& Turns::commit(std::string_view item, std::int64_t at_ms, base::TimePoint now) {
    Turn& turn = known(item, at_ms);
    if (turn.end_ms < 0) turn.end_ms = std::max(at_ms, turn.start_ms);
    turn.committed = true;
    turn.committed_at = now;
    return turn;
}

void Turns::mark_answered() {
    for (auto it = turns_.rbegin(); it != turns_.rend() && !it->answered; ++it) {
        if (it->end_ms >= 0) it->answered = true;
    }
}

bool Turns::words_pending(base::TimePoint now, base::Mono::duration patience) const {
    return std::any_of(turns_.begin(), turns_.end(), [&](const Turn& turn) {
        return turn.committed && !turn.transcribed && now - turn.committed_at < patience;
    });
}

std::int64_t Turns::unwritten_from_ms() const {
    for (const Turn& turn : turns_) {
        if (!turn.transcribed) return turn.start_ms;
    }
    return -1;
}

}  // namespace holdfast::voice::realtime
