// Damaged, deleted and replaced files: nothing is thrown away, callers never wait.
#include "unit/store/journal_world.hpp"

#include "metrics/catalog.hpp"
#include "store/check.hpp"
#include "store/salvage.hpp"

#include <sqlite3.h>

namespace holdfast::test {
namespace {

using store::StoreHealth;

class JournalDamage : public JournalTest {
  protected:
    static constexpr std::size_t k_page = 4096;

    // One call with `rows` utterances "0", "1", ... in a closed file.
    void fill(std::size_t rows) {
        open();
        generation = journal->status().generation;
        AckBox box;
        ASSERT_TRUE(journal->append(opened(1), box.next()));
        for (std::size_t i = 0; i < rows; ++i) {
            ASSERT_TRUE(journal->append(said(1, std::to_string(i), static_cast<std::int64_t>(i)), box.next()));
        }
        ASSERT_TRUE(journal->append(ended(1), box.next()));
        ASSERT_TRUE(box.wait(rows + 2));
        close();
    }
    // The n-th leaf page of the utterance table.
    std::size_t leaf_page(std::size_t n) {
        // Debian's SQLite has no dbstat; the text of a row tells where it is.
        const auto bytes = read_file(options.path);
        const std::string mark = "item_" + std::to_string(n * 40);
        return bytes.find(mark) / k_page;
    }
    bool salvaged() {
        return eventually([&] { return journal->status().health == StoreHealth::good; });
    }
    std::string generation;
};

TEST_F(JournalDamage, D08_QuarantinesAFileThatIsNoDatabase) {
    fill(50);
    overwrite(options.path, 0, std::string(16, '\xa5'));
    const auto damaged = read_file(options.path);
    const auto quarantined = metrics::store_quarantined_total.value();
    open();
    EXPECT_EQ(metrics::store_quarantined_total.value(), quarantined + 1);
    EXPECT_NE(journal->status().generation, generation);
    write(opened(2));  // calls go on at once

    const auto aside = files_like(state.path(), ".damaged-");
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(read_file(state / aside[0]), damaged) << "never deleted, never changed";
    ASSERT_TRUE(salvaged());
    EXPECT_EQ(texts(1).size(), 50u) << "the header is known, so the rows come back";
    EXPECT_EQ(call(1)->call.generation, generation);
    EXPECT_EQ(files_like(state.path(), ".repaired"), std::vector<std::string>());
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM audit WHERE action = 'quarantine'"), "1");
}

TEST_F(JournalDamage, D08_FileFullOfNoiseIsQuarantinedToo) {
    write_file(options.path, std::string(100'000, 'x'));
    open();
    write(opened(1));
    ASSERT_TRUE(salvaged());
    EXPECT_EQ(calls().size(), 1u);
    EXPECT_EQ(files_like(state.path(), ".damaged-").size(), 1u);
}

TEST_F(JournalDamage, D09_ReadableRowsOfADamagedFileComeBack) {
    constexpr std::size_t k_rows = 1000;
    fill(k_rows);
    overwrite(options.path, static_cast<std::streamoff>(leaf_page(5) * k_page), std::string(600, '\x5a'));
    open();
    write(opened(2));
    write(said(2, "goes on"));
    ASSERT_TRUE(salvaged());

    const auto back = texts(1);
    EXPECT_GT(back.size(), k_rows - 60) << "one page of rows is lost";
    EXPECT_LT(back.size(), k_rows) << "the page was not damaged: the test tests nothing";
    EXPECT_EQ(back.front(), "0");
    EXPECT_EQ(back.back(), std::to_string(k_rows - 1));
    EXPECT_EQ(call(1)->call.status, "ended");
    EXPECT_EQ(texts(2).size(), 1u);
    close();
    EXPECT_EQ(sql(options.path, "SELECT gaps FROM salvage"), "1");
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM utterance JOIN origin ON origin.id = salvaged_from WHERE "
                                "generation = '" + generation + "'"),
              std::to_string(back.size()));
    const auto report = store::check_file(options.path);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->good());
}

TEST_F(JournalDamage, D09_SalvagedRowsKeepTheirOldNumbers) {
    fill(10);
    const auto old_seq = sql(options.path, "SELECT group_concat(seq || ':' || call_seq) FROM utterance");
    overwrite(options.path, 0, "not a database..");
    open();
    ASSERT_TRUE(salvaged());
    close();
    EXPECT_EQ(sql(options.path, "SELECT group_concat(salvaged_seq || ':' || call_seq) FROM utterance"), old_seq);
}

TEST_F(JournalDamage, D09_WritesGoOnWhileTheDamageIsFoundInService) {
    options.vfs = disk.name();
    open();
    generation = journal->status().generation;
    write(opened(1));
    write(said(1, "before"));
    disk.fail(VfsOp::write, SQLITE_CORRUPT, 0, FaultVfs::Times::once, "-wal");
    write(said(1, "during"));
    EXPECT_EQ(disk.hits(), 1u);
    EXPECT_NE(journal->status().generation, generation);
    write(said(1, "after"));
    ASSERT_TRUE(salvaged());
    EXPECT_EQ(texts(1), (std::vector<std::string>{"before", "during", "after"}));
    const auto detail = call(1);
    EXPECT_EQ(detail->call.from.reveal(), "+15550100123") << "filled in from the damaged file";
    EXPECT_NE(detail->call.status, "interrupted") << "the call is live";
    EXPECT_EQ(detail->call.last_seq, 3) << "the numbering goes on";
    write(ended(1));
    close();
    const auto report = store::check_file(options.path);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->good()) << report->findings.at(0).detail;
}

TEST_F(JournalDamage, D09_CallsThatWereOpenInADamagedFileAreInterrupted) {
    open();
    write(opened(1));
    write(said(1, "help", 10'000));
    die();
    overwrite(options.path, 0, "not a database..");
    open();
    ASSERT_TRUE(salvaged());
    const auto detail = call(1);
    ASSERT_TRUE(detail);
    EXPECT_EQ(detail->call.status, "interrupted");
    EXPECT_EQ(detail->call.duration_ms, 10'900);
}

TEST_F(JournalDamage, D09_SalvageGoesOnAfterARestart) {
    fill(300);
    overwrite(options.path, 0, "not a database..");
    open();
    close();  // at once: most likely in the middle of it
    open();
    ASSERT_TRUE(salvaged());
    EXPECT_EQ(texts(1).size(), 300u);
    reopen();
    EXPECT_EQ(texts(1).size(), 300u);
}

TEST_F(JournalDamage, D09_DamageTwiceInARowKeepsBothFilesAndAllRows) {
    fill(20);
    overwrite(options.path, 0, "not a database..");
    open();
    ASSERT_TRUE(salvaged());
    write(opened(2));
    write(said(2, "second life"));
    close();
    overwrite(options.path, 0, "not a database..");
    open();
    ASSERT_TRUE(salvaged());
    EXPECT_EQ(files_like(state.path(), ".damaged-").size(), 2u);
    EXPECT_EQ(texts(1).size(), 20u);
    EXPECT_EQ(call(1)->utterances.front().seq, 1);
    EXPECT_EQ(texts(2).size(), 1u);
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM utterance JOIN origin ON origin.id = "
                                "salvaged_from WHERE call_sid = '" + sid(1).str() + "' AND generation = '" +
                                    generation + "'"),
              "20")
        << "rows salvaged twice keep their first name";
}

TEST_F(JournalDamage, D09_CorruptionMetByAQuestionIsTreatedToo) {
    options.vfs = disk.name();
    open();
    write(opened(1));
    AckBox box;
    constexpr std::size_t k_rows = 2000;  // of 3 kB: more than SQLite's cache
    for (std::size_t i = 0; i < k_rows; ++i) ASSERT_TRUE(journal->append(said(1, std::string(3000, 'x')), box.next()));
    ASSERT_TRUE(box.wait(k_rows));
    disk.fail(VfsOp::read, SQLITE_CORRUPT);
    EXPECT_FALSE(call(1));
    EXPECT_EQ(disk.hits(), 1u);
    write(opened(2));
    ASSERT_TRUE(salvaged());
    EXPECT_EQ(texts(1).size(), k_rows);
}

TEST_F(JournalDamage, D10_SalvageLeavesRowsThatAreNotWhatWasWritten) {
    fill(3);
    const auto bytes = read_file(options.path);
    const auto at = bytes.find("item_1");
    ASSERT_NE(at, std::string::npos);
    overwrite(options.path, static_cast<std::streamoff>(at), "jtem_1");
    overwrite(options.path, 0, "not a database..");
    open();
    ASSERT_TRUE(salvaged());
    EXPECT_EQ(texts(1), (std::vector<std::string>{"0", "2"}));
}

// One letter in each: of a column's name, of its type, of the word that begins it all, of the name beside the text.
TEST_F(JournalDamage, D09_WrongLettersInTheTextOfTablesHideNoRow) {
    constexpr std::size_t k_rows = 200;
    fill(k_rows);
    const auto flip = [&](const std::string& mark, std::size_t letter) {
        const auto at = read_file(options.path).find(mark);
        ASSERT_NE(at, std::string::npos) << mark;
        overwrite(options.path, static_cast<std::streamoff>(at + letter), "#");
    };
    flip("CREATE TABLE call (", 40);
    flip("CREATE TABLE utterance (", 1);
    flip("CREATE TABLE seam (", 30);
    flip("CREATE TABLE audit (", 60);
    flip("tableutteranceutterance", 7);
    flip("CREATE INDEX call_started", 3);
    open();
    ASSERT_EQ(files_like(state.path(), ".damaged-").size(), 1u);
    write(opened(2));
    ASSERT_TRUE(salvaged());
    EXPECT_EQ(texts(1).size(), k_rows);
    ASSERT_TRUE(call(1));
    EXPECT_EQ(call(1)->call.from.reveal(), "+15550100123");
    EXPECT_EQ(call(1)->call.status, "ended");
    EXPECT_EQ(files_like(state.path(), ".repaired"), std::vector<std::string>());
    EXPECT_EQ(journal->status().losses, 0) << journal->status().loss;
    close();
    EXPECT_EQ(sql(options.path, "SELECT gaps + lost_rows FROM salvage"), "0");
    EXPECT_NE(sql(options.path, "SELECT count(*) FROM audit WHERE salvaged_from IS NOT NULL"), "0");
}

TEST_F(JournalDamage, WalksADamagedTableFromBothEndsAndBetween) {
    constexpr std::size_t k_rows = 4000;
    fill(k_rows);
    // Two bad pages with good ones between: neither end can reach those.
    for (const std::size_t n : {20u, 60u}) {
        overwrite(options.path, static_cast<std::streamoff>(leaf_page(n) * k_page), std::string(k_page, '\x5a'));
    }
    store::Database db(options.path, "", store::Database::Mode::salvage);
    std::size_t rows = 0;
    const auto gaps = store::walk_damaged(db, store::k_utterance_table, INT64_MAX, "damaged", [&](const store::Writer::Salvaged&) {
        ++rows;
        return true;
    });
    EXPECT_EQ(gaps, 2);
    EXPECT_GT(rows, k_rows - 120);
    EXPECT_LT(rows, k_rows);
}

TEST_F(JournalDamage, A16_DeletedDatabaseIsCopiedBackOut) {
    options.file_check = 10ms;
    open();
    const auto generation_before = journal->status().generation;
    write(opened(1));
    write(said(1, "still here"));
    std::filesystem::remove(options.path);
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(options.path); }));
    write(said(1, "and going on"));
    EXPECT_EQ(journal->status().generation, generation_before);
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM utterance"), "2");
    const auto report = store::check_file(options.path);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->good());
}

TEST_F(JournalDamage, A16_ReplacedDatabaseIsPutBackAndTheStrangerKept) {
    options.file_check = 10ms;
    open();
    write(opened(1));
    write_file(state / "stranger", "somebody else's file");
    std::filesystem::rename(state / "stranger", options.path);
    ASSERT_TRUE(eventually([&] { return files_like(state.path(), ".foreign-").size() == 1; }));
    write(said(1, "mine"));
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM utterance"), "1");
    EXPECT_EQ(read_file(state / files_like(state.path(), ".foreign-")[0]), "somebody else's file");
}

}  // namespace
}  // namespace holdfast::test
