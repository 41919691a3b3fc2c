// What is told of clock, disk, certificates and parts, and when.
#include "app/box_watch.hpp"

#include "metrics/catalog.hpp"
#include "support/fake_loop.hpp"
#include "support/silent_journal.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using app::BoxWatch;
using app::ExpiryNotice;
using Words = std::vector<std::string>;

class AuditJournal : public SilentJournal {
  public:
    bool append(store::Record record, store::Ack) override {
        const auto& audit = std::get<store::Audit>(record);
        written.push_back(audit.action + " " + audit.detail);
        return true;
    }
    Words written;
};

// A loop whose wall clock somebody sets.
class SetLoop : public FakeLoop {
  public:
    std::int64_t utc_ms() const override { return FakeLoop::utc_ms() + set_by_ms; }
    std::int64_t set_by_ms = 0;
};

class BoxWatchTest : public ::testing::Test {
  protected:
    BoxWatch& watch() {
        BoxWatch::Parts parts{loop_, journal_, [this] {
            auto status = status_;
            if (watch_) status.box = watch_->box();
            return status;
        }, {}, [this](const std::string& line) { told_.push_back(line); }};
        parts.disk = makedev(179, 1);
        parts.sys = folder_ / "sys";
        parts.timesync = folder_ / "timesync";
        watch_.emplace(std::move(parts));
        watch_->start();
        return *watch_;
    }
    void SetUp() override {
        status_.prompts_loaded = 1;
        status_.public_.port = 443;
        status_.voice.configured = true;
        status_.voice.provider = "openai";
        status_.voice.state = "ok";
    }

    SetLoop loop_;
    AuditJournal journal_;
    TempFolder folder_;
    http::DaemonStatus status_;
    Words told_;
    std::optional<BoxWatch> watch_;
};

TEST_F(BoxWatchTest, TellsFiguresOnceASecondAndAJudgementAtOnce) {
    watch();
    loop_.advance(BoxWatch::k_look_every);
    EXPECT_EQ(told_, Words{"0 calls, openai, store good"});
    for (int calls = 1; calls <= 4; ++calls) {
        status_.calls_active = calls;
        loop_.advance(BoxWatch::k_look_every);
    }
    EXPECT_EQ(told_, (Words{"0 calls, openai, store good", "2 calls, openai, store good", "4 calls, openai, store good"}));
    status_.prompts_loaded = 0;
    loop_.advance(BoxWatch::k_look_every);
    EXPECT_EQ(told_.back(), "NOT READY: prompts missing; 4 calls, openai, store good");
    loop_.advance(10s);
    EXPECT_EQ(told_.size(), 4u) << "nothing is said twice";
}

TEST_F(BoxWatchTest, P13_AJumpOfTheClockIsWrittenDownOnce) {
    watch();
    loop_.advance(5s);
    loop_.set_by_ms = -3'600'000;
    loop_.advance(5s);
    EXPECT_EQ(journal_.written, Words{"clock_step step_ms=-3600000"});
    EXPECT_DOUBLE_EQ(metrics::clock_step_seconds.value(), -3600);
    EXPECT_EQ(watch_->box().clock, "unknown") << "that is a time like another";
}

TEST_F(BoxWatchTest, P16_AClockOf1970IsSaidUntilItIsSet) {
    loop_.set_by_ms = -FakeLoop::k_epoch_utc_ms;
    watch();
    loop_.advance(1s);
    EXPECT_EQ(watch_->box().clock, "not_set");
    EXPECT_DOUBLE_EQ(metrics::clock_unsynced.value(), 1);
    EXPECT_EQ(told_.back(), "degraded: clock not_set; 0 calls, openai, store good");
    loop_.set_by_ms = 0;
    std::filesystem::create_directory(folder_ / "timesync");
    loop_.advance(1s);
    EXPECT_EQ(watch_->box().clock, "unsynchronised");
    std::ofstream(folder_ / "timesync/synchronized").put('\n');
    loop_.advance(1s);
    EXPECT_EQ(watch_->box().clock, "good");
    EXPECT_DOUBLE_EQ(metrics::clock_unsynced.value(), 0);
    EXPECT_EQ(told_.back(), "0 calls, openai, store good");
    EXPECT_EQ(journal_.written, (Words{"clock state=not_set", "clock_step step_ms=" + std::to_string(FakeLoop::k_epoch_utc_ms),
                                       "clock state=unsynchronised", "clock state=good"}));
}

TEST_F(BoxWatchTest, TheDiskIsLookedAtEachMinute) {
    namespace fs = std::filesystem;
    const fs::path disk = folder_ / "sys/block/mmcblk0";
    fs::create_directories(disk / "device");
    fs::create_directories(disk / "mmcblk0p1");
    fs::create_directories(folder_ / "sys/dev/block");
    fs::create_symlink(disk / "mmcblk0p1", folder_ / "sys/dev/block/179:1");
    std::ofstream(disk / "device/life_time") << "0x02 0x03\n";
    watch();
    loop_.advance(1s);
    EXPECT_EQ(watch_->box().disk, "good");
    EXPECT_DOUBLE_EQ(metrics::disk_life_used_ratio.value(), 0.3);
    std::ofstream(disk / "device/life_time") << "0x0a 0x03\n";
    loop_.advance(30s);
    EXPECT_EQ(watch_->box().disk, "good") << "not that often";
    loop_.advance(31s);
    EXPECT_EQ(watch_->box().disk, "worn");
    for (int i = 0; i < 30; ++i) metrics::commit_seconds.observe(0.9);
    loop_.advance(60s);
    EXPECT_EQ(watch_->box().disk, "slow");
    loop_.advance(10min);
    EXPECT_EQ(watch_->box().disk, "worn");
    EXPECT_DOUBLE_EQ(watch_->box().disk_life_used, 1.0);
}

TEST(ExpiryNotice, ComesFourteenDaysBeforeAndThenEachDay) {
    constexpr std::int64_t k_day_s = 86'400;
    const auto now_ms = FakeLoop::k_epoch_utc_ms;
    const auto end_s = now_ms / 1000 + 20 * k_day_s;
    ExpiryNotice notice;
    std::vector<std::int64_t> said;
    for (int hour = 0; hour < 21 * 24 + 1; ++hour) {
        const auto at = std::chrono::hours(hour);
        const auto days = notice.look(end_s, now_ms + base::to_ms(at), base::TimePoint(at));
        if (days) said.push_back(*days);
    }
    EXPECT_EQ(said, (std::vector<std::int64_t>{13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1}));
}

TEST(ExpiryNotice, OfANewCertificateComesAtOnceAndNoneByAClockThatIsWrong) {
    const auto now_ms = FakeLoop::k_epoch_utc_ms;
    ExpiryNotice notice;
    EXPECT_FALSE(notice.look(0, now_ms, base::TimePoint{})) << "there is none";
    EXPECT_EQ(notice.look(now_ms / 1000 + 86'400, now_ms, base::TimePoint{}), 1);
    EXPECT_FALSE(notice.look(now_ms / 1000 + 86'400, now_ms, base::TimePoint{1h}));
    EXPECT_EQ(notice.look(now_ms / 1000 + 2 * 86'400, now_ms, base::TimePoint{1h}), 2);
    EXPECT_FALSE(ExpiryNotice().look(now_ms / 1000, 4'102'444'800'000, base::TimePoint{}));
}

}  // namespace
}  // namespace holdfast::test
