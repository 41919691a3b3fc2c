// A disk that is full, read-only, slow or lying. Rows wait, are acknowledged when they are safe, and are
// in the database exactly once afterwards.
#include "unit/store/journal_world.hpp"

#include "metrics/catalog.hpp"
#include "store/check.hpp"
#include "store/emergency_file.hpp"

#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>

namespace holdfast::test {
namespace {

using store::StoreHealth;

class JournalDisk : public JournalTest {
  protected:
    JournalDisk() { options.vfs = disk.name(); }

    std::vector<store::EmergencyRow> emergency_rows() { return store::read_emergency(read_file(emergency_path())).rows; }
    bool emergency_is_empty() {
        return eventually([&] { return file_size(emergency_path()) == 0; });
    }
    static std::uintmax_t file_size(const std::string& path) {
        std::error_code ec;
        const auto size = std::filesystem::file_size(path, ec);
        return ec ? 0 : size;
    }
    std::vector<std::string> numbers(int count) {
        std::vector<std::string> out;
        for (int i = 0; i < count; ++i) out.push_back(std::to_string(i));
        return out;
    }
    bool append_numbers(int count, AckBox& box) {
        for (int i = 0; i < count; ++i) {
            if (!journal->append(said(1, std::to_string(i)), box.next(static_cast<std::size_t>(i)))) return false;
        }
        return true;
    }
};

TEST_F(JournalDisk, D01_FullDiskLetsRowsWaitAndTakesThemWhenThereIsRoom) {
    open();
    write(opened(1));
    disk.fail(VfsOp::write, SQLITE_FULL, 0, FaultVfs::Times::from_then_on);
    AckBox box;
    ASSERT_TRUE(append_numbers(5, box));
    EXPECT_TRUE(eventually([&] { return journal->status().reason == "full"; }));
    EXPECT_EQ(journal->status().health, StoreHealth::degraded);
    EXPECT_EQ(journal->status().rows_waiting, 5);
    EXPECT_EQ(box.count(), 0u) << "never acknowledged early";
    EXPECT_EQ(calls().size(), 1u) << "reading goes on";
    disk.heal();
    ASSERT_TRUE(box.wait(5));
    EXPECT_TRUE(eventually([&] { return journal->status().health == StoreHealth::good; }));
    EXPECT_EQ(texts(1), numbers(5));
}

TEST_F(JournalDisk, D01_BallastIsGivenUpAndTakenAgain) {
    open();
    const std::string ballast = options.path + ".ballast";
    EXPECT_EQ(file_size(ballast), options.ballast_bytes);
    disk.fail(VfsOp::write, SQLITE_FULL, 0, FaultVfs::Times::once);
    AckBox box;
    ASSERT_TRUE(journal->append(opened(1), box.next()));
    ASSERT_TRUE(box.wait(1));
    EXPECT_EQ(disk.hits(), 1u);
    EXPECT_TRUE(eventually([&] { return file_size(ballast) == options.ballast_bytes; })) << "taken again";
}

TEST_F(JournalDisk, D01_AfterAWhileRowsAreSafeInTheEmergencyFile) {
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    disk.fail(VfsOp::write, SQLITE_FULL, 0, FaultVfs::Times::from_then_on);
    AckBox box;
    ASSERT_TRUE(append_numbers(5, box));
    ASSERT_TRUE(box.wait(5));
    for (const auto& [row, committed] : box.all()) EXPECT_TRUE(committed.durable && committed.emergency);
    EXPECT_EQ(journal->status().health, StoreHealth::failed);
    EXPECT_EQ(emergency_rows().size(), 5u);
    disk.heal();
    EXPECT_TRUE(eventually([&] { return journal->status().rows_waiting == 0; }));
    EXPECT_TRUE(emergency_is_empty());
    EXPECT_EQ(texts(1), numbers(5)) << "in order, once";
    EXPECT_EQ(box.count(), 5u) << "acknowledged once";
    EXPECT_EQ(journal->status().health, StoreHealth::good);
}

// A limit on the size of files, as a quota sets it; SIGXFSZ is ignored, as the daemon does.
TEST_F(JournalDisk, D02_FileSizeLimitIsAFullDiskNotADeath) {
    options.vfs.clear();  // the real one: the system returns EFBIG
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    open();
    write(opened(1));
    rlimit old_limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
    const rlimit tight{512 * 1024, old_limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
    AckBox box;
    const std::string words(8000, 'x');
    for (std::size_t i = 0; i < 200; ++i) ASSERT_TRUE(journal->append(said(1, words), box.next()));
    EXPECT_TRUE(eventually([&] { return journal->status().reason == "full"; }));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
    ASSERT_TRUE(box.wait(200));
    EXPECT_EQ(texts(1).size(), 200u);
    close();
    std::signal(SIGXFSZ, old_handler);
}

TEST_F(JournalDisk, D03_ReadOnlyDiskIsOpenedAgainUntilItWorks) {
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    disk.fail(VfsOp::write, SQLITE_READONLY, 0, FaultVfs::Times::from_then_on);
    AckBox box;
    ASSERT_TRUE(append_numbers(3, box));
    ASSERT_TRUE(box.wait(3));
    EXPECT_TRUE(box.last().emergency);
    EXPECT_TRUE(eventually([&] { return journal->status().reason == "readonly"; }));
    EXPECT_EQ(journal->status().health, StoreHealth::failed);
    disk.heal();
    EXPECT_TRUE(eventually([&] { return journal->status().health == StoreHealth::good; }));
    EXPECT_TRUE(emergency_is_empty());
    EXPECT_EQ(texts(1), numbers(3));
}

TEST_F(JournalDisk, D04_RowsOfASlowCommitAreLateNeverEarly) {
    open();
    write(opened(1));
    disk.hang_syncs();
    AckBox box;
    ASSERT_TRUE(journal->append(said(1, "late"), box.next()));
    ASSERT_TRUE(disk.wait_until_one_hangs());
    EXPECT_EQ(box.count(), 0u);
    disk.let_go();
    ASSERT_TRUE(box.wait(1));
    EXPECT_FALSE(box.last().emergency);
}

TEST_F(JournalDisk, P07_WhileTheStoreThreadHangsRowsAreSavedBesideIt) {
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    disk.hang_syncs();
    AckBox box;
    ASSERT_TRUE(append_numbers(3, box));
    ASSERT_TRUE(disk.wait_until_one_hangs());
    ASSERT_TRUE(box.wait(3));
    EXPECT_TRUE(box.last().durable && box.last().emergency);
    EXPECT_EQ(journal->status().reason, "stalled");
    EXPECT_EQ(journal->status().health, StoreHealth::failed);
    EXPECT_EQ(emergency_rows().size(), 3u);
    disk.let_go();
    EXPECT_TRUE(eventually([&] { return journal->status().health == StoreHealth::good; }));
    EXPECT_TRUE(emergency_is_empty());
    EXPECT_EQ(texts(1), numbers(3));
    EXPECT_EQ(box.count(), 3u);
}

TEST_F(JournalDisk, P07_StopDoesNotWaitForAThreadThatHangs) {
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    disk.hang_syncs();
    AckBox box;
    ASSERT_TRUE(append_numbers(3, box));
    ASSERT_TRUE(disk.wait_until_one_hangs());
    journal->stop(1ms);
    EXPECT_EQ(box.count(), 3u) << "every acknowledgement has run";
    EXPECT_EQ(emergency_rows().size(), 3u);
    die();
    disk.let_go();
    options.vfs.clear();
    open();
    EXPECT_EQ(texts(1), numbers(3)) << "the next start finds them";
    // The thread that was left behind must be gone before its disk is.
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(state / "holdfast.db-wal"); }));
}

TEST_F(JournalDisk, D05_FailedSyncIsNeverAcknowledgedAndNeverTriedOnTheSameDescriptor) {
    open();
    write(opened(1));
    const auto errors = metrics::store_io_error_total.value();
    disk.fail(VfsOp::sync, SQLITE_IOERR_FSYNC, 0, FaultVfs::Times::once, "-wal");
    AckBox box;
    ASSERT_TRUE(append_numbers(4, box));
    ASSERT_TRUE(box.wait(4));
    EXPECT_EQ(disk.hits(), 1u);
    EXPECT_EQ(metrics::store_io_error_total.value(), errors + 1);
    for (const auto& [row, committed] : box.all()) EXPECT_TRUE(committed.durable && !committed.emergency);
    EXPECT_EQ(texts(1), numbers(4));
    EXPECT_EQ(disk.opens_after_fault(), 1u) << "the log was opened again";
    EXPECT_EQ(journal->status().health, StoreHealth::good);
}

TEST_F(JournalDisk, D05_SecondFailureInShortTimeMeansEmergencyFileUntilItWorks) {
    options.reopen = 50ms;
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    disk.fail(VfsOp::sync, SQLITE_IOERR_FSYNC, 0, FaultVfs::Times::from_then_on);
    AckBox box;
    ASSERT_TRUE(append_numbers(2, box));
    ASSERT_TRUE(box.wait(2));
    EXPECT_TRUE(box.last().emergency);
    EXPECT_TRUE(eventually([&] { return journal->status().health == StoreHealth::failed; }));
    EXPECT_EQ(journal->status().reason, "io");
    disk.heal();
    EXPECT_TRUE(eventually([&] { return journal->status().health == StoreHealth::good; }));
    EXPECT_EQ(texts(1), numbers(2));
}

TEST_F(JournalDisk, D06_FailedWriteIsTreatedLikeAFailedSync) {
    open();
    write(opened(1));
    disk.fail(VfsOp::write, SQLITE_IOERR_WRITE, 1);
    AckBox box;
    ASSERT_TRUE(append_numbers(4, box));
    ASSERT_TRUE(box.wait(4));
    EXPECT_EQ(disk.hits(), 1u);
    EXPECT_EQ(texts(1), numbers(4));
}

TEST_F(JournalDisk, WithoutAnEmergencyFileRowsWaitInMemory) {
    options.commit_stall = 5ms;
    options.runtime_path = state / "no/such/folder";
    open();
    write(opened(1));
    disk.fail(VfsOp::write, SQLITE_FULL, 0, FaultVfs::Times::from_then_on);
    AckBox box;
    ASSERT_TRUE(append_numbers(3, box));
    EXPECT_TRUE(eventually([&] { return journal->status().health == StoreHealth::failed; }));
    EXPECT_EQ(box.count(), 0u);
    disk.heal();
    ASSERT_TRUE(box.wait(3));
    EXPECT_FALSE(box.last().emergency);
}

// --- the emergency file of an earlier run ---

TEST_F(JournalDisk, EmergencyFileOfAnEarlierRunIsReplayedOnce) {
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    write(said(1, "in the database"));
    disk.fail(VfsOp::write, SQLITE_FULL, 0, FaultVfs::Times::from_then_on);
    AckBox box;
    ASSERT_TRUE(append_numbers(3, box));
    ASSERT_TRUE(box.wait(3));
    die();
    disk.heal();
    const auto left = read_file(emergency_path());
    open();
    EXPECT_TRUE(emergency_is_empty());
    auto expected = numbers(3);
    expected.insert(expected.begin(), "in the database");
    EXPECT_EQ(texts(1), expected);

    // The process dies between its commit and the emptying of the file: the same file again.
    die();
    write_file(emergency_path(), left);
    open();
    EXPECT_EQ(texts(1), expected);
    EXPECT_TRUE(emergency_is_empty());
}

TEST_F(JournalDisk, EmergencyRowsThatReachedTheDatabaseAfterAllAreNotDoubled) {
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    disk.hang_syncs();
    AckBox box;
    ASSERT_TRUE(append_numbers(3, box));
    ASSERT_TRUE(box.wait(3));  // emergency
    const auto left = read_file(emergency_path());
    disk.let_go();
    EXPECT_TRUE(emergency_is_empty());  // committed
    die();
    write_file(emergency_path(), left);  // the file was not emptied when the process died
    open();
    EXPECT_EQ(texts(1), numbers(3));
}

TEST_F(JournalDisk, DamagedTailOfTheEmergencyFileCostsOnlyItself) {
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    disk.fail(VfsOp::write, SQLITE_FULL, 0, FaultVfs::Times::from_then_on);
    AckBox box;
    ASSERT_TRUE(append_numbers(3, box));
    ASSERT_TRUE(box.wait(3));
    die();
    disk.heal();
    auto left = read_file(emergency_path());
    left.resize(left.size() - 5);
    write_file(emergency_path(), left);
    open();
    EXPECT_EQ(texts(1), numbers(2));
    EXPECT_TRUE(emergency_is_empty());
}

TEST_F(JournalDisk, EmergencyRowsGoIntoAFreshDatabaseWhenTheOldOneIsDamaged) {
    options.commit_stall = 10ms;
    open();
    write(opened(1));
    write(said(1, "in the database"));
    disk.hang_syncs();
    AckBox box;
    ASSERT_TRUE(append_numbers(3, box));
    ASSERT_TRUE(box.wait(3));
    const auto left = read_file(emergency_path());
    disk.let_go();
    EXPECT_TRUE(emergency_is_empty());
    ASSERT_TRUE(journal->append(audit("last"), box.next()));
    ASSERT_TRUE(box.wait(4));
    close();
    // Committed, the file not emptied, and now one page of the database is gone: neither doubled nor lost.
    write_file(emergency_path(), left);
    const auto page = std::stoll(sql(options.path, "SELECT rootpage FROM sqlite_schema WHERE name = 'call_started'"));
    overwrite(options.path, (page - 1) * 4096, std::string(64, '\x5a'));
    options.vfs.clear();
    open();
    ASSERT_TRUE(eventually([&] { return journal->status().health == StoreHealth::good; }));
    EXPECT_EQ(files_like(folder(), ".damaged-").size(), 1u);
    auto back = texts(1);
    std::sort(back.begin(), back.end());
    EXPECT_EQ(back, (std::vector<std::string>{"0", "1", "2", "in the database"}));
}

// --- failure is a loop ---

struct Kind {
    VfsOp op;
    int code;
    const char* name;
};

class JournalFails : public JournalDisk, public ::testing::WithParamInterface<Kind> {};

// Sanitizers make each of the some 300 operations of a kind many times slower, and look for other things: every fifth is enough.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t k_every = 5;
#else
constexpr std::uint64_t k_every = 1;
#endif

// The n-th operation of a kind fails, for every n from the first open to the last row: every row that was
// accepted is acknowledged once and is there once.
TEST_P(JournalFails, I1_EveryRowIsThereOnceWhicheverOperationFails) {
    constexpr int k_rows = 12;
    for (std::uint64_t nth = 0;; nth += k_every) {
        SCOPED_TRACE("operation " + std::to_string(nth));
        const TempFolder folder_;
        const TempFolder run_;
        options.path = folder_ / "holdfast.db";
        options.runtime_path = run_.path();
        options.reopen = options.full_retry = 1ms;
        options.vfs = disk.name();
        disk.fail(GetParam().op, GetParam().code, nth);
        open();
        AckBox box;
        ASSERT_TRUE(journal->append(opened(1), box.next()));
        for (int i = 0; i < k_rows; ++i) {  // some alone, some together
            ASSERT_TRUE(journal->append(said(1, std::to_string(i)), box.next()));
            const bool together = i % 3 != 0;
            ASSERT_TRUE(together || box.wait(static_cast<std::size_t>(i) + 2));
        }
        ASSERT_TRUE(box.wait(k_rows + 1));
        EXPECT_TRUE(eventually([&] { return journal->status().health == StoreHealth::good; }));
        close();
        const bool hit = disk.hits() > 0;
        disk.heal();

        open();
        ASSERT_TRUE(eventually([&] { return journal->status().health == StoreHealth::good; }));
        EXPECT_EQ(texts(1), numbers(k_rows));
        for (const auto& [row, committed] : box.all()) EXPECT_TRUE(committed.durable);
        EXPECT_EQ(box.count(), static_cast<std::size_t>(k_rows) + 1);
        close();
        const auto report = store::check_file(options.path);
        ASSERT_TRUE(report) << report.error().code;
        EXPECT_TRUE(report->good()) << report->findings.at(0).check << ": " << report->findings.at(0).detail;
        if (HasFailure()) break;
        if (!hit) {
            EXPECT_GT(nth, 0u) << "nothing ever failed";
            break;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Disk, JournalFails,
                         ::testing::Values(Kind{VfsOp::write, SQLITE_FULL, "D01_Full"},
                                           Kind{VfsOp::write, SQLITE_IOERR_WRITE, "D06_Write"},
                                           Kind{VfsOp::write, SQLITE_READONLY, "D03_ReadOnly"},
                                           Kind{VfsOp::write, SQLITE_CORRUPT, "D09_CorruptWrite"},
                                           Kind{VfsOp::sync, SQLITE_IOERR_FSYNC, "D05_Sync"},
                                           Kind{VfsOp::read, SQLITE_IOERR_READ, "D06_Read"},
                                           Kind{VfsOp::read, SQLITE_CORRUPT, "D09_CorruptRead"},
                                           Kind{VfsOp::truncate, SQLITE_IOERR_TRUNCATE, "D06_Truncate"},
                                           Kind{VfsOp::open, SQLITE_CANTOPEN, "D14_Open"},
                                           Kind{VfsOp::remove, SQLITE_IOERR_DELETE, "D06_Remove"}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace holdfast::test
