// Rows of recordings: written once, read with their call, kept in every kind of trouble like all others.
#include "unit/store/journal_world.hpp"

#include "store/check.hpp"
#include "store/emergency_file.hpp"

namespace holdfast::test {
namespace {

class RecordingRow : public JournalTest {};

TEST_F(RecordingRow, ComesBackAsItWasWritten) {
    open();
    write(opened(1));
    write(recorded(1, "a.wav"));
    const auto detail = call(1);
    ASSERT_TRUE(detail);
    ASSERT_EQ(detail->recordings.size(), 1u);
    EXPECT_EQ(detail->recordings[0].seq, 1);
    const auto& row = detail->recordings[0].recording;
    EXPECT_EQ(row.call, sid(1));
    EXPECT_EQ(row.utc_ms, k_now_utc_ms + 200);
    EXPECT_EQ(row.offset_ms, 200);
    EXPECT_EQ(row.path, "a.wav");
    EXPECT_EQ(row.sha256, std::string(64, 'a'));
    EXPECT_EQ(row.duration_ms, 59'800);
    EXPECT_EQ(row.lost_ms, 40);
    EXPECT_EQ(row.legs, "both");
    EXPECT_EQ(row.retention_class, "live");
}

TEST_F(RecordingRow, OfOneFileIsWrittenOnce) {
    open();
    write(opened(1));
    write(recorded(1, "a.wav"));
    write(recorded(1, "a.wav"));
    write(recorded(1, "b.wav"));
    EXPECT_EQ(call(1)->recordings.size(), 2u);
    EXPECT_EQ(call(1)->call.last_seq, 2);
    close();
    const auto report = store::check_file(options.path);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->good());
}

TEST_F(RecordingRow, ComesOutOfADamagedFile) {
    open();
    write(opened(1));
    write(recorded(1, "a.wav"));
    auto later = said(1, "later");
    later.deferred = true;
    write(later);
    close();
    overwrite(options.path, 0, std::string(16, '\xa5'));
    open();
    ASSERT_TRUE(eventually([&] { return journal->status().health == store::StoreHealth::good; }));
    ASSERT_EQ(call(1)->recordings.size(), 1u);
    EXPECT_EQ(call(1)->recordings[0].recording.path, "a.wav");
    EXPECT_TRUE(call(1)->utterances.at(0).utterance.deferred);
}

TEST_F(RecordingRow, ComesOutOfTheEmergencyFileOfTheVersionBefore) {
    std::string bytes = "HFEMRG1\n0123456789abcdef";
    store::append_emergency(bytes, 77, 1, opened(1));
    store::append_emergency(bytes, 77, 2, said(1, "help"));
    store::append_emergency(bytes, 77, 3, recorded(1, "a.wav"));
    write_file(emergency_path(), bytes);
    open();
    EXPECT_EQ(texts(1), std::vector<std::string>{"help"});
    EXPECT_EQ(call(1)->recordings.size(), 1u);
}

}  // namespace
}  // namespace holdfast::test
