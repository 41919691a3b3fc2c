#include "base/version.hpp"

#include "base/text.hpp"
#include "base/wall_clock.hpp"
#include "support/fake_loop.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace holdfast::base {
namespace {

TEST(Version, IsTheNewestOfTheChangelogAndSoIsItsDay) {
    std::ifstream changelog(HOLDFAST_SOURCE_DIR "/CHANGELOG.md");
    for (std::string line; std::getline(changelog, line);) {
        if (line.rfind("## ", 0) != 0) continue;
        // "## VERSION (DAY)"; <regex> does not compile under -fsanitize=address with g++ 12's warnings as errors
        std::istringstream heading(line.substr(3));
        std::string number, dated;
        heading >> number >> dated;
        EXPECT_EQ(number, version());
        std::string day;
        append_iso_utc(day, release_utc_s() * 1000);
        if (dated != "(unreleased)") {
            EXPECT_EQ(dated, "(" + day.substr(0, 10) + ")") << "HOLDFAST_RELEASE_UTC_S in CMakeLists.txt";
        }
        return;
    }
    FAIL() << "no heading of a version in CHANGELOG.md";
}

TEST(WallClock, P16_IsNotBelievedBeforeTheReleaseNorDecadesBehindIt) {
    const auto release_ms = release_utc_s() * 1000;
    EXPECT_FALSE(is_plausible_now(0));
    EXPECT_FALSE(is_plausible_now(release_ms - 1));
    EXPECT_TRUE(is_plausible_now(release_ms));
    EXPECT_TRUE(is_plausible_now(release_ms + 15ll * 365 * 86'400'000)) << "such boxes run for long";
    EXPECT_FALSE(is_plausible_now(4'102'444'800'000)) << "2100";
}

TEST(WallClock, BelievesDatesOfEarlierReleases) {
    EXPECT_FALSE(is_plausible_date(86'400'000));
    EXPECT_TRUE(is_plausible_date(release_utc_s() * 1000 - 86'400'000));
}

TEST(WallClock, OfTheTestsIsPlausible) {
    EXPECT_TRUE(is_plausible_now(test::FakeLoop::k_epoch_utc_ms)) << "move the epoch of support/fake_loop.hpp behind the release";
}

}  // namespace
}  // namespace holdfast::base
