#include "ladder/climb.hpp"

#include "support.hpp"

namespace holdfast::ladder {
namespace {

class AClimb : public testing::Test {
  protected:
    Climb on(Rung rung) const { return Climb(rung, now_, timers_); }

    config::Ladder timers_;
    Clock now_;
};

TEST_F(AClimb, LostLiveSessionIsReplacedOnceOnItsRung) {
    Climb climb = on(Rung::openai);
    EXPECT_EQ(climb.lost(Loss::may_heal, now_), Move::replace);
    EXPECT_TRUE(climb.replacing());
    now_ += 2999ms;
    EXPECT_EQ(climb.replace_overdue(now_), Move::stay);
    climb.replaced();
    now_ += 1s;
    EXPECT_EQ(climb.replace_overdue(now_), Move::stay);
    EXPECT_EQ(climb.rung(), Rung::openai);
}

TEST_F(AClimb, ReplacementThatTakesTooLongStepsDown) {
    Climb climb = on(Rung::openai);
    climb.lost(Loss::may_heal, now_);
    EXPECT_EQ(climb.replace_until(), base::TimePoint(now_) + 3s);
    now_ += 3s;
    EXPECT_EQ(climb.replace_overdue(now_), Move::step_down);
    EXPECT_EQ(climb.replace_overdue(now_), Move::stay) << "said once";
}

TEST_F(AClimb, SecondLossWithinThirtySecondsStepsDown) {
    Climb climb = on(Rung::openai);
    climb.lost(Loss::may_heal, now_);
    climb.replaced();
    now_ += 29'999ms;
    EXPECT_EQ(climb.lost(Loss::may_heal, now_), Move::step_down);
}

TEST_F(AClimb, SecondLossAfterThirtySecondsIsReplacedAgain) {
    Climb climb = on(Rung::openai);
    climb.lost(Loss::may_heal, now_);
    climb.replaced();
    now_ += 30s;
    EXPECT_EQ(climb.lost(Loss::may_heal, now_), Move::replace);
}

TEST_F(AClimb, LossOfTheReplacementItselfStepsDown) {
    timers_.second_loss_window = timers_.replace_within;
    Climb climb = on(Rung::openai);
    climb.lost(Loss::may_heal, now_);
    now_ += 3s;
    EXPECT_EQ(climb.lost(Loss::may_heal, now_), Move::step_down);
}

TEST_F(AClimb, FatalLossStepsDownAtOnce) {
    Climb climb = on(Rung::openai);
    EXPECT_EQ(climb.lost(Loss::fatal, now_), Move::step_down);
    EXPECT_FALSE(climb.replacing());
}

TEST_F(AClimb, RungsWithoutASessionToReplaceStepDownAtOnce) {
    for (const Rung rung : {Rung::scripted, Rung::canned})
        EXPECT_EQ(on(rung).lost(Loss::may_heal, now_), Move::step_down) << to_string(rung);
    EXPECT_EQ(on(Rung::person).lost(Loss::may_heal, now_), Move::stay);
}

TEST_F(AClimb, VoiceThatDoesNotServeIsLeftWithoutAReplacement) {
    Climb climb = on(Rung::openai);
    climb.lost(Loss::may_heal, now_);
    EXPECT_EQ(climb.unserved(), Move::step_down);
    EXPECT_FALSE(climb.replacing());
    EXPECT_EQ(on(Rung::person).unserved(), Move::stay);
}

TEST_F(AClimb, NewRungHasAReplacementOfItsOwn) {
    Climb climb = on(Rung::openai);
    climb.lost(Loss::fatal, now_);
    climb.stepped(Rung::eleven_realtime, now_);
    EXPECT_EQ(climb.lost(Loss::may_heal, now_), Move::replace);
}

TEST_F(AClimb, GoesUpAtATurnBoundaryThirtySecondsAfterItsLastStep) {
    Climb climb = on(Rung::openai);
    climb.stepped(Rung::canned, now_);
    now_ += 29'999ms;
    EXPECT_EQ(climb.turn_boundary(Rung::openai, now_), Move::stay);
    now_ += 1ms;
    EXPECT_EQ(climb.turn_boundary(std::nullopt, now_), Move::stay);
    EXPECT_EQ(climb.turn_boundary(Rung::openai, now_), Move::step_up);
    climb.stepped(Rung::scripted, now_);
    EXPECT_EQ(climb.turn_boundary(Rung::openai, now_), Move::stay);
}

TEST_F(AClimb, DoesNotGoUpWhileASessionIsBeingReplaced) {
    Climb climb = on(Rung::eleven_agent);
    now_ += 60s;
    climb.lost(Loss::may_heal, now_);
    EXPECT_EQ(climb.turn_boundary(Rung::openai, now_), Move::stay);
}

TEST_F(AClimb, PersonIsTheEndOfEveryClimb) {
    for (const Rung rung : k_all_rungs) {
        const Move asked = on(rung).person_asked();
        EXPECT_EQ(asked, rung == Rung::person ? Move::stay : Move::person) << to_string(rung);
    }
    Climb climb = on(Rung::openai);
    climb.stepped(Rung::person, now_);
    now_ += 1h;
    EXPECT_EQ(climb.turn_boundary(Rung::openai, now_), Move::stay);
}

}  // namespace
}  // namespace holdfast::ladder
