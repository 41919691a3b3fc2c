#include "http/query.hpp"

#include <gtest/gtest.h>

namespace holdfast::http {
namespace {

std::string problem_of(std::string_view text) {
    std::string problem;
    EXPECT_FALSE(Query::parse(text, {"limit", "before"}, problem)) << text;
    return problem;
}

TEST(Query, GivesValuesOfKnownNames) {
    std::string problem;
    const auto query = Query::parse("before=12&limit=3", {"limit", "before"}, problem);
    ASSERT_TRUE(query);
    EXPECT_EQ(query->get("limit"), "3");
    EXPECT_EQ(query->get("before"), "12");
    EXPECT_FALSE(query->get("active"));
}

TEST(Query, AnEmptyQueryIsGood) {
    std::string problem;
    EXPECT_TRUE(Query::parse("", {"limit"}, problem));
}

TEST(Query, SaysWhatIsWrongWithoutRepeatingForeignText) {
    EXPECT_EQ(problem_of("<script>=1"), "unknown query parameter");
    EXPECT_EQ(problem_of("limit=1&&before=2"), "unknown query parameter");
    EXPECT_EQ(problem_of("limit"), "limit has no value");
    EXPECT_EQ(problem_of("limit="), "limit has no value");
    EXPECT_EQ(problem_of("limit=1&limit=2"), "limit is given twice");
    EXPECT_EQ(problem_of("li%6dit=1"), "unknown query parameter");
}

}  // namespace
}  // namespace holdfast::http
