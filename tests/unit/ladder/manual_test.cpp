// The operator's manual of the ladder, in sentences that run. Read the names; the bodies prove
// them.
#include "box.hpp"

namespace holdfast::ladder {
namespace {

class Manual : public Box {
  protected:
    Manual() { start_up(); }
};

TEST_F(Manual, CallsStartOnTheBestRung) {
    EXPECT_EQ(new_call_goes_to(), Rung::openai);
}

TEST_F(Manual, OneBadTurnChangesNothing) {
    bad_turn(Rung::openai);
    EXPECT_EQ(new_call_goes_to(), Rung::openai);
}

TEST_F(Manual, TwoBadTurnsGoDown) {
    bad_turn(Rung::openai);
    bad_turn(Rung::openai);
    EXPECT_EQ(new_call_goes_to(), Rung::eleven_realtime);
}

TEST_F(Manual, ThirtyGoodSecondsGoUp) {
    bad_turn(Rung::openai);
    bad_turn(Rung::openai);
    good_seconds(Rung::openai, 30);  // the first of them is where the thirty begin
    EXPECT_EQ(new_call_goes_to(), Rung::eleven_realtime);
    good_seconds(Rung::openai, 1);
    EXPECT_EQ(new_call_goes_to(), Rung::openai);
}

TEST_F(Manual, OneBadSecondBeginsTheThirtyAgain) {
    bad_turn(Rung::openai);
    bad_turn(Rung::openai);
    good_seconds(Rung::openai, 29);
    ladder_.on_ping_lost(Rung::openai, now_);
    good_seconds(Rung::openai, 30);
    EXPECT_EQ(new_call_goes_to(), Rung::eleven_realtime);
    good_seconds(Rung::openai, 1);
    EXPECT_EQ(new_call_goes_to(), Rung::openai);
}

TEST_F(Manual, ARungThatFailedIsProvenByAProbeAndNotByACaller) {
    for (int i = 0; i < 3; ++i) fault(Rung::openai, Fault::network);
    now_ += 1s;
    EXPECT_EQ(new_call_goes_to(), Rung::eleven_realtime);
    EXPECT_EQ(ladder_.probe_due(now_, 0), Rung::openai);
    ladder_.on_connected(Rung::openai, 200ms, now_);
    EXPECT_EQ(new_call_goes_to(), Rung::eleven_realtime);
    good_seconds(Rung::openai, 30);
    EXPECT_EQ(new_call_goes_to(), Rung::openai);
}

TEST_F(Manual, ALostSessionComesBackOnItsRungASecondLossStepsDown) {
    Climb call(Rung::openai, now_, settings().timers);
    ladder_.on_lost(Rung::openai, Fault::closed, now_, 0);
    EXPECT_EQ(call.lost(Loss::may_heal, now_), Move::replace);
    EXPECT_TRUE(ladder_.may_replace(Rung::openai, now_));
    call.replaced();
    now_ += 20s;
    ladder_.on_lost(Rung::openai, Fault::closed, now_, 0);
    EXPECT_EQ(call.lost(Loss::may_heal, now_), Move::step_down);
    EXPECT_EQ(ladder_.next_below(Rung::openai, now_), Rung::eleven_realtime);
}

TEST_F(Manual, ACallGoesUpBetweenTurnsOnceTheBetterRungWasWellForThirtySeconds) {
    Climb call(Rung::canned, now_, settings().timers);
    for (int second = 1; second <= 30; ++second) {
        EXPECT_EQ(call.turn_boundary(ladder_.better_than(Rung::canned, now_), now_), Move::stay);
        good_seconds(Rung::openai, 1);
    }
    EXPECT_EQ(ladder_.better_than(Rung::canned, now_), Rung::openai);
    EXPECT_EQ(call.turn_boundary(Rung::openai, now_), Move::step_up);
}

TEST_F(Manual, TheInternetIsGoneAndRecordingsAnswer) {
    for (int i = 0; i < 3; ++i) {
        for (const Rung rung : {Rung::openai, Rung::eleven_realtime, Rung::eleven_agent,
                                Rung::scripted})
            fault(rung, Fault::network);
    }
    EXPECT_EQ(new_call_goes_to(), Rung::canned);
    EXPECT_EQ(ladder_.next_below(Rung::openai, now_), Rung::canned);
    EXPECT_EQ(ladder_.next_below(Rung::canned, now_), Rung::person);
}

TEST_F(Manual, WhoAsksForAPersonGetsOne) {
    Climb call(Rung::openai, now_, settings().timers);
    EXPECT_EQ(call.person_asked(), Move::person);
}

TEST_F(Manual, NobodyIsRefused) {
    const Admission overflow = ladder_.admit({50, 50, {}, true, {}, false}, now_);
    EXPECT_EQ(overflow.rung, Rung::person);
    EXPECT_STREQ(overflow.reason, "limit");
}

TEST_F(Manual, AWrongKeyIsTriedAgainAfterAMinuteAtOpenAiAndAfterTenAtElevenLabs) {
    EXPECT_TRUE(fault(Rung::openai, Fault::auth).alarm);
    EXPECT_EQ(state(Rung::openai).retry_in_ms, 60'000);
    EXPECT_TRUE(fault(Rung::eleven_agent, Fault::auth).alarm);
    EXPECT_EQ(state(Rung::eleven_agent).retry_in_ms, 600'000);
    EXPECT_EQ(new_call_goes_to(), Rung::canned) << "one key opens every rung of a provider";
}

TEST_F(Manual, AWorkspaceWithoutRealtimeIsSaidOnceAndIsNoAlarm) {
    const Outcome first = fault(Rung::eleven_realtime, Fault::not_enabled);
    EXPECT_TRUE(first.switched_off);
    EXPECT_FALSE(first.alarm);
    EXPECT_FALSE(fault(Rung::eleven_realtime, Fault::not_enabled).switched_off);
    now_ += 24h;
    EXPECT_FALSE(ladder_.usable(Rung::eleven_realtime, now_));
    EXPECT_TRUE(ladder_.usable(Rung::eleven_agent, now_));
}

}  // namespace
}  // namespace holdfast::ladder
