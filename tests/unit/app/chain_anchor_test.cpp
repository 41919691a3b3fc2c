// When the head of the chain is told, and when not.
#include "app/chain_anchor.hpp"

#include "support/fake_loop.hpp"
#include "support/silent_journal.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast::test {
namespace {

class ChainJournal : public SilentJournal {
  public:
    bool append(store::Record record, store::Ack) override {
        if (full) return false;
        told.push_back(std::get<store::Audit>(record));
        ++newest;  // its own link
        return true;
    }
    void read_chain(store::ReadChain query, std::function<void(base::Result<store::ChainBite>)> done) override {
        EXPECT_TRUE(query.link) << "nothing is to be followed";
        if (quarantined) return done(base::make_error(base::Condition::retry, "quarantined"));
        store::ChainBite bite;
        bite.newest = newest;
        bite.newest_head = newest == 0 ? "" : std::string(32, static_cast<char>(newest));
        done(bite);
    }

    std::vector<store::Audit> told;
    std::int64_t newest = 0;
    bool full = false, quarantined = false;
};

class ChainAnchorTest : public ::testing::Test {
  protected:
    ChainAnchorTest() { anchor_.start(); }
    std::size_t told_after_a_minute() {
        loop_.advance(app::ChainAnchor::k_every);
        return journal_.told.size();
    }

    FakeLoop loop_;
    ChainJournal journal_;
    app::ChainAnchor anchor_{loop_, journal_};
};

TEST_F(ChainAnchorTest, TellsWhereTheChainIsWheneverItMoved) {
    EXPECT_EQ(told_after_a_minute(), 0u) << "there is no chain yet";
    journal_.newest = 7;
    EXPECT_EQ(told_after_a_minute(), 1u);
    EXPECT_EQ(journal_.told[0].action, "chain_head");
    EXPECT_EQ(journal_.told[0].detail, "link=7 head=" + [] {
        std::string hex;
        for (int i = 0; i < 32; ++i) hex += "07";
        return hex;
    }());
    EXPECT_FALSE(journal_.told[0].call);
    EXPECT_EQ(told_after_a_minute(), 1u) << "only its own row was written since";
    EXPECT_EQ(told_after_a_minute(), 1u);
    ++journal_.newest;
    EXPECT_EQ(told_after_a_minute(), 2u);
    EXPECT_EQ(journal_.told[1].detail.substr(0, 7), "link=9 ");
}

TEST_F(ChainAnchorTest, WhatCouldNotBeToldIsToldLater) {
    journal_.newest = 3;
    journal_.full = true;
    EXPECT_EQ(told_after_a_minute(), 0u);
    journal_.full = false;
    EXPECT_EQ(told_after_a_minute(), 1u);
    journal_.newest = 9;
    journal_.quarantined = true;
    EXPECT_EQ(told_after_a_minute(), 1u);
    journal_.quarantined = false;
    EXPECT_EQ(told_after_a_minute(), 2u);
}

}  // namespace
}  // namespace holdfast::test
