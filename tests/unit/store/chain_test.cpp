// What was written is there as it was written, or something says that it is not.
#include "unit/store/journal_world.hpp"

#include "store/check.hpp"
#include "store/watermark.hpp"

namespace holdfast::test {
namespace {

class ChainTest : public JournalTest {
  protected:
    void fill() {
        open();
        write(opened(1));
        write(changed(1, "streaming"));
        write(said(1, "one"));
        write(said(1, "two"));
        write(audit("view_call", sid(1)));
        write(ended(1));
    }
    // By the daemon, as `holdfastctl verify` asks for it.
    struct Answer {
        std::vector<store::ChainFinding> findings;
        std::vector<store::PurgedRows> purges;
        std::int64_t links = 0, rows = 0, purged = 0;
        std::string words() const {
            std::string out;
            for (const auto& each : findings) out += each.what + " " + each.table + " " + std::to_string(each.row) + ";";
            return out;
        }
    };
    Answer verify(std::int64_t limit = 3) {
        Answer all;
        store::ReadChain query{0, 0, limit, {}};
        for (bool done = false; !done;) {
            const auto bite = ask<store::ChainBite>([&](auto answer) { journal->read_chain(query, answer); });
            if (!bite) break;
            done = bite->done;
            query.part = bite->next_part;
            query.after = bite->next;
            all.links += bite->links;
            all.rows += bite->rows;
            all.purged += bite->purged;
            all.findings.insert(all.findings.end(), bite->findings.begin(), bite->findings.end());
            all.purges.insert(all.purges.end(), bite->purges.begin(), bite->purges.end());
            EXPECT_TRUE(bite->heads_checked);
        }
        return all;
    }
    store::StoreStatus settled() {
        EXPECT_TRUE(eventually([&] {
            const auto status = journal->status();
            return status.reason.empty() && status.verified_utc_ms;
        }));
        return journal->status();
    }
};

TEST_F(ChainTest, OfWhatWasWrittenIsWhole) {
    fill();
    const auto answer = verify();
    EXPECT_EQ(answer.words(), "");
    EXPECT_EQ(answer.links, 7) << "start, call, three changes of it, two words, one audit row, less one";
    close();
    open();
    EXPECT_EQ(verify().words(), "");
    EXPECT_EQ(settled().losses, 0);
}

TEST_F(ChainTest, X11_AChangedRowIsNamed) {
    fill();
    close();
    {
        store::Database db(options.path, "", store::Database::Mode::owner);  // who can do this mends the crc as well
        db.exec("UPDATE utterance SET text = 'other' WHERE text = 'two'");
        db.exec(("UPDATE utterance SET crc = " + store::k_utterance_table.hash_sql()).c_str());
        ASSERT_TRUE(db.ok());
    }
    const auto report = store::check_file(options.path);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->findings.size(), 1u) << "only the chain can tell";
    EXPECT_EQ(report->findings[0].check, "chain");
    const auto row = sql(options.path, "SELECT seq FROM utterance WHERE text = 'other'");
    open();
    EXPECT_EQ(verify().words(), "changed utterance " + row + ";");
    const auto status = settled();
    EXPECT_EQ(status.losses, 1);
    EXPECT_EQ(status.loss, "changed");
    EXPECT_EQ(status.lost_rows, 1);
}

TEST_F(ChainTest, X11_ARemovedRowIsNamed) {
    fill();
    close();
    const auto row = sql(options.path, "SELECT seq FROM utterance WHERE text = 'one'");
    sql(options.path, "DELETE FROM utterance WHERE text = 'one'");
    open();
    EXPECT_EQ(verify().words(), "missing utterance " + row + ";");
    EXPECT_EQ(settled().lost_rows, 1);
    const auto losses = ask<std::vector<store::LossRow>>([&](auto done) { journal->read_losses(done); });
    ASSERT_EQ(losses->size(), 1u);
    EXPECT_EQ(losses->front().call, sid(1).str()) << "whose it was, the chain knows";
}

TEST_F(ChainTest, X11_ARowThatSomebodyAddedIsNamed) {
    fill();
    close();
    sql(options.path, "INSERT INTO audit (seq, utc_ms, actor, action, detail, crc) VALUES (999, 1, 'nobody', 'view_call', '', 0)");
    open();
    EXPECT_EQ(verify().words(), "unrecorded audit 999;");
}

TEST_F(ChainTest, X11_AChangedLinkIsNamed) {
    fill();
    close();
    sql(options.path, "UPDATE chain SET hash = zeroblob(32) WHERE n = 3");
    open();
    const auto answer = verify();
    ASSERT_FALSE(answer.findings.empty());
    EXPECT_EQ(answer.findings[0].what, "link");
    EXPECT_EQ(answer.findings[0].n, 3);
}

TEST_F(ChainTest, X11_AMissingLinkIsNamed) {
    fill();
    close();
    sql(options.path, "DELETE FROM chain WHERE n = 4");
    open();
    const auto answer = verify();
    ASSERT_FALSE(answer.findings.empty());
    EXPECT_EQ(answer.findings[0].what, "link");
    EXPECT_EQ(answer.findings[0].n, 4);
}

TEST_F(ChainTest, X11_ACutTailIsTold) {
    fill();
    close();
    sql(options.path, "DELETE FROM utterance WHERE text = 'two'; DELETE FROM chain WHERE n > 4");
    open();
    const auto status = settled();
    EXPECT_GT(status.losses, 0);
    EXPECT_EQ(files_like(state.path(), ".damaged-").size(), 1u) << "the numbers may be in the world";
    EXPECT_EQ(texts(1), std::vector<std::string>{"one"});
    EXPECT_EQ(status.lost_rows, 1);
}

TEST_F(ChainTest, D12_ALogThatIsGoneIsTold) {
    fill();
    die();
    std::filesystem::remove(options.path + "-wal");
    open();
    const auto status = settled();
    EXPECT_GT(status.losses, 0);
    EXPECT_GE(status.lost_rows, 5) << "six rows were in the log";
}

TEST_F(ChainTest, D13_AnOlderCopyIsTold) {
    fill();
    close();
    const auto older = read_file(options.path);
    open();
    write(opened(2));
    write(said(2, "later"));
    close();
    write_file(options.path, older);
    std::filesystem::remove(options.path + "-wal");
    open();
    const auto status = settled();
    EXPECT_GT(status.lost_rows, 0);
    EXPECT_EQ(texts(1).size(), 2u) << "what it had is there";
}

TEST_F(ChainTest, ALostJournalIsTold) {
    fill();
    close();
    std::filesystem::remove(options.path);
    open();
    const auto status = settled();
    EXPECT_EQ(status.loss, "journal_missing");
    EXPECT_EQ(status.lost_rows, 6);
}

TEST_F(ChainTest, ALostWatermarkIsTold) {
    fill();
    close();
    std::filesystem::remove(options.path + ".watermark");
    open();
    EXPECT_EQ(settled().loss, "watermark");
    reopen();
    EXPECT_EQ(settled().losses, 1) << "once";
}

TEST_F(ChainTest, ALossStandsUntilSomebodyHasSeenIt) {
    fill();
    close();
    std::filesystem::remove(options.path + ".watermark");
    open();
    EXPECT_EQ(settled().losses, 1);
    store::Audit seen;
    seen.utc_ms = INT64_MAX / 2;
    seen.actor = "A. Person";
    seen.action = store::k_losses_seen;
    write(seen);
    EXPECT_TRUE(eventually([&] { return journal->status().losses == 0; }));
    const auto losses = ask<std::vector<store::LossRow>>([&](auto done) { journal->read_losses(done); });
    ASSERT_EQ(losses->size(), 1u);
    EXPECT_TRUE(losses->at(0).seen);
}

TEST_F(ChainTest, OutlivesTheFile) {
    fill();
    close();
    const auto before = sql(options.path, "SELECT max(n) FROM chain");
    overwrite(options.path, 0, std::string(16, '\xa5'));
    open();
    EXPECT_EQ(settled().losses, 0) << journal->status().loss;
    const auto answer = verify();
    EXPECT_EQ(answer.words(), "");
    EXPECT_GT(answer.links, std::stoll(before)) << "the old links and those of the rows that were brought over";
}

TEST_F(ChainTest, SaysWhatWasPurgedAndByWhom) {
    fill();
    write(opened(2));
    write(said(2, "stays"));
    write(ended(2));
    write(store::Purge{sid(1), k_now_utc_ms, false, "A. Person", "asked for"});
    EXPECT_FALSE(call(1));
    EXPECT_EQ(texts(2), std::vector<std::string>{"stays"});
    const auto answer = verify(100);
    EXPECT_EQ(answer.words(), "");
    EXPECT_EQ(answer.purged, 5) << "three links of the call and two words";
    ASSERT_EQ(answer.purges.size(), 1u);
    EXPECT_EQ(answer.purges[0].line, "A. Person purge reason=asked for");
    close();
    const auto report = store::check_file(options.path);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->good()) << report->findings.at(0).detail;
}

TEST_F(ChainTest, OfWordsOnlyKeepsTheCall) {
    fill();
    write(fact(1));
    write(store::Purge{sid(1), k_now_utc_ms, true, "retention", "days"});
    EXPECT_TRUE(texts(1).empty());
    EXPECT_EQ(call(1)->call.status, "ended");
    EXPECT_TRUE(call(1)->facts.empty());
    EXPECT_EQ(verify().words(), "");
}

TEST_F(ChainTest, ACallThatGoesOnIsNotPurged) {
    open();
    write(opened(1));
    write(said(1, "one"));
    write(store::Purge{sid(1), k_now_utc_ms, false, "retention", "days"});
    EXPECT_EQ(texts(1).size(), 1u);
}

TEST_F(ChainTest, OldAuditRowsGoAndWhatTellsOfHoldsAndPurgesStays) {
    fill();
    write(audit(store::k_hold, sid(1)));
    write(store::PurgeAudit{k_now_utc_ms + 5, k_now_utc_ms + 1});
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM audit WHERE action = 'view_call'"), "0");
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM audit WHERE action = 'hold'"), "1");
    open();
    EXPECT_EQ(verify().words(), "");
    EXPECT_TRUE(call(1)->call.held);
}

TEST_F(ChainTest, RetentionAsksForWhatIsOldAndNotHeldAndSent) {
    fill();
    write(opened(2));
    write(ended(2));
    write(opened(3));
    write(audit(store::k_hold, sid(2)));
    const auto purgeable = [&](store::ReadPurgeable query) {
        std::vector<std::string> names;
        const auto answer = ask<store::Purgeable>([&](auto done) { journal->read_purgeable(query, done); });
        if (answer) {
            for (const auto& each : answer->calls) names.push_back(each.str());
        }
        return names;
    };
    using Names = std::vector<std::string>;
    constexpr std::int64_t k_later = k_now_utc_ms + 100'000;
    EXPECT_EQ(purgeable({k_now_utc_ms, false, "", 10}), Names());
    EXPECT_EQ(purgeable({k_later, false, "", 10}), Names{sid(1).str()}) << "the second is held, the third goes on";
    EXPECT_EQ(purgeable({k_later, false, "mongodb", 10}), Names()) << "never what a sink lacks";
    for (const auto change_class : store::k_change_classes) write(store::Delivered{"mongodb", change_class, 1'000});
    EXPECT_EQ(purgeable({k_later, false, "mongodb", 10}), Names{sid(1).str()});
    write(audit(store::k_release, sid(2)));
    for (const auto change_class : store::k_change_classes) write(store::Delivered{"mongodb", change_class, 2'000});
    EXPECT_EQ(purgeable({k_later, false, "mongodb", 10}), (Names{sid(1).str(), sid(2).str()}));
    EXPECT_EQ(purgeable({k_later, true, "", 10}), Names{sid(1).str()}) << "the second has no words";
    write(recorded(1));
    for (const auto change_class : store::k_change_classes) write(store::Delivered{"mongodb", change_class, 3'000});
    EXPECT_EQ(purgeable({k_later, false, "mongodb", 10, "mongodb.audio"}), Names()) << "the sound is not there yet";
    write(store::Delivered{"mongodb.audio", store::ChangeClass::recording, 3'000});
    EXPECT_EQ(purgeable({k_later, false, "mongodb", 10, "mongodb.audio"}), (Names{sid(1).str(), sid(2).str()}))
        << "of the other classes it has nothing";
}

TEST(WatermarkFile, OneTornSlotNeverCounts) {
    const TempFolder folder;
    const std::string path = folder / "mark";
    store::Watermark mark(path);
    EXPECT_FALSE(mark.read().exists);
    for (std::int64_t n = 1; n <= 3; ++n) ASSERT_TRUE(mark.write({"g", {n, std::string(32, 'h')}, n, n, 6, ""}));
    ASSERT_TRUE(mark.sync());
    const auto whole = read_file(path);
    EXPECT_EQ(store::read_mark(whole).mark->chain.n, 3);
    EXPECT_FALSE(store::read_mark(whole).damaged);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        if (at >= store::k_mark_slot_bytes && at < store::k_mark_slot_distance) continue;  // nobody's
        auto torn = whole;
        torn[at] = static_cast<char>(torn[at] ^ 1);
        const auto read = store::read_mark(torn);
        EXPECT_TRUE(read.damaged) << "byte " << at;
        ASSERT_TRUE(read.mark);
        EXPECT_GE(read.mark->chain.n, 2);
    }
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) (void)store::read_mark(std::string_view(whole).substr(0, bytes));
}

}  // namespace
}  // namespace holdfast::test
