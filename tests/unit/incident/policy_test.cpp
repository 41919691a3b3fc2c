#include "incident/policy.hpp"

#include <gtest/gtest.h>

namespace holdfast::incident {
namespace {

struct Row {
    const char* what;
    Known known;
    Rule rule;
    bool propose;
    bool incomplete;
};

class Policy : public ::testing::TestWithParam<Row> {};

TEST_P(Policy, FollowsItsRule) {
    const Row& row = GetParam();
    const Decision decision = decide(row.known);
    EXPECT_EQ(decision.rule, row.rule) << row.what;
    EXPECT_EQ(decision.propose, row.propose) << row.what;
    EXPECT_EQ(decision.incomplete, row.incomplete) << row.what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Policy,
    ::testing::Values(
        Row{"nothing yet", {Type::trouble, false, false, 0, 3}, Rule::ask, false, false},
        Row{"a type alone", {Type::fstru, false, false, 0, 3}, Rule::ask, false, false},
        Row{"a type and half a place", {Type::fstru, false, true, 0, 3}, Rule::ask, false, false},
        Row{"a place alone", {Type::trouble, true, true, 0, 3}, Rule::ask, false, false},
        Row{"type and place", {Type::fstru, true, true, 0, 3}, Rule::place_and_type, true, false},
        Row{"type and place after many questions", {Type::animal, true, true, 9, 3}, Rule::place_and_type, true, false},
        Row{"one question short", {Type::fstru, false, true, 2, 3}, Rule::ask, false, false},
        Row{"three questions, a type", {Type::fstru, false, false, 3, 3}, Rule::questions, true, true},
        Row{"three questions, a place", {Type::trouble, true, true, 3, 3}, Rule::questions, true, true},
        Row{"three questions, a mute caller", {Type::trouble, false, false, 3, 3}, Rule::questions, true, true},
        Row{"another limit", {Type::trouble, false, false, 1, 1}, Rule::questions, true, true},
        Row{"a misdial with a place", {Type::hangup, true, true, 0, 3}, Rule::ask, false, false},
        Row{"a misdial asked enough", {Type::hangup, true, true, 3, 3}, Rule::hold, false, false},
        Row{"information asked enough", {Type::citasst, false, false, 3, 3}, Rule::hold, false, false}));

TEST(PolicyWords, HaveNames) {
    EXPECT_STREQ(to_string(Rule::place_and_type), "place_and_type");
    EXPECT_STREQ(to_string(Rule::questions), "questions");
    EXPECT_STREQ(to_string(Rule::hold), "hold");
    EXPECT_STREQ(to_string(Rule::ask), "ask");
}

}  // namespace
}  // namespace holdfast::incident
