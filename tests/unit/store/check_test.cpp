// check_file: what it finds, and that it changes nothing.
#include "unit/store/journal_world.hpp"

#include "store/check.hpp"
#include "store/schema.hpp"

namespace holdfast::test {
namespace {

class CheckFile : public JournalTest {
  protected:
    void SetUp() override {
        open();
        write(opened(1));
        write(said(1, "one"));
        write(said(1, "two"));
        write(seam(1, "gap"));
        write(ended(1));
        write(recorded(1));
        write(fact(1));
        write(incident(1));
        write(dispatch(1));
        write(outbox(1));
        write(dead_letter(1));
        generation = journal->status().generation;
        close();
    }
    store::CheckReport report() {
        const auto result = store::check_file(options.path);
        EXPECT_TRUE(result) << result.error().code;
        return result ? *result : store::CheckReport();
    }
    // Changes rows behind the back of their hash, as a flipped bit on the disk would.
    void damage(const std::string& statement) { sql(options.path, statement); }

    std::string generation;
};

TEST_F(CheckFile, FindsNothingWrongWithAGoodFile) {
    const auto found = report();
    EXPECT_TRUE(found.good());
    EXPECT_EQ(found.generation, generation);
    EXPECT_EQ(found.site_id, "site-1");
    EXPECT_EQ(found.schema_version, 6);
    EXPECT_TRUE(found.stopped_cleanly);
    ASSERT_EQ(found.tables.size(), 10u);
    EXPECT_EQ(found.tables[1].table, "utterance");
    EXPECT_EQ(found.tables[1].rows, 2);
    EXPECT_TRUE(found.notes.empty());
}

TEST_F(CheckFile, ChangesNothing) {
    const auto before = read_file(options.path);
    const auto files = files_like(folder(), "");
    report();
    EXPECT_EQ(read_file(options.path), before);
    EXPECT_EQ(files_like(folder(), ""), files);
}

TEST_F(CheckFile, ReadsACopyTogetherWithItsLogAndLeavesBoth) {
    open();
    write(opened(2));
    die();
    const auto log = read_file(options.path + "-wal");
    ASSERT_FALSE(log.empty());
    const auto found = report();
    EXPECT_TRUE(found.good());
    EXPECT_EQ(found.tables[0].rows, 2);
    EXPECT_FALSE(found.stopped_cleanly);
    EXPECT_EQ(found.notes, std::vector<std::string>{"the last run did not stop cleanly"});
    EXPECT_EQ(read_file(options.path + "-wal"), log);
}

TEST_F(CheckFile, D10_NamesTheRowThatIsNotWhatWasWritten) {
    damage("UPDATE utterance SET text = 'twa' WHERE text = 'two'");
    const auto found = report();
    ASSERT_EQ(found.findings.size(), 1u);
    EXPECT_EQ(found.findings[0].check, "row_hash");
    const auto seq = sql(options.path, "SELECT seq FROM utterance WHERE text = 'twa'");
    EXPECT_EQ(found.findings[0].detail, "utterance seq " + seq + " is not what was written");
}

TEST_F(CheckFile, D10_GuardsEveryContentColumnOfEveryTable) {
    for (const store::Table* table : store::k_tables) {
        for (const auto& column : table->columns()) {
            if (column == "speaker") continue;  // has a check of its own
            const std::string name(table->name);
            sql(options.path, "CREATE TABLE kept AS SELECT * FROM " + name);
            const bool number = sql(options.path, "SELECT type FROM pragma_table_info('" + name + "') WHERE name = '" + column + "'") ==
                                "INTEGER";
            damage("UPDATE " + name + " SET " + column + " = " + (number ? "4711" : "'4711'"));
            const auto found = report();
            EXPECT_EQ(found.good() ? "" : found.findings[0].check, "row_hash") << name << "." << column;
            damage("UPDATE " + name + " SET " + column + " = (SELECT " + column + " FROM kept WHERE kept.seq = " + name +
                   ".seq); DROP TABLE kept");
            ASSERT_TRUE(report().good()) << name << "." << column;
        }
    }
}

TEST_F(CheckFile, I3_NamesTheCallWithAGap) {
    damage("DELETE FROM utterance WHERE text = 'one'");
    const auto found = report();
    ASSERT_EQ(found.findings.size(), 1u);
    EXPECT_EQ(found.findings[0].check, "call_seq");
    EXPECT_EQ(found.findings[0].detail, "call " + sid(1).str() + " has 8 of rows 1 to 9");
}

TEST_F(CheckFile, I3_MissesNoRowAtTheEnd) {
    damage("DELETE FROM seam");
    EXPECT_EQ(report().findings.at(0).check, "call_seq");
}

TEST_F(CheckFile, SaysWhenTheCounterWouldUseANumberAgain) {
    damage("UPDATE schema SET next_seq = 2");
    EXPECT_EQ(report().findings.at(0).check, "counter");
}

TEST_F(CheckFile, I8_ReportsADamagedPage) {
    const auto page = std::stoll(sql(options.path, "SELECT rootpage FROM sqlite_schema WHERE name = 'utterance'"));
    overwrite(options.path, (page - 1) * 4096, std::string(600, '\x5a'));
    const auto found = report();
    EXPECT_FALSE(found.good());
    EXPECT_EQ(found.findings[0].check, "integrity");
}

TEST_F(CheckFile, CountsCallsOnHold) {
    open();
    write(store::Audit{k_now_utc_ms, "ops", store::k_hold, "court order", sid(1)});
    close();
    EXPECT_EQ(report().notes, std::vector<std::string>{"calls on hold: 1"});
    open();
    write(store::Audit{k_now_utc_ms, "ops", store::k_release, "closed", sid(1)});
    close();
    EXPECT_TRUE(report().notes.empty());
}

TEST_F(CheckFile, ReportsAFileThatIsNoDatabase) {
    overwrite(options.path, 0, "nothing of the kind");
    const auto found = report();
    ASSERT_EQ(found.findings.size(), 1u);
    EXPECT_EQ(found.findings[0].check, "integrity");
}

TEST_F(CheckFile, RefusesAJournalInUse) {
    open();
    const auto result = store::check_file(options.path);
    ASSERT_FALSE(result);
    EXPECT_STREQ(result.error().code, "in_use");
}

TEST_F(CheckFile, RefusesWhatIsNotAJournal) {
    EXPECT_STREQ(store::check_file(state / "nothing").error().code, "no_such_file");
    sql(state / "other.db", "CREATE TABLE bookkeeping (amount INTEGER)");
    EXPECT_STREQ(store::check_file(state / "other.db").error().code, "not_a_journal");
}

}  // namespace
}  // namespace holdfast::test
