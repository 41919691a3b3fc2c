// What others get of a recording: the WAV, or why not.
#include "unit/recording/recording_world.hpp"

#include "base/sha256.hpp"

#include <sys/stat.h>

#include <random>

namespace holdfast::test {
namespace {

class ReaderTest : public ::testing::Test {
  protected:
    // A finished recording of 3 s, another sound each time.
    Finished record(const FileKey& key) {
        auto file = File::create(disk, folder.path(), Identity{k_call, "g1", 1, k_utc_ms, 0, "live"}, key);
        EXPECT_TRUE(file);
        std::string caller(24'000, '\0');
        for (char& c : caller) c = static_cast<char>(random());
        EXPECT_TRUE((*file)->write(Leg::caller, 0, caller));
        auto finished = (*file)->finish(24'000, 0);
        EXPECT_TRUE(finished);
        EXPECT_TRUE(File::publish(disk, folder.path(), finished->name));
        return *finished;
    }
    std::string path(const Finished& finished) const { return folder.path() + "/" + finished.name; }
    void change(const std::string& file, const std::function<void(std::string&)>& how) const {
        auto bytes = bytes_of(file);
        how(bytes);
        std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    }
    // "" when all of it can be read.
    std::string trouble(const std::string& name, const FileKey& key = k_file_key) const {
        const auto reader = open_recording(folder.path(), name, key);
        if (!reader) return reader.error().code + std::string(" ") + reader.error().detail;
        for (std::int64_t at = 0; at < (*reader)->bytes(); at += Reader::k_read_bytes_max) {
            const auto piece = (*reader)->read(at, Reader::k_read_bytes_max);
            if (!piece) return piece.error().code + std::string(" ") + piece.error().detail;
        }
        return "";
    }
    static std::string block_of(const std::string& file, std::size_t number) {
        return file.substr(k_seal_head_bytes + number * k_seal_block_bytes, k_seal_block_bytes);
    }
    static void put_block(std::string& file, std::size_t number, const std::string& block) {
        file.replace(k_seal_head_bytes + number * k_seal_block_bytes, k_seal_block_bytes, block);
    }

    TempFolder folder;
    Disk disk;
    std::mt19937 random{7};
};

TEST_F(ReaderTest, GivesTheWavThatTheRowSpeaksOf) {
    for (const auto& key : {FileKey(), k_file_key}) {
        const auto finished = record(key);
        auto reader = open_recording(folder.path(), finished.name, k_file_key);
        ASSERT_TRUE(reader);
        const auto wav = (*reader)->read(0, Reader::k_read_bytes_max);
        ASSERT_TRUE(wav);
        EXPECT_EQ(static_cast<std::int64_t>(wav->size()), (*reader)->bytes());
        base::Sha256Stream hash;
        hash.update(*wav);
        EXPECT_EQ(hash.hex(), finished.sha256);
        EXPECT_EQ(audio::read_wav_head(*wav)->data_bytes, 48'000u);
        for (int i = 0; i < 200; ++i) {
            const auto at = std::uniform_int_distribution<std::size_t>(0, wav->size() + 10)(random);
            const auto count = std::uniform_int_distribution<std::size_t>(0, 10'000)(random);
            const auto piece = (*reader)->read(static_cast<std::int64_t>(at), count);
            ASSERT_TRUE(piece);
            EXPECT_EQ(*piece, at < wav->size() ? wav->substr(at, count) : "");
        }
        EXPECT_EQ((*reader)->read(-1, 10).value(), "");
        EXPECT_EQ((*reader)->read(INT64_MAX, 10).value(), "");
    }
}

TEST_F(ReaderTest, FilesInTheClearStayReadableBesideSealedOnes) {
    const auto clear = record(FileKey());
    const auto sealed = record(k_file_key);
    EXPECT_EQ(clear.name, k_call.str() + ".g1.1.wav");
    EXPECT_EQ(sealed.name, k_call.str() + ".g1.2.wav.sealed");
    for (const auto& key : {FileKey(), key_like('w'), FileKey{FileKey::Kind::unavailable, {}, {}}}) {
        EXPECT_EQ(trouble(clear.name, key), "");
        EXPECT_EQ(trouble(sealed.name, key).substr(0, 4), "key ");
    }
    EXPECT_EQ(trouble(sealed.name), "");
}

TEST_F(ReaderTest, NeverLeavesItsFolder) {
    const auto finished = record(k_file_key);
    std::filesystem::create_directory(folder.path() + "/in");
    std::filesystem::create_directory(folder.path() + "/directory.wav");
    for (const std::string& hostile :
         {"../" + finished.name, "../in/" + finished.name, "in/../" + finished.name, std::string(), std::string("."),
          std::string(".."), std::string(".hidden.wav"), std::string("/etc/passwd"), finished.name + std::string("\0x", 2), std::string(5000, 'a')}) {
        EXPECT_EQ(trouble(hostile), "damaged name") << hostile;
    }
    std::filesystem::create_symlink(path(finished), folder.path() + "/link.wav.sealed");
    std::filesystem::create_symlink("/etc/passwd", folder.path() + "/link.wav");
    EXPECT_EQ(trouble("link.wav.sealed"), "damaged a link");
    EXPECT_EQ(trouble("link.wav"), "damaged a link");
    EXPECT_EQ(trouble("directory.wav"), "damaged not a file");
    ASSERT_EQ(::mkfifo((folder.path() + "/fifo.wav").c_str(), 0600), 0);
    EXPECT_EQ(trouble("fifo.wav"), "damaged not a file");
    EXPECT_EQ(trouble("nothing.wav"), "no_such_file ");
}

TEST_F(ReaderTest, NamesTheBlockThatIsDamaged) {
    const auto finished = record(k_file_key);
    const auto whole = bytes_of(path(finished));
    const auto blocks = (whole.size() - k_seal_head_bytes) / k_seal_block_bytes;
    ASSERT_EQ(blocks, 12u);
    for (std::size_t number = 0; number < blocks; ++number) {
        change(path(finished), [&](std::string& bytes) {
            bytes = whole;
            auto& byte = bytes[k_seal_head_bytes + number * k_seal_block_bytes + random() % k_seal_block_bytes];
            byte = static_cast<char>(byte ^ 0x40);
        });
        EXPECT_EQ(trouble(finished.name), "damaged block " + std::to_string(number));
    }
}

TEST_F(ReaderTest, GivesWhatIsWholeOfADamagedFile) {
    const auto finished = record(k_file_key);
    change(path(finished), [](std::string& bytes) { put_block(bytes, 5, std::string(k_seal_block_bytes, '\0')); });
    auto reader = open_recording(folder.path(), finished.name, k_file_key);
    ASSERT_TRUE(reader);
    EXPECT_TRUE((*reader)->read(0, 5 * k_seal_plain_bytes));
    EXPECT_STREQ((*reader)->read(5 * k_seal_plain_bytes, 1).error().code, "damaged");
    EXPECT_TRUE((*reader)->read(6 * k_seal_plain_bytes, Reader::k_read_bytes_max));
}

TEST_F(ReaderTest, NoticesBlocksThatChangedPlaces) {
    const auto one = record(k_file_key), two = record(k_file_key);
    const auto bytes_one = bytes_of(path(one)), bytes_two = bytes_of(path(two));
    change(path(one), [&](std::string& bytes) {
        put_block(bytes, 3, block_of(bytes_one, 4));
        put_block(bytes, 4, block_of(bytes_one, 3));
    });
    EXPECT_EQ(trouble(one.name), "damaged block 3");
    change(path(one), [&](std::string& bytes) {
        bytes = bytes_one;
        put_block(bytes, 7, block_of(bytes_two, 7));
    });
    EXPECT_EQ(trouble(one.name), "damaged block 7") << "of another recording of this call";
    change(path(one), [&](std::string& bytes) {
        bytes = bytes_two.substr(0, k_seal_head_bytes) + bytes_one.substr(k_seal_head_bytes);
    });
    EXPECT_EQ(trouble(one.name), "damaged block 11") << "the last is looked at first";
}

TEST_F(ReaderTest, NoticesACutWhereverItIs) {
    const auto finished = record(k_file_key);
    const auto whole = bytes_of(path(finished));
    const auto blocks = (whole.size() - k_seal_head_bytes) / k_seal_block_bytes;
    for (std::size_t left = 0; left < blocks; ++left) {
        std::filesystem::resize_file(path(finished), k_seal_head_bytes + left * k_seal_block_bytes);
        EXPECT_EQ(trouble(finished.name).substr(0, 8), "damaged ") << left;
        change(path(finished), [&](std::string& bytes) { bytes = whole; });
    }
    for (int i = 0; i < 300; ++i) {
        std::filesystem::resize_file(path(finished), random() % whole.size());
        EXPECT_EQ(trouble(finished.name).substr(0, 8), "damaged ");
        change(path(finished), [&](std::string& bytes) { bytes = whole; });
    }
    change(path(finished), [](std::string& bytes) { bytes += block_of(bytes, 11); });
    EXPECT_EQ(trouble(finished.name), "damaged block 12");
    EXPECT_EQ(bytes_of(path(finished)).size(), whole.size() + k_seal_block_bytes);
}

TEST_F(ReaderTest, AFileThatIsCutWhileItIsReadIsDamaged) {
    for (const auto& key : {FileKey(), k_file_key}) {
        const auto finished = record(key);
        auto reader = open_recording(folder.path(), finished.name, k_file_key);
        ASSERT_TRUE(reader);
        std::filesystem::resize_file(path(finished), 6'000);
        EXPECT_STREQ((*reader)->read(0, 48'000).error().code, "damaged");
    }
}

// Made by the description in seal.hpp alone (HKDF and AESGCM of Python's cryptography): version 1 stays readable.
TEST(SealedFormat, IsWhatItsDescriptionSays) {
    FileKey key{FileKey::Kind::key, base::Secret(std::string()), {}};
    for (char c = 0; c < 32; ++c) key.key.reveal() += c;
    auto reader = open_recording(HOLDFAST_TEST_DATA "/recording", k_call.str() + ".g1.1.wav.sealed", key);
    ASSERT_TRUE(reader) << reader.error().code << " " << reader.error().detail;
    std::string expected;
    for (std::size_t i = 0; i < 6'000; ++i) expected += static_cast<char>(i * 7 + i / 256);
    EXPECT_EQ((*reader)->bytes(), 6'000);
    EXPECT_EQ((*reader)->read(0, 10'000).value(), expected);
}

}  // namespace
}  // namespace holdfast::test
