// Files written by the version before: nothing in them is written again, nothing is lost, their hashes
// still fit.
#include "unit/store/journal_world.hpp"

#include "store/check.hpp"
#include "store/schema.hpp"

#include <sqlite3.h>

namespace holdfast::test {
namespace {

class OlderFile : public JournalTest {
  protected:
    // A journal of user_version 1, with a call and two utterances as that version wrote them.
    void SetUp() override {
        write_file(options.path, "");
        std::filesystem::permissions(options.path, std::filesystem::perms(0600));
        store::Database db(options.path, "", store::Database::Mode::owner);
        db.own();
        store::migrate(db, {store::migrations().front()}, 1);
        db.exec("INSERT INTO schema VALUES (1, 'old', 'site-1', 1, '0.1.0', 9, 7, 3, 1, '', 0)");
        insert(db, store::k_call_table, "1, 0, 2",
               "'" + sid(1).str() + "', 'AC1', '+15550100123', '', 'inbound', '', 'ended', 'openai', 'admitted', '', "
               "'stop', 1000, 61000, 60000");
        for (const std::string n : {"1", "2"}) {
            insert(db, store::k_utterance_table, "1" + n + " - 9, 1, " + n,
                   "'" + sid(1).str() + "', 2000, 'caller', 'word " + n + "', 10, 20, 'openai', 'i" + n +
                       "', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL");
        }
        ASSERT_TRUE(db.ok()) << db.failure().text();
    }
    static void insert(store::Database& db, const store::Table& table, const std::string& head,
                       const std::string& values) {
        const std::string place = table.is_call() ? "seq, base_call_seq, last_call_seq" : "seq, call, call_seq";
        db.exec(("INSERT INTO " + std::string(table.name) + " (" + place + ", " + table.content + ", crc) VALUES (" +
                 head + ", " + values + ", row_crc(" + values + "))")
                    .c_str());
    }
    void expect_good_file() {
        const auto report = store::check_file(options.path);
        ASSERT_TRUE(report) << report.error().detail;
        EXPECT_TRUE(report->good()) << report->findings.at(0).detail;
    }
    const std::vector<std::string> words{"word 1", "word 2"};
};

TEST_F(OlderFile, IsMigratedWithEveryRowAndEveryHash) {
    const auto hashes = sql(options.path, "SELECT group_concat(crc) FROM utterance");
    open();
    EXPECT_EQ(journal->status().generation, "old") << "not a new life of the journal";
    EXPECT_EQ(texts(1), words);
    EXPECT_FALSE(call(1)->utterances[0].utterance.deferred);
    auto later = said(1, "later");
    later.deferred = true;
    write(later);
    write(recorded(1));
    EXPECT_TRUE(call(1)->utterances.back().utterance.deferred);
    EXPECT_EQ(call(1)->recordings.size(), 1u);
    close();
    EXPECT_EQ(sql(options.path, "PRAGMA user_version"), "6");
    EXPECT_EQ(sql(options.path, "SELECT group_concat(crc) FROM utterance WHERE deferred = 0"), hashes);
    expect_good_file();
}

TEST_F(OlderFile, IsCheckedAsItIs) {
    const auto before = read_file(options.path);
    expect_good_file();
    EXPECT_EQ(store::check_file(options.path)->tables.size(), 4u);
    EXPECT_EQ(store::check_file(options.path)->schema_version, 1);
    EXPECT_EQ(read_file(options.path), before);
    sql(options.path, "UPDATE utterance SET text = 'word 3' WHERE text = 'word 2'");
    EXPECT_EQ(store::check_file(options.path)->findings.at(0).check, "row_hash");
}

TEST_F(OlderFile, ADamagedRowIsStillFoundAfterTheMigration) {
    sql(options.path, "UPDATE utterance SET text = 'word 3' WHERE text = 'word 2'");
    open();
    close();
    EXPECT_EQ(store::check_file(options.path)->findings.at(0).check, "row_hash");
}

TEST_F(OlderFile, D08_RowsComeBackWhenItIsDamaged) {
    overwrite(options.path, 0, std::string(16, '\xa5'));
    open();
    ASSERT_TRUE(eventually([&] { return journal->status().health == store::StoreHealth::good; }));
    EXPECT_EQ(texts(1), words);
    EXPECT_EQ(call(1)->call.generation, "old");
    close();
    expect_good_file();
}

TEST_F(OlderFile, A11_MigrationIsAllOrNothingWhicheverWriteFails) {
    const auto before = read_file(options.path);
    for (std::uint64_t nth = 0;; ++nth) {
        write_file(options.path, before);
        std::filesystem::remove(options.path + "-wal");
        bool failed = false;
        {
            store::Database db(options.path, disk.name(), store::Database::Mode::owner);
            db.own();
            disk.fail(VfsOp::write, SQLITE_FULL, nth);
            store::migrate(db, store::migrations(), 2);
            failed = !db.ok();
            disk.heal();
        }
        // Each step is whole or not there: what a version brings is in the file exactly when the file says so.
        const std::string version = sql(options.path, "PRAGMA user_version");
        EXPECT_EQ(failed, version != "6") << "write " << nth << " version " << version;
        const bool second = version >= "2";
        EXPECT_EQ(sql(options.path, "SELECT count(*) FROM pragma_table_info('utterance') WHERE name = 'deferred'"),
                  second ? "1" : "0");
        EXPECT_EQ(sql(options.path, "SELECT count(*) FROM sqlite_schema WHERE name = 'recording'"), second ? "1" : "0");
        EXPECT_EQ(sql(options.path, "SELECT count(*) FROM sqlite_schema WHERE name IN ('fact', 'incident', 'dispatch')"),
                  version >= "3" ? "3" : "0");
        EXPECT_EQ(sql(options.path, "SELECT count(*) FROM sqlite_schema WHERE name IN ('outbox', 'dead_letter')"),
                  version >= "4" ? "2" : "0");
        EXPECT_EQ(sql(options.path, "SELECT count(*) FROM sqlite_schema WHERE name IN ('change', 'cursor')"),
                  version >= "5" ? "2" : "0");
        EXPECT_EQ(sql(options.path, "SELECT count(*) FROM sqlite_schema WHERE name IN ('chain', 'loss', 'call_key')"),
                  failed ? "0" : "3");
        EXPECT_EQ(sql(options.path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%\\_4' ESCAPE '\\' OR name LIKE '%\\_5' ESCAPE "
                                    "'\\'"),
                  "0");
        EXPECT_EQ(sql(options.path, "SELECT count(*) FROM utterance"), "2");
        if (!failed) {
            EXPECT_GT(nth, 2u) << "no write was ever failed";
            break;
        }
    }
}

}  // namespace
}  // namespace holdfast::test
