#include "base/text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <vector>

namespace holdfast::base {
namespace {

const std::vector<std::string> k_good_characters = {
    "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
    "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};

const std::vector<std::string> k_bad_utf8 = {
    "\x80", "\xbf", "\xc3", "\xc3(", "\xc0\x80", "\xc1\xbf",                         // stray, cut, overlong
    "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82", "\xe2(\xa1", "\xe2\x82(",            // overlong, cut
    "\xed\xa0\x80", "\xed\xbf\xbf",                                                  // surrogates
    "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x94", "\xf0\x9f\x94(",         // overlong, cut
    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff"};                         // beyond U+10FFFF

TEST(Utf8, AcceptsEveryLengthAtItsBorders) {
    std::string all;
    for (const auto& character : k_good_characters) {
        EXPECT_TRUE(is_utf8(character));
        EXPECT_EQ(utf8_character_bytes(character, 0), character.size());
        all += character;
    }
    EXPECT_TRUE(is_utf8(all));
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndCutCharacters) {
    for (const auto& text : k_bad_utf8) {
        EXPECT_FALSE(is_utf8(text)) << ::testing::PrintToString(text);
        EXPECT_FALSE(is_utf8("ok " + text));
        EXPECT_FALSE(is_utf8(text + " ok"));
        EXPECT_EQ(utf8_character_bytes(text, 0), 0u);
    }
}

TEST(Utf8, MeasuresACharacterInTheMiddle) {
    const std::string text = "a\xc3\xa9\xf0\x9f\x94\xa5z";
    EXPECT_EQ(utf8_character_bytes(text, 1), 2u);
    EXPECT_EQ(utf8_character_bytes(text, 2), 0u);
    EXPECT_EQ(utf8_character_bytes(text, 3), 4u);
    EXPECT_EQ(utf8_character_bytes(text, 7), 1u);
}

TEST(ParseDecimal, ReadsDigitsUpTo63Bits) {
    EXPECT_EQ(parse_decimal("0"), 0);
    EXPECT_EQ(parse_decimal("007"), 7);
    EXPECT_EQ(parse_decimal("8000"), 8000);
    EXPECT_EQ(parse_decimal("9223372036854775807"), INT64_MAX);
}

TEST(ParseDecimal, RefusesEverythingElse) {
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "12a", "9223372036854775808",
                             "9999999999999999999", "10000000000000000000", "00000000000000000001"}) {
        EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_decimal(std::string_view("1\0", 2)), std::nullopt);
}

TEST(JsonEscape, WritesTheShortFormsAndUnicodeEscapes) {
    std::string out = "<";
    append_json_escaped(out, std::string_view("\"\\/\n\r\t\b\0\x1b\x7f", 10));
    EXPECT_EQ(out, R"(<\"\\/\n\r\t\u0008\u0000\u001b\u007f)");
}

TEST(JsonEscape, X06_AnyTextComesBackFromAJsonParser) {
    std::string text;
    for (int i = 0; i < 128; ++i) text.push_back(static_cast<char>(i));
    text += "</script>\x1b[31m\r\n$where=\xc3\xa9\xf0\x9f\x94\xa5\xe2\x80\xa8";
    std::string out = "\"";
    append_json_escaped(out, text);
    out += '"';
    EXPECT_EQ(nlohmann::json::parse(out).get<std::string>(), text);
    EXPECT_EQ(out.find('\n'), std::string::npos);
    EXPECT_EQ(out.find('\x1b'), std::string::npos);
}

TEST(EqualIgnoringCase, FoldsAsciiLettersOnly) {
    EXPECT_TRUE(equal_ignoring_case("X-Twilio-Signature", "x-twilio-signature"));
    EXPECT_TRUE(equal_ignoring_case("", ""));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
    EXPECT_FALSE(equal_ignoring_case("ab", "a"));
    EXPECT_FALSE(equal_ignoring_case("[", "{"));
    EXPECT_FALSE(equal_ignoring_case("@", "`"));
    EXPECT_FALSE(equal_ignoring_case("\xc3\x89", "\xc3\xa9"));
}

TEST(Text, PrefixEndsAtACharacter) {
    EXPECT_EQ(utf8_prefix("abc", 5), "abc");
    EXPECT_EQ(utf8_prefix("abc", 2), "ab");
    EXPECT_EQ(utf8_prefix("a\xc3\xa9z", 2), "a");
    EXPECT_EQ(utf8_prefix("a\xc3\xa9z", 3), "a\xc3\xa9");
    EXPECT_EQ(utf8_prefix("\xf0\x9f\x9a\x92", 3), "");
    EXPECT_EQ(utf8_prefix("", 0), "");
}

}  // namespace
}  // namespace holdfast::base
