// Rows of the failure matrix on the whole ladder.
#include "box.hpp"

#include <map>
#include <set>

namespace holdfast::ladder {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using TheLadder = Box;

std::vector<std::string> lines(const std::vector<Skipped>& skipped) {
    std::vector<std::string> out;
    for (const auto& s : skipped) out.push_back(std::string(to_string(s.rung)) + " " + s.reason);
    return out;
}

TEST(LadderSettings, RungsWithoutTheirCredentialsAreSkippedWithAReason) {
    config::Config config;
    Settings s = make_settings(config, {false, true});
    EXPECT_THAT(s.rungs, ElementsAre(Rung::eleven_realtime, Rung::scripted, Rung::canned,
                                     Rung::person));
    EXPECT_THAT(lines(s.skipped), ElementsAre("openai no_api_key", "eleven_agent no_agent"));
    config.elevenlabs.realtime.enabled = false;
    config.elevenlabs.agent.id = "agent_1";
    s = make_settings(config, {true, true});
    EXPECT_THAT(lines(s.skipped), ElementsAre("eleven_realtime disabled"));
    s = make_settings(config, {});
    EXPECT_THAT(s.rungs, ElementsAre(Rung::canned, Rung::person));
    EXPECT_EQ(s.skipped.size(), 4u);
}

TEST(LadderSettings, OrderIsTheOperatorsAndTheLastTwoAreAlwaysThere) {
    config::Config config;
    config.ladder.rungs = {"scripted", "openai"};
    const Settings s = make_settings(config, {true, true});
    EXPECT_THAT(s.rungs, ElementsAre(Rung::scripted, Rung::openai, Rung::canned, Rung::person));
    EXPECT_THAT(s.skipped, IsEmpty());
}

TEST_F(TheLadder, ServesCallersBeforeTheFirstProbeHasReported) {
    EXPECT_EQ(new_call_goes_to(), Rung::openai);
    EXPECT_EQ(ladder_.better_than(Rung::canned, now_), std::nullopt) << "but proves nothing";
}

TEST_F(TheLadder, ProbesEveryRungAtTheStartThenAfterItsInterval) {
    std::multiset<Rung> probed;
    for (int i = 0; i < 20; ++i) {
        if (const auto rung = ladder_.probe_due(now_, 7)) {
            probed.insert(*rung);
            ladder_.on_connected(*rung, 200ms, now_);
        }
        now_ += 1s;
    }
    EXPECT_THAT(probed, ElementsAre(Rung::openai, Rung::eleven_realtime, Rung::eleven_agent,
                                    Rung::scripted));
    now_ += 270s;
    EXPECT_EQ(ladder_.probe_due(now_, 0), std::nullopt);
    good_seconds(Rung::openai, 1);  // a call uses it: no probe of its own
    now_ += 30s;
    EXPECT_EQ(ladder_.probe_due(now_, 0), Rung::eleven_realtime);
}

TEST_F(TheLadder, ProbesAtTheStartAreSpreadByChance) {
    Ladder late(settings(), now_, 4999);
    EXPECT_NE(late.probe_due(now_, 0), Rung::openai);
    now_ += 4999ms;
    EXPECT_EQ(late.probe_due(now_, 0), Rung::openai);
}

TEST_F(TheLadder, N15_FlappingLineGivesAtMostOneStepUpInThirtySeconds) {
    start_up();
    Climb call(Rung::openai, now_, settings().timers);
    base::TimePoint last_up{};
    int ups = 0;
    int downs = 0;
    for (int second = 0; second < 900; ++second) {
        now_ += 1s;
        // Two seconds gone, two back, for the first ten minutes.
        const bool broken = second < 600 && second % 4 < 2;
        for (const Rung rung : {Rung::openai, Rung::eleven_realtime, Rung::eleven_agent,
                                Rung::scripted}) {
            if (broken)
                fault(rung, Fault::network);
            else if (call.rung() == rung)
                ladder_.on_ping(rung, 30ms, now_);
        }
        while (const auto probe = ladder_.probe_due(now_, 77)) {
            if (broken)
                fault(*probe, Fault::network);
            else
                ladder_.on_connected(*probe, 200ms, now_);
        }
        if (broken && provider_of(call.rung()) != Provider::none) {
            if (call.lost(Loss::may_heal, now_) == Move::step_down) {
                call.stepped(ladder_.next_below(call.rung(), now_), now_);
                ++downs;
            }
            continue;
        }
        if (call.replacing()) call.replaced();
        const auto better = ladder_.better_than(call.rung(), now_);
        if (call.turn_boundary(better, now_) == Move::step_up) {
            EXPECT_GE(base::TimePoint(now_) - last_up, 30s);
            EXPECT_GE(second, 600) << "up while the line still flaps";
            last_up = now_;
            ++ups;
            call.stepped(*better, now_);
        }
    }
    EXPECT_GE(downs, 1);
    EXPECT_GE(ups, 1);
    EXPECT_EQ(call.rung(), Rung::openai) << "the line is well, the call is back";
}

TEST_F(TheLadder, N26_AtMostFiveConnectsASecondToOneProvider) {
    int granted = 0;
    for (int i = 0; i < 100; ++i) granted += ladder_.take_connect(Rung::openai, now_) ? 1 : 0;
    EXPECT_EQ(granted, 5);
    EXPECT_TRUE(ladder_.take_connect(Rung::eleven_agent, now_)) << "another peer";
    for (int i = 0; i < 4; ++i) ladder_.take_connect(Rung::scripted, now_);
    EXPECT_FALSE(ladder_.take_connect(Rung::eleven_realtime, now_)) << "the same peer";
    EXPECT_TRUE(ladder_.take_connect(Rung::canned, now_));
    now_ += 999ms;
    EXPECT_FALSE(ladder_.take_connect(Rung::openai, now_));
    now_ += 1ms;
    EXPECT_TRUE(ladder_.take_connect(Rung::openai, now_));
}

TEST_F(TheLadder, N26_FirstSessionsOfNewCallsAreCountedButNeverRefused) {
    for (int i = 0; i < 1000; ++i) ladder_.note_connect(Rung::openai, now_);
    EXPECT_FALSE(ladder_.take_connect(Rung::openai, now_));
    EXPECT_EQ(new_call_goes_to(), Rung::openai);
}

TEST_F(TheLadder, N26_SessionsThatDieTogetherAreOneFailure) {
    start_up();
    for (int i = 0; i < 50; ++i) {
        ladder_.on_lost(Rung::openai, Fault::network, now_, 0);
        now_ += 10ms;
    }
    EXPECT_EQ(state(Rung::openai).breaker, Breaker::State::closed);
    for (int i = 0; i < 2; ++i) {
        now_ += 1s;
        ladder_.on_lost(Rung::openai, Fault::network, now_, 0);
    }
    EXPECT_EQ(state(Rung::openai).breaker, Breaker::State::open) << "dying again and again is not";
}

TEST_F(TheLadder, N12_OnALineThatCarriesNoTalkRunningCallsFallToRecordings) {
    start_up();
    for (int i = 0; i < 6; ++i) {
        ladder_.uplink().add({50, 0, 0, 400ms, 40ms}, now_);
        ladder_.uplink().judge(now_);
        now_ += 1s;
    }
    EXPECT_EQ(ladder_.next_below(Rung::openai, now_), Rung::canned);
    const Admission next = ladder_.admit({1, 50, {}, true, {}, false}, now_);
    EXPECT_EQ(next.rung, Rung::person);
    EXPECT_STREQ(next.reason, "bandwidth");
}

TEST_F(TheLadder, O01_WrongKeyIsLeftAloneForAMinuteThenProbed) {
    start_up();
    fault(Rung::openai, Fault::auth);
    ladder_.on_connected(Rung::openai, 200ms, now_);  // began before
    for (int i = 0; i < 59; ++i) {
        now_ += 1s;
        EXPECT_EQ(ladder_.probe_due(now_, 0), std::nullopt) << i;
    }
    now_ += 1s;
    EXPECT_EQ(ladder_.probe_due(now_, 0), Rung::openai);
    ladder_.forgive(Provider::elevenlabs, now_);
    EXPECT_EQ(ladder_.probe_due(now_, 0), Rung::eleven_realtime) << "a new key is tried at once";
}

TEST_F(TheLadder, O03_RetryAfterIsHonouredAndBounded) {
    start_up();
    const auto wait = [&](base::milliseconds retry_after) {
        Ladder fresh(settings(), now_, 0);
        fresh.on_fault(Rung::openai, Fault::rate_limited, now_, 0, retry_after);
        EXPECT_FALSE(fresh.usable(Rung::openai, now_));
        EXPECT_TRUE(fresh.usable(Rung::eleven_realtime, now_));
        return fresh.snapshot(now_).rungs[index(Rung::openai)].retry_in_ms;
    };
    EXPECT_EQ(wait(20s), 20'000);
    EXPECT_EQ(wait(0ms), 1'000);
    EXPECT_EQ(wait(-5s), 1'000);
    EXPECT_EQ(wait(24h), 600'000);
}

TEST_F(TheLadder, O09_PolicyIsNotTriedAgainWithTheSameParameters) {
    start_up();
    EXPECT_TRUE(fault(Rung::openai, Fault::policy).alarm);
    EXPECT_FALSE(ladder_.may_replace(Rung::openai, now_));
    EXPECT_EQ(state(Rung::openai).retry_in_ms, 60'000);
}

TEST_F(TheLadder, O11_TwoServerErrorsInTenSecondsGoDown) {
    start_up();
    fault(Rung::openai, Fault::server_error);
    EXPECT_EQ(ladder_.best(now_), Rung::openai);
    now_ += 10s;
    EXPECT_TRUE(fault(Rung::openai, Fault::server_error).went_down);
    EXPECT_EQ(ladder_.best(now_), Rung::eleven_realtime);
}

TEST_F(TheLadder, O26_NewCallsLeaveBeforeTheWallAndRunningOnesStay) {
    start_up();
    ladder_.on_rate_limit(Rung::openai, {5'000, 200'000, 30}, now_);
    EXPECT_EQ(new_call_goes_to(), Rung::eleven_realtime);
    EXPECT_TRUE(ladder_.usable(Rung::openai, now_));
    now_ += 30s;
    EXPECT_EQ(new_call_goes_to(), Rung::openai);
}

TEST_F(TheLadder, O26_WithNoOtherVoiceANewCallGoesToAPerson) {
    Ladder small(make_settings(config::Config(), {true, false}), now_, 0);
    small.on_rate_limit(Rung::openai, {0, 200'000, 30}, now_);
    const Admission next = small.admit({0, 50, {}, true, {}, false}, now_);
    EXPECT_EQ(next.rung, Rung::person);
    EXPECT_STREQ(next.reason, "budget");
}

TEST_F(TheLadder, E01_UsedUpCreditClosesEveryElevenLabsRungForTenMinutes) {
    start_up();
    fault(Rung::scripted, Fault::account);
    for (const Rung rung : {Rung::eleven_realtime, Rung::eleven_agent, Rung::scripted})
        EXPECT_EQ(state(rung).retry_in_ms, 600'000) << to_string(rung);
    EXPECT_EQ(ladder_.best(now_), Rung::openai);
    EXPECT_EQ(ladder_.next_below(Rung::openai, now_), Rung::canned);
}

TEST_F(TheLadder, E03_TooManyRequestsOfOneServiceLeaveTheOthersAlone) {
    start_up();
    for (int i = 0; i < 3; ++i) fault(Rung::scripted, Fault::rate_limited);
    EXPECT_FALSE(ladder_.usable(Rung::scripted, now_));
    EXPECT_TRUE(ladder_.usable(Rung::eleven_realtime, now_));
    EXPECT_TRUE(ladder_.usable(Rung::eleven_agent, now_));
}

TEST_F(TheLadder, E04_OneServerErrorMayBeRetriedTheThirdOpensTheBreaker) {
    start_up();
    EXPECT_FALSE(fault(Rung::scripted, Fault::server_error).opened);
    EXPECT_TRUE(ladder_.may_replace(Rung::scripted, now_));
    EXPECT_FALSE(fault(Rung::scripted, Fault::server_error).opened);
    EXPECT_TRUE(fault(Rung::scripted, Fault::server_error).opened);
}

TEST_F(TheLadder, DownRungWithoutCallsComesBackByTwoProbes) {
    start_up();
    bad_turn(Rung::openai);
    bad_turn(Rung::openai);
    int probes = 0;
    int took = 0;
    for (; took < 120 && ladder_.best(now_) != Rung::openai; ++took) {
        now_ += 1s;
        if (ladder_.probe_due(now_, 0) == Rung::openai) {
            ++probes;
            ladder_.on_connected(Rung::openai, 200ms, now_);
        }
    }
    EXPECT_EQ(probes, 2);
    EXPECT_LE(took, 60);
    EXPECT_GE(took, 30);
}

TEST_F(TheLadder, NoFaultTakesAwayTheRungsThatNeedNobody) {
    for (const Rung rung : {Rung::canned, Rung::person}) {
        for (int i = 0; i < 10; ++i) fault(rung, Fault::not_enabled);
        EXPECT_TRUE(ladder_.usable(rung, now_));
    }
    EXPECT_EQ(ladder_.next_below(Rung::person, now_), Rung::person);
}

TEST_F(TheLadder, ReloadKeepsWhatWasMeasuredAndTriesWhatWasOff) {
    start_up();
    fault(Rung::openai, Fault::auth);
    fault(Rung::eleven_realtime, Fault::not_enabled);
    ladder_.configure(settings(), now_, 0);
    EXPECT_FALSE(ladder_.usable(Rung::openai, now_));
    EXPECT_EQ(ladder_.probe_due(now_, 0), Rung::eleven_realtime);
    EXPECT_TRUE(ladder_.usable(Rung::eleven_realtime, now_));
}

TEST_F(TheLadder, CallOnARungThatAReloadTookAwayStillFindsItsWayDown) {
    config::Config config = everything();
    config.ladder.rungs = {"openai", "scripted", "canned", "person"};
    ladder_.configure(make_settings(config, {true, true}), now_, 0);
    EXPECT_EQ(ladder_.next_below(Rung::eleven_agent, now_), Rung::scripted);
    good_seconds(Rung::openai, 31);
    EXPECT_EQ(ladder_.better_than(Rung::eleven_agent, now_), Rung::openai);
    EXPECT_FALSE(ladder_.usable(Rung::eleven_agent, now_));
}

TEST_F(TheLadder, SnapshotTellsWhyARungIsNotUsed) {
    Ladder small(make_settings(config::Config(), {true, false}), now_, 0);
    small.on_fault(Rung::openai, Fault::account, now_, 0);
    const Snapshot s = small.snapshot(now_);
    EXPECT_EQ(s.best, Rung::canned);
    const RungState& openai = s.rungs[index(Rung::openai)];
    EXPECT_TRUE(openai.configured);
    EXPECT_FALSE(openai.usable);
    EXPECT_EQ(openai.breaker, Breaker::State::open);
    EXPECT_STREQ(openai.health.reason, "account");
    EXPECT_EQ(openai.retry_in_ms, 600'000);
    EXPECT_STREQ(s.rungs[index(Rung::scripted)].skipped, "no_api_key");
    EXPECT_FALSE(s.rungs[index(Rung::scripted)].configured);
    EXPECT_TRUE(s.rungs[index(Rung::canned)].usable);
    EXPECT_EQ(s.line_calls, std::nullopt);
}

}  // namespace
}  // namespace holdfast::ladder
