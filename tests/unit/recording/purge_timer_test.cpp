// Retention runs by itself, and what it must not touch stays: with the recorder, a clock that moves by hand.
#include "unit/recording/recording_world.hpp"

#include "recording/purge_timer.hpp"
#include "support/fake_loop.hpp"

namespace holdfast::test {
namespace {

constexpr std::int64_t k_day_ms = 24ll * 3600 * 1000;

class Purge : public RecordingTest {
  protected:
    // A recording that ended so many days ago.
    void add(std::int64_t days) {
        Disk disk;
        auto file = File::create(disk, folder.path(), Identity{k_call, "g1", 1, k_utc_ms - days * k_day_ms, 0, "live"});
        ASSERT_TRUE(file);
        ASSERT_TRUE((*file)->write(Leg::caller, 0, sound('c', 1000)));
        const auto finished = (*file)->finish(8000, 0);
        ASSERT_TRUE(finished);
        ASSERT_TRUE(File::publish(disk, folder.path(), finished->name));
    }
    std::size_t left() const {
        std::size_t count = 0;
        for (const auto& name : files_in(folder.path())) count += name.find(".wav") != std::string::npos ? 1 : 0;
        return count;
    }
    // Starts the recorder with 30 days, and its timer.
    void begin(Release release) {
        options.retention.days = 30;
        open();
        timer.emplace(loop, [this](MayGo may_go) { recorder->purge(std::move(may_go)); }, std::move(release));
        timer->start();
    }
    // Runs so many times and waits until the recorder has done so.
    void hours(int count) {
        loop.advance(k_purge_first_after + (count - 1) * k_purge_every);
        recorder->stop(k_deadline);
    }

    FakeLoop loop;
    std::optional<PurgeTimer> timer;
};

TEST_F(Purge, TakesWhatIsOverdueWhenNoSinkIsConfigured) {
    add(31);
    begin({});
    loop.advance(k_purge_first_after - 1ms);
    hours(2);  // the first run only notes the time
    EXPECT_EQ(left(), 0u);
    ASSERT_EQ(journal.rows<store::Audit>().size(), 1u);
    EXPECT_EQ(journal.rows<store::Audit>()[0].action, "recording_purged");
}

TEST_F(Purge, LeavesWhatIsNotOverdue) {
    add(29);
    begin({});
    hours(5);
    EXPECT_EQ(left(), 1u);
}

TEST_F(Purge, GoesByTheDaysThatAReloadBrought) {
    add(29);
    begin({});
    recorder->set_retention(RetentionDays{7, {}});
    hours(2);
    EXPECT_EQ(left(), 0u);
}

TEST_F(Purge, TakesNothingWhileASinkIsConfiguredAndNobodySaysThatItHasIt) {
    add(31);
    Release release;
    release.sinks_configured = true;
    begin(release);
    hours(5);
    EXPECT_EQ(left(), 1u);
}

TEST_F(Purge, TakesWhatEverySinkHas) {
    add(31);
    Release release;
    release.sinks_configured = true;
    release.sent = [](const base::CallSid& call, const std::string& path) {
        return call == k_call && path == k_call.str() + ".g1.1.wav";
    };
    begin(release);
    hours(2);
    EXPECT_EQ(left(), 0u);
}

TEST_F(Purge, LeavesWhatIsHeld) {
    add(31);
    Release release;
    release.held = [](const base::CallSid& call, const std::string&) { return call == k_call; };
    begin(release);
    hours(5);
    EXPECT_EQ(left(), 1u);
}

TEST_F(Purge, DoesNotRunBeforeItsTime) {
    int runs = 0;
    PurgeTimer one(loop, [&runs](const MayGo&) { ++runs; }, {});
    one.start();
    loop.advance(k_purge_first_after - 1ms);
    EXPECT_EQ(runs, 0);
    loop.advance(1ms);
    EXPECT_EQ(runs, 1);
    loop.advance(k_purge_every * 3);
    EXPECT_EQ(runs, 4);
}

}  // namespace
}  // namespace holdfast::test
