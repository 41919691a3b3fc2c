#include "ladder/climb.hpp"

namespace holdfast::ladder {

const char* to_string(Move move) {
    switch (move) {
        case Move::stay:
            return "stay";
        case Move::replace:
            return "replace";
        case Move::step_down:
            return "step_down";
        case Move::step_up:
            return "step_up";
        case Move::person:
            return "person";
    }
    return "stay";
}

Climb::Climb(Rung start, base::TimePoint now, const config::Ladder& timers)
    : rung_(start),
      replace_within_(timers.replace_within),
      second_loss_window_(timers.second_loss_window),
      step_up_after_(timers.step_up_after),
      stepped_at_(now) {}

Move Climb::lost(Loss loss, base::TimePoint now) {
    const bool second = replacing() || (lost_at_ && now - *lost_at_ < second_loss_window_);
    lost_at_ = now;
    replace_until_.reset();
    if (loss == Loss::fatal || second || !is_live(rung_)) return down();
    replace_until_ = now + replace_within_;
    return Move::replace;
}

Move Climb::replace_overdue(base::TimePoint now) {
    if (!replace_until_ || now < *replace_until_) return Move::stay;
    replace_until_.reset();
    return down();
}

Move Climb::unserved() {
    replace_until_.reset();
    return down();
}

Move Climb::turn_boundary(std::optional<Rung> better, base::TimePoint now) const {
    // Who has been given to a person stays there until that call comes back as a new stream.
    if (!better || *better == rung_ || rung_ == Rung::person || replacing()) return Move::stay;
    return now - stepped_at_ >= step_up_after_ ? Move::step_up : Move::stay;
}

Move Climb::person_asked() {
    replace_until_.reset();
    return rung_ == Rung::person ? Move::stay : Move::person;
}

void Climb::stepped(Rung to, base::TimePoint now) {
    rung_ = to;
    stepped_at_ = now;
    lost_at_.reset();
    replace_until_.reset();
}

}  // namespace holdfast::ladder
