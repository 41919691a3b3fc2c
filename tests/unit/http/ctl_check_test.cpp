#include "holdfastctl/commands.hpp"
#include "holdfastctl/json.hpp"
#include "store/sqlite_journal.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace holdfast::ctl {
namespace {

class Folder {
  public:
    Folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "holdfastctl.XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file(const std::string& name) const { return (path_ / name).string(); }
    std::string write(const std::string& name, const std::string& content) const {
        std::ofstream(file(name)) << content;
        return file(name);
    }

  private:
    std::filesystem::path path_;
};

struct Ran {
    int exit = 0;
    std::string out;
    std::string err;
};

Ran check(const std::string& file, bool json = false) {
    std::ostringstream out;
    std::ostringstream err;
    std::vector<std::string> arguments{"check", file};
    if (json) arguments.emplace_back("--json");
    const int exit = run(arguments, Look{}, out, err);
    return {exit, out.str(), err.str()};
}

store::SqliteJournalOptions options_in(const Folder& folder) {
    store::SqliteJournalOptions options;
    options.path = folder.file("holdfast.db");
    options.runtime_path = folder.file("run");
    options.site_id = "site-1";
    options.ballast_bytes = 0;
    return options;
}

std::string make_journal(const Folder& folder) {
    const auto options = options_in(folder);
    auto journal = store::SqliteJournal::open(options);
    if (!journal) throw std::runtime_error(journal.error().detail);
    (*journal)->append(store::Audit{1, "daemon", "start", "", std::nullopt});
    (*journal)->stop(std::chrono::seconds(10));
    return options.path;
}

TEST(Check, AGoodJournalIsGood) {
    const Folder folder;
    const auto ran = check(make_journal(folder));
    EXPECT_EQ(ran.exit, k_exit_ok) << ran.err << ran.out;
    EXPECT_NE(ran.out.find("holdfast.db: journal, good\n"), std::string::npos) << ran.out;
}

TEST(Check, AJournalInUseIsNotChecked) {
    const Folder folder;
    auto journal = store::SqliteJournal::open(options_in(folder));
    ASSERT_TRUE(journal) << journal.error().detail;
    const auto ran = check(folder.file("holdfast.db"));
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_NE(ran.out.find("journal, not checked: a daemon holds this journal"), std::string::npos)
        << ran.out;
    const auto document = Json::parse(check(folder.file("holdfast.db"), true).out);
    EXPECT_EQ(document["good"], false);
    EXPECT_TRUE(document["problems"].empty());
    (*journal)->stop(std::chrono::seconds(10));
}

TEST(Check, ADamagedJournalHasProblems) {
    const Folder folder;
    const auto path = make_journal(folder);
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);
        file << std::string(static_cast<std::size_t>(std::filesystem::file_size(path)) - 4096,
                            '\x5a');
    }
    const auto ran = check(path, true);
    EXPECT_EQ(ran.exit, k_exit_not_good);
    const auto document = Json::parse(ran.out);
    EXPECT_EQ(document["kind"], "journal");
    EXPECT_EQ(document["good"], false);
    EXPECT_FALSE(document["problems"].empty());
}

TEST(Check, AConfigurationsProblemsHaveALineAndAColumn) {
    const Folder folder;
    const auto path = folder.write("holdfast.yaml", "site:\n  id: site-1\n  colour: red\n");
    const auto ran = check(path, true);
    EXPECT_EQ(ran.exit, k_exit_not_good);
    const auto document = Json::parse(ran.out);
    EXPECT_EQ(document["kind"], "configuration");
    bool found = false;
    for (const auto& problem : document["problems"]) {
        if (problem["key"] != "site.colour") continue;
        found = true;
        EXPECT_EQ(problem["line"], 3);
        EXPECT_EQ(problem["column"], 3);
    }
    EXPECT_TRUE(found) << ran.out;
    EXPECT_NE(check(path).out.find(path + ":3:3: site.colour: "), std::string::npos);
}

TEST(Check, AFileThatIsNotThereIsSaidToBeSo) {
    const Folder folder;
    for (const char* name : {"none.yaml", "none.db"}) {
        const auto ran = check(folder.file(name));
        EXPECT_EQ(ran.exit, k_exit_not_good) << name;
        EXPECT_NE(ran.err.find("cannot read"), std::string::npos) << ran.err;
    }
}

TEST(Check, AFileOfNeitherKindIsRefused) {
    const Folder folder;
    const auto ran = check(folder.write("picture.png", "\x89PNG"));
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_NE(ran.err.find("neither"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace holdfast::ctl
