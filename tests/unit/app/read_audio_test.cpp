// What the sync is told of a recording that cannot be read: whether it was to go.
#include "app/agency_database.hpp"

#include "support/silent_journal.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

// Knows one call, or does not answer.
class OneCall : public SilentJournal {
  public:
    bool append(store::Record, store::Ack) override { return true; }
    void read_call(store::CallSid, std::function<void(base::Result<store::CallDetail>)> done) override {
        if (answer) done(*answer);
    }
    std::optional<base::Result<store::CallDetail>> answer;
};

class ReadAudioTest : public ::testing::Test {
  protected:
    // The code; "read" when it could be.
    std::string read(base::Result<http::RecordingPart> part) {
        store::Recording row;
        row.path = "a.wav";
        const auto reads = app::read_audio([part](const std::string&, std::int64_t, std::int64_t) { return part; }, journal_, 1ms);
        const auto piece = reads(row, 0, 100);
        if (!piece) return std::string(piece.error().code) + " " + base::to_string(piece.error().condition);
        return "read " + std::to_string(piece->total) + " " + piece->bytes;
    }
    static store::CallDetail told_of(const std::string& path) {
        store::CallDetail detail;
        detail.audit.push_back({1, store::Audit{0, "daemon", "recording_purged", "path=" + path, std::nullopt}});
        return detail;
    }
    const base::Error missing_ = base::make_error(base::Condition::reject, "missing");
    OneCall journal_;
};

TEST_F(ReadAudioTest, APieceIsHandedOn) { EXPECT_EQ(read(http::RecordingPart{"RIFF", 5'000}), "read 5000 RIFF"); }

TEST_F(ReadAudioTest, TroubleOfTheDiskIsHandedOn) {
    EXPECT_EQ(read(base::make_error(base::Condition::retry, "unreadable")), "unreadable retry");
    EXPECT_EQ(read(base::make_error(base::Condition::reject, "unreadable")), "unreadable reject");
}

TEST_F(ReadAudioTest, AFileThatIsGoneWasToGoOrNot) {
    journal_.answer = told_of("a.wav");
    EXPECT_EQ(read(missing_), "purged reject");
    journal_.answer = told_of("b.wav");
    EXPECT_EQ(read(missing_), "missing reject") << "another one of the call was deleted";
    journal_.answer = base::make_error(base::Condition::reject, "not_found");
    EXPECT_EQ(read(missing_), "purged reject") << "the whole call is gone";
}

TEST_F(ReadAudioTest, NotKnowingIsNotNow) {
    EXPECT_EQ(read(missing_), "journal retry") << "the journal does not answer";
    journal_.answer = base::make_error(base::Condition::retry, "store_unavailable");
    EXPECT_EQ(read(missing_), "journal retry");
}

}  // namespace
}  // namespace holdfast::test
