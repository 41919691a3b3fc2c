// The form of the emergency file: every whole record is found, whatever happened to the rest.
#include "unit/store/journal_world.hpp"

#include "store/crc32c.hpp"
#include "store/emergency_file.hpp"
#include "store/record_codec.hpp"

#include <random>

namespace holdfast::test {
namespace {

using store::read_emergency;

std::vector<store::Record> one_of_each() {
    store::Utterance answer = said(2, "the address please");
    answer.speaker = store::Speaker::voice;
    answer.interrupted = true;
    answer.failed = true;
    answer.played_ms = -1;
    answer.total_ms = 900;
    answer.response_us = 1;
    answer.box_us = INT64_MAX;
    store::Utterance later = said(2, "from the recording");
    later.deferred = true;
    store::CallChanged nothing;
    nothing.call = sid(3);
    return {opened(1), changed(1, "streaming"), nothing, ended(1), said(1, ""), answer, seam(1, "gap"),
            audit("bad_signature"), audit("view_call", sid(1)), later, recorded(1), fact(1), incident(1), dispatch(1), outbox(1), dead_letter(1)};
}

std::string encoded(const store::Record& record) {
    std::string bytes;
    store::append_record(bytes, record);
    return bytes;
}

std::string emergency_file(const std::vector<store::Record>& records) {
    std::string bytes = "HFEMRG1\n0123456789abcdef";
    for (std::size_t i = 0; i < records.size(); ++i) store::append_emergency(bytes, 77, i + 1, records[i]);
    return bytes;
}

TEST(RecordCodec, GivesBackWhatItWasGiven) {
    for (const auto& record : one_of_each()) {
        const auto bytes = encoded(record);
        const auto back = store::parse_record(bytes);
        ASSERT_TRUE(back) << record.index();
        EXPECT_EQ(back->index(), record.index());
        EXPECT_EQ(encoded(*back), bytes);
    }
    const auto back = std::get<store::Utterance>(*store::parse_record(encoded(one_of_each()[5])));
    EXPECT_EQ(back.text.reveal(), "the address please");
    EXPECT_EQ(back.played_ms, -1);
    EXPECT_EQ(back.box_us, INT64_MAX);
    EXPECT_FALSE(back.vad_us);
    EXPECT_EQ(back.speaker, store::Speaker::voice);
}

TEST(RecordCodec, ReadsWhatAnOlderVersionLeft) {
    store::Utterance row = said(2, "help");
    const auto old = encoded(row);
    EXPECT_EQ(old.front(), '\x03') << "an utterance as version 0.1 wrote it";
    EXPECT_FALSE(std::get<store::Utterance>(*store::parse_record(old)).deferred);
    row.deferred = true;
    const auto late = encoded(row);
    EXPECT_EQ(late.substr(1), old.substr(1));
    EXPECT_TRUE(std::get<store::Utterance>(*store::parse_record(late)).deferred);
}

TEST(RecordCodec, RefusesEveryPartOfARecordAndEveryLongerOne) {
    for (const auto& record : one_of_each()) {
        const auto bytes = encoded(record);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            EXPECT_FALSE(store::parse_record(std::string_view(bytes).substr(0, size))) << record.index() << " " << size;
        }
        EXPECT_FALSE(store::parse_record(bytes + '\0'));
    }
}

TEST(RecordCodec, RefusesValuesThatCannotBe) {
    auto bytes = encoded(audit("x", sid(1)));
    bytes[0] = '\x3f';  // no such kind of record
    EXPECT_FALSE(store::parse_record(bytes));
    bytes = encoded(audit("x", sid(1)));
    bytes[bytes.size() - 1] = 'z';  // not a CallSid
    EXPECT_FALSE(store::parse_record(bytes));
    bytes = encoded(audit("x"));
    bytes.back() = '\2';  // neither there nor not there
    EXPECT_FALSE(store::parse_record(bytes));
}

TEST(Crc32c, AgreesWithTheKnownValues) {
    EXPECT_EQ(store::crc32c("123456789"), 0xe3069283u);
    EXPECT_EQ(store::crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720 B.4
    EXPECT_EQ(store::crc32c("6789", store::crc32c("12345")), 0xe3069283u);
}

TEST(EmergencyFile, FindsEveryRecord) {
    const auto records = one_of_each();
    const auto content = read_emergency(emergency_file(records));
    EXPECT_EQ(content.file_id, "0123456789abcdef");
    EXPECT_EQ(content.bad_bytes, 0u);
    ASSERT_EQ(content.rows.size(), records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        EXPECT_EQ(content.rows[i].run, 77u);
        EXPECT_EQ(content.rows[i].ticket, i + 1);
        EXPECT_EQ(encoded(content.rows[i].record), encoded(records[i]));
    }
    EXPECT_EQ(content.rows.back().end, content.bytes);
}

TEST(EmergencyFile, TruncatedAnywhereItYieldsEveryWholeRecord) {
    const auto bytes = emergency_file(one_of_each());
    const auto whole = read_emergency(bytes);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const auto content = read_emergency(std::string_view(bytes).substr(0, size));
        std::size_t expected = 0;
        for (const auto& row : whole.rows) expected += row.end <= size ? 1 : 0;
        EXPECT_EQ(content.rows.size(), expected) << "cut at " << size;
        EXPECT_EQ(content.bytes, size);
        const std::size_t good = expected == 0 ? (size >= 24 ? 24 : 0) : whole.rows[expected - 1].end;
        EXPECT_EQ(content.bad_bytes, size - good) << "cut at " << size;
    }
}

TEST(EmergencyFile, AFlippedByteCostsAtMostTheRecordItIsIn) {
    const auto records = one_of_each();
    const auto bytes = emergency_file(records);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
        EXPECT_GE(read_emergency(damaged).rows.size(), records.size() - 1) << "byte " << at;
    }
}

TEST(EmergencyFile, TakesAnyBytes) {
    std::mt19937 chance(1);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes(chance() % 300, '\0');
        for (char& c : bytes) c = static_cast<char>(chance());
        if (i % 2 == 0) bytes = "HFEMRG1\n0123456789abcdefHFrw" + bytes;
        EXPECT_TRUE(read_emergency(bytes).rows.empty());
    }
}

TEST(EmergencyFile, AppendsReadsAndClears) {
    const TempFolder folder;
    store::EmergencyFile file(folder.path(), 1 << 20);
    std::string framed;
    store::append_emergency(framed, 1, 1, audit("a"));
    ASSERT_TRUE(file.append(framed));
    ASSERT_TRUE(file.append(framed));
    auto content = file.read();
    ASSERT_TRUE(content);
    EXPECT_EQ(content->rows.size(), 2u);
    const auto first_id = content->file_id;
    ASSERT_TRUE(file.clear());
    EXPECT_TRUE(file.empty());
    ASSERT_TRUE(file.append(framed));
    content = file.read();
    EXPECT_EQ(content->rows.size(), 1u);
    EXPECT_NE(content->file_id, first_id) << "offsets of the old file mean nothing in the new one";
}

TEST(EmergencyFile, RefusesToGrowBeyondItsLimitAndKeepsWhatItHas) {
    const TempFolder folder;
    store::EmergencyFile file(folder.path(), 200);
    std::string framed;
    store::append_emergency(framed, 1, 1, audit("a"));
    ASSERT_TRUE(file.append(framed));
    while (file.append(framed)) {
    }
    EXPECT_EQ(file.append(framed).error().condition, base::Condition::retry);
    EXPECT_EQ(file.read()->bad_bytes, 0u);
    EXPECT_LE(std::filesystem::file_size(file.path()), 200u);
}

TEST(EmergencyFile, BelongsToOneProcess) {
    const TempFolder folder;
    store::EmergencyFile mine(folder.path(), 1 << 20);
    ASSERT_TRUE(mine.prepare());
    store::EmergencyFile theirs(folder.path(), 1 << 20);
    const auto refused = theirs.prepare();
    ASSERT_FALSE(refused);
    EXPECT_STREQ(refused.error().code, "second_instance");
}

}  // namespace
}  // namespace holdfast::test
