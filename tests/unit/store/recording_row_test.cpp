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

// --- what is left to transcribe ---

class LeftToTranscribe : public JournalTest {
  protected:
    store::Untranscribed look(std::int64_t after = 0) {
        std::promise<base::Result<store::Untranscribed>> promise;
        journal->read_untranscribed(after, [&](base::Result<store::Untranscribed> got) { promise.set_value(std::move(got)); });
        auto answer = promise.get_future().get();
        EXPECT_TRUE(answer);
        return answer ? std::move(*answer) : store::Untranscribed();
    }
    std::vector<std::string> paths() {
        std::vector<std::string> out;
        for (const auto& one : look().recordings) out.push_back(one.recording.path);
        return out;
    }
    void write_canned(unsigned number, const std::string& path, const char* retention_class = "canned") {
        auto row = recorded(number, path);
        row.retention_class = retention_class;
        write(row);
    }
    void write_done(unsigned number, const std::string& path) {
        write(store::Audit{k_now_utc_ms, "daemon", store::k_transcribed, "path=" + path + " result=words", sid(number)});
    }
};

TEST_F(LeftToTranscribe, IsWhatStoodOnCannedAndIsNotDone) {
    open();
    for (unsigned number = 1; number <= 5; ++number) write(opened(number));
    write(recorded(1, "live.wav"));
    write_canned(2, "canned.wav");
    write(recorded(3, "down.wav"));
    auto down = seam(3, "voice_lost");
    down.to_rung = "canned";
    write(down);
    write_canned(4, "a.wav");
    write_canned(4, "a.wav.b.wav");
    write_canned(5, "unheard.wav", "unheard");
    write_done(4, "a.wav");
    EXPECT_EQ(paths(), (std::vector<std::string>{"canned.wav", "down.wav", "a.wav.b.wav", "unheard.wav"}));
}

TEST_F(LeftToTranscribe, SaysWhenTheCallEnded) {
    open();
    write(opened(1));
    write_canned(1, "a.wav");
    EXPECT_FALSE(look().recordings.at(0).call_ended_utc_ms);
    write(ended(1));
    EXPECT_EQ(look().recordings.at(0).call_ended_utc_ms, k_now_utc_ms + 60'000);
}

TEST_F(LeftToTranscribe, ComesInBoundedAnswers) {
    open();
    write(opened(1));
    for (int i = 0; i < 130; ++i) write_canned(1, std::to_string(i) + ".wav");
    const auto first = look();
    EXPECT_EQ(first.recordings.size(), 100u);
    EXPECT_TRUE(first.more);
    const auto second = look(first.next);
    EXPECT_EQ(second.recordings.size(), 30u);
    EXPECT_FALSE(second.more);
    EXPECT_EQ(second.recordings.front().recording.path, "100.wav");
    EXPECT_TRUE(look(second.next).recordings.empty());
    EXPECT_EQ(look(second.next).next, second.next);
}

TEST_F(LeftToTranscribe, APieceIsWrittenDownOnce) {
    open();
    write(opened(1));
    auto words = said(1, "first");
    words.deferred = true;
    words.item_id = "a.wav#1000";
    write(words);
    words.text = store::Text("second");
    write(words);
    auto live = said(1, "live");  // another provider may use any name
    live.item_id = "a.wav#1000";
    write(live);
    words.item_id = "a.wav#9000";
    write(words);
    ASSERT_EQ(call(1)->utterances.size(), 3u);
    EXPECT_EQ(call(1)->utterances[0].utterance.text.reveal(), "first");
    EXPECT_EQ(call(1)->call.last_seq, 3);
}

}  // namespace
}  // namespace holdfast::test
