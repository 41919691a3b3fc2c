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

}  // namespace
}  // namespace holdfast::test
