// Recorder and journal together, as the daemon runs them.
#include "unit/recording/recording_world.hpp"

#include "store/sqlite_journal.hpp"

#include <future>

namespace holdfast::test {
namespace {

class RealJournal : public ::testing::Test {
  protected:
    void open() {
        store::SqliteJournalOptions options;
        options.path = state.path() + "/holdfast.db";
        options.runtime_path = run.path();
        options.site_id = "site-1";
        options.first_open = k_deadline;
        auto opened = store::SqliteJournal::open(options);
        ASSERT_TRUE(opened);
        journal = std::move(*opened);
        DiskRecorderOptions recording;
        recording.path = state.path() + "/recordings";
        recorder = std::make_unique<DiskRecorder>(recording, *journal);
    }
    void close() {
        recorder->stop(k_deadline);
        recorder.reset();
        journal->stop(k_deadline);
        journal.reset();
    }
    store::CallDetail detail() {
        auto promise = std::make_shared<std::promise<base::Result<store::CallDetail>>>();
        journal->read_call(k_call, [promise](base::Result<store::CallDetail> got) { promise->set_value(std::move(got)); });
        auto answer = promise->get_future().get();
        EXPECT_TRUE(answer);
        return answer ? *answer : store::CallDetail();
    }

    TempFolder state, run;
    std::unique_ptr<store::SqliteJournal> journal;
    std::unique_ptr<DiskRecorder> recorder;
};

TEST_F(RealJournal, ARecordingIsARowOfItsCallAndOneOnly) {
    open();
    store::CallOpened call;
    call.call = k_call;
    call.utc_ms = k_utc_ms;
    ASSERT_TRUE(journal->append(call));
    const std::string name = k_call.str() + "." + journal->status().generation + ".1.wav";
    recorder->start({k_call, k_utc_ms, 0, "live"})->caller(frame('c', 500), 0);
    close();
    ASSERT_EQ(files_in(state.path() + "/recordings"), std::vector<std::string>{name});

    // As if the daemon had died between the row and the rename.
    std::filesystem::rename(state.path() + "/recordings/" + name, state.path() + "/recordings/" + name + ".part");
    open();
    recorder->stop(k_deadline);
    const auto rows = detail().recordings;
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].recording.path, name);
    EXPECT_GE(rows[0].recording.duration_ms, 500);
    EXPECT_EQ(rows[0].recording.legs, "caller");
    EXPECT_EQ(detail().call.last_seq, 1);
    close();
    EXPECT_EQ(files_in(state.path() + "/recordings"), std::vector<std::string>{name});
}

}  // namespace
}  // namespace holdfast::test
