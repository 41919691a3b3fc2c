// Starting and stopping: what an earlier run left, who else is there, whose file it is.
#include "unit/store/journal_world.hpp"

#include "metrics/catalog.hpp"
#include "store/schema.hpp"
#include "store/watermark.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

namespace holdfast::test {
namespace {

using store::StoreHealth;

class JournalStart : public JournalTest {
  protected:
    std::string last_start() {
        return sql(options.path, "SELECT detail FROM audit WHERE action = 'start' ORDER BY seq DESC LIMIT 1");
    }
};

mode_t mode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

TEST_F(JournalStart, P01_EverythingAcknowledgedIsThereAfterKill) {
    open();
    write(opened(1));
    for (int i = 0; i < 20; ++i) write(said(1, std::to_string(i)));
    die();
    open();
    EXPECT_EQ(texts(1).size(), 20u);
}

TEST_F(JournalStart, P01_MarksOpenCallsInterruptedAtTheLastThingKnown) {
    open();
    write(opened(1));
    write(changed(1, "streaming"));
    write(said(1, "help", 30'000));
    write(opened(2));
    write(ended(2));
    die();
    const auto interrupted = metrics::calls_interrupted_total.value();
    open();
    EXPECT_EQ(metrics::calls_interrupted_total.value(), interrupted + 1);
    const auto detail = call(1);
    EXPECT_EQ(detail->call.status, "interrupted");
    EXPECT_EQ(detail->call.end_reason, "interrupted");
    EXPECT_EQ(detail->call.ended_utc_ms, k_now_utc_ms + 30'900);
    EXPECT_EQ(detail->call.duration_ms, 30'900);
    EXPECT_EQ(call(2)->call.status, "ended");
    write(ended(1, 40'000));  // a callback that comes after all
    EXPECT_EQ(call(1)->call.status, "ended");
    close();
    EXPECT_EQ(last_start().rfind("previous=unclean interrupted=1 replayed=0", 0), 0u) << last_start();
}

TEST_F(JournalStart, NotesACleanStop) {
    open();
    reopen();
    close();
    EXPECT_EQ(last_start().rfind("previous=clean interrupted=0", 0), 0u) << last_start();
}

TEST_F(JournalStart, KeepsItsGenerationOverRestarts) {
    open();
    const auto generation = journal->status().generation;
    reopen();
    EXPECT_EQ(journal->status().generation, generation);
    die();
    open();
    EXPECT_EQ(journal->status().generation, generation);
}

TEST_F(JournalStart, P18_SecondInstanceIsRefusedBeforeItTouchesAnything) {
    open();
    write(opened(1));
    auto second = options;
    second.runtime_path = state / "run2";
    const auto refused = store::SqliteJournal::open(second);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().condition, base::Condition::fatal);
    EXPECT_STREQ(refused.error().code, "second_instance");
    EXPECT_FALSE(std::filesystem::exists(second.runtime_path));
    write(said(1, "the first one goes on"));
}

TEST_F(JournalStart, P18_SecondInstanceWithAnotherDatabaseButTheSameRuntimeFolderIsRefused) {
    open();
    auto second = options;
    second.path = state / "other.db";
    const auto refused = store::SqliteJournal::open(second);
    ASSERT_FALSE(refused);
    EXPECT_STREQ(refused.error().code, "second_instance");
}

TEST_F(JournalStart, D17_AnotherConnectionFindsTheDatabaseLocked) {
    open();
    write(opened(1));
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(options.path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, "SELECT count(*) FROM call", nullptr, nullptr, nullptr), SQLITE_BUSY);
    EXPECT_STREQ(sqlite3_errmsg(db), "database is locked");
    sqlite3_close(db);
}

TEST_F(JournalStart, D17_SomebodyElseHoldingTheDatabaseAtStartIsWaitedFor) {
    open();
    write(opened(1));
    close();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(options.path.c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
    options.first_open = 0ms;
    open();
    AckBox box;
    ASSERT_TRUE(journal->append(said(1, "meanwhile"), box.next()));
    EXPECT_TRUE(eventually([&] { return journal->status().reason == "locked"; }));
    EXPECT_EQ(journal->status().health, StoreHealth::degraded);
    sqlite3_close(db);
    ASSERT_TRUE(box.wait(1));
    EXPECT_EQ(texts(1).size(), 1u);
}

TEST_F(JournalStart, D18_NoSharedMemoryFileExistsSoNobodyElseCanWrite) {
    open();
    write(opened(1));
    EXPECT_TRUE(std::filesystem::exists(options.path + "-wal"));
    EXPECT_FALSE(std::filesystem::exists(options.path + "-shm"));
}

TEST_F(JournalStart, D14_CreatesTheStateFolderForItselfAlone) {
    options.path = state / "new/holdfast.db";
    open();
    write(opened(1));
    EXPECT_EQ(mode_of(state / "new"), 0700u);
    EXPECT_EQ(mode_of(options.path), 0600u);
    EXPECT_EQ(mode_of(options.path + "-wal"), 0600u);
    EXPECT_EQ(mode_of(emergency_path()), 0600u);
}

TEST_F(JournalStart, D14_WithoutAFolderItRunsOnTheEmergencyFileAndMovesInLater) {
    options.path = state / "not/there/holdfast.db";
    options.commit_stall = 5ms;
    open();
    AckBox box;
    ASSERT_TRUE(journal->append(opened(1), box.next()));
    ASSERT_TRUE(journal->append(said(1, "anybody there"), box.next()));
    ASSERT_TRUE(box.wait(2));
    for (const auto& [row, committed] : box.all()) EXPECT_TRUE(committed.durable && committed.emergency);
    EXPECT_EQ(journal->status().health, StoreHealth::failed);
    EXPECT_EQ(journal->status().reason, "missing");
    const auto unread = call(1);
    ASSERT_FALSE(unread);
    EXPECT_STREQ(unread.error().code, "store_unavailable");

    std::filesystem::create_directory(state / "not");
    EXPECT_TRUE(eventually([&] { return journal->status().health == StoreHealth::good; }));
    EXPECT_EQ(texts(1), std::vector<std::string>{"anybody there"});
    EXPECT_TRUE(eventually([&] { return std::filesystem::file_size(emergency_path()) == 0; }));
    EXPECT_EQ(box.count(), 2u) << "acknowledged once";
}

TEST_F(JournalStart, D15_RightsThatAreTooWideAreTakenAway) {
    open();
    close();
    std::filesystem::permissions(options.path, std::filesystem::perms(0666));
    open();
    EXPECT_EQ(mode_of(options.path), 0600u);
    write(opened(1));
}

TEST_F(JournalStart, A10_JournalOfANewerVersionIsMovedAsideWhole) {
    open();
    write(opened(1));
    const auto generation = journal->status().generation;
    close();
    sql(options.path, "PRAGMA user_version = 99");
    {
        store::Watermark mark(options.path + ".watermark");
        auto known = mark.read().content.mark;
        known->schema_version = 99;
        ASSERT_TRUE(mark.write(*known));
    }
    const auto newer = read_file(options.path);
    open();
    EXPECT_EQ(journal->status().health, StoreHealth::good);
    EXPECT_NE(journal->status().generation, generation);
    EXPECT_TRUE(calls().empty());
    const auto aside = files_like(state.path(), ".newer-");
    ASSERT_FALSE(aside.empty());
    EXPECT_EQ(read_file(state / aside[0]), newer) << "not a byte changed";
    close();
    EXPECT_EQ(sql(options.path, "SELECT detail FROM audit WHERE action = 'quarantine'"), state / aside[0]);
}

TEST_F(JournalStart, DatabaseOfSomethingElseIsMovedAsideUnchanged) {
    sql(options.path, "CREATE TABLE bookkeeping (amount INTEGER)");
    const auto before = read_file(options.path);
    open();
    write(opened(1));
    const auto aside = files_like(state.path(), ".foreign-");
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(read_file(state / aside[0]), before);
}

TEST_F(JournalStart, EmptyFileBecomesAJournal) {
    write_file(options.path, "");
    open();
    write(opened(1));
    EXPECT_TRUE(files_like(state.path(), ".foreign-").empty());
}

TEST_F(JournalStart, LogWithoutItsDatabaseIsKept) {
    open();
    write(opened(1));
    die();
    std::filesystem::remove(options.path);
    const auto log = read_file(options.path + "-wal");
    open();
    const auto aside = files_like(folder(), "-wal.orphan-");
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(read_file(folder() + "/" + aside[0]), log);
}

TEST_F(JournalStart, EmptyPathIsAConfigurationError) {
    options.path.clear();
    const auto refused = store::SqliteJournal::open(options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().condition, base::Condition::fatal);
}

// --- migrations ---

// The real ones and one more.
const std::vector<store::Migration>& one_step_more() {
    static const auto steps = [] {
        auto all = store::migrations();
        all.push_back({all.back().version + 1, "ALTER TABLE call ADD COLUMN colour TEXT NOT NULL DEFAULT ''; "
                                               "CREATE TABLE colours (name TEXT) STRICT"});
        return all;
    }();
    return steps;
}

TEST_F(JournalStart, A11_MigrationIsAllOrNothingWhicheverWriteFails) {
    for (std::uint64_t nth = 0;; ++nth) {
        const TempFolder folder;
        const std::string path = folder / "holdfast.db";
        write_file(path, "");
        bool failed = false;
        {
            store::Database db(path, disk.name(), store::Database::Mode::owner);
            db.own();
            store::migrate(db, store::migrations(), 1);
            ASSERT_TRUE(db.ok()) << db.failure().text();
            disk.fail(VfsOp::write, SQLITE_FULL, nth);
            store::migrate(db, one_step_more(), 2);
            failed = !db.ok();
            disk.heal();
        }
        const auto version = sql(path, "PRAGMA user_version");
        const auto columns = sql(path, "SELECT count(*) FROM pragma_table_info('call') WHERE name = 'colour'");
        const auto noted = sql(path, "SELECT max(version) FROM migration");
        EXPECT_EQ(version + columns + noted, failed ? "606" : "717") << "write " << nth;
        if (!failed) {
            EXPECT_GT(nth, 2u) << "no write was ever failed";
            break;
        }
        store::Database again(path, "", store::Database::Mode::owner);
        again.own();
        store::migrate(again, one_step_more(), 3);
        EXPECT_TRUE(again.ok());
        EXPECT_EQ(again.number("PRAGMA user_version"), one_step_more().back().version);
    }
}

TEST_F(JournalStart, MigrationsRunOnceAndInOrder) {
    open();
    close();
    EXPECT_EQ(sql(options.path, "PRAGMA user_version"), "6");
    EXPECT_EQ(sql(options.path, "PRAGMA application_id"), std::to_string(store::k_application_id));
    open();
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM migration"), "6");
}

TEST_F(JournalStart, EveryTableIsStrict) {
    open();
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM pragma_table_list WHERE strict = 0 AND name NOT LIKE 'sqlite_%'"),
              "0");
}

}  // namespace
}  // namespace holdfast::test
