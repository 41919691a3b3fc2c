#include "base/sha256.hpp"

#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

TEST(Sha256Stream, AgreesWithTheKnownValues) {
    EXPECT_EQ(Sha256Stream().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Sha256Stream hash;
    hash.update("a");
    hash.update("");
    hash.update("bc");
    EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash.hex(), "") << "it is over";
}

}  // namespace
}  // namespace holdfast::base
