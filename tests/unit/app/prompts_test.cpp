// The recorded prompts at start: the shipped set as it lies in the tree, damaged in every way that goes unnoticed
// easily, and sets of an agency's own.
#include "app/prompts.hpp"

#include "base/sha256.hpp"
#include "metrics/catalog.hpp"
#include "voice/prompts.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace holdfast::app {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

class PromptsTest : public ::testing::Test {
  protected:
    PromptsTest() {
        std::string pattern = (fs::temp_directory_path() / "holdfast-prompts-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        folder = pattern;
    }
    ~PromptsTest() override { fs::remove_all(folder); }

    void ship() { fs::copy(HOLDFAST_SOURCE_DIR "/etc/prompts", folder, fs::copy_options::recursive); }
    void flip(const fs::path& name) {
        auto bytes = content(folder / name);
        bytes[bytes.size() - 100] ^= 1;
        write(folder / name, bytes);
    }
    // What the list says about the file becomes what the file is, or goes.
    void list(const fs::path& name, bool keep) {
        const auto sums = folder / name.parent_path() / "SHA256SUMS";
        std::ifstream in(sums);
        std::string out;
        for (std::string line; std::getline(in, line);) {
            if (line.substr(66) != name.filename().string()) out += line + "\n";
        }
        if (keep) out += base::sha256_hex(content(folder / name)) + "  " + name.filename().string() + "\n";
        write(sums, out);
    }
    Prompts load() {
        auto prompts = load_prompts(folder.string());
        EXPECT_TRUE(prompts) << (prompts ? "" : prompts.error().detail);
        return prompts ? std::move(*prompts) : Prompts();
    }

    fs::path folder;
};

TEST_F(PromptsTest, TheShippedSetIsWholeAndKnown) {
    ship();
    const auto prompts = load();
    EXPECT_TRUE(prompts.problems.empty());
    for (const std::string language : {"en", "es"}) {
        for (const auto id : voice::needed_prompts()) EXPECT_TRUE(prompts.clips.has(id, language)) << id;
        for (const auto& entry : fs::directory_iterator(folder / language)) {
            if (entry.path().filename() == "SHA256SUMS") continue;
            const auto path = language + "/" + entry.path().filename().string();
            EXPECT_EQ(voice::shipped_prompt_hash(path), base::sha256_hex(content(entry.path()))) << path;
        }
    }
    EXPECT_EQ(voice::shipped_prompt_hash("en/nothing.wav"), "");
}

TEST_F(PromptsTest, E09_ADamagedPromptIsNamedAndTheOtherLanguageStandsIn) {
    ship();
    flip("es/greeting.wav");
    const auto before = metrics::clip_hash_fail_total.value("damaged");
    const auto prompts = load();
    ASSERT_EQ(prompts.problems.size(), 1u);
    EXPECT_NE(prompts.problems[0].find("es/greeting.wav"), std::string::npos);
    EXPECT_EQ(metrics::clip_hash_fail_total.value("damaged"), before + 1);
    EXPECT_FALSE(prompts.clips.has("greeting", "es"));
    EXPECT_EQ(prompts.clips.find("greeting", "es"), prompts.clips.find("greeting", "en"));
}

TEST_F(PromptsTest, E10_ADamagedListDoesNotHideADamagedPrompt) {
    ship();
    flip("es/greeting.wav");
    list("es/greeting.wav", false);
    EXPECT_EQ(load().problems.size(), 1u) << "its line is gone";
    fs::remove(folder / "es/SHA256SUMS");
    EXPECT_EQ(load().problems.size(), 1u) << "all lines are gone";
}

TEST_F(PromptsTest, ADamagedListDoesNotCondemnAGoodPrompt) {
    ship();
    for (const char* const language : {"en", "es"}) write(folder / language / "SHA256SUMS", std::string(4000, 'x'));
    EXPECT_TRUE(load().problems.empty());
}

TEST_F(PromptsTest, AnAgencysOwnPromptIsTakenByItsList) {
    ship();
    fs::copy_file(folder / "en/person.wav", folder / "en/greeting.wav", fs::copy_options::overwrite_existing);
    list("en/greeting.wav", true);
    auto prompts = load();
    EXPECT_TRUE(prompts.problems.empty());
    EXPECT_EQ(prompts.clips.find("greeting", "en")->base64, prompts.clips.find("person", "en")->base64);
    flip("en/greeting.wav");
    EXPECT_EQ(load().problems.size(), 1u) << "and it is as guarded as ours";
}

TEST_F(PromptsTest, ASetOfOwnPromptsAloneNeedsNoList) {
    for (const char* const language : {"en", "es"}) fs::create_directories(folder / language);
    // Shipped sounds under other names: none is the shipped file of its name.
    const auto sound = content(HOLDFAST_SOURCE_DIR "/etc/prompts/en/digit_1.wav");
    for (const auto id : voice::needed_prompts()) {
        write(folder / "en" / (std::string(id) + ".wav"), sound);
        write(folder / "en" / (std::string(id) + ".txt"), "words");
    }
    EXPECT_TRUE(load().problems.empty());
}

TEST_F(PromptsTest, E10_NoPromptAtAllIsAnErrorOfItsOwn) {
    const auto none = load_prompts(folder.string());
    ASSERT_FALSE(none);
    EXPECT_STREQ(none.error().code, "no_prompts");

    ship();
    for (const char* const language : {"en", "es"}) {
        for (const auto& entry : fs::directory_iterator(folder / language)) {
            if (entry.path().extension() == ".wav") fs::resize_file(entry.path(), 50);
        }
    }
    const auto damaged = load_prompts(folder.string());
    ASSERT_FALSE(damaged);
    EXPECT_STREQ(damaged.error().code, "no_prompts");
}

TEST_F(PromptsTest, ANeededPromptThatIsInNoLanguageIsAnError) {
    ship();
    flip("en/stall.wav");
    EXPECT_EQ(load().problems.size(), 1u);
    flip("es/stall.wav");
    const auto incomplete = load_prompts(folder.string());
    ASSERT_FALSE(incomplete);
    EXPECT_STREQ(incomplete.error().code, "prompt");
}

}  // namespace
}  // namespace holdfast::app
