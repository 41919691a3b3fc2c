#include "incident/words.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::incident {
namespace {

std::vector<std::string> folded(std::string_view text) {
    std::vector<std::string> out;
    for (const Word& word : split(text)) out.push_back(word.folded);
    return out;
}

using List = std::vector<std::string>;

TEST(Words, FoldCaseAccentsAndApostrophes) {
    EXPECT_EQ(folded("Él no RESPIRA, ¡apúrense!"), (List{"el", "no", "respira", "apurense"}));
    EXPECT_EQ(folded("He\xe2\x80\x99s not; dont"), (List{"he's", "not", "don't"}));
}

TEST(Words, KeepNumbersAsTheyAreWritten) {
    EXPECT_EQ(folded("12:34 Oak, 10,000 Elm, 12 1/2 and 123-45"),
              (List{"12:34", "oak", "10000", "elm", "12", "1/2", "and", "123-45"}));
    EXPECT_EQ(folded("39.7412, -104.9903"), (List{"39.7412", "-104.9903"}));
    EXPECT_EQ(folded("I-95 U.S. 66"), (List{"i", "95", "us", "66"}));
}

TEST(Words, KeepCodesWhole) {
    EXPECT_EQ(folded("87G8Q23F+GQ filled.count.soap"), (List{"87g8q23f+gq", "filled.count.soap"}));
    EXPECT_EQ(folded("A Ave/B St & C"), (List{"a", "ave", "&", "b", "st", "&", "c"}));
}

TEST(Words, KnowWhereTheyStandAndWhatFollows) {
    const std::string text = "Help, at Oak Street.";
    const Words words = split(text);
    ASSERT_EQ(words.size(), 4u);
    EXPECT_TRUE(words[0].pause);
    EXPECT_FALSE(words[0].capital) << "a sentence begins there";
    EXPECT_TRUE(words[2].capital);
    EXPECT_EQ(text.substr(words[2].begin, words[3].end - words[2].begin), "Oak Street");
}

TEST(Words, HaveALimit) {
    std::string text;
    for (int n = 0; n < 5000; ++n) text += "word ";
    EXPECT_LE(split(text).size(), k_words_max);
    EXPECT_LE(split(text).back().end, k_text_bytes_max);
}

TEST(Words, TakeAnyBytes) {
    EXPECT_EQ(folded(std::string("fire\0\xff\xc3 now", 11)), (List{"fire", "now"}));
    EXPECT_TRUE(split("").empty());
    EXPECT_TRUE(split("'''").empty());
}

}  // namespace
}  // namespace holdfast::incident
