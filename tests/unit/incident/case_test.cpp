#include "incident/case.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::incident {
namespace {

std::string place_of(const Case& incident) {
    const auto& place = incident.picture().place;
    return place ? place->normal + (place->known ? " !" : " ?") : "-";
}

TEST(Case, OneSentenceMayBeEnough) {
    Case incident({});
    const Changes changes = incident.caller_said("There's a fire at 123 Main Street", "item1", 900);
    ASSERT_EQ(changes.facts.size(), 2u);
    EXPECT_EQ(changes.facts[0].slot, Fact::Slot::type);
    EXPECT_EQ(changes.facts[0].normal, "FUNK");
    EXPECT_EQ(changes.facts[0].turn, "item1");
    EXPECT_EQ(changes.facts[0].offset_ms, 900);
    EXPECT_EQ(changes.facts[1].normal, "123 MAIN ST");
    EXPECT_EQ(changes.facts[1].value, "123 Main Street");
    EXPECT_TRUE(changes.type_first);
    EXPECT_TRUE(changes.place_first);
    ASSERT_TRUE(changes.picture);
    ASSERT_TRUE(changes.proposal);
    EXPECT_EQ(changes.proposal->rule, Rule::place_and_type);
    EXPECT_FALSE(changes.proposal->incomplete);
}

TEST(Case, IsProposedOnceForOnePicture) {
    Case incident({});
    EXPECT_TRUE(incident.caller_said("There's a fire at 123 Main Street", "a", 0).proposal);
    EXPECT_FALSE(incident.caller_said("please hurry", "b", 2'000).proposal);
    EXPECT_FALSE(incident.caller_said("the fire is at 123 Main Street", "c", 4'000).proposal);
    EXPECT_TRUE(incident.caller_said("no, 132 Main Street", "d", 6'000).proposal) << "another place is news";
}

TEST(Case, GrowsOverSeveralTurns) {
    Case incident({});
    incident.box_said("911, what is the address of the emergency?", 1'000);
    incident.caller_said("it's 1234", "a", 2'000);
    EXPECT_EQ(place_of(incident), "-");
    incident.caller_said("Oak Street", "b", 4'000);
    EXPECT_EQ(place_of(incident), "1234 OAK ST !");
    EXPECT_FALSE(incident.proposed());
    EXPECT_TRUE(incident.caller_said("my husband is not breathing", "c", 6'000).proposal);
    EXPECT_EQ(incident.picture().type, Type::resparr);
    EXPECT_EQ(incident.picture().priority, 1);
}

TEST(Case, ACorrectionReplacesAndKeepsTheOldOne) {
    Case incident({});
    incident.caller_said("there's smoke in the kitchen at 1230 Oak Street", "a", 0);
    const Changes changes = incident.caller_said("no, 1320", "b", 3'000);
    EXPECT_EQ(place_of(incident), "1320 OAK ST !");
    ASSERT_EQ(changes.facts.size(), 1u) << "the older fact was written before and is not touched";
    EXPECT_EQ(changes.facts[0].normal, "1320 OAK ST");
}

TEST(Case, HalfAPlaceNeverReplacesAWholeOne) {
    Case incident({});
    incident.caller_said("1230 Oak Street", "a", 0);
    incident.caller_said("it's behind the Walmart", "b", 2'000);
    EXPECT_EQ(place_of(incident), "1230 OAK ST !");
}

TEST(Case, ThePlaceSaidShorterIsTheSamePlace) {
    Case incident({});
    incident.caller_said("fire at 12 Main Street apartment 4 in Springfield", "a", 0);
    incident.box_said("You are at 12 Main Street. Is that right?", 2'000);
    EXPECT_FALSE(incident.caller_said("yes", "b", 3'000).proposal);
    EXPECT_EQ(place_of(incident), "12 MAIN ST APT 4, SPRINGFIELD !");
}

TEST(Case, AYesTakesOverWhatWasAsked) {
    Case incident({});
    incident.box_said("Is the house on fire?", 1'000);
    EXPECT_EQ(incident.picture().type, Type::trouble) << "the box's words are no fact";
    incident.caller_said("yes", "a", 2'000);
    EXPECT_EQ(incident.picture().type, Type::fstru);
    EXPECT_EQ(incident.picture().questions, 1);
}

TEST(Case, ANoTakesBack) {
    Case incident({});
    incident.caller_said("he has a gun", "a", 0);
    incident.caller_said("someone stole my car", "b", 1'000);
    incident.box_said("Does he have a gun?", 2'000);
    const Changes changes = incident.caller_said("no", "c", 3'000);
    ASSERT_EQ(changes.facts.size(), 1u);
    EXPECT_TRUE(changes.facts[0].denied);
    EXPECT_EQ(incident.picture().type, Type::larceny);
}

TEST(Case, AMuteCallerGetsThereToo) {
    Case incident({3, 10'000});
    std::int64_t now = 0;
    for (int n = 0; n < 3; ++n) {
        EXPECT_FALSE(incident.proposed());
        incident.box_said("What is the address of the emergency?", now);
        ASSERT_TRUE(incident.due_ms());
        now = *incident.due_ms();
        EXPECT_TRUE(incident.tick(now).question);
    }
    EXPECT_TRUE(incident.proposed());
    EXPECT_FALSE(incident.due_ms());
}

TEST(Case, AfterThreeQuestionsWhatThereIsHasToDo) {
    Case incident({});
    Changes last;
    for (int n = 0; n < 3; ++n) {
        incident.box_said("What is the address?", n * 5'000);
        last = incident.caller_said("i don't know he's bleeding", "t", n * 5'000 + 1'000);
    }
    ASSERT_TRUE(last.proposal);
    EXPECT_EQ(last.proposal->rule, Rule::questions);
    EXPECT_TRUE(last.proposal->incomplete);
    EXPECT_EQ(incident.picture().type, Type::trauma);
}

TEST(CaseModel, FillsInWhatTheCallerLeftOpen) {
    Case incident({});
    incident.caller_said("it's at 12 34 Oak Street come quick", "a", 0);
    const Changes changes = incident.reported({"FSTRU", "1234 Oak Street"}, "tool1", 2'000);
    EXPECT_EQ(incident.picture().type, Type::fstru);
    ASSERT_FALSE(changes.facts.empty());
    EXPECT_EQ(changes.facts[0].source, Source::model);
    EXPECT_TRUE(changes.proposal);
}

TEST(CaseModel, NeverReplacesTheCallersWordsAndTheDifferenceShows) {
    Case incident({});
    incident.caller_said("my kitchen is on fire 1230 Oak Street", "a", 0);
    incident.reported({"ANIMAL", "99 Elm Street"}, "tool1", 2'000);
    EXPECT_EQ(incident.picture().type, Type::fstru);
    EXPECT_EQ(place_of(incident), "1230 OAK ST !");
    EXPECT_TRUE(incident.picture().differ);
}

TEST(CaseModel, MakesUpNoPlace) {
    Case incident({});
    incident.caller_said("my kitchen is on fire", "a", 0);
    const Changes changes = incident.reported({"FSTRU", "99 Elm Street"}, "tool1", 2'000);
    EXPECT_EQ(place_of(incident), "99 ELM ST ?") << "nobody said so: kept, and not known";
    EXPECT_FALSE(changes.proposal);
}

TEST(CaseModel, IsNotTrustedWithItsArguments) {
    Case incident({});
    EXPECT_TRUE(incident.reported({"DROP TABLE", ""}, "t", 0).facts.empty());
    EXPECT_TRUE(incident.reported({std::string(100'000, 'F'), "1 Oak Street"}, "t", 0).facts.empty());
    EXPECT_TRUE(incident.reported({"\xff", "\xfe"}, "t", 0).facts.empty());
    EXPECT_TRUE(incident.reported({"TROUBLE", ""}, "t", 0).facts.empty());
    EXPECT_EQ(incident.picture().type, Type::trouble);
}

TEST(CaseModel, CannotTakeAnythingBack) {
    Case incident({});
    incident.caller_said("there's a fire at 123 Main Street", "a", 0);
    incident.reported({"911H", ""}, "t", 1'000);
    EXPECT_EQ(incident.picture().type, Type::funk);
    EXPECT_TRUE(incident.proposed());
}

}  // namespace
}  // namespace holdfast::incident
