// The format alone: what opens, and what must not.
#include "recording/seal.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast::recording {
namespace {

FileKey key_of(char byte) { return {FileKey::Kind::key, base::Secret(std::string(k_key_bytes, byte)), {}}; }

std::string code_of(const FileKey& key, const std::string& head) {
    const auto seal = Seal::open(key, head);
    return seal ? "" : seal.error().code;
}

class SealTest : public ::testing::Test {
  protected:
    SealTest() {
        for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<char>(i * 31 + i / 256);
        sealed = sealed_by(*seal, 5, {4096, false});
    }
    std::string sealed_by(Seal& by, std::uint64_t number, Seal::Block block) {
        std::string out(k_seal_block_bytes, '\0');
        EXPECT_TRUE(by.seal(number, block, plain.data(), out.data()));
        return out;
    }
    static bool opens(Seal& by, std::uint64_t number, const std::string& block) {
        std::string out(k_seal_plain_bytes, '\0');
        return by.open_block(number, block.data(), out.data()).has_value();
    }

    std::unique_ptr<Seal> seal = Seal::create(key_of('k').key, "a note");
    std::string plain = std::string(k_seal_plain_bytes, '\0');
    std::string sealed;
};

TEST_F(SealTest, GivesBackWhatWasSealed) {
    const std::vector<Seal::Block> blocks = {{0, false}, {1, true}, {4095, false}, {4096, true}};
    for (const auto& block : blocks) {
        auto again = Seal::open(key_of('k'), seal->head());
        ASSERT_TRUE(again);
        std::string out(k_seal_plain_bytes, '\0');
        const auto opened = (*again)->open_block(1ull << 40, sealed_by(*seal, 1ull << 40, block).data(), out.data());
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->used, block.used);
        EXPECT_EQ(opened->last, block.last);
        EXPECT_EQ(out, plain);
        EXPECT_EQ((*again)->note(), "a note");
    }
}

TEST_F(SealTest, OpensAtItsPlaceOfItsFileOnly) {
    EXPECT_TRUE(opens(*seal, 5, sealed));
    EXPECT_FALSE(opens(*seal, 4, sealed));
    EXPECT_FALSE(opens(*seal, 5 + (1ull << 32), sealed));
    const auto other = Seal::create(key_of('k').key, "a note");
    EXPECT_FALSE(opens(*other, 5, sealed)) << "the same key, another file";
}

TEST_F(SealTest, NoticesEachChangedByte) {
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        ASSERT_FALSE(opens(*seal, 5, changed)) << i;
    }
    for (std::size_t i = 0; i < k_seal_head_bytes; ++i) {
        auto changed = seal->head();
        changed[i] = static_cast<char>(changed[i] ^ 1);
        ASSERT_NE(code_of(key_of('k'), changed), "") << i;
    }
}

TEST_F(SealTest, NeverSealsTwiceAlike) { EXPECT_NE(sealed_by(*seal, 5, {4096, false}), sealed_by(*seal, 5, {4096, false})); }

TEST_F(SealTest, TellsAWrongKeyFromNone) {
    EXPECT_EQ(code_of(key_of('w'), seal->head()), "key");
    EXPECT_EQ(Seal::open(key_of('w'), seal->head()).error().condition, base::Condition::reject);
    for (const auto kind : {FileKey::Kind::none, FileKey::Kind::unavailable}) {
        const auto opened = Seal::open(FileKey{kind, key_of('k').key, {}}, seal->head());
        ASSERT_FALSE(opened);
        EXPECT_STREQ(opened.error().code, "key");
        EXPECT_EQ(opened.error().condition, base::Condition::retry);
    }
    EXPECT_EQ(code_of(FileKey{FileKey::Kind::key, base::Secret("short"), {}}, seal->head()), "key");
    EXPECT_EQ(code_of(key_of('k'), std::string(k_seal_head_bytes, '\0')), "damaged");
    EXPECT_EQ(code_of(key_of('k'), seal->head().substr(1)), "damaged");
}

TEST_F(SealTest, AnotherKeyOfTheCallOpensToo) {
    auto keys = key_of('w');
    keys.others = {base::Secret(std::string(k_key_bytes, 'v')), key_of('k').key};
    EXPECT_EQ(code_of(keys, seal->head()), "");
}

TEST_F(SealTest, RefusesWhatItCannotHold) {
    EXPECT_FALSE(Seal::create(base::Secret("short"), "a note"));
    EXPECT_FALSE(Seal::create(key_of('k').key, std::string(k_seal_note_bytes_max + 1, 'n')));
    EXPECT_TRUE(Seal::create(key_of('k').key, std::string(k_seal_note_bytes_max, 'n')));
}

}  // namespace
}  // namespace holdfast::recording
