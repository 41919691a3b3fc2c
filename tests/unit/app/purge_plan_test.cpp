// What goes, in which order, and what keeps it from going.
#include "app/purge_plan.hpp"

#include "support/fake_loop.hpp"
#include "support/silent_journal.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <iomanip>
#include <sstream>
#include <utility>
#include <vector>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t k_day_ms = 86'400'000;

base::CallSid sid(unsigned number) {
    std::ostringstream text;
    text << "CA" << std::hex << std::setw(32) << std::setfill('0') << number;
    return *base::CallSid::parse(text.str());
}

// Answers at once; hands out what it is told to, and remembers what was asked and written.
class ScriptedJournal : public SilentJournal {
  public:
    bool append(store::Record record, store::Ack ack) override {
        written.push_back(std::move(record));
        if (ack) ack(store::Committed{durable, false, 0});
        return true;
    }
    void read_purgeable(store::ReadPurgeable query, std::function<void(base::Result<store::Purgeable>)> done) override {
        asked.push_back(query);
        store::Purgeable answer;
        answer.calls = std::exchange(query.words_only ? wordy : old, {});
        done(answer);
    }
    store::StoreStatus status() const override { return state; }

    std::vector<std::string> purged() const {
        std::vector<std::string> out;
        for (const auto& record : written) {
            const auto* purge = std::get_if<store::Purge>(&record);
            if (purge != nullptr) out.push_back(purge->call.str().substr(33) + (purge->words_only ? " words " : " ") + purge->reason);
        }
        return out;
    }

    std::vector<store::Record> written;
    std::vector<store::ReadPurgeable> asked;
    std::vector<base::CallSid> old, wordy;
    store::StoreStatus state;
    bool durable = true;
};

class PurgePlanTest : public ::testing::Test {
  protected:
    app::PurgePlan& plan(app::PurgeDays days, std::string sink = "mongodb") {
        plan_ = std::make_unique<app::PurgePlan>(app::PurgePlan::Parts{
            loop_, journal_,
            [this](const base::CallSid& call, std::function<void(bool)> done) {
                removed_.push_back(call.str().substr(33));
                done(removable_);
            },
            std::move(sink), days, folder_.path(), "mongodb.audio",
            [this](std::int64_t before_utc_ms) { set_aside_before_.push_back(before_utc_ms); }});
        plan_->start();
        loop_.advance(app::PurgePlan::k_first_after);  // sees the clock for the first time
        return *plan_;
    }
    using Words = std::vector<std::string>;

    FakeLoop loop_;
    ScriptedJournal journal_;
    TempFolder folder_;
    Words removed_;
    std::vector<std::int64_t> set_aside_before_;
    bool removable_ = true;
    std::unique_ptr<app::PurgePlan> plan_;
};

TEST_F(PurgePlanTest, CallsGoThenWordsAndTheirFilesBeforeThem) {
    plan({365, 90, 400});
    EXPECT_TRUE(journal_.asked.empty()) << "a clock that is seen for the first time";
    journal_.old = {sid(1), sid(2)};
    journal_.wordy = {sid(3)};
    loop_.advance(app::PurgePlan::k_every);
    EXPECT_EQ(journal_.purged(), (Words{"1 days", "2 days", "3 words days"}));
    EXPECT_EQ(removed_, (Words{"1", "2"})) << "sound has its own days";
    ASSERT_EQ(journal_.asked.size(), 2u);
    EXPECT_EQ(journal_.asked[0].before_utc_ms, loop_.utc_ms() - 365 * k_day_ms);
    EXPECT_EQ(journal_.asked[0].sink, "mongodb");
    EXPECT_EQ(journal_.asked[0].audio_sink, "mongodb.audio");
    EXPECT_EQ(journal_.asked[1].before_utc_ms, loop_.utc_ms() - 90 * k_day_ms);
    EXPECT_EQ(journal_.asked[1].audio_sink, "") << "words wait for no sound";
    const auto* audit = std::get_if<store::PurgeAudit>(&journal_.written.front());
    ASSERT_NE(audit, nullptr);
    EXPECT_EQ(audit->before_utc_ms, loop_.utc_ms() - 400 * k_day_ms);
    EXPECT_EQ(set_aside_before_, std::vector<std::int64_t>{loop_.utc_ms() - 90 * k_day_ms}) << "words stand in what was set aside";
}

TEST_F(PurgePlanTest, OtherDaysAreInForceFromTheNextRunOn) {
    auto& retention = plan({365, 0, 0});
    loop_.advance(app::PurgePlan::k_every);
    EXPECT_EQ(journal_.asked.back().before_utc_ms, loop_.utc_ms() - 365 * k_day_ms);
    retention.set_days({30, 7, 60});
    journal_.written.clear();
    loop_.advance(app::PurgePlan::k_every);
    ASSERT_EQ(journal_.asked.size(), 3u);
    EXPECT_EQ(journal_.asked[1].before_utc_ms, loop_.utc_ms() - 30 * k_day_ms);
    EXPECT_EQ(journal_.asked[2].before_utc_ms, loop_.utc_ms() - 7 * k_day_ms);
    EXPECT_EQ(std::get<store::PurgeAudit>(journal_.written.front()).before_utc_ms, loop_.utc_ms() - 60 * k_day_ms);
}

TEST_F(PurgePlanTest, WhatWasSetAsideStaysAsLongAsCallsWithoutDaysOfTheWords) {
    plan({365, 0, 0});
    loop_.advance(app::PurgePlan::k_every);
    EXPECT_EQ(set_aside_before_, std::vector<std::int64_t>{loop_.utc_ms() - 365 * k_day_ms});
}

TEST_F(PurgePlanTest, D22_NothingGoesByAClockThatJumped) {
    journal_.old = {sid(1)};
    plan({});
    loop_.advance(48h);  // the plan ran meanwhile, so this is no jump
    EXPECT_EQ(journal_.purged(), Words{"1 days"});
    journal_.old = {sid(2)};
    {
        // Another process, years later by its wall clock.
        class Later : public FakeLoop {
          public:
            std::int64_t utc_ms() const override { return k_epoch_utc_ms + 3 * 365 * k_day_ms; }
        } later;
        app::PurgePlan other({later, journal_, [](const base::CallSid&, std::function<void(bool)> done) { done(true); }, "", {}, folder_.path()});
        other.run();
        later.run_posted();
    }
    EXPECT_EQ(journal_.purged(), Words{"1 days"});
}

TEST_F(PurgePlanTest, D01_WithTheDiskNearlyFullWhatIsSyncedGoesFirst) {
    journal_.state.total_bytes = 1000;
    journal_.state.free_bytes = 49;
    plan({365, 0, 0});
    journal_.old = {sid(1)};
    loop_.advance(app::PurgePlan::k_every);
    ASSERT_GE(journal_.asked.size(), 2u);
    EXPECT_EQ(journal_.asked[0].before_utc_ms, loop_.utc_ms() - app::PurgePlan::k_younger_stays_ms);
    EXPECT_EQ(journal_.purged(), Words{"1 disk"});
}

TEST_F(PurgePlanTest, D01_WithoutASinkNothingGoesBeforeItsTime) {
    journal_.state.total_bytes = 1000;
    journal_.state.free_bytes = 1;
    plan({365, 0, 0}, "");
    loop_.advance(app::PurgePlan::k_every);
    ASSERT_EQ(journal_.asked.size(), 1u);
    EXPECT_EQ(journal_.asked[0].before_utc_ms, loop_.utc_ms() - 365 * k_day_ms);
}

TEST_F(PurgePlanTest, RowsStayWhenTheirRecordingsCannotBeRemoved) {
    removable_ = false;
    plan({});
    journal_.old = {sid(1)};
    loop_.advance(app::PurgePlan::k_every);
    EXPECT_EQ(removed_, Words{"1"});
    EXPECT_EQ(journal_.purged(), Words());
}

TEST_F(PurgePlanTest, WhatIsMoreThanOneRunTakesGoesSoonAfter) {
    plan({});
    for (unsigned i = 0; i < app::PurgePlan::k_calls_at_once; ++i) journal_.old.push_back(sid(i));
    loop_.advance(app::PurgePlan::k_every);
    journal_.old = {sid(500)};
    loop_.advance(app::PurgePlan::k_more);
    EXPECT_EQ(journal_.purged().size(), static_cast<std::size_t>(app::PurgePlan::k_calls_at_once) + 1);
}

}  // namespace
}  // namespace holdfast::test
