#include "supervise/clock_watch.hpp"

#include "base/version.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace holdfast::supervise {
namespace {

using namespace std::chrono_literals;
using State = ClockWatch::State;

const std::int64_t k_utc_ms = (base::release_utc_s() + 30 * 86'400) * 1000;
constexpr base::TimePoint k_now{1000s};

TEST(ClockWatch, P16_SaysWhatTheTimeServiceSaysAndBelievesNoClockBeforeTheRelease) {
    test::TempFolder run;
    const std::string timesync = run.path() + "/timesync";
    ClockWatch clock(timesync);
    EXPECT_EQ(clock.look(k_utc_ms, k_now).state, State::unknown) << "another time service, or none";
    std::filesystem::create_directory(timesync);
    EXPECT_EQ(clock.look(k_utc_ms, k_now).state, State::unsynchronised);
    std::ofstream(timesync + "/synchronized").put('\n');
    EXPECT_EQ(clock.look(k_utc_ms, k_now).state, State::good);
    EXPECT_EQ(clock.look(5'000, k_now).state, State::not_set) << "whatever the service says";
}

TEST(ClockWatch, P13_NoticesJumpsInBothDirectionsAndNothingElse) {
    const std::int64_t k_2039_ms = 2'177'452'800'000;
    struct Row {
        const char* what;
        std::int64_t from, to;
        std::chrono::milliseconds passed;
        std::int64_t step_ms;
    };
    const Row rows[] = {
        {"time goes by", k_utc_ms, k_utc_ms + 500, 500ms, 0},
        {"a server turns it slowly", k_utc_ms, k_utc_ms + 501, 500ms, 0},
        {"two seconds are no jump", k_utc_ms, k_utc_ms + 2'500, 500ms, 0},
        {"a little more is", k_utc_ms, k_utc_ms + 2'501, 500ms, 2'001},
        {"back", k_utc_ms, k_utc_ms - 1'501, 500ms, -2'001},
        {"an hour", k_utc_ms, k_utc_ms + 3'600'500, 500ms, 3'600'000},
        {"an hour back", k_utc_ms, k_utc_ms - 3'599'500, 500ms, -3'600'000},
        {"to 1970", k_utc_ms, 0, 0ms, -k_utc_ms},
        {"beyond 2038", k_utc_ms, k_2039_ms, 0ms, k_2039_ms - k_utc_ms},
        {"set at last", 7'000, k_utc_ms, 0ms, k_utc_ms - 7'000},
        {"a process that was stopped for a minute", k_utc_ms, k_utc_ms + 60'000, 60s, 0},
    };
    for (const auto& row : rows) {
        ClockWatch clock("/nowhere");
        EXPECT_EQ(clock.look(row.from, k_now).step_ms, 0) << row.what << ": the first look has nothing to compare";
        EXPECT_EQ(clock.look(row.to, k_now + row.passed).step_ms, row.step_ms) << row.what;
        EXPECT_EQ(clock.look(row.to + 500, k_now + row.passed + 500ms).step_ms, 0) << row.what << ": told once";
    }
}

}  // namespace
}  // namespace holdfast::supervise
