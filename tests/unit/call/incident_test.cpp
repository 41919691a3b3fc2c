// What is wrong and where, on its way from the words of a call into the journal.
#include "support/fake_call_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

std::string fire() { return "There's a fire at 123 Main Street"; }

TEST(CallIncident, IsWrittenDownBehindTheWordsItComesFrom) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_caller_utterance({"item_u", fire(), false, 40, 160});
    std::vector<std::string> order;
    for (const auto& record : world.journal.records) {
        if (std::holds_alternative<store::Utterance>(record)) order.push_back("utterance");
        if (std::holds_alternative<store::Fact>(record)) order.push_back("fact");
        if (std::holds_alternative<store::Incident>(record)) order.push_back("incident");
        if (std::holds_alternative<store::Dispatch>(record)) order.push_back("dispatch");
    }
    const auto words = std::find(order.begin(), order.end(), "fact");
    ASSERT_NE(words, order.end());
    EXPECT_EQ(*std::prev(words), "utterance");
    EXPECT_EQ(std::vector<std::string>(words, order.end()),
              (std::vector<std::string>{"fact", "fact", "incident", "dispatch"}));

    const auto incident = world.journal.rows<store::Incident>().at(0);
    EXPECT_EQ(incident.rev, 1);
    EXPECT_EQ(incident.type, "FUNK");
    EXPECT_EQ(incident.place.reveal(), "123 MAIN ST");
    EXPECT_TRUE(incident.place_known);
    const auto dispatch = world.journal.rows<store::Dispatch>().at(0);
    EXPECT_EQ(dispatch.state, "proposed");
    EXPECT_EQ(dispatch.rule, "place_and_type");
    EXPECT_FALSE(dispatch.incomplete);
    EXPECT_EQ(world.journal.rows<store::Fact>().at(0).turn, "item_u");
    const auto kinds = world.feed.kinds();
    EXPECT_NE(std::find(kinds.begin(), kinds.end(), "dispatch"), kinds.end());
    EXPECT_NE(std::find(kinds.begin(), kinds.end(), "incident"), kinds.end());
}

TEST(CallIncident, OfWordsThatSayNothingIsNotWritten) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_caller_utterance({"item_u", "hello", false, 40, 160});
    world.voice->listener.on_caller_utterance({"item_f", "", true, 200, 300});
    EXPECT_TRUE(world.journal.rows<store::Fact>().empty());
    EXPECT_TRUE(world.journal.rows<store::Dispatch>().empty());
}

TEST(CallIncident, ACorrectionIsAnotherRevisionAndAnotherDispatch) {
    CallWorld world;
    world.talk();
    world.voice->listener.on_caller_utterance({"a", fire(), false, 40, 160});
    world.voice->listener.on_caller_utterance({"b", "no, 132 Main Street", false, 200, 300});
    const auto incidents = world.journal.rows<store::Incident>();
    ASSERT_GE(incidents.size(), 2u);
    EXPECT_EQ(incidents.back().rev, static_cast<std::int64_t>(incidents.size()));
    EXPECT_EQ(incidents.back().place.reveal(), "132 MAIN ST");
    const auto dispatches = world.journal.rows<store::Dispatch>();
    ASSERT_EQ(dispatches.size(), 2u);
    EXPECT_EQ(dispatches[1].number, 2);
}

TEST(CallIncident, AProposalReachesTheDeskOnceItIsOnTheDisk) {
    CallWorld world;
    std::vector<store::Dispatch> proposed;
    world.env.on_proposed = [&](const store::Dispatch& row) { proposed.push_back(row); };
    world.talk();
    world.voice->listener.on_caller_utterance({"a", fire(), false, 40, 160});
    world.loop.run_posted();
    ASSERT_EQ(proposed.size(), 1u);
    EXPECT_EQ(proposed[0].number, 1);
}

TEST(CallIncident, WhatTheModelReportsIsAnsweredWithWhatIsKnown) {
    CallWorld world;
    world.talk();
    voice::ModelReport report;
    report.call_id = "c1";
    report.type = "FSTRU";
    EXPECT_EQ(world.voice->listener.on_incident_reported(report),
              R"({"recorded":true,"type":"FSTRU","location":"missing","dispatch":"none","help_on_the_way":false})");
    EXPECT_EQ(world.journal.rows<store::Fact>().at(0).source, "model");
    EXPECT_EQ(world.journal.rows<store::Fact>().at(0).turn, "c1");
    report.type = "911H";
    EXPECT_EQ(world.voice->listener.on_incident_reported(report), R"({"error":"arguments"})");
    world.voice->listener.on_caller_utterance({"a", fire(), false, 40, 160});
    report = {};
    report.asks_dispatch = true;
    EXPECT_EQ(world.voice->listener.on_incident_reported(report),
              R"({"recorded":true,"type":"FUNK","location":"known","dispatch":"proposed","help_on_the_way":false})");
}

class Acknowledged : public testing::Test {
  protected:
    explicit Acknowledged(std::vector<ladder::Rung> rungs = {ladder::Rung::openai, ladder::Rung::person}) : world(std::move(rungs)) {
        world.talk();
        world.voice->listener.on_caller_utterance({"a", fire(), false, 40, 160});
    }
    void becomes(const char* state) {
        auto row = world.journal.rows<store::Dispatch>().at(0);
        row.state = state;
        world.call->dispatch_moved(row);
    }
    bool played(const std::string& id) const {
        for (const auto& event : world.feed.events) {
            if (event.kind == "sentence" && event.detail == id) return true;
        }
        return false;
    }
    CallWorld world;
};

TEST_F(Acknowledged, TheModelIsToldAndNobodyBefore) {
    becomes("approved");
    becomes("sent");
    EXPECT_TRUE(world.voice->acknowledged.empty());
    becomes("acknowledged");
    ASSERT_EQ(world.voice->acknowledged.size(), 1u);
    EXPECT_NE(world.voice->acknowledged[0].find(R"("dispatch":"acknowledged","help_on_the_way":true)"), std::string::npos);
    EXPECT_FALSE(played("help_coming"));
}

TEST_F(Acknowledged, ARejectionIsNotTheModelsToTell) {
    becomes("rejected");
    EXPECT_TRUE(world.voice->acknowledged.empty());
    EXPECT_NE(world.voice->listener.on_incident_reported({"c", "", "", true}).find(R"("dispatch":"with_a_dispatcher","help_on_the_way":false)"),
              std::string::npos);
}

class AcknowledgedByRecordings : public Acknowledged {
  protected:
    AcknowledgedByRecordings() : Acknowledged({ladder::Rung::canned, ladder::Rung::person}) {}
};

TEST_F(AcknowledgedByRecordings, ARecordedSentenceSaysSo) {
    becomes("approved");
    EXPECT_FALSE(played("help_coming"));
    becomes("acknowledged");
    EXPECT_TRUE(played("help_coming"));
    EXPECT_TRUE(world.voice->acknowledged.empty());
}

TEST(CallIncident, ALifeThreatOffersAPersonOnce) {
    CallWorld world;
    world.settings->incident.tripwires = incident::Tripwires({"not breathing"});
    world.talk();
    world.voice->listener.on_caller_utterance({"a", "my dad is not breathing", false, 40, 160});
    world.voice->listener.on_caller_utterance({"b", "still not breathing", false, 200, 300});
    std::size_t alerts = 0, offers = 0;
    for (const auto& event : world.feed.events) {
        alerts += event.kind == "life_threat" ? 1 : 0;
        offers += event.detail == "person_offer" ? 1 : 0;
    }
    EXPECT_EQ(alerts, 1u);
    EXPECT_EQ(offers, 1u);
    EXPECT_EQ(world.journal.rows<store::Incident>().at(0).priority, 1);
}

}  // namespace
}  // namespace holdfast::test
