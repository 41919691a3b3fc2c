// The file itself: order of writing does not matter, holes are silence, the hash is that of the bytes.
#include "unit/recording/recording_world.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdio>

namespace holdfast::test {
namespace {

Identity identity() { return {k_call, "g1", 1, k_utc_ms, 250, "live"}; }

// Standard output of a command, or nothing when it is not installed.
std::string output_of(const std::string& command) {
    std::string out;
    FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
    if (pipe == nullptr) return out;
    std::array<char, 256> piece{};
    while (std::fgets(piece.data(), static_cast<int>(piece.size()), pipe) != nullptr) out += piece.data();
    ::pclose(pipe);
    return out;
}

class RecordingFile : public ::testing::Test {
  protected:
    void SetUp() override {
        auto created = File::create(disk, folder.path(), identity());
        ASSERT_TRUE(created);
        file = std::move(*created);
    }
    std::string part() const { return folder.path() + "/" + file->name() + ".part"; }

    TempFolder folder;
    Disk disk;
    std::unique_ptr<File> file;
};

TEST_F(RecordingFile, IsPrivate) {
    struct stat info {};
    ASSERT_EQ(::stat(part().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(RecordingFile, KeepsBothLegsInAnyOrder) {
    ASSERT_TRUE(file->write(Leg::box, 800, sound('b', 50)));
    ASSERT_TRUE(file->write(Leg::caller, 0, sound('c', 120)));
    ASSERT_TRUE(file->write(Leg::caller, 1600, sound('d', 10)));
    ASSERT_TRUE(file->finish(2000, 0));
    const auto legs = legs_of(part());
    EXPECT_EQ(legs.caller, sound('c', 120) + quiet(80) + sound('d', 10) + quiet(40));
    EXPECT_EQ(legs.box, quiet(100) + sound('b', 50) + quiet(100));
}

TEST_F(RecordingFile, SilencesOneLegOnly) {
    ASSERT_TRUE(file->write(Leg::caller, 0, sound('c', 100)));
    ASSERT_TRUE(file->write(Leg::box, 0, sound('b', 100)));
    ASSERT_TRUE(file->silence(Leg::box, 320));
    ASSERT_TRUE(file->finish(800, 0));
    EXPECT_EQ(legs_of(part()).caller, sound('c', 100));
    EXPECT_EQ(legs_of(part()).box, sound('b', 40) + quiet(60));
}

TEST_F(RecordingFile, IsCutToItsLength) {
    ASSERT_TRUE(file->write(Leg::box, 0, sound('b', 1000)));
    const auto finished = file->finish(4000, 0);
    ASSERT_TRUE(finished);
    EXPECT_EQ(finished->samples, 4000);
    EXPECT_EQ(finished->legs, "box");
    EXPECT_EQ(legs_of(part()).box, sound('b', 500));
}

TEST_F(RecordingFile, FillsALongHoleWithSilence) {
    ASSERT_TRUE(file->write(Leg::caller, 0, sound('c')));
    ASSERT_TRUE(file->write(Leg::caller, 8 * 60'000, sound('d')));
    ASSERT_TRUE(file->finish(8 * 60'020, 0));
    const auto legs = legs_of(part());
    EXPECT_TRUE(legs.caller == sound('c') + quiet(59'980) + sound('d'));
    EXPECT_TRUE(legs.box == quiet(60'020));
}

TEST_F(RecordingFile, TakesTheNextNumberOfItsCall) {
    auto second = File::create(disk, folder.path(), identity());
    ASSERT_TRUE(second);
    EXPECT_EQ((*second)->name(), k_call.str() + ".g1.2.wav");
    ASSERT_TRUE(file->finish(0, 0));
    ASSERT_TRUE(File::publish(disk, folder.path(), file->name()));
    auto third = File::create(disk, folder.path(), identity());
    ASSERT_TRUE(third);
    EXPECT_EQ((*third)->name(), k_call.str() + ".g1.3.wav");
}

TEST_F(RecordingFile, FollowsNoLinkAndReplacesNothing) {
    const std::string victim = folder.path() + "/victim";
    std::ofstream(victim) << "precious";
    ASSERT_EQ(::symlink(victim.c_str(), (folder.path() + "/" + k_call.str() + ".g1.2.wav.part").c_str()), 0);
    auto next = File::create(disk, folder.path(), identity());
    ASSERT_TRUE(next);
    EXPECT_EQ((*next)->name(), k_call.str() + ".g1.3.wav");
    EXPECT_EQ(bytes_of(victim), "precious");
    std::ofstream(folder.path() + "/" + file->name()) << "there already";
    ASSERT_TRUE(file->finish(0, 0));
    EXPECT_FALSE(File::publish(disk, folder.path(), file->name()));
    EXPECT_EQ(bytes_of(folder.path() + "/" + file->name()), "there already");
}

TEST_F(RecordingFile, IsWhatOtherProgramsCallAWav) {
    ASSERT_TRUE(file->write(Leg::caller, 0, sound('c', 2500)));
    ASSERT_TRUE(file->write(Leg::box, 8000, sound('b', 500)));
    const auto finished = file->finish(20'000, 0);
    ASSERT_TRUE(finished);
    ASSERT_TRUE(File::publish(disk, folder.path(), file->name()));
    const std::string path = folder.path() + "/" + file->name();
    EXPECT_EQ(output_of("sha256sum " + path).substr(0, 64), finished->sha256);
    const auto soxi = output_of("soxi " + path);
    if (!soxi.empty()) {
        EXPECT_NE(soxi.find("Channels       : 2"), std::string::npos) << soxi;
        EXPECT_NE(soxi.find("Sample Rate    : 8000"), std::string::npos) << soxi;
        EXPECT_NE(soxi.find("00:00:02.50 = 20000 samples"), std::string::npos) << soxi;
        EXPECT_NE(soxi.find("u-law"), std::string::npos) << soxi;
    }
    const auto probe = output_of("ffprobe -v error -show_entries stream=codec_name,sample_rate,channels,duration:format_tags=comment "
                                 "-of default=noprint_wrappers=1 " + path);
    if (!probe.empty()) {
        EXPECT_EQ(probe.find("codec_name=pcm_mulaw\nsample_rate=8000\nchannels=2\nduration=2.500000\n"), 0u) << probe;
        EXPECT_NE(probe.find("holdfast 1 call=" + k_call.str()), std::string::npos) << probe;
    }
    if (soxi.empty() && probe.empty()) GTEST_SKIP() << "neither soxi nor ffprobe here";
}

}  // namespace
}  // namespace holdfast::test
