#include "transcribe/file.hpp"

#include "unit/transcribe/recorded.hpp"

#include <fstream>

namespace holdfast::transcribe {
namespace {

namespace fs = std::filesystem;

// In the clear and sealed.
class RecordedFileTest : public ::testing::TestWithParam<bool> {
  protected:
    RecordedFileTest() {
        for (int i = 0; i < 50'000; ++i) caller += static_cast<char>(i * 7);
        finished = test::record(folder.path(), caller, 0, 1'790'000'000'000, key);
        path = folder.path() + "/" + finished.name;
    }
    std::string open_error(const std::string& name) {
        const auto file = RecordedFile::open(folder.path(), name, key);
        return file ? "" : file.error().code;
    }
    std::string scan_error(const std::string& sha256) {
        auto file = RecordedFile::open(folder.path(), finished.name, key);
        if (!file) return file.error().code;
        const auto done = (*file)->scan(sha256, [] { return true; }, [](std::string_view) {});
        return done ? "" : done.error().code;
    }

    test::TempFolder folder;
    recording::FileKey key = GetParam() ? test::k_file_key : recording::FileKey();
    std::string caller;
    recording::Finished finished;
    std::string path;
};

TEST_P(RecordedFileTest, GivesTheCallersSideAndNothingOfTheBox) {
    auto file = RecordedFile::open(folder.path(), finished.name, key);
    ASSERT_TRUE(file);
    std::string heard;
    ASSERT_TRUE((*file)->scan(finished.sha256, [] { return true; }, [&](std::string_view s) { heard += s; }));
    EXPECT_EQ(heard, caller);
    EXPECT_EQ((*file)->caller(1'000, 8'000).value(), caller.substr(1'000, 8'000));
    EXPECT_EQ((*file)->caller(49'000, 8'000).value(), caller.substr(49'000));
    EXPECT_EQ((*file)->caller(60'000, 8'000).value(), "");
    EXPECT_EQ((*file)->caller(-5, 10).value(), caller.substr(0, 10));
}

TEST_P(RecordedFileTest, TellsWhatIsMissingFromWhatIsStillToCome) {
    EXPECT_EQ(open_error("CA.g1.9.wav"), "missing");
    fs::rename(path, path + ".part");
    EXPECT_EQ(open_error(finished.name), "unnamed");
}

TEST_P(RecordedFileTest, NeverLeavesItsFolder) {
    EXPECT_EQ(open_error("../" + finished.name), "damaged");
    EXPECT_EQ(open_error(""), "damaged");
    fs::create_symlink("/etc/passwd", folder.path() + "/link.wav");
    EXPECT_NE(open_error("link.wav"), "");
}

TEST_P(RecordedFileTest, KnowsADamagedFile) {
    EXPECT_EQ(scan_error(finished.sha256), "");
    EXPECT_EQ(scan_error(std::string(64, '0')), "damaged");
    {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(30'000);
        file.put('!');
    }
    EXPECT_EQ(scan_error(finished.sha256), "damaged");
    fs::resize_file(path, 3'000);
    EXPECT_EQ(scan_error(finished.sha256), "damaged") << "cut";
    fs::resize_file(path, 20);
    EXPECT_EQ(scan_error(finished.sha256), "damaged") << "no head";
    fs::resize_file(path, 0);
    EXPECT_EQ(scan_error(finished.sha256), "damaged") << "empty";
}

TEST_P(RecordedFileTest, StopsWhenAsked) {
    auto file = RecordedFile::open(folder.path(), finished.name, key);
    ASSERT_TRUE(file);
    const auto done = (*file)->scan(finished.sha256, [] { return false; }, [](std::string_view) {});
    ASSERT_FALSE(done);
    EXPECT_STREQ(done.error().code, "stopped");
}

TEST_P(RecordedFileTest, NeedsItsKeyWhenItIsSealed) {
    key = {recording::FileKey::Kind::unavailable, {}, {}};
    EXPECT_EQ(open_error(finished.name), GetParam() ? "key" : "");
    key = {recording::FileKey::Kind::key, base::Secret(std::string(recording::k_key_bytes, 'w')), {}};
    EXPECT_EQ(open_error(finished.name), GetParam() ? "damaged" : "");
}

INSTANTIATE_TEST_SUITE_P(BothWays, RecordedFileTest, ::testing::Bool(),
                         [](const auto& of) { return of.param ? "Sealed" : "Clear"; });

}  // namespace
}  // namespace holdfast::transcribe
