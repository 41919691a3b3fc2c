#include "transcribe/pieces.hpp"

#include "transcribe/limits.hpp"
#include "unit/transcribe/sounds.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace holdfast::transcribe {
namespace {

using test::hush;
using test::talk;

void expect_near(std::int64_t got, std::int64_t wanted) {
    constexpr std::int64_t k_near = 150;  // what detector and frames may differ
    EXPECT_LE(std::llabs(got - wanted), k_near) << got << " is not near to " << wanted;
}

SpeechFinder heard(const std::string& mulaw) {
    SpeechFinder finder;
    for (std::size_t at = 0; at < mulaw.size(); at += 1000) finder.feed(std::string_view(mulaw).substr(at, 1000));
    finder.finish();
    return finder;
}
Span all(const std::string& mulaw, std::int64_t offset_ms = 0) {
    return {offset_ms, offset_ms + static_cast<std::int64_t>(mulaw.size()) / 8};
}

TEST(Pieces, AreWhereSomebodySpeaks) {
    const auto sound = hush(3'000) + talk(2'000) + hush(5'000) + talk(1'000) + hush(2'000);
    const auto pieces = cut_pieces(heard(sound), {all(sound, 10'000)}, 10'000);
    ASSERT_EQ(pieces.size(), 2u);
    expect_near(pieces[0].from_ms, 13'000 - k_piece_margin_ms);
    expect_near(pieces[0].to_ms, 15'000 + k_piece_margin_ms);
    expect_near(pieces[1].from_ms, 20'000 - k_piece_margin_ms);
    expect_near(pieces[1].to_ms, 21'000 + k_piece_margin_ms);
}

TEST(Pieces, OfSilenceAreNone) {
    const auto sound = hush(20'000);
    EXPECT_TRUE(cut_pieces(heard(sound), {all(sound)}, 0).empty());
}

TEST(Pieces, HoldSentencesThatAreNear) {
    const auto sound = hush(1'000) + talk(2'000) + hush(800) + talk(2'000) + hush(1'000);
    EXPECT_EQ(cut_pieces(heard(sound), {all(sound)}, 0).size(), 1u);
}

TEST(Pieces, AreBoundedAndCutAtTheQuietestMoment) {
    const auto sound = hush(1'000) + talk(24'000) + hush(200) + talk(40'000) + hush(1'000);
    const auto pieces = cut_pieces(heard(sound), {all(sound)}, 0);
    ASSERT_GE(pieces.size(), 3u);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        EXPECT_LE(pieces[i].length(), k_piece_max_ms);
        if (i == 0) continue;
        EXPECT_EQ(pieces[i].from_ms, pieces[i - 1].to_ms) << "nothing is lost in between";
    }
    EXPECT_GE(pieces[0].to_ms, 25'000 - 20);
    EXPECT_LE(pieces[0].to_ms, 25'200 + 20);
    expect_near(pieces.back().to_ms, 65'200 + k_piece_margin_ms);
}

TEST(Pieces, StayInsideWhatNobodyHeard) {
    const auto sound = hush(2'000) + talk(10'000) + hush(2'000);
    const auto finder = heard(sound);
    const auto pieces = cut_pieces(finder, {{0, 5'000}, {8'000, 9'000}}, 0);
    ASSERT_EQ(pieces.size(), 2u);
    EXPECT_EQ(pieces[0].to_ms, 5'000);
    EXPECT_EQ(pieces[1], (Span{8'000, 9'000}));
    EXPECT_TRUE(cut_pieces(finder, {{12'300, 14'000}}, 0).empty()) << "the margin of words that were heard is no piece";
    EXPECT_TRUE(cut_pieces(finder, {}, 0).empty());
}

TEST(Pieces, OfTheSameAudioAreTheSame) {
    const auto sound = hush(1'000) + talk(50'000) + hush(1'500) + talk(3'000);
    EXPECT_EQ(cut_pieces(heard(sound), {all(sound)}, 0), cut_pieces(heard(sound), {all(sound)}, 0));
}

TEST(Pieces, SpeechThatEndsWithTheRecordingCounts) {
    const auto sound = hush(1'000) + talk(2'000);
    EXPECT_EQ(cut_pieces(heard(sound), {all(sound)}, 0).size(), 1u);
}

}  // namespace
}  // namespace holdfast::transcribe
