#include "unit/dispatch/desk_world.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using dispatch::Mode;
using nlohmann::json;
using testing::ElementsAre;

class DeskTest : public testing::Test, public DeskWorld {
  protected:
    json body(std::size_t nth) const { return json::parse(posted.at(nth).body); }
    std::string header(std::size_t nth, std::string_view name) const {
        for (const auto& [key, value] : posted.at(nth).headers) {
            if (key == name) return value;
        }
        return {};
    }
    std::string outbox() const {
        std::string text;
        for (const auto& row : journal.outbox) text += (text.empty() ? "" : ", ") + row.key.substr(row.key.rfind(':') + 1) + " " + row.step;
        return text;
    }
};

TEST_F(DeskTest, WithoutACadThePersonsApprovalIsTheAcknowledgement) {
    const auto id = propose();
    EXPECT_EQ(steps(), "1 proposed");
    EXPECT_EQ(approve(id), "acknowledged");
    EXPECT_EQ(steps(), "1 proposed, 1 approved, 1 acknowledged");
    EXPECT_THAT(moved, ElementsAre("1 approved alice", "1 acknowledged alice"));
    ASSERT_EQ(journal.audit.size(), 1u);
    EXPECT_EQ(journal.audit[0].actor, "alice");
    EXPECT_EQ(journal.audit[0].action, "dispatch_approved");
    EXPECT_EQ(approve(id), "conflict acknowledged");
    EXPECT_EQ(reject(id), "conflict acknowledged");
}

TEST_F(DeskTest, ARejectionStays) {
    const auto id = propose();
    EXPECT_EQ(reject(id), "rejected");
    EXPECT_EQ(approve(id), "conflict rejected");
    EXPECT_EQ(journal.steps.back().dispatch.reason, "prank");
    EXPECT_EQ(acknowledge(id), "conflict rejected");
}

TEST_F(DeskTest, AdviseShowsAndSendsNothing) {
    cad(Mode::advise);
    const auto id = propose();
    EXPECT_TRUE(posted.empty());
    EXPECT_EQ(approve(id), "conflict advise");
    EXPECT_EQ(steps(), "1 proposed");
}

TEST_F(DeskTest, ApprovePostsTheProposalAndWaitsForSomebody) {
    cad(Mode::approve);
    const auto id = propose();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_EQ(body(0)["state"], "proposed");
    EXPECT_EQ(header(0, "webhook-id"), id.str() + ":proposed");
    EXPECT_EQ(header(0, "Idempotency-Key"), id.str() + ":proposed");
    EXPECT_EQ(header(0, "webhook-signature"),
              dispatch::webhook_signature(settings.secret, id.str() + ":proposed", loop.utc_ms() / 1000, posted[0].body));
    EXPECT_EQ(outbox(), "proposed queued") << "written down before it is sent";
    cad_answers(200, R"({"received":true})");
    EXPECT_EQ(steps(), "1 proposed, 1 sent") << "a 2xx is a delivery and no acceptance";
    EXPECT_EQ(outbox(), "proposed queued, proposed delivered");

    EXPECT_EQ(approve(id), "approved");
    ASSERT_EQ(posted.size(), 2u);
    EXPECT_EQ(body(1)["state"], "approved");
    EXPECT_EQ(body(1)["revision"], 2);
    cad_answers(202);
    EXPECT_EQ(steps(), "1 proposed, 1 sent, 1 approved, 1 sent");
    EXPECT_EQ(acknowledge(id), "acknowledged");
    EXPECT_EQ(moved.back(), "1 acknowledged desk 4");
    EXPECT_EQ(acknowledge(id), "conflict acknowledged");
}

TEST_F(DeskTest, TheCadsAcceptanceInItsReplyApprovesAndAcknowledges) {
    cad(Mode::approve);
    propose();
    cad_answers(200, R"({"acknowledged":true,"by":"desk 7"})");
    EXPECT_EQ(steps(), "1 proposed, 1 sent, 1 approved, 1 acknowledged");
    EXPECT_EQ(moved.back(), "1 acknowledged desk 7");
    EXPECT_EQ(posted.size(), 1u) << "it knows";
}

TEST_F(DeskTest, AutomaticPostsApprovedAndTheAcceptanceCompletesIt) {
    cad(Mode::automatic);
    propose();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_EQ(body(0)["state"], "approved");
    cad_answers(200);
    EXPECT_EQ(steps(), "1 proposed, 1 approved, 1 sent");
    EXPECT_EQ(moved.front(), "1 approved daemon");
    EXPECT_EQ(desk->open(), 1u) << "nobody has accepted";
}

TEST_F(DeskTest, AnAcknowledgementNeedsTheSecret) {
    cad(Mode::approve);
    const auto id = propose();
    EXPECT_EQ(acknowledge(id, "guess"), "signature not ours");
    EXPECT_EQ(acknowledge(id, ""), "signature not ours");
    EXPECT_EQ(steps(), "1 proposed");
    settings.secret = base::Secret();
    desk->configure(settings);
    EXPECT_EQ(acknowledge(id, ""), "signature missing");
}

TEST_F(DeskTest, WhatIsNotTakenIsTriedAgainWithTheSameName) {
    cad(Mode::approve);
    propose();
    const std::string first = posted[0].body;
    for (const int status : {503, 0, 429}) {
        cad_answers(status);
        EXPECT_TRUE(waiting.empty());
        loop.advance(60s);
        ASSERT_EQ(waiting.size(), 1u) << status;
    }
    EXPECT_EQ(posted.back().body, first);
    EXPECT_EQ(header(3, "webhook-id"), header(0, "webhook-id"));
    EXPECT_NE(header(3, "webhook-signature"), header(0, "webhook-signature")) << "signed anew";
    cad_answers(200);
    EXPECT_EQ(steps(), "1 proposed, 1 sent");
    EXPECT_EQ(journal.outbox.back().attempts, 4);
}

TEST_F(DeskTest, WhatWillNeverBeTakenIsADeadLetterAndAPersonCanStillApprove) {
    cad(Mode::approve);
    const auto id = propose();
    cad_answers(422);
    ASSERT_EQ(journal.dead.size(), 1u);
    EXPECT_EQ(journal.dead[0].reason, "http_422");
    EXPECT_EQ(journal.dead[0].body.reveal(), posted[0].body);
    EXPECT_EQ(steps(), "1 proposed, 1 undeliverable");
    EXPECT_EQ(desk->owed(), 0u);
    EXPECT_EQ(approve(id), "approved");
    EXPECT_EQ(posted.size(), 2u);
}

TEST_F(DeskTest, TryingHasAnEnd) {
    cad(Mode::approve);
    propose();
    std::size_t tries = 0;
    while (journal.dead.empty() && tries < 2000) {
        cad_answers(500);
        ++tries;
        loop.advance(60s);
    }
    ASSERT_EQ(journal.dead.size(), 1u);
    EXPECT_EQ(journal.dead[0].reason, "gave_up");
    EXPECT_GT(tries, 300u);
    EXPECT_LT(tries, 400u) << "six hours, a minute apart";
}

TEST_F(DeskTest, ANewerStateReplacesOneThatWasNotDelivered) {
    cad(Mode::approve);
    const auto id = propose();
    cad_answers(503);
    EXPECT_EQ(approve(id), "approved");
    ASSERT_EQ(posted.size(), 2u);
    EXPECT_EQ(body(1)["state"], "approved");
    EXPECT_EQ(outbox(), "proposed queued, proposed replaced, approved queued");
    loop.advance(120s);
    EXPECT_EQ(posted.size(), 2u) << "the old one is not tried again";
}

TEST_F(DeskTest, ADecisionDuringATryFollowsIt) {
    cad(Mode::approve);
    const auto id = propose();
    EXPECT_EQ(approve(id), "approved");
    EXPECT_EQ(posted.size(), 1u) << "one at a time, in order";
    cad_answers(200);
    ASSERT_EQ(posted.size(), 2u);
    EXPECT_EQ(body(1)["state"], "approved");
}

TEST_F(DeskTest, TheCadLearnsOfARejectionOnlyIfItWasTold) {
    cad(Mode::approve);
    const auto id = propose();
    cad_answers(200);
    EXPECT_EQ(reject(id), "rejected");
    ASSERT_EQ(posted.size(), 2u);
    EXPECT_EQ(body(1)["state"], "rejected");
    EXPECT_EQ(body(1)["reason"], "prank");
    cad_answers(200, R"({"acknowledged":true})");
    EXPECT_EQ(std::string(steps()).find("acknowledged"), std::string::npos) << "a rejection cannot be accepted into a dispatch";
}

TEST_F(DeskTest, ACorrectionSupersedesWhatNobodyApproved) {
    propose(1, 1);
    const auto second = propose(1, 2);
    EXPECT_EQ(steps(), "1 proposed, 2 proposed, 1 superseded");
    EXPECT_EQ(approve({call_sid(1), 1}), "conflict superseded");
    EXPECT_EQ(approve(second), "acknowledged");
    propose(1, 3);
    EXPECT_EQ(desk->open(), 1u);
    EXPECT_EQ(steps(), "1 proposed, 2 proposed, 1 superseded, 2 approved, 2 acknowledged, 3 proposed");
}

TEST_F(DeskTest, OfAnotherCallItIsLeftAlone) {
    propose(1, 1);
    propose(2, 2);
    EXPECT_EQ(desk->open(), 2u);
}

TEST_F(DeskTest, ARestartGoesOnWithWhatIsOwed) {
    cad(Mode::approve);
    propose();
    cad_answers(503);
    restart();
    ASSERT_EQ(posted.size(), 2u);
    EXPECT_EQ(posted[1].body, posted[0].body);
    EXPECT_EQ(header(1, "webhook-id"), header(0, "webhook-id"));
    cad_answers(200, R"({"acknowledged":true})");
    EXPECT_EQ(steps(), "1 proposed, 1 sent, 1 approved, 1 acknowledged");
    restart();
    EXPECT_EQ(posted.size(), 2u) << "nothing is owed any more";
}

TEST_F(DeskTest, ARestartTakesUpAProposalThatNobodyHadLookedAt) {
    cad(Mode::approve);
    auto row = step(1, 1, "proposed");
    row.utc_ms = loop.utc_ms();
    journal.append(row, {});
    restart();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_EQ(body(0)["state"], "proposed");
}

TEST_F(DeskTest, ARestartNeverSendsWhatIsOldByItself) {
    cad(Mode::automatic);
    auto row = step(1, 1, "proposed");
    row.utc_ms = loop.utc_ms() - 16 * 60'000;
    journal.append(row, {});
    restart();
    EXPECT_TRUE(posted.empty());
    EXPECT_EQ(steps(), "1 proposed");
    EXPECT_EQ(desk->open(), 1u);
}

TEST_F(DeskTest, ARestartBetweenApprovalAndAcknowledgementCompletesIt) {
    auto row = step(1, 1, "proposed");
    row.utc_ms = loop.utc_ms();
    journal.append(row, {});
    row.state = "approved";
    row.actor = "alice";
    journal.append(row, {});
    restart();
    EXPECT_EQ(steps(), "1 proposed, 1 approved, 1 acknowledged");
}

TEST_F(DeskTest, OneThatIsNotInMemoryIsReadBack) {
    const auto id = propose();
    start();  // and nothing loaded
    EXPECT_EQ(approve(id), "acknowledged");
    EXPECT_EQ(approve({call_sid(9), 1}), "not_found");
    EXPECT_EQ(approve({id.call, 7}), "not_found");
}

TEST_F(DeskTest, WhatCannotBeWrittenDownDoesNotCount) {
    const auto id = propose();
    journal.refuse = true;
    EXPECT_EQ(approve(id), "store");
    EXPECT_TRUE(moved.empty());
    journal.refuse = false;
    journal.durable = false;
    EXPECT_EQ(approve(id), "store");
    EXPECT_TRUE(moved.empty()) << "nobody is told that help is on the way";
}

TEST_F(DeskTest, FourPostsAtATime) {
    cad(Mode::approve);
    for (unsigned call = 1; call <= 6; ++call) propose(call);
    EXPECT_EQ(posted.size(), 4u);
    cad_answers(200);
    EXPECT_EQ(posted.size(), 5u);
}

}  // namespace
}  // namespace holdfast::test
