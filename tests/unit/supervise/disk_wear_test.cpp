#include "supervise/disk_wear.hpp"

#include "metrics/metrics.hpp"
#include "supervise/slow_commits.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

namespace holdfast::supervise {
namespace {

namespace fs = std::filesystem;
using State = DiskWear::State;

// A sysfs as the kernel lays it out: the disk, its partition inside, and links by number.
class Sysfs {
  public:
    const std::string& path() const { return folder_.path(); }
    fs::path disk(const std::string& name, dev_t number) {
        const fs::path disk = fs::path(path()) / "devices" / name / "block" / name;
        fs::create_directories(disk);
        link(disk, number);
        return disk;
    }
    fs::path partition(const fs::path& disk, const std::string& name, dev_t number) {
        fs::create_directories(disk / name);
        link(disk / name, number);
        return disk / name;
    }
    static void emmc(const fs::path& disk, const std::string& life, const std::string& eol) {
        fs::create_directories(disk / "device");
        std::ofstream(disk / "device" / "life_time") << life << "\n";
        std::ofstream(disk / "device" / "pre_eol_info") << eol << "\n";
    }

  private:
    void link(const fs::path& to, dev_t number) {
        fs::create_directories(fs::path(path()) / "dev" / "block");
        fs::create_symlink(to, fs::path(path()) / "dev" / "block" / (std::to_string(major(number)) + ":" + std::to_string(minor(number))));
    }
    test::TempFolder folder_;
};

TEST(DiskLife, OfAPartitionIsThatOfItsDisk) {
    struct Row {
        const char* life;
        const char* eol;
        double used;
        State state;
    };
    for (const auto& row : {Row{"0x01 0x01", "0x01", 0.1, State::good}, Row{"0x02 0x08", "0x01", 0.8, State::good},
                            Row{"0x09 0x02", "0x01", 0.9, State::worn}, Row{"0x01 0x01", "0x02", 0.1, State::worn},
                            Row{"0x0b 0x02", "0x01", 1.1, State::worn_out}, Row{"0x03 0x03", "0x03", 0.3, State::worn_out},
                            Row{"0x00 0x00", "0x00", -1, State::unknown}, Row{"0xff 0x01", "0xff", 0.1, State::good},
                            Row{"", "", -1, State::unknown}, Row{"rubbish", "rubbish", -1, State::unknown}}) {
        Sysfs sys;
        const auto disk = sys.disk("mmcblk0", makedev(179, 0));
        sys.emmc(disk, row.life, row.eol);
        sys.partition(disk, "mmcblk0p2", makedev(179, 2));
        const auto wear = DiskLife(makedev(179, 2), sys.path()).look();
        EXPECT_DOUBLE_EQ(wear.life_used, row.used) << row.life << " " << row.eol;
        EXPECT_EQ(wear.state, row.state) << row.life << " " << row.eol;
    }
}

TEST(DiskLife, IsFoundBelowAnEncryptedVolumeAndTheWorstDiskCounts) {
    Sysfs sys;
    const auto mapped = sys.disk("dm-0", makedev(253, 0));
    fs::create_directories(mapped / "slaves");
    for (const auto& [name, number, life] : {std::tuple{"mmcblk0", 0u, "0x02 0x02"}, {"mmcblk1", 8u, "0x0a 0x01"}}) {
        const auto disk = sys.disk(name, makedev(179, number));
        sys.emmc(disk, life, "0x01");
        fs::create_symlink(sys.partition(disk, std::string(name) + "p1", makedev(179, number + 1)), mapped / "slaves" / (std::string(name) + "p1"));
    }
    const auto wear = DiskLife(makedev(253, 0), sys.path()).look();
    EXPECT_DOUBLE_EQ(wear.life_used, 1.0);
    EXPECT_EQ(wear.state, State::worn);
}

TEST(DiskLife, IsUnknownOfADiskThatDoesNotSayAndOfNoDisk) {
    Sysfs sys;
    fs::create_directories(sys.disk("nvme0n1", makedev(259, 0)) / "device");
    EXPECT_EQ(DiskLife(makedev(259, 0), sys.path()).look().state, State::unknown);
    EXPECT_EQ(DiskLife(makedev(0, 23), sys.path()).look().state, State::unknown);
}

TEST(DiskLife, MappingsThatGoRoundAreFollowedSoFarOnly) {
    Sysfs sys;
    const auto mapped = sys.disk("dm-0", makedev(253, 0));
    fs::create_directories(mapped / "slaves");
    fs::create_symlink(mapped, mapped / "slaves" / "dm-0");
    EXPECT_EQ(DiskLife(makedev(253, 0), sys.path()).look().state, State::unknown);
}

TEST(DeviceOf, IsThatOfTheNearestFolderThatIsThere) {
    test::TempFolder folder;
    struct stat facts {};
    ASSERT_EQ(::stat(folder.path().c_str(), &facts), 0);
    EXPECT_EQ(device_of(folder.path() + "/not/yet/holdfast.db"), facts.st_dev);
    EXPECT_EQ(device_of(""), dev_t{0});
}

class SlowCommitsTest : public ::testing::Test {
  protected:
    void commits(int count, double seconds) {
        for (int i = 0; i < count; ++i) histogram.observe(seconds);
    }
    metrics::Histogram histogram{"test_commit_seconds", "Of a test.", {0.01, 0.5, 1}};
    SlowCommits slow{histogram};
};

TEST_F(SlowCommitsTest, AreMoreThanOneInAHundredOfTheLastMinutes) {
    commits(50, 2);
    EXPECT_FALSE(slow.look()) << "what was before the first look says nothing";
    commits(400, 0.001);
    commits(4, 0.6);
    EXPECT_FALSE(slow.look());
    commits(1, 0.6);
    EXPECT_TRUE(slow.look());
    for (std::size_t i = 0; i + 2 < SlowCommits::k_looks; ++i) {
        commits(10, 0.001);
        EXPECT_TRUE(slow.look()) << i;
    }
    commits(40, 0.001);
    slow.look();
    EXPECT_FALSE(slow.look()) << "those were some minutes ago";
}

TEST_F(SlowCommitsTest, OneThatTookLongIsNoSlowDisk) {
    slow.look();
    commits(20, 0.001);
    commits(2, 5);
    EXPECT_FALSE(slow.look());
    commits(1, 5);
    EXPECT_TRUE(slow.look());
}

TEST_F(SlowCommitsTest, NothingIsSaidOfAFew) {
    slow.look();
    commits(19, 5);
    EXPECT_FALSE(slow.look());
}

}  // namespace
}  // namespace holdfast::supervise
