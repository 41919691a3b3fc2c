// What the journal does on a good day.
#include "unit/store/journal_world.hpp"

#include "config/limits.hpp"
#include "metrics/catalog.hpp"

namespace holdfast::test {
namespace {

using store::Speaker;
using store::Utterance;

class Journal : public JournalTest {};

TEST_F(Journal, KeepsEverythingThatWasSaidAboutACall) {
    open();
    write(opened(1));
    write(changed(1, "streaming"));
    write(said(1, "there is smoke"));
    Utterance answer = said(1, "which street", 2500);
    answer.speaker = Speaker::voice;
    answer.interrupted = true;
    answer.played_ms = 400;
    answer.total_ms = 900;
    answer.response_us = 730'000;
    answer.vad_us = 500'000;
    answer.provider_us = 229'000;
    answer.box_us = 1'000;
    write(answer);
    write(seam(1, "voice_lost"));
    write(audit("bad_token", sid(1)));
    write(ended(1));
    reopen();

    const auto detail = call(1);
    ASSERT_TRUE(detail);
    EXPECT_EQ(detail->call.status, "ended");
    EXPECT_EQ(detail->call.end_reason, "stop");
    EXPECT_EQ(detail->call.duration_ms, 60'000);
    EXPECT_EQ(detail->call.stream_sid, "MZ00000000000000000000000000000001");
    EXPECT_EQ(detail->call.attestation, "TN-Validation-Passed-A");
    EXPECT_EQ(detail->call.from.reveal(), "+15550100123");
    EXPECT_EQ(detail->call.utterances, 2);
    EXPECT_EQ(detail->call.last_seq, 4);
    EXPECT_EQ(detail->call.generation, journal->status().generation);
    ASSERT_EQ(detail->utterances.size(), 2u);
    EXPECT_EQ(detail->utterances[0].utterance.text.reveal(), "there is smoke");
    EXPECT_FALSE(detail->utterances[0].utterance.played_ms);
    const auto& kept = detail->utterances[1];
    EXPECT_EQ(kept.seq, 2);
    EXPECT_EQ(kept.utterance.speaker, Speaker::voice);
    EXPECT_TRUE(kept.utterance.interrupted);
    EXPECT_EQ(kept.utterance.played_ms, 400);
    EXPECT_EQ(kept.utterance.total_ms, 900);
    EXPECT_EQ(kept.utterance.response_us, 730'000);
    EXPECT_EQ(kept.utterance.vad_us, 500'000);
    EXPECT_EQ(kept.utterance.provider_us, 229'000);
    EXPECT_EQ(kept.utterance.box_us, 1'000);
    ASSERT_EQ(detail->seams.size(), 1u);
    EXPECT_EQ(detail->seams[0].seam.to_rung, "person");
    ASSERT_EQ(detail->audit.size(), 1u);
    EXPECT_EQ(detail->audit[0].audit.action, "bad_token");
}


TEST_F(Journal, AcknowledgesWithTheNumberInTheCall) {
    open();
    write(opened(1));
    AckBox box;
    for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(journal->append(said(1, std::to_string(i)), box.next(i)));
    ASSERT_TRUE(box.wait(3));
    for (const auto& [row, committed] : box.all()) {
        EXPECT_TRUE(committed.durable);
        EXPECT_FALSE(committed.emergency);
        EXPECT_EQ(committed.seq, static_cast<std::int64_t>(row) + 1);
    }
}

TEST_F(Journal, AnswersAfterTheRowsQueuedBefore) {
    open();
    ASSERT_TRUE(journal->append(opened(1)));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(journal->append(said(1, std::to_string(i))));
    EXPECT_EQ(texts(1).size(), 100u);
}

TEST_F(Journal, SaysNotFoundForACallItNeverSaw) {
    open();
    const auto nobody = call(7);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().condition, base::Condition::reject);
    EXPECT_STREQ(nobody.error().code, "not_found");
}

TEST_F(Journal, ListsCallsNewestFirstWithinTheLimit) {
    open();
    for (unsigned n = 1; n <= 5; ++n) write(opened(n, k_now_utc_ms + n * 1000));
    write(ended(5));
    store::ReadCalls query;
    query.limit = 2;
    auto list = calls(query);
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].call, sid(5));
    EXPECT_EQ(list[1].call, sid(4));
    query.before_utc_ms = list[1].started_utc_ms;
    list = calls(query);
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].call, sid(3));
    store::ReadCalls open_only;
    open_only.active_only = true;
    EXPECT_EQ(calls(open_only).size(), 4u);
}

TEST_F(Journal, AnswersAtMostAThousandCalls) {
    open();
    for (unsigned n = 1; n <= 1010; ++n) ASSERT_TRUE(journal->append(opened(n)));
    store::ReadCalls query;
    query.limit = 1'000'000;
    EXPECT_EQ(calls(query).size(), 1000u);
}

TEST_F(Journal, RepeatedWebhookMakesNoSecondRowAndGoesNotBack) {
    open();
    write(opened(1));
    write(changed(1, "streaming"));
    write(opened(1, k_now_utc_ms + 3000));
    const auto list = calls();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].status, "streaming");
    EXPECT_EQ(list[0].started_utc_ms, k_now_utc_ms);
}

TEST_F(Journal, T25_StatusOnlyMovesForward) {
    struct Step {
        store::Record record;
        const char* status;
    };
    const std::vector<Step> steps{
        {changed(1, "streaming"), "streaming"}, {changed(1, "ringing"), "streaming"},
        {changed(1, "interrupted"), "interrupted"}, {changed(1, "streaming"), "interrupted"},
        {ended(1, 9000), "ended"}, {changed(1, "streaming"), "ended"},
        {changed(1, "interrupted"), "ended"}, {ended(1, 70'000), "ended"},
    };
    open();
    write(opened(1));
    for (const auto& step : steps) {
        write(step.record);
        EXPECT_EQ(call(1)->call.status, step.status);
    }
    EXPECT_EQ(call(1)->call.duration_ms, 9000) << "the first end counts";
}

TEST_F(Journal, CallThatNeverStreamedHasARow) {
    open();
    auto row = opened(1);
    row.status = "overflow";
    row.rung = "person";
    row.decision = "limit";
    write(row);
    write(store::CallEnded{sid(1), k_now_utc_ms, 0, "overflow"});
    const auto detail = call(1);
    ASSERT_TRUE(detail);
    EXPECT_EQ(detail->call.status, "ended");
    EXPECT_EQ(detail->call.decision, "limit");
    EXPECT_EQ(detail->call.end_reason, "overflow");
}

TEST_F(Journal, RowAboutAnUnknownCallMakesTheCall) {
    open();
    write(said(1, "hello", 4000));
    auto detail = call(1);
    ASSERT_TRUE(detail);
    EXPECT_EQ(detail->call.decision, "recovered");
    EXPECT_EQ(detail->call.started_utc_ms, k_now_utc_ms) << "the utterance's time less its offset";
    write(opened(1));  // late, but it fills in what was not known
    detail = call(1);
    EXPECT_EQ(detail->call.decision, "admitted");
    EXPECT_EQ(detail->call.from.reveal(), "+15550100123");
    EXPECT_EQ(detail->call.status, "streaming");
    write(changed(2, "streaming"));
    write(ended(3));
    write(seam(4, "gap"));
    EXPECT_EQ(calls().size(), 4u);
}

TEST_F(Journal, AuditRowAboutAForgedCallMakesNoCall) {
    open();
    write(audit("bad_token", sid(9)));
    EXPECT_TRUE(calls().empty());
    close();
    EXPECT_EQ(sql(options.path, "SELECT call_sid FROM audit WHERE action = 'bad_token'"), sid(9).str());
}

TEST_F(Journal, I3_NumbersOfACallHaveNoGapOverItsTables) {
    open();
    write(opened(1));
    write(said(1, "a"));
    write(seam(1, "gap"));
    write(audit("view_call", sid(1)));
    reopen();
    write(said(1, "b"));
    close();
    EXPECT_EQ(sql(options.path,
                  "SELECT group_concat(call_seq, ' ') FROM (SELECT call_seq FROM utterance UNION ALL SELECT call_seq "
                  "FROM seam UNION ALL SELECT call_seq FROM audit WHERE call IS NOT NULL ORDER BY 1)"),
              "1 2 3 4");
}

TEST_F(Journal, NeverUsesANumberTwiceEvenWhenRowsAreDeleted) {
    open();
    write(opened(1));
    for (int i = 0; i < 5; ++i) write(said(1, std::to_string(i)));
    close();
    const auto before = std::stoll(sql(options.path, "SELECT max(seq) FROM utterance"));
    sql(options.path, "DELETE FROM audit; DELETE FROM utterance");
    open();
    write(said(1, "after"));
    close();
    EXPECT_GT(std::stoll(sql(options.path, "SELECT seq FROM utterance")), before);
}

TEST_F(Journal, RefusesRowsWhenTheQueueIsFullAndCountsThem) {
    options.vfs = disk.name();
    options.rows_waiting_max = 10;
    open();
    disk.hang_syncs();
    AckBox box;
    ASSERT_TRUE(journal->append(audit("first"), box.next()));
    ASSERT_TRUE(disk.wait_until_one_hangs());
    const auto dropped = metrics::store_dropped_rows_total.value();
    std::size_t taken = 1;
    while (journal->append(audit("more"), box.next())) ++taken;
    EXPECT_EQ(taken, 10u);
    EXPECT_EQ(metrics::store_dropped_rows_total.value(), dropped + 1);
    disk.let_go();
    EXPECT_TRUE(box.wait(taken));
    EXPECT_TRUE(journal->append(audit("room again")));
    close();
}

TEST_F(Journal, WritesWhatIsQueuedInOneCommit) {
    options.vfs = disk.name();
    open();
    disk.hang_syncs();
    AckBox box;
    ASSERT_TRUE(journal->append(audit("first"), box.next()));
    ASSERT_TRUE(disk.wait_until_one_hangs());
    const auto commits = metrics::commit_seconds.count();
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(journal->append(audit("queued"), box.next()));
    disk.let_go();
    ASSERT_TRUE(box.wait(501));
    EXPECT_EQ(metrics::commit_seconds.count(), commits + 2);
    close();
}

TEST_F(Journal, CommitsAtMostABatchAtATime) {
    options.vfs = disk.name();
    open();
    disk.hang_syncs();
    AckBox box;
    ASSERT_TRUE(journal->append(audit("first"), box.next()));
    ASSERT_TRUE(disk.wait_until_one_hangs());
    const auto commits = metrics::commit_seconds.count();
    for (std::size_t i = 0; i < 2 * limits::journal_batch_rows_max; ++i) ASSERT_TRUE(journal->append(audit("queued"), box.next()));
    disk.let_go();
    ASSERT_TRUE(box.wait(1 + 2 * limits::journal_batch_rows_max));
    EXPECT_EQ(metrics::commit_seconds.count(), commits + 3);
    close();
}

TEST_F(Journal, CheckpointsByItselfAndKeepsTheLogSmall) {
    open();
    write(opened(1));
    AckBox box;
    const std::string words(2000, 'x');
    for (std::size_t i = 0; i < 8000; ++i) ASSERT_TRUE(journal->append(said(1, words), box.next()));
    ASSERT_TRUE(box.wait(8000));
    EXPECT_TRUE(eventually([&] { return journal->status().database_bytes > 10'000'000; }));
    EXPECT_LT(journal->status().wal_bytes, 16'000'000);
}

TEST_F(Journal, StatusSaysWhatIsInIt) {
    open();
    write(opened(1));
    write(said(1, "hello"));
    const auto status = journal->status();
    EXPECT_EQ(status.health, store::StoreHealth::good);
    EXPECT_EQ(status.reason, "");
    EXPECT_EQ(status.generation.size(), 16u);
    EXPECT_EQ(status.schema_version, 6);
    EXPECT_EQ(status.rows_committed, 2);
    EXPECT_EQ(status.rows_waiting, 0);
    EXPECT_GT(status.free_bytes, 0);
    EXPECT_GT(status.database_bytes, 0);
}

TEST_F(Journal, KeepsWordsOfAnyKindByteForByte) {
    open();
    write(opened(1));
    using std::string_literals::operator""s;
    const std::string odd = "quote ' \" \0 nul \xff\xfe not utf-8 \xF0\x9F\x9A\x92"s;
    write(said(1, odd));
    reopen();
    EXPECT_EQ(texts(1).at(0), odd);
}

TEST_F(Journal, StopWritesWhatWaitsAndTakesNoMore) {
    open();
    AckBox box;
    ASSERT_TRUE(journal->append(opened(1), box.next()));
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(journal->append(said(1, std::to_string(i)), box.next()));
    journal->stop(k_flush);
    EXPECT_EQ(box.count(), 201u);
    for (const auto& [row, committed] : box.all()) EXPECT_TRUE(committed.durable && !committed.emergency);
    EXPECT_FALSE(journal->append(audit("late")));
    const auto late = call(1);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().condition, base::Condition::retry);
    journal->stop(k_flush);  // again is harmless
    open();
    EXPECT_EQ(texts(1).size(), 200u);
}

TEST_F(Journal, StopLeavesOneFileWithEverything) {
    open();
    write(opened(1));
    close();
    EXPECT_FALSE(std::filesystem::exists(options.path + "-wal"));
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM call"), "1");
    EXPECT_EQ(sql(options.path, "SELECT action FROM audit ORDER BY seq DESC LIMIT 1"), "stop");
}

}  // namespace
}  // namespace holdfast::test
