// Real WAVs in real folders: what an agency would hand over, good and bad.
#include "audio/level.hpp"
#include "audio/wav.hpp"
#include "holdfastctl/commands.hpp"
#include "holdfastctl/json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace holdfast::ctl {
namespace {

namespace fs = std::filesystem;

struct Ran {
    int exit = 0;
    std::string out;
    std::string err;
};

Ran run_ctl(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int exit = run(arguments, Look{}, out, err);
    return {exit, out.str(), err.str()};
}

std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// Every file below `folder` and what is in it.
std::map<std::string, std::string> tree(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) files[entry.path().string()] = content(entry.path());
    }
    return files;
}

// Something of the loudness of speech.
std::vector<std::int16_t> tone(double seconds, unsigned rate, unsigned channels, double amplitude) {
    std::vector<std::int16_t> samples;
    const auto count = static_cast<std::size_t>(seconds * rate);
    for (std::size_t i = 0; i < count; ++i) {
        const double value = amplitude * std::sin(2 * 3.14159265358979 * 440 * static_cast<double>(i) / rate);
        const double kept = std::clamp(value, -32768.0, 32767.0);
        for (unsigned c = 0; c < channels; ++c) samples.push_back(static_cast<std::int16_t>(kept));
    }
    return samples;
}

std::string recording(double seconds = 1.0, unsigned rate = 44'100, unsigned channels = 2, double amplitude = 4600) {
    return audio::write_wav_pcm16(tone(seconds, rate, channels, amplitude), rate, channels);
}

class CtlPrompts : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "holdfastctl.XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        fs::create_directories(mine());
    }
    void TearDown() override { fs::remove_all(folder_); }

    fs::path mine() const { return folder_ / "recordings"; }
    fs::path set() const { return folder_ / "set"; }
    Ran import(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{"prompts", "import", mine().string(), "--to", set().string(), "--from",
                                           HOLDFAST_SOURCE_DIR "/etc/prompts"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_ctl(arguments);
    }
    Ran check() const { return run_ctl({"prompts", "check", set().string()}); }

    fs::path folder_;
};

TEST_F(CtlPrompts, TheShippedSetIsWholeAndOfOneLoudness) {
    const auto ran = run_ctl({"prompts", "check", HOLDFAST_SOURCE_DIR "/etc/prompts", "--json"});
    EXPECT_EQ(ran.exit, k_exit_ok) << ran.out;
    EXPECT_EQ(Json::parse(ran.out)["kind"], "prompts");
}

TEST_F(CtlPrompts, ARecordingBecomesMuLawInACopyOfTheShippedSet) {
    write(mine() / "greeting.wav", recording());
    write(mine() / "greeting.txt", "Emergency line of Example County.\n");
    const auto ran = import();
    ASSERT_EQ(ran.exit, k_exit_ok) << ran.out << ran.err;
    const auto wav = audio::read_wav_file((set() / "en/greeting.wav").string());
    ASSERT_TRUE(wav);
    EXPECT_EQ(wav->rate, 8000u);
    EXPECT_EQ(wav->channels, 1u);
    EXPECT_NEAR(static_cast<double>(wav->samples.size()), 8000, 10);
    EXPECT_EQ(content(set() / "en/greeting.txt"), "Emergency line of Example County.\n");
    EXPECT_EQ(content(set() / "en/person.wav"), content(HOLDFAST_SOURCE_DIR "/etc/prompts/en/person.wav"));
    EXPECT_EQ(content(set() / "es/greeting.wav"), content(HOLDFAST_SOURCE_DIR "/etc/prompts/es/greeting.wav"));
    EXPECT_EQ(check().exit, k_exit_ok) << check().out;
}

TEST_F(CtlPrompts, WithoutATextTheWordsStay) {
    write(mine() / "greeting.wav", recording(1.0, 8000, 1));
    ASSERT_EQ(import({"--language", "es"}).exit, k_exit_ok);
    EXPECT_EQ(content(set() / "es/greeting.txt"), content(HOLDFAST_SOURCE_DIR "/etc/prompts/es/greeting.txt"));
    EXPECT_NE(content(set() / "es/greeting.wav"), content(HOLDFAST_SOURCE_DIR "/etc/prompts/es/greeting.wav"));
    EXPECT_EQ(content(set() / "en/greeting.wav"), content(HOLDFAST_SOURCE_DIR "/etc/prompts/en/greeting.wav"));
}

TEST_F(CtlPrompts, ASecondImportKeepsTheFirst) {
    write(mine() / "greeting.wav", recording());
    ASSERT_EQ(import().exit, k_exit_ok);
    const auto first = content(set() / "en/greeting.wav");
    fs::remove(mine() / "greeting.wav");
    write(mine() / "person.wav", recording(2.0, 16'000, 1));
    ASSERT_EQ(import().exit, k_exit_ok);
    EXPECT_EQ(content(set() / "en/greeting.wav"), first);
    EXPECT_NE(content(set() / "en/person.wav"), content(HOLDFAST_SOURCE_DIR "/etc/prompts/en/person.wav"));
    EXPECT_EQ(check().exit, k_exit_ok) << check().out;
    for (const auto& entry : fs::directory_iterator(set())) {
        EXPECT_TRUE(entry.path().filename() == "en" || entry.path().filename() == "es") << entry.path();
    }
}

TEST_F(CtlPrompts, MuLawOfARecorderIsTakenAsItIs) {
    const auto mulaw = audio::to_mulaw_8k({8000, 1, tone(1.0, 8000, 1, 4600)});
    write(mine() / "greeting.wav", audio::write_wav_mulaw(mulaw));
    ASSERT_EQ(import().exit, k_exit_ok);
    EXPECT_EQ(content(set() / "en/greeting.wav"), audio::write_wav_mulaw(mulaw));
}

TEST_F(CtlPrompts, EveryFaultIsNamedWithItsFileAndNothingIsImported) {
    write(mine() / "greeting.wav", recording());  // good
    write(mine() / "person.wav", recording(1.0, 44'100, 2, 300));
    write(mine() / "filler.wav", recording(1.0, 44'100, 2, 60'000));
    write(mine() / "stall.wav", recording(31.0, 8000, 1));
    write(mine() / "canned_intro.wav", recording(1.0, 44'100, 2, 0));
    write(mine() / "canned_hurt.wav", "RIFF of no kind");
    write(mine() / "hello.wav", recording());
    std::vector<std::int16_t> late(8000 * 2, 0);
    const auto sound = tone(1.0, 8000, 1, 4600);
    late.insert(late.end(), sound.begin(), sound.end());
    late.resize(late.size() + 8000 * 3, 0);
    write(mine() / "canned_kind.wav", audio::write_wav_pcm16(late, 8000, 1));
    write(mine() / "canned_thanks.wav", recording());
    write(mine() / "canned_thanks.txt", "\xff\xfe");

    const auto ran = import();
    EXPECT_EQ(ran.exit, k_exit_not_good);
    for (const auto& [file, what] : std::map<std::string, std::string>{{"person.wav", "too quiet: -"},
                                                                       {"filler.wav", "clipped: "},
                                                                       {"stall.wav", "too long: 31.0 s"},
                                                                       {"canned_intro.wav", "nothing to hear"},
                                                                       {"canned_hurt.wav", "not a RIFF/WAVE file"},
                                                                       {"hello.wav", "no prompt has this name"},
                                                                       {"canned_kind.wav", "begins with 2.0 s of silence"},
                                                                       {"canned_thanks.txt", "is not UTF-8"}}) {
        EXPECT_NE(ran.out.find((mine() / file).string() + ": " + what), std::string::npos) << file << "\n" << ran.out;
    }
    EXPECT_NE(ran.out.find("canned_kind.wav: ends with 3.0 s of silence"), std::string::npos);
    EXPECT_NE(ran.out.find("too loud"), std::string::npos);
    EXPECT_EQ(ran.out.find("greeting.wav:"), std::string::npos);
    EXPECT_FALSE(fs::exists(set()));
}

TEST_F(CtlPrompts, AFailedImportLeavesASetAsItWas) {
    write(mine() / "greeting.wav", recording());
    ASSERT_EQ(import().exit, k_exit_ok);
    const auto before = tree(set());
    write(mine() / "person.wav", recording(1.0, 8000, 1, 10));
    EXPECT_EQ(import().exit, k_exit_not_good);
    EXPECT_EQ(tree(set()), before);
}

TEST_F(CtlPrompts, AnImportDoesNotMakeADamagedPromptAGoodOne) {
    write(mine() / "greeting.wav", recording());
    ASSERT_EQ(import().exit, k_exit_ok);
    auto damaged = content(set() / "en/person.wav");
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    write(set() / "en/person.wav", damaged);
    ASSERT_EQ(import().exit, k_exit_ok);
    const auto ran = check();
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_NE(ran.out.find("en/person.wav: is not what SHA256SUMS says"), std::string::npos) << ran.out;
}

TEST_F(CtlPrompts, CheckNamesWhatIsMissing) {
    write(mine() / "greeting.wav", recording());
    ASSERT_EQ(import().exit, k_exit_ok);
    fs::remove(set() / "es/person.wav");
    fs::remove(set() / "en/SHA256SUMS");
    const auto ran = check();
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_NE(ran.out.find("es/person.wav: missing"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("en/SHA256SUMS: missing"), std::string::npos) << ran.out;
}

TEST_F(CtlPrompts, CheckOfAFolderWithoutPromptsSaysSo) {
    const auto ran = run_ctl({"prompts", "check", mine().string()});
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_NE(ran.out.find("no prompts in en/ and es/"), std::string::npos);
}

TEST_F(CtlPrompts, ImportWithoutASetToBeginFromIsRefused) {
    write(mine() / "greeting.wav", recording());
    const auto ran = run_ctl({"prompts", "import", mine().string(), "--to", set().string(), "--from",
                              (folder_ / "nowhere").string()});
    EXPECT_EQ(ran.exit, k_exit_not_good) << ran.out;
    EXPECT_NE(ran.err.find("--from"), std::string::npos) << ran.err;
    EXPECT_FALSE(fs::exists(set()));
}

}  // namespace
}  // namespace holdfast::ctl
