#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace holdfast::base {
namespace {

TEST(Random, GivesAsManyBytesAsAskedFor) {
    EXPECT_EQ(random_bytes(0).size(), 0u);
    EXPECT_EQ(random_bytes(33).size(), 33u);
    EXPECT_EQ(random_hex(32).size(), 64u);
    EXPECT_EQ(random_hex(32).find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(Random, DoesNotRepeatItself) {
    std::set<std::string> tokens;
    for (int i = 0; i < 1000; ++i) tokens.insert(random_hex(16));
    EXPECT_EQ(tokens.size(), 1000u);
    std::set<std::uint32_t> numbers;
    for (int i = 0; i < 100; ++i) numbers.insert(random_u32());
    EXPECT_GT(numbers.size(), 95u);
}

TEST(EqualConstantTime, IsEquality) {
    const std::string token(64, 'a');
    EXPECT_TRUE(equal_constant_time(token, token));
    EXPECT_TRUE(equal_constant_time("", ""));
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string other = token;
        other[i] = 'b';
        EXPECT_FALSE(equal_constant_time(token, other)) << i;
    }
    EXPECT_FALSE(equal_constant_time(token, token.substr(1)));
    EXPECT_FALSE(equal_constant_time(token, ""));
    EXPECT_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace holdfast::base
