#include "recording/name.hpp"

#include <gtest/gtest.h>

namespace holdfast::recording {
namespace {

Identity identity() {
    return {*base::CallSid::parse("CA00000000000000000000000000001234"), "0f", 3, 1'790'000'000'000, 250, "canned"};
}

TEST(RecordingName, GoesBothWays) {
    EXPECT_EQ(file_name(identity()), "CA00000000000000000000000000001234.0f.3.wav");
    const auto back = parse_file_name(file_name(identity()));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->call, identity().call);
    EXPECT_EQ(back->generation, "0f");
    EXPECT_EQ(back->number, 3);
}

TEST(RecordingName, SaysWhenAFileIsSealed) {
    auto of = identity();
    of.sealed = true;
    EXPECT_EQ(file_name(of), "CA00000000000000000000000000001234.0f.3.wav.sealed");
    const auto back = parse_file_name(file_name(of));
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->sealed);
    EXPECT_EQ(back->number, 3);
    EXPECT_FALSE(parse_file_name(file_name(identity()))->sealed);
}

TEST(RecordingName, OfSomethingElseIsRefused) {
    for (const char* name :
         {"", ".wav", ".sealed", ".wav.sealed", "CA00000000000000000000000000001234.0f.1.sealed",
          "CA00000000000000000000000000001234.0f.1.wav.sealed.sealed", "x.wav", "CA00000000000000000000000000001234.wav", "CA00000000000000000000000000001234.0f.wav",
          "CA00000000000000000000000000001234.0f.0.wav", "CA00000000000000000000000000001234.0f.03.wav",
          "CA00000000000000000000000000001234.0f.-1.wav", "CA00000000000000000000000000001234..1.wav",
          "CA00000000000000000000000000001234.0f.1.wav.part", "CA0000000000000000000000000000123g.0f.1.wav",
          "../CA00000000000000000000000000001234.0f.1.wav", "CA00000000000000000000000000001234.0/f.1.wav",
          "CA00000000000000000000000000001234.0f.99999999999999999999.wav"}) {
        EXPECT_FALSE(parse_file_name(name)) << name;
    }
}

TEST(RecordingName, WordsCannotLeaveTheFolder) {
    EXPECT_EQ(word_or("../../etc", "other"), "other");
    EXPECT_EQ(word_or("", "other"), "other");
    EXPECT_EQ(word_or(std::string(65, 'a'), "other"), "other");
    EXPECT_EQ(word_or("class-1_a", "other"), "class-1_a");
}

TEST(RecordingComment, GoesBothWaysAndHasOneLength) {
    const auto text = comment_of(identity(), 40);
    EXPECT_EQ(text.size(), comment_of(identity(), 3'600'000).size());
    auto back = *parse_file_name(file_name(identity()));
    std::int64_t lost_ms = 0;
    ASSERT_TRUE(read_comment(text, back, lost_ms));
    EXPECT_EQ(back.retention_class, "canned");
    EXPECT_EQ(back.utc_ms, 1'790'000'000'000);
    EXPECT_EQ(back.offset_ms, 250);
    EXPECT_EQ(lost_ms, 40);
}

TEST(RecordingComment, OfAnotherCallOrCutShortIsRefused) {
    auto of = identity();
    std::int64_t lost_ms = 0;
    const auto text = comment_of(of, 1);
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_FALSE(read_comment(std::string_view(text).substr(0, size), of, lost_ms)) << size;
    }
    of.call = *base::CallSid::parse("CA00000000000000000000000000005678");
    EXPECT_FALSE(read_comment(text, of, lost_ms));
}

}  // namespace
}  // namespace holdfast::recording
