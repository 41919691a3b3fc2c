// What may be deleted, and when the clock is not to be believed (D21, D22).
#include "unit/recording/recording_world.hpp"

#include "metrics/catalog.hpp"
#include "recording/limits.hpp"
#include "recording/retention.hpp"

namespace holdfast::test {
namespace {

constexpr std::int64_t k_hour_ms = 3'600'000;
constexpr std::int64_t k_day_ms = 24 * k_hour_ms;

class RetentionTest : public ::testing::Test {
  protected:
    void add(int number, std::int64_t began_utc_ms, const std::string& retention_class = "live") {
        auto file = File::create(disk, folder.path(), Identity{k_call, "g1", 1, began_utc_ms, 0, retention_class});
        ASSERT_TRUE(file);
        ASSERT_EQ((*file)->identity().number, number);
        ASSERT_TRUE((*file)->finish(80, 0));
        ASSERT_TRUE(File::publish(disk, folder.path(), (*file)->name()));
    }
    std::size_t purge(std::int64_t passed_ms = k_hour_ms) {
        utc_ms += passed_ms;
        mono += std::chrono::milliseconds(k_hour_ms);
        return retention.purge(may_go, utc_ms, mono);
    }
    std::size_t left() const {
        std::size_t count = 0;
        for (const auto& name : files_in(folder.path())) count += name.find(".wav") != std::string::npos;
        return count;
    }

    TempFolder folder;
    Disk disk;
    MemoryJournal journal;
    std::int64_t utc_ms = k_utc_ms;
    base::TimePoint mono{1000s};
    MayGo may_go = [](const base::CallSid&, const std::string&) { return true; };
    Retention retention{folder.path(), RetentionDays{30, {{"canned", 90}, {"keep", 0}}}, journal};
};

TEST_F(RetentionTest, DeletesWhatIsOlderThanTheDaysOfItsClass) {
    add(1, k_utc_ms - 31 * k_day_ms);
    add(2, k_utc_ms - 29 * k_day_ms);
    add(3, k_utc_ms - 31 * k_day_ms, "canned");
    add(4, k_utc_ms - 91 * k_day_ms, "canned");
    add(5, k_utc_ms - 200 * k_day_ms, "keep");
    EXPECT_EQ(purge(), 0u) << "the first look only notes the time";
    EXPECT_EQ(purge(), 2u);
    EXPECT_EQ(left(), 3u);
    const auto audit = journal.rows<store::Audit>();
    ASSERT_EQ(audit.size(), 2u);
    EXPECT_EQ(audit[0].action, "recording_purged");
    EXPECT_EQ(audit[0].call, k_call);
}

TEST_F(RetentionTest, NeverTouchesWhatMayNotGo) {
    add(1, k_utc_ms - 31 * k_day_ms);
    purge();
    may_go = [](const base::CallSid& call, const std::string& path) {
        EXPECT_EQ(call, k_call);
        EXPECT_EQ(path, k_call.str() + ".g1.1.wav");
        return false;
    };
    EXPECT_EQ(purge(), 0u);
    may_go = {};
    EXPECT_EQ(purge(), 0u) << "nobody answers for it";
    EXPECT_EQ(left(), 1u);
}

TEST_F(RetentionTest, DeletesNothingItCannotWriteDown) {
    add(1, k_utc_ms - 31 * k_day_ms);
    purge();
    journal.full = true;
    EXPECT_EQ(purge(), 0u);
    EXPECT_EQ(left(), 1u);
}

TEST_F(RetentionTest, D22_RefusesAnImplausibleClock) {
    add(1, k_utc_ms - 31 * k_day_ms);
    purge();
    const auto skipped = metrics::purge_skipped_total.value("clock");
    EXPECT_EQ(retention.purge(may_go, 0, mono), 0u);
    EXPECT_EQ(metrics::purge_skipped_total.value("clock"), skipped + 1);
    EXPECT_EQ(left(), 1u);
}

TEST_F(RetentionTest, D22_RefusesAfterAJumpUntilSomebodyConfirms) {
    add(1, k_utc_ms - k_day_ms);
    purge();
    EXPECT_EQ(purge(40 * k_day_ms), 0u) << "the clock says that it is old now";
    EXPECT_EQ(purge(), 0u) << "and goes on saying so";
    EXPECT_EQ(left(), 1u);
    std::filesystem::remove(folder.path() + "/.purge-clock");
    EXPECT_EQ(purge(), 0u);
    EXPECT_EQ(purge(), 1u);
}

TEST_F(RetentionTest, D22_RemembersTheTimeAcrossARestart) {
    add(1, k_utc_ms - k_day_ms);
    purge();
    Retention next{folder.path(), RetentionDays{30, {}}, journal};
    EXPECT_EQ(next.purge(may_go, utc_ms + 40 * k_day_ms, mono), 0u);
    EXPECT_EQ(next.purge(may_go, utc_ms - 2 * k_day_ms, mono), 0u);
    EXPECT_EQ(left(), 1u);
}

TEST_F(RetentionTest, D22_ALongPauseOfOneProcessIsNoJump) {
    add(1, k_utc_ms - 31 * k_day_ms);
    purge();
    mono += std::chrono::milliseconds(3 * k_day_ms);
    EXPECT_EQ(purge(3 * k_day_ms + k_hour_ms), 1u);
}

TEST_F(RetentionTest, LeavesPartsAndStrangersAlone) {
    add(1, k_utc_ms - 31 * k_day_ms);
    std::filesystem::rename(folder.path() + "/" + k_call.str() + ".g1.1.wav",
                            folder.path() + "/" + k_call.str() + ".g1.1.wav.part");
    std::ofstream(folder.path() + "/" + k_call.str() + ".g1.7.wav") << "not one of ours";
    purge();
    EXPECT_EQ(purge(), 0u);
    EXPECT_EQ(left(), 2u);
}

TEST_F(RetentionTest, D21_WorksInSmallBatches) {
    for (int call = 0; call < 3; ++call) {
        const auto sid = *base::CallSid::parse("CA0000000000000000000000000000000" + std::to_string(call));
        for (int i = 0; i < 99; ++i) {
            auto file = File::create(disk, folder.path(), Identity{sid, "g1", 1, k_utc_ms - 31 * k_day_ms, 0, "live"});
            ASSERT_TRUE(file);
            ASSERT_TRUE((*file)->finish(0, 0));
            ASSERT_TRUE(File::publish(disk, folder.path(), (*file)->name()));
        }
    }
    purge();
    EXPECT_EQ(purge(), k_purge_files_max);
    EXPECT_EQ(purge(), 3 * 99 - k_purge_files_max);
    EXPECT_EQ(left(), 0u);
}

}  // namespace
}  // namespace holdfast::test
