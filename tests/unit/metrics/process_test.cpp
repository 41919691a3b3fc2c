#include "metrics/process.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <ctime>
#include <string>

namespace holdfast::metrics {
namespace {

double sample(const std::string& name) {
    std::string page;
    append_process_metrics(page);
    const auto at = page.find("\n" + name + " ");
    if (at == std::string::npos) return -1;
    return std::stod(page.substr(at + name.size() + 2));
}

TEST(ProcessMetrics, StartTimeIsNowForATestThatJustStarted) {
    const double age =
        static_cast<double>(std::time(nullptr)) - sample("process_start_time_seconds");
    EXPECT_GE(age, -2);
    EXPECT_LT(age, 600);
}

TEST(ProcessMetrics, OpenDescriptorsFollowOpensAndCloses) {
    const double before = sample("process_open_fds");
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(sample("process_open_fds"), before + 1);
    ::close(fd);
    EXPECT_EQ(sample("process_open_fds"), before);
    EXPECT_GT(sample("process_max_fds"), before);
}

TEST(ProcessMetrics, ResidentMemoryIsPlausibleAndCpuTimeGrows) {
    EXPECT_GT(sample("process_resident_memory_bytes"), 1e6);
    EXPECT_GE(sample("process_virtual_memory_bytes"), sample("process_resident_memory_bytes"));
    const double before = sample("process_cpu_seconds_total");
    const std::clock_t end = std::clock() + CLOCKS_PER_SEC / 10;
    while (std::clock() < end) {
    }
    EXPECT_GT(sample("process_cpu_seconds_total"), before);
}

}  // namespace
}  // namespace holdfast::metrics
