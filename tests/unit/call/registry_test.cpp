#include "call/registry.hpp"

#include "support/fake_call_world.hpp"

#include <gtest/gtest.h>

namespace holdfast::call {
namespace {

using namespace std::chrono_literals;

std::string sid(int n) {
    std::string text = std::to_string(n);
    return "CA" + std::string(32 - text.size(), '0') + text;
}

class RegistryTest : public ::testing::Test {
  protected:
    Admission admit(int n) { return registry_.admit(test::voice_request(sid(n))); }
    Claim claim(int n, std::string_view token) {
        call_ = nullptr;
        return registry_.claim(*base::CallSid::parse(sid(n)), token, call_);
    }
    void start() {
        call_->stream_started(leg_, test::start_info());
    }

    // The claimed call streams, asks for a person, and the sentence is heard out.
    void hand_over() {
        start();
        call_->ask_person("keypad");
        for (int i = 0; i < 1000 && call_->phase() == Phase::leaving; ++i) {
            world_.loop.advance(20ms);
            for (const auto& mark : leg_.play(20)) call_->mark(mark);
        }
    }

    test::CallWorld world_;
    test::FakeLeg leg_{world_.loop};
    Registry registry_{world_.env, 2};
    std::shared_ptr<Call> call_;
};

TEST_F(RegistryTest, AdmitsWithATokenOf256Bits) {
    const Admission a = admit(1);
    EXPECT_TRUE(a.stream);
    EXPECT_EQ(a.token.size(), 64u);
    EXPECT_NE(admit(2).token, a.token);
}

TEST_F(RegistryTest, T04_ARepeatedWebhookGetsTheSameTokenAndOpensNothing) {
    const Admission first = admit(1);
    const auto voice = world_.voice;
    const Admission again = admit(1);
    EXPECT_TRUE(again.stream);
    EXPECT_EQ(again.token, first.token);
    EXPECT_EQ(world_.voice, voice);
    EXPECT_EQ(world_.journal.rows<store::CallOpened>().size(), 1u);
}

TEST_F(RegistryTest, T04_AReplayOfARunningCallGetsAPersonAndNoToken) {
    const Admission first = admit(1);
    ASSERT_EQ(claim(1, first.token), Claim::ok);
    start();
    const Admission replay = admit(1);
    EXPECT_FALSE(replay.stream);
    EXPECT_EQ(replay.token, "");
}

TEST_F(RegistryTest, T04_AReplayOfAnEndedCallOpensNothingForAQuarterOfAnHour) {
    const Admission first = admit(1);
    ASSERT_EQ(claim(1, first.token), Claim::ok);
    start();
    call_->twilio_stop();
    world_.loop.advance(14min);
    EXPECT_FALSE(admit(1).stream);
    world_.loop.advance(2min);
    EXPECT_TRUE(admit(1).stream);
}

TEST_F(RegistryTest, T10_RefusesUnknownCallsAndWrongTokens) {
    const Admission a = admit(1);
    EXPECT_EQ(claim(7, a.token), Claim::unknown_call);
    EXPECT_EQ(claim(1, ""), Claim::bad_token);
    EXPECT_EQ(claim(1, std::string(64, '0')), Claim::bad_token);
    EXPECT_EQ(claim(1, a.token + "0"), Claim::bad_token);
    EXPECT_EQ(claim(1, a.token), Claim::ok);  // the true stream still gets through
}

TEST_F(RegistryTest, X04_AUsedTokenIsWorthNothing) {
    const Admission a = admit(1);
    ASSERT_EQ(claim(1, a.token), Claim::ok);
    EXPECT_EQ(claim(1, a.token), Claim::bad_token);
    claim(1, a.token);
    EXPECT_EQ(call_, nullptr);
}

TEST_F(RegistryTest, AForeignCallsTokenIsRefused) {
    admit(1);
    const Admission second = admit(2);
    EXPECT_EQ(claim(1, second.token), Claim::bad_token);
}

TEST_F(RegistryTest, ATokenLivesThirtySeconds) {
    const Admission a = admit(1);
    world_.loop.advance(31s);
    EXPECT_NE(claim(1, a.token), Claim::ok);
}

TEST_F(RegistryTest, T11_ASecondStreamIsADuplicateWhileTheFirstStands) {
    const Admission a = admit(1);
    ASSERT_EQ(claim(1, a.token), Claim::ok);
    start();
    EXPECT_EQ(claim(1, a.token), Claim::duplicate);
}

TEST_F(RegistryTest, T11_ALostStreamIsTakenOverWithAFreshTokenOnly) {
    const Admission a = admit(1);
    ASSERT_EQ(claim(1, a.token), Claim::ok);
    start();
    call_->stream_closed("reset");
    EXPECT_EQ(claim(1, a.token), Claim::bad_token);
    const Admission fresh = admit(1);
    EXPECT_TRUE(fresh.stream);
    EXPECT_NE(fresh.token, a.token);
    EXPECT_EQ(claim(1, fresh.token), Claim::ok);
}

TEST_F(RegistryTest, T22_TheCallBeyondTheLimitGoesToAPersonWithARow) {
    admit(1);
    admit(2);
    const Admission third = admit(3);
    EXPECT_FALSE(third.stream);
    EXPECT_EQ(third.why, "limit");
    const auto rows = world_.journal.rows<store::CallOpened>();
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[2].status, "overflow");
    EXPECT_EQ(rows[2].rung, "person");
    EXPECT_EQ(registry_.active(), 2u);
}

TEST_F(RegistryTest, WithoutALiveRungEveryCallerGetsAPerson) {
    registry_.set_healthy(false);
    const Admission a = admit(1);
    EXPECT_FALSE(a.stream);
    EXPECT_EQ(a.why, "unhealthy");
}

TEST_F(RegistryTest, DrainingSendsNewCallersToPeopleAndKeepsRunningCalls) {
    const Admission a = admit(1);
    ASSERT_EQ(claim(1, a.token), Claim::ok);
    start();
    registry_.drain();
    EXPECT_FALSE(admit(2).stream);
    EXPECT_EQ(registry_.active(), 1u);
    registry_.close_all();
    EXPECT_EQ(registry_.active(), 0u);
    EXPECT_EQ(leg_.closed, "drain");
}

TEST_F(RegistryTest, WhatWasAnnouncedBeforeADrainIsStillAccepted) {
    const Admission before = admit(1);
    registry_.drain();
    EXPECT_EQ(admit(2).why, "draining");
    EXPECT_EQ(admit(1).token, before.token) << "Twilio asks again for the same call";
    ASSERT_EQ(claim(1, before.token), Claim::ok);
    start();
    EXPECT_EQ(registry_.active(), 1u);
}

TEST_F(RegistryTest, ADrainCanBeTakenBackButNotThatOfAStop) {
    registry_.drain();
    registry_.undrain();
    EXPECT_TRUE(admit(1).stream);
    registry_.drain_for_good();
    registry_.undrain();
    EXPECT_TRUE(registry_.draining());
    EXPECT_FALSE(admit(2).stream);
}

TEST_F(RegistryTest, T25_ALateCallbackForAnUnknownCallIsHarmless) {
    registry_.callback_ended(*base::CallSid::parse(sid(5)));
    EXPECT_EQ(registry_.active(), 0u);
}

TEST_F(RegistryTest, MemoryOfEndedCallsIsBounded) {
    registry_.set_healthy(false);
    for (int i = 0; i < 21'000; ++i) admit(i);
    registry_.set_healthy(true);
    EXPECT_TRUE(admit(0).stream);          // forgotten: the oldest of more than 20,000
    EXPECT_FALSE(admit(20'999).stream);    // remembered
}

TEST_F(RegistryTest, ACallThatNobodyAnsweredComesBackWithAFreshTokenABoundedNumberOfTimes) {
    world_.settings->dials = true;
    auto token = admit(1).token;
    int returns = 0;
    for (; returns < 50; ++returns) {
        ASSERT_EQ(claim(1, token), Claim::ok);
        hand_over();
        ASSERT_EQ(call_->phase(), Phase::with_person);
        const Admission back = registry_.person_left(*base::CallSid::parse(sid(1)), false, "busy");
        if (!back.stream) break;
        EXPECT_NE(back.token, token);
        EXPECT_EQ(claim(1, token), Claim::bad_token) << "the used token stays used";
        token = back.token;
    }
    EXPECT_EQ(returns, 10) << "then the person is dialled again, without us";
    EXPECT_EQ(call_->phase(), Phase::with_person);
}

TEST_F(RegistryTest, APersonWhoAnsweredEndsTheCallAndAnUnknownCallIsDialledAgain) {
    world_.settings->dials = true;
    ASSERT_EQ(claim(1, admit(1).token), Claim::ok);
    hand_over();
    EXPECT_FALSE(registry_.person_left(*base::CallSid::parse(sid(1)), true, "completed").stream);
    EXPECT_EQ(registry_.active(), 0u);
    EXPECT_FALSE(registry_.person_left(*base::CallSid::parse(sid(2)), false, "busy").stream);
}

TEST_F(RegistryTest, AColleagueHandsACallToAPersonOnce) {
    world_.settings->dials = true;
    const auto call = *base::CallSid::parse(sid(1));
    EXPECT_EQ(registry_.transfer(call), Transfer::unknown_call);
    const auto token = admit(1).token;
    EXPECT_EQ(registry_.transfer(call), Transfer::not_started);
    ASSERT_EQ(claim(1, token), Claim::ok);
    start();
    EXPECT_EQ(registry_.transfer(call), Transfer::asked);
    EXPECT_EQ(call_->phase(), Phase::leaving);
    EXPECT_EQ(registry_.transfer(call), Transfer::with_person);
    const auto seams = world_.journal.rows<store::Seam>();
    ASSERT_FALSE(seams.empty());
    EXPECT_EQ(seams.back().kind, "person_asked");
    EXPECT_EQ(seams.back().reason, "console");
}

TEST_F(RegistryTest, ThePersonWhoPicksUpIsToldWhyTheCallComes) {
    world_.settings->dials = true;
    const auto call = *base::CallSid::parse(sid(1));
    EXPECT_EQ(registry_.briefing(call), "");
    ASSERT_EQ(claim(1, admit(1).token), Claim::ok);
    hand_over();
    EXPECT_EQ(registry_.briefing(call), "Emergency call. The caller asked for a person. The caller speaks English.");
}

TEST_F(RegistryTest, ThePersonIsToldWhatAndWhereInTheCallersWords) {
    world_.settings->dials = true;
    const auto call = *base::CallSid::parse(sid(1));
    ASSERT_EQ(claim(1, admit(1).token), Claim::ok);
    start();
    const auto says = [this](const char* words) {
        voice::CallerUtterance said;
        said.item_id = words;
        said.text = words;
        world_.voice->listener.on_caller_utterance(said);
    };
    says("There is a fire.");
    says("At 12 Main Street.");
    says("Yes.");
    registry_.transfer(call);
    EXPECT_EQ(registry_.briefing(call), "Emergency call: There is a fire, at 12 Main Street. A colleague transferred it. The caller speaks English.");
    says("Hay un incendio en mi casa, por favor.");
    EXPECT_NE(registry_.briefing(call).find("Spanish"), std::string::npos);
}

TEST_F(RegistryTest, ADrainingBoxTakesNobodyBack) {
    world_.settings->dials = true;
    ASSERT_EQ(claim(1, admit(1).token), Claim::ok);
    hand_over();
    registry_.drain();
    EXPECT_FALSE(registry_.person_left(*base::CallSid::parse(sid(1)), false, "busy").stream);
}

}  // namespace
}  // namespace holdfast::call
