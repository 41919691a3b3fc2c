#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace holdfast::base {
namespace {

constexpr char k_sid[] = "CA0123456789abcdefABCDEF0123456789";

static_assert(!std::is_convertible_v<CallSid, StreamSid>);
static_assert(!std::is_constructible_v<CallSid, StreamSid>);
static_assert(!std::is_constructible_v<CallSid, std::string>, "only parse() makes one");

TEST(TwilioSid, ParsesTwoLettersAnd32HexDigits) {
    const auto sid = CallSid::parse(k_sid);
    ASSERT_TRUE(sid);
    EXPECT_EQ(sid->str(), k_sid);
    EXPECT_FALSE(sid->empty());
}

TEST(TwilioSid, RefusesEverythingElse) {
    const std::string good = k_sid;
    EXPECT_FALSE(CallSid::parse(""));
    EXPECT_FALSE(CallSid::parse("CA"));
    EXPECT_FALSE(CallSid::parse(good.substr(0, 33)));
    EXPECT_FALSE(CallSid::parse(good + "0"));
    EXPECT_FALSE(CallSid::parse("ca" + good.substr(2)));
    EXPECT_FALSE(CallSid::parse("MZ" + good.substr(2)));
    EXPECT_FALSE(CallSid::parse(" " + good.substr(1)));
    for (const char bad : {'g', 'G', '/', ':', '@', '`', ' ', '\0', '\xff'}) {
        std::string text = good;
        text[20] = bad;
        EXPECT_FALSE(CallSid::parse(text)) << bad;
    }
}

TEST(TwilioSid, EachKindTakesItsOwnLetters) {
    const std::string digits(32, '0');
    EXPECT_TRUE(StreamSid::parse("MZ" + digits));
    EXPECT_TRUE(AccountSid::parse("AC" + digits));
    EXPECT_FALSE(StreamSid::parse("CA" + digits));
    EXPECT_FALSE(AccountSid::parse("CA" + digits));
}

TEST(TwilioSid, ComparesAndHashesByValue) {
    const auto one = *CallSid::parse("CA" + std::string(32, '1'));
    const auto two = *CallSid::parse("CA" + std::string(32, '2'));
    EXPECT_TRUE(one == one);
    EXPECT_TRUE(one != two);
    EXPECT_TRUE(one < two);
    EXPECT_TRUE(CallSid().empty());
    const std::unordered_set<CallSid> set{one, two, one};
    EXPECT_EQ(set.size(), 2u);
    EXPECT_EQ(set.count(two), 1u);
}

}  // namespace
}  // namespace holdfast::base
