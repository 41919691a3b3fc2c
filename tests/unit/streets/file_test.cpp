#include "streets/file.hpp"

#include "streets/sqlite_impl.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace holdfast::streets {
namespace {

class ListFile : public testing::Test {
  protected:
    test::TempFolder folder;
    std::string path = folder / "streets.db";
    std::vector<Segment> rows{{"N", "OAK", "ST", "", "SPRINGFIELD", 1, 99, 'O', 1, 2}};
};

TEST_F(ListFile, IsReadAsItWasWritten) {
    ASSERT_TRUE(write_list(path, rows, {"county.csv", 1'700'000'000'000, 0}));
    About about;
    const auto list = read_list(path, &about);
    ASSERT_TRUE(list) << list.error().detail;
    EXPECT_EQ((*list)->check("address", "5 N OAK ST").kind, Answer::Kind::valid);
    EXPECT_EQ(about.source, "county.csv");
    EXPECT_EQ(about.segments, 1);
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(ListFile, ANewOneReplacesTheOldOneWhole) {
    ASSERT_TRUE(write_list(path, rows, {}));
    rows[0].name = "ELM";
    ASSERT_TRUE(write_list(path, rows, {}));
    const auto list = read_list(path);
    EXPECT_EQ((*list)->check("address", "5 N OAK ST").kind, Answer::Kind::not_found);
    EXPECT_FALSE(write_list(path, {}, {})) << "an empty list would make every place unknown";
    EXPECT_TRUE(read_list(path));
    EXPECT_FALSE(write_list(folder / "none/streets.db", rows, {}));
}

TEST_F(ListFile, OtherFilesAreRefused) {
    EXPECT_STREQ(read_list(folder / "none.db").error().code, "open");
    std::ofstream(folder / "text.db") << "name,low,high\n";
    EXPECT_STREQ(read_list(folder / "text.db").error().code, "format");
    ASSERT_TRUE(write_list(path, rows, {}));
    {
        const auto db = open_database(path, SQLITE_OPEN_READWRITE);
        sqlite3_exec(db.get(), "PRAGMA user_version=2", nullptr, nullptr, nullptr);
    }
    EXPECT_STREQ(read_list(path).error().code, "version");
}

}  // namespace
}  // namespace holdfast::streets
