#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

struct Pair {
    const char* bytes;
    const char* text;
};
constexpr Pair k_rfc4648[] = {{"", ""},         {"f", "Zg=="},     {"fo", "Zm8="},     {"foo", "Zm9v"},
                              {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

TEST(Base64, EncodesTheVectorsOfRfc4648) {
    for (const auto& [bytes, text] : k_rfc4648) EXPECT_EQ(base64_encode(bytes), text);
}

TEST(Base64, DecodesTheVectorsOfRfc4648) {
    for (const auto& [bytes, text] : k_rfc4648) {
        EXPECT_EQ(base64_decode(text), bytes);
        EXPECT_EQ(base64_decoded_bytes(text), std::string_view(bytes).size());
    }
}

TEST(Base64, CarriesEveryByteAtEveryOffset) {
    std::string bytes;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
        bytes.push_back('x');
    }
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
        const auto part = bytes.substr(0, length);
        const auto text = base64_encode(part);
        ASSERT_TRUE(is_base64(text));
        ASSERT_EQ(base64_decode(text), part);
        ASSERT_EQ(base64_decoded_bytes(text), length);
    }
}

TEST(Base64, ATwentyMillisecondFrameHas216Characters) {
    const auto text = base64_encode(std::string(160, '\xff'));
    EXPECT_EQ(text.size(), 216u);
    EXPECT_EQ(base64_decoded_bytes(text), 160u);
}

TEST(Base64, RefusesEverythingElse) {
    for (const char* text : {"A", "AA", "AAA", "A===", "====", "=", "==", "AA=A", "=AAA", "AA==AAAA", "A=AA", "AAAA=",
                             "AAA ", " AAA", "AA\nA", "AA-A", "AA_A", "AA!A", "AAAAA", "\xc3\xa9" "AA"}) {
        EXPECT_FALSE(is_base64(text)) << text;
        EXPECT_EQ(base64_decode(text), std::nullopt) << text;
    }
    EXPECT_FALSE(is_base64(std::string_view("AA\0A", 4)));
}

TEST(Base64, OnlyTheAlphabetIsAllowed) {
    const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        const std::string text = {'A', c, 'A', 'A'};
        EXPECT_EQ(is_base64(text), alphabet.find(c) != std::string_view::npos) << i;
    }
}

TEST(Base64, AppendsBehindWhatIsThere) {
    std::string out = "x:";
    base64_append(out, "foo");
    EXPECT_EQ(out, "x:Zm9v");
}

TEST(Hex, IsLowerCaseAndComplete) {
    EXPECT_EQ(hex_encode(""), "");
    EXPECT_EQ(hex_encode(std::string_view("\x00\x0f\xa5\xff", 4)), "000fa5ff");
}

TEST(Base64, DecodesBehindWhatIsThereAndLeavesItWhenTheTextIsBad) {
    std::string out = "kept ";
    EXPECT_TRUE(base64_decode_append(out, "aGVscA=="));
    EXPECT_EQ(out, "kept help");
    EXPECT_FALSE(base64_decode_append(out, "aGVscA="));
    EXPECT_FALSE(base64_decode_append(out, "a*VscA=="));
    EXPECT_EQ(out, "kept help");
    EXPECT_TRUE(base64_decode_append(out, ""));
    EXPECT_EQ(out, "kept help");
}

}  // namespace
}  // namespace holdfast::base
