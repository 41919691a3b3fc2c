// A drain before a restart: its limit, its end, and who is told.
#include "app/planned_drain.hpp"

#include "config/limits.hpp"
#include "support/fake_loop.hpp"
#include "support/silent_journal.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using State = app::PlannedDrain::State;

class AuditJournal : public SilentJournal {
  public:
    bool append(store::Record record, store::Ack) override {
        const auto& row = std::get<store::Audit>(record);
        rows.push_back(row.actor + ": " + row.action + " " + row.detail);
        return true;
    }
    std::vector<std::string> rows;
};

class PlannedDrainTest : public ::testing::Test {
  protected:
    FakeLoop loop_;
    AuditJournal journal_;
    std::vector<bool> set_;
    app::PlannedDrain drain_{loop_, journal_, [this](bool drain) { set_.push_back(drain); }};
};

TEST_F(PlannedDrainTest, RunsUntilItsLimitAndSaysHowLong) {
    ASSERT_TRUE(drain_.begin("ann", "upgrade", 300s));
    EXPECT_EQ(set_, std::vector<bool>{true});
    loop_.advance(299s);
    EXPECT_EQ(drain_.state(), State::running);
    EXPECT_EQ(drain_.status().left_ms, 1000);
    EXPECT_EQ(drain_.status().by, "ann");
    loop_.advance(1s);
    EXPECT_EQ(drain_.state(), State::limit_passed);
    EXPECT_EQ(drain_.status().left_ms, 0);
    EXPECT_TRUE(drain_.status().active);
    EXPECT_EQ(journal_.rows, std::vector<std::string>{"ann: drain limit_s=300 why=upgrade"});
}

TEST_F(PlannedDrainTest, EndsByItselfWhenNobodyRestarts) {
    ASSERT_TRUE(drain_.begin("ann", "upgrade", 10s));
    const auto ends = drain_.status().ends_utc_ms;
    loop_.advance(10s + limits::drain_without_restart - 1ms);
    EXPECT_TRUE(drain_.status().active);
    loop_.advance(1ms);
    EXPECT_EQ(loop_.utc_ms(), ends) << "when it was told to end";
    EXPECT_FALSE(drain_.status().active);
    EXPECT_EQ(drain_.state(), State::none);
    EXPECT_EQ(set_, (std::vector<bool>{true, false}));
    EXPECT_EQ(journal_.rows.back(), "daemon: undrain why=no_restart");
}

TEST_F(PlannedDrainTest, IsTakenBackAndThenNothingIsLeftOfIt) {
    ASSERT_TRUE(drain_.begin("ann", "", 10s));
    ASSERT_TRUE(drain_.end("bob", "not today"));
    EXPECT_EQ(set_, (std::vector<bool>{true, false}));
    EXPECT_EQ(journal_.rows.back(), "bob: undrain why=not today");
    loop_.advance(1h);
    EXPECT_EQ(set_.size(), 2u);
    EXPECT_EQ(drain_.end("bob", "").error().code, std::string("not_draining"));
}

TEST_F(PlannedDrainTest, ASecondOneGivesTheFirstANewLimit) {
    ASSERT_TRUE(drain_.begin("ann", "", 10s));
    loop_.advance(5s);
    ASSERT_TRUE(drain_.begin("bob", "", 20s));
    loop_.advance(19s);
    EXPECT_EQ(drain_.state(), State::running);
    loop_.advance(limits::drain_without_restart);
    EXPECT_TRUE(drain_.status().active);
    loop_.advance(1s);
    EXPECT_FALSE(drain_.status().active);
}

TEST_F(PlannedDrainTest, WithoutATimeLimitItIsPassedAtOnce) {
    ASSERT_TRUE(drain_.begin("ann", "", 0s));
    EXPECT_EQ(drain_.state(), State::limit_passed);
}

TEST_F(PlannedDrainTest, AProcessThatStopsNeitherTakesItBackNorBeginsOne) {
    ASSERT_TRUE(drain_.begin("ann", "", 10s));
    drain_.stopping();
    loop_.advance(1h);
    EXPECT_EQ(set_, std::vector<bool>{true});
    EXPECT_EQ(drain_.end("ann", "").error().code, std::string("stopping"));
    EXPECT_EQ(drain_.begin("ann", "", 1s).error().code, std::string("stopping"));
}

}  // namespace
}  // namespace holdfast::test
