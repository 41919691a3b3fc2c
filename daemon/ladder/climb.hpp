// The rules of one call on the ladder. Says which move to make; which rung is below or above is the
// Ladder's to know, and making the move is the call's. One call, one Climb.
#pragma once

#include "base/loop.hpp"
#include "config/config.hpp"
#include "ladder/rung.hpp"

#include <optional>

namespace holdfast::ladder {

enum class Move {
    stay,
    replace,    // open the lost session again, on the same rung: a seam, not a step
    step_down,  // to Ladder::next_below
    step_up,    // to the better rung that was given
    person,     // straight to rung person
};
const char* to_string(Move move);

enum class Loss { may_heal, fatal };

class Climb {
  public:
    Climb(Rung start, base::TimePoint now, const config::Ladder& timers);

    Rung rung() const { return rung_; }
    bool replacing() const { return replace_until_.has_value(); }
    // When replace_overdue() has something to say; to arm a timer with.
    std::optional<base::TimePoint> replace_until() const { return replace_until_; }

    // The session of this rung is gone (for good, or for now).
    Move lost(Loss loss, base::TimePoint now);
    // The session that replaces it is ready.
    void replaced() { replace_until_.reset(); }
    Move replace_overdue(base::TimePoint now);
    // The rung works but serves badly: no answer, stall without end, audio in another format.
    Move unserved();
    // Neither side speaks. `better`: Ladder::better_than(rung(), now).
    Move turn_boundary(std::optional<Rung> better, base::TimePoint now) const;
    Move person_asked();

    // The call has made the move.
    void stepped(Rung to, base::TimePoint now);

  private:
    Move down() const { return rung_ == Rung::person ? Move::stay : Move::step_down; }

    Rung rung_;
    base::milliseconds replace_within_;
    base::milliseconds second_loss_window_;
    base::milliseconds step_up_after_;
    base::TimePoint stepped_at_;  // also the start: a call does not climb in its first seconds
    std::optional<base::TimePoint> lost_at_;
    std::optional<base::TimePoint> replace_until_;
};

}  // namespace holdfast::ladder
