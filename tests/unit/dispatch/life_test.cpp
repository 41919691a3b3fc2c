#include "dispatch/life.hpp"

#include "unit/dispatch/desk_world.hpp"

namespace holdfast::dispatch {
namespace {

using test::step;

Life life_of(std::initializer_list<const char*> states) {
    Life life;
    for (const char* state : states) life.take(step(1, 1, state, std::string_view(state) == "sent" ? "proposed" : ""));
    return life;
}

TEST(DispatchId, IsReadAsItIsWritten) {
    const auto id = Id::parse("CA00000000000000000000000000000001:dispatch:12");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->number, 12);
    EXPECT_EQ(id->str(), "CA00000000000000000000000000000001:dispatch:12");
    for (const char* bad : {"", "CA00000000000000000000000000000001", "CA00000000000000000000000000000001:dispatch:",
                            "CA00000000000000000000000000000001:dispatch:0", "CA00000000000000000000000000000001:dispatch:-1",
                            "CA00000000000000000000000000000001:dispatch:1x", "CA0:dispatch:1",
                            "CA00000000000000000000000000000001:dispatch:1000000000000"}) {
        EXPECT_FALSE(Id::parse(bad)) << bad;
    }
}

TEST(DispatchLife, SaysWhatItIs) {
    EXPECT_STREQ(life_of({"proposed"}).state(), "proposed");
    EXPECT_STREQ(life_of({"proposed", "sent"}).state(), "sent");
    EXPECT_STREQ(life_of({"proposed", "sent", "approved"}).state(), "approved") << "the CAD knows the proposal only";
    EXPECT_STREQ(life_of({"proposed", "approved", "acknowledged"}).state(), "acknowledged");
    EXPECT_STREQ(life_of({"proposed", "rejected"}).state(), "rejected");
    EXPECT_STREQ(life_of({"proposed", "superseded"}).state(), "superseded");
    EXPECT_STREQ(life_of({"proposed", "undeliverable"}).state(), "undeliverable");
    EXPECT_STREQ(life_of({"proposed", "undeliverable", "approved"}).state(), "approved") << "the next document may be taken";
}

TEST(DispatchLife, WhatMayBeDoneToIt) {
    const auto why = [](const char* text) { return std::string(text == nullptr ? "may" : text); };
    struct Row {
        std::initializer_list<const char*> states;
        const char* approve;
        const char* reject;
        const char* acknowledge;
    };
    const Row rows[] = {
        {{"proposed"}, "may", "may", "may"},
        {{"proposed", "sent"}, "may", "may", "may"},
        {{"proposed", "undeliverable"}, "may", "may", "may"},
        {{"proposed", "approved"}, "approved", "approved", "may"},
        {{"proposed", "approved", "acknowledged"}, "acknowledged", "acknowledged", "acknowledged"},
        {{"proposed", "rejected"}, "rejected", "rejected", "rejected"},
        {{"proposed", "superseded"}, "superseded", "superseded", "superseded"},
    };
    for (const auto& row : rows) {
        const Life life = life_of(row.states);
        EXPECT_EQ(why(may_approve(life, Mode::approve)), row.approve) << life.state();
        EXPECT_EQ(why(may_reject(life)), row.reject) << life.state();
        EXPECT_EQ(why(may_acknowledge(life)), row.acknowledge) << life.state();
    }
    EXPECT_EQ(why(may_approve(life_of({"proposed"}), Mode::advise)), "advise");
}

TEST(DispatchLife, StepsOfManyAreSortedOut) {
    std::vector<store::DispatchRow> steps;
    steps.push_back({1, step(1, 1, "proposed")});
    steps.push_back({2, step(2, 1, "proposed")});
    steps.push_back({3, step(1, 2, "proposed")});
    steps.push_back({4, step(1, 1, "superseded")});
    steps.push_back({5, step(3, 1, "approved")});  // its proposal is older than what was read
    const auto all = lives(steps);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_STREQ(all[0].state(), "superseded");
    EXPECT_STREQ(all[1].state(), "proposed");
    EXPECT_EQ(all[2].proposal.number, 2);
}

}  // namespace
}  // namespace holdfast::dispatch
