#include "base/error.hpp"

#include "base/assert.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace holdfast::base {
namespace {

Result<int> half(int of) {
    if (of % 2 != 0) return make_error(Condition::reject, "odd", "not even");
    return of / 2;
}

TEST(Result, HoldsAValueOrAnError) {
    const auto good = half(4);
    ASSERT_TRUE(good);
    EXPECT_EQ(*good, 2);
    const auto bad = half(3);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().condition, Condition::reject);
    EXPECT_STREQ(bad.error().code, "odd");
    EXPECT_EQ(bad.error().detail, "not even");
}

TEST(Result, TakingTheValueOfAnErrorThrowsItsWords) {
    try {
        half(3).value();
        FAIL() << "no exception";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "odd: not even");
    }
}

TEST(Condition, HasAWordForEach) {
    EXPECT_STREQ(to_string(Condition::retry), "retry");
    EXPECT_STREQ(to_string(Condition::fall_back), "fall_back");
    EXPECT_STREQ(to_string(Condition::reject), "reject");
    EXPECT_STREQ(to_string(Condition::fatal), "fatal");
}

TEST(AssertDeathTest, StopsTheProcessAndSaysWhere) {
    HOLDFAST_ASSERT(1 + 1 == 2);
    EXPECT_DEATH(HOLDFAST_ASSERT(1 + 1 == 3), "assertion failed: 1 \\+ 1 == 3 .*error_test.cpp:[0-9]+");
}

}  // namespace
}  // namespace holdfast::base
