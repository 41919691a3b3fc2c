// A disk that refuses: the call never notices, the record says what is missing.
#include "unit/recording/recording_world.hpp"

#include "metrics/catalog.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

namespace holdfast::test {
namespace {

// Fails operation number `nth` and `count - 1` after it.
class FailingDisk : public Disk {
  public:
    int open(const char* path, int flags, mode_t mode) override { return fails() ? -1 : Disk::open(path, flags, mode); }
    ssize_t write(int fd, const char* data, std::size_t bytes, off_t at) override {
        if (fails_write()) return -1;
        return fails() ? -1 : Disk::write(fd, data, bytes, at);
    }
    ssize_t read(int fd, char* data, std::size_t bytes, off_t at) override {
        return fails() ? -1 : Disk::read(fd, data, bytes, at);
    }
    int truncate(int fd, off_t bytes) override { return fails() ? -1 : Disk::truncate(fd, bytes); }
    int sync(int fd) override { return fails() ? -1 : Disk::sync(fd); }
    int rename(const char* from, const char* to) override { return fails() ? -1 : Disk::rename(from, to); }

    std::uint64_t nth = UINT64_MAX;
    std::atomic<bool> full{false};
    std::atomic<std::uint64_t> done{0};

  private:
    bool fails() {
        if (done++ != nth) return false;
        errno = EIO;
        return true;
    }
    bool fails_write() {
        if (!full) return false;
        errno = ENOSPC;
        return true;
    }
};

class DiskTrouble : public BothWays {
  protected:
    DiskTrouble() { options.disk = disk; }
    static bool reached(const std::function<bool()>& there) {
        const auto until = std::chrono::steady_clock::now() + k_deadline;
        while (!there() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
        return there();
    }
    // Two seconds of a call.
    void record() {
        open();
        auto call = start();
        for (int i = 0; i < 100; ++i) {
            call->caller(frame('c'), 20 * i);
            call->box(frame('b'), 20 * i);
            now += 20ms;
        }
        call->finish();
        close();
    }
    std::shared_ptr<FailingDisk> disk = std::make_shared<FailingDisk>();
};

TEST_P(DiskTrouble, WhicheverOperationFailsNothingIsHalfTrue) {
    for (std::uint64_t nth = 0;; ++nth) {
        disk->nth = nth;
        disk->done = 0;
        const auto errors_before = journal.rows<store::Audit>().size();
        const auto rows_before = journal.rows<store::Recording>().size();
        record();
        const bool hit = disk->done > nth;
        disk->nth = UINT64_MAX;
        const auto rows = journal.rows<store::Recording>();
        const auto names = files_in(folder.path());
        ASSERT_LE(names.size(), 1u);
        if (rows.size() > rows_before) {
            // Announced: then it is whole, and what is missing is counted.
            const std::string path = folder.path() + "/" + names.at(0);
            const auto legs = legs_of(path);
            ASSERT_EQ(legs.caller.size(), 16'000u) << nth;
            const auto lost = std::count(legs.caller.begin(), legs.caller.end(), '\xff') +
                              std::count(legs.box.begin(), legs.box.end(), '\xff');
            EXPECT_EQ(rows.back().lost_ms, lost / 8) << nth;
        } else {
            EXPECT_EQ(journal.rows<store::Audit>().size(), errors_before + 1) << nth;
        }
        // The next start finds whatever is left.
        open();
        close();
        for (const auto& name : files_in(folder.path())) {
            EXPECT_EQ(name.find(".part"), std::string::npos) << nth;
            std::filesystem::remove(folder.path() + "/" + name);
        }
        if (!hit) {
            EXPECT_GT(nth, 8u) << "hardly anything was ever failed";
            break;
        }
    }
}

TEST_P(DiskTrouble, D01_AFullDiskCostsTheTimeItWasFull) {
    open();
    auto call = start();
    ASSERT_TRUE(reached([&] { return disk->done >= (sealed ? 3u : 2u); })) << "the file and its heads";
    const auto errors = metrics::recording_error_total.value("write");
    // One second is handed over after the other; the disk is full during the second one.
    for (int second = 0; second < 3; ++second) {
        disk->full = second == 1;
        const auto done = disk->done.load();
        for (int i = 0; i < 50; ++i) call->caller(frame(static_cast<char>('a' + second)), 1000 * second + 20 * i);
        now += 1s;
        ASSERT_TRUE(reached([&] {
            return second == 1 ? metrics::recording_error_total.value("write") > errors : disk->done > done;
        }));
    }
    call->finish();
    close();
    const auto legs = legs_of(path_of());
    EXPECT_TRUE(legs.caller == sound('a', 1000) + quiet(1000) + sound('c', 1000));
    EXPECT_EQ(journal.rows<store::Recording>().at(0).lost_ms, 1000);
}

TEST_P(DiskTrouble, D02_AFileSizeLimitEndsTheFileAndSaysSo) {
    // The limit holds for a whole process, so a child records.
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{20'000, 20'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        record();
        const auto rows = journal.rows<store::Recording>();
        const bool good = rows.size() == 1 && rows[0].duration_ms > 500 && rows[0].duration_ms < 2000 &&
                          rows[0].lost_ms > 0 && files_in(folder.path()).at(0).find(".part") == std::string::npos;
        std::_Exit(good ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_P(DiskTrouble, AMissingFolderIsMadeOrLoudlyMissed) {
    const auto failed = metrics::recordings_total.value("failed");
    options.path = folder.path() + "/a/b";
    record();
    EXPECT_EQ(metrics::recordings_total.value("failed"), failed + 1);
    const auto audit = journal.rows<store::Audit>();
    ASSERT_EQ(audit.size(), 1u);
    EXPECT_EQ(audit[0].action, "recording_failed");
    EXPECT_EQ(audit[0].call, k_call);
    options.path = folder.path() + "/a";
    record();
    EXPECT_EQ(files_in(options.path).size(), 1u);
}

TEST_P(DiskTrouble, AFolderThatComesBackIsUsedFromThenOn) {
    options.path = folder.path() + "/a/b";
    open();
    const auto errors = metrics::recording_error_total.value("open");
    auto call = start();
    for (int i = 0; i < 50; ++i) call->caller(frame('a'), 20 * i);
    ASSERT_TRUE(reached([&] { return metrics::recording_error_total.value("open") > errors; }));
    std::filesystem::create_directory(folder.path() + "/a");
    now += 2s;
    for (int i = 50; i < 100; ++i) call->caller(frame('b'), 20 * i);
    call->finish();
    close();
    const auto legs = legs_of(options.path + "/" + name_of());
    EXPECT_EQ(legs.caller.size(), 16'000u);
    EXPECT_TRUE(legs.caller.substr(8000) == sound('b', 1000));
}

TEST_P(DiskTrouble, AJournalThatTakesNoRowLeavesThePart) {
    journal.full = true;
    record();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{name_of() + ".part"});
    journal.full = false;
    open();
    close();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{name_of()});
    EXPECT_EQ(journal.rows<store::Recording>().size(), 1u);
}

TEST_P(DiskTrouble, ARowIsAnnouncedAgainUntilItIsInTheJournal) {
    options.announce_again = 1ms;
    journal.full = true;
    open();
    start()->caller(frame('c'), 0);
    ASSERT_TRUE(reached([&] { return journal.refused > 2; }));
    journal.durable = false;
    journal.full = false;
    ASSERT_TRUE(reached([&] { return journal.rows<store::Recording>().size() > 2; }));
    journal.durable = true;
    ASSERT_TRUE(reached([&] { return files_in(folder.path()).at(0) == name_of(); }));
    const auto rows = journal.rows<store::Recording>();
    EXPECT_EQ(rows.front().sha256, rows.back().sha256);
}

TEST_P(DiskTrouble, ARowInTheEmergencyFileLeavesThePart) {
    journal.emergency = true;
    record();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{name_of() + ".part"});
}

TEST_P(DiskTrouble, ARowThatWasLostLeavesThePart) {
    journal.durable = false;
    record();
    EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{name_of() + ".part"});
}

INSTANTIATE_TEST_SUITE_P(BothWays, DiskTrouble, ::testing::Bool(), DiskTrouble::name);

}  // namespace
}  // namespace holdfast::test
