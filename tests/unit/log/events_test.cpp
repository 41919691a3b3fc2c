// The events, the catalog that explains them, and the lines that carry them.
#include "log/events.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace holdfast::log {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

// Entries of the catalog: "-- ID", headers, an empty line, text.
std::map<std::string, std::string> catalog() {
    std::map<std::string, std::string> entries;
    std::ifstream file(HOLDFAST_SOURCE_DIR "/systemd/holdfast.catalog");
    EXPECT_TRUE(file.is_open());
    std::string line, id;
    while (std::getline(file, line)) {
        if (line.rfind("-- ", 0) == 0) {
            id = line.substr(3);
            EXPECT_TRUE(entries.emplace(id, "").second) << id << " stands twice";
        } else if (!id.empty()) {
            entries[id] += line + "\n";
        }
    }
    return entries;
}

// What the code of the daemon says, but for the table itself.
std::string code() {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(HOLDFAST_SOURCE_DIR "/daemon")) {
        if (entry.path().extension() == ".cpp") all += content(entry.path());
    }
    return all;
}

std::vector<std::string> names_in_the_table() {
    std::vector<std::string> names;
    const std::string table = content(HOLDFAST_SOURCE_DIR "/daemon/log/events.hpp");
    constexpr std::string_view k_before = "constexpr Event ";
    for (auto at = table.find(k_before); at != std::string::npos; at = table.find(k_before, at + 1)) {
        const auto name = at + k_before.size();
        names.push_back(table.substr(name, table.find('{', name) - name));
    }
    return names;
}

TEST(Events, EachIsInTheListOfAll) {
    EXPECT_EQ(names_in_the_table().size(), events::k_all.size());
}

TEST(Events, IdsAre128BitsInSmallHexAndEachItsOwn) {
    std::set<std::string_view> ids;
    for (const Event* event : events::k_all) {
        EXPECT_EQ(event->id.size(), 32u) << event->sentence;
        EXPECT_EQ(event->id.find_first_not_of("0123456789abcdef"), std::string_view::npos) << event->sentence;
        EXPECT_TRUE(ids.insert(event->id).second) << event->sentence;
    }
}

TEST(Events, EachHasItsEntryInTheCatalogAndTheReverse) {
    std::set<std::string> ids;
    for (const Event* event : events::k_all) ids.emplace(event->id);
    std::set<std::string> entries;
    for (const auto& [id, text] : catalog()) entries.insert(id);
    EXPECT_EQ(entries, ids);
}

TEST(Events, EachEntrySaysWhatItMeansAndWhatToDo) {
    for (const auto& [id, text] : catalog()) {
        const auto head = text.substr(0, text.find("\n\n"));
        EXPECT_THAT(head, HasSubstr("Subject: ")) << id;
        EXPECT_THAT(head, HasSubstr("\nDefined-By: Holdfast\n")) << id;
        EXPECT_THAT(head, HasSubstr("\nSupport: ")) << id;
        EXPECT_THAT(head, HasSubstr("\nDocumentation: man:holdfast(7)")) << id;
        const auto meaning = text.find("\n\n") + 2;
        const auto to_do = text.find("\n\nTo do: ");
        ASSERT_NE(to_do, std::string::npos) << id;
        EXPECT_GT(to_do, meaning) << id;
    }
}

// A field that no line has would stand in the text as it is.
TEST(Events, FieldsThatAnEntryShowsAreThoseOfItsLine) {
    const std::string all = code();
    for (const auto& [id, text] : catalog()) {
        for (auto at = text.find("@HOLDFAST_"); at != std::string::npos; at = text.find("@HOLDFAST_", at + 1)) {
            auto field = text.substr(at + 10, text.find('@', at + 1) - at - 10);
            std::transform(field.begin(), field.end(), field.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            EXPECT_THAT(all, HasSubstr("{\"" + field + "\", ")) << id;
        }
    }
}

// The manual explains lines that the daemon writes. These wait for the parts of it that will.
TEST(Events, EachIsWrittenSomewhere) {
    const std::string all = code();
    for (const auto& name : names_in_the_table()) {
        EXPECT_THAT(all, HasSubstr("events::" + name));
    }
}

}  // namespace
}  // namespace holdfast::log
