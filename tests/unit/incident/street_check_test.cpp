#include "incident/case.hpp"

#include <gtest/gtest.h>

namespace holdfast::incident {
namespace {

using Verdict = PlaceCheck::Verdict;

CaseSettings with_list() {
    CaseSettings settings;
    settings.check_place = [](const Place& place) -> PlaceCheck {
        if (place.kind != PlaceKind::address) return {};
        if (place.normal == "12 OAK ST") return {Verdict::valid, "", {}};
        if (place.normal == "12 ELM ST") return {Verdict::ambiguous, "direction", {"12 N ELM ST", "12 S ELM ST"}};
        return {Verdict::not_found, "street", {}};
    };
    return settings;
}

TEST(StreetCheck, WhatTheListKnowsIsEnough) {
    Case incident(with_list());
    const Changes changes = incident.caller_said("fire at 12 Oak Street", "t1", 100);
    ASSERT_TRUE(changes.proposal);
    ASSERT_EQ(changes.facts.size(), 3u);
    EXPECT_STREQ(to_string(changes.facts[2].slot), "street_check");
    EXPECT_STREQ(to_string(changes.facts[2].source), "list");
    EXPECT_EQ(changes.facts[2].normal, "valid");
}

TEST(StreetCheck, WhatItDoesNotKnowIsNeverEnoughAndNeverChanged) {
    for (const char* place : {"12 Elm Street", "12 Larch Street"}) {
        Case incident(with_list());
        const Changes changes = incident.caller_said(std::string("fire at ") + place, "t1", 100);
        EXPECT_FALSE(changes.proposal) << place;
        ASSERT_TRUE(incident.picture().place);
        EXPECT_FALSE(incident.picture().place->known);
        EXPECT_EQ(incident.picture().place->normal.substr(0, 3), "12 ") << "as the caller said it";
    }
    Case incident(with_list());
    const Changes changes = incident.caller_said("fire at 12 Elm Street", "t1", 100);
    EXPECT_EQ(changes.facts.back().normal, "ambiguous direction");
    EXPECT_EQ(changes.facts.back().value, "12 N ELM ST; 12 S ELM ST");
}

TEST(StreetCheck, AModelsPlaceIsCheckedLikeTheCallers) {
    Case incident(with_list());
    incident.caller_said("fire 12 larch street", "t1", 100);
    const Changes changes = incident.reported({"FSTRU", "12 Larch Street"}, "c1", 200);
    EXPECT_FALSE(incident.picture().place->known);
    EXPECT_EQ(changes.facts.back().normal, "not_found street");
}

TEST(StreetCheck, HelpStillComesAfterTheQuestions) {
    Case incident(with_list());
    incident.caller_said("fire at 12 Larch Street", "t1", 100);
    std::optional<Decision> proposal;
    for (int n = 1; n <= 3; ++n) {
        incident.box_said("What is the address?", n * 1000);
        const Changes changes = incident.caller_said("12 Larch Street I said", "t", n * 1000 + 500);
        if (changes.proposal) proposal = changes.proposal;
    }
    ASSERT_TRUE(proposal);
    EXPECT_TRUE(proposal->incomplete);
}

}  // namespace
}  // namespace holdfast::incident
