#include "incident/types.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace holdfast::incident {
namespace {

TEST(Types, AreFortyFiveAndOneStateWithDifferentCodes) {
    std::set<std::string> codes;
    for (std::size_t n = 0; n < k_types; ++n) codes.insert(code(static_cast<Type>(n)));
    EXPECT_EQ(codes.size(), k_types);
    EXPECT_EQ(k_types, 46u);
}

TEST(Types, AreFoundByTheirOwnCode) {
    for (std::size_t n = 0; n < k_types; ++n) {
        const auto type = static_cast<Type>(n);
        EXPECT_EQ(type_of(code(type)), type) << code(type);
        EXPECT_GE(default_priority(type), 1);
        EXPECT_LE(default_priority(type), 5);
        EXPECT_FALSE(title(type).empty());
    }
    EXPECT_EQ(type_of("fstru"), Type::fstru);
}

TEST(Types, TakeInTheOtherCodesOfTheCommonList) {
    EXPECT_EQ(type_of("FAPT"), Type::fstru);
    EXPECT_EQ(type_of("CARJACK"), Type::robbery);
    EXPECT_EQ(type_of("911OPN"), Type::hangup);
    EXPECT_EQ(type_of("WIRES"), Type::elechzd);
    EXPECT_EQ(type_of("XTRACATE"), Type::entrap);
}

TEST(Types, AreNothingElse) {
    EXPECT_FALSE(type_of(""));
    EXPECT_FALSE(type_of("PIZZA"));
    EXPECT_FALSE(type_of("WARRANT")) << "comes from units, never from callers";
    EXPECT_FALSE(type_of(std::string(1000, 'F')));
}

TEST(Types, SendNobodyForWhatNeedsNoUnit) {
    EXPECT_FALSE(sends(Type::trouble));
    EXPECT_FALSE(sends(Type::hangup));
    EXPECT_FALSE(sends(Type::citasst));
    EXPECT_TRUE(sends(Type::animal));
}

}  // namespace
}  // namespace holdfast::incident
