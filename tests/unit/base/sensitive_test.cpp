#include "base/sensitive.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace holdfast::base {
namespace {

template <class T, class = void>
struct Streams : std::false_type {};
template <class T>
struct Streams<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>> : std::true_type {};

static_assert(Streams<std::string>::value, "or the next line proves nothing");
static_assert(!Streams<Secret>::value, "a secret must not be printable");
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>, "wrapping is deliberate");

TEST(Sensitive, GivesItsValueOnlyWhenAskedByName) {
    Secret key(std::string("sk-test"));
    EXPECT_EQ(key.reveal(), "sk-test");
    key.reveal() = "other";
    EXPECT_EQ(key.reveal(), "other");
    EXPECT_EQ(Secret::redacted(), "[redacted]");
}

TEST(Sensitive, ComparesByValue) {
    EXPECT_TRUE(Secret(std::string("a")) == Secret(std::string("a")));
    EXPECT_FALSE(Secret(std::string("a")) == Secret(std::string("b")));
    EXPECT_TRUE(Secret() == Secret(std::string()));
}

}  // namespace
}  // namespace holdfast::base
