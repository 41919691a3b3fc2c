#include "incident/numbers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace holdfast::incident {
namespace {

class HouseNumber : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(HouseNumber, IsReadAsItIsSaid) {
    const auto& [said, digits] = GetParam();
    const Words words = split(said);
    const Number number = read_number(words, 0);
    EXPECT_EQ(number.digits, digits) << said;
    EXPECT_EQ(number.end, words.size()) << said;
}

INSTANTIATE_TEST_SUITE_P(
    AllForms, HouseNumber,
    ::testing::Values(std::pair("twelve thirty-four", "1234"), std::pair("12 34", "1234"), std::pair("12:34", "1234"),
                      std::pair("nineteen ninety", "1990"), std::pair("fourteen oh two", "1402"),
                      std::pair("14 02", "1402"), std::pair("14 O2", "1402"), std::pair("14 of 2", "1402"),
                      std::pair("two six", "26"), std::pair("twelve zero five", "1205"),
                      std::pair("three nine four one", "3941"), std::pair("twenty-one hundred", "2100"),
                      std::pair("21 hundred", "2100"), std::pair("twenty one hundred five", "2105"),
                      std::pair("one hundred and five", "105"), std::pair("ten thousand", "10000"),
                      std::pair("10,000", "10000"), std::pair("five thousand two hundred", "5200"),
                      std::pair("two thousand five", "2005"), std::pair("triple four", "444"),
                      std::pair("double oh seven", "007"), std::pair("one twenty-three", "123"),
                      std::pair("one eleven", "111"), std::pair("three ten", "310"),
                      std::pair("forty-two oh four", "4204"), std::pair("twelve and a half", "12 1/2"),
                      std::pair("12 1/2", "12 1/2"), std::pair("123-45", "123-45"),
                      std::pair("one twenty three dash forty five", "123-45"),
                      std::pair("doce treinta y cuatro", "1234"), std::pair("cuatrocientos cincuenta", "450"),
                      std::pair("mil doscientos", "1200"), std::pair("mil quinientos veinte", "1520"),
                      std::pair("dos mil", "2000"), std::pair("cinco cero cuatro", "504")));

TEST(Numbers, StopBeforeAnOrdinal) {
    const Words words = split("two twenty two twenty fifth avenue");
    const Number number = read_number(words, 0);
    EXPECT_EQ(number.digits, "222");
    const Ordinal street = read_ordinal(words, number.end);
    EXPECT_EQ(street.digits, "25");
    EXPECT_EQ(street.end, words.size() - 1);
}

TEST(Numbers, SayWhenPartsMayNotBelongTogether) {
    EXPECT_TRUE(read_number(split("80 1234"), 0).doubtful);
    EXPECT_FALSE(read_number(split("12 34"), 0).doubtful);
}

TEST(Numbers, AreNotFoundWhereThereAreNone) {
    EXPECT_TRUE(read_number(split("oak street"), 0).digits.empty());
    EXPECT_TRUE(read_number(split(""), 0).digits.empty());
    EXPECT_TRUE(read_number(split("99999999999"), 0).digits.empty()) << "too long for anything";
}

TEST(Ordinals, HaveTheirForms) {
    EXPECT_EQ(ordinal_form("1"), "1ST");
    EXPECT_EQ(ordinal_form("2"), "2ND");
    EXPECT_EQ(ordinal_form("3"), "3RD");
    EXPECT_EQ(ordinal_form("11"), "11TH");
    EXPECT_EQ(ordinal_form("12"), "12TH");
    EXPECT_EQ(ordinal_form("113"), "113TH");
    EXPECT_EQ(ordinal_form("22"), "22ND");
}

TEST(Ordinals, AreReadInBothLanguages) {
    const auto digits = [](const char* said) { return read_ordinal(split(said), 0).digits; };
    EXPECT_EQ(digits("fifth"), "5");
    EXPECT_EQ(digits("25th"), "25");
    EXPECT_EQ(digits("twenty fifth"), "25");
    EXPECT_EQ(digits("twentieth"), "20");
    EXPECT_EQ(digits("octava"), "8");
    EXPECT_EQ(digits("oak"), "");
}

}  // namespace
}  // namespace holdfast::incident
