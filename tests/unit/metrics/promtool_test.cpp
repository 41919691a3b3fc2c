// The page as Prometheus' own linter sees it. Fails, never skips, without promtool (package
// prometheus): a page nobody has checked is the thing this test exists for.
#include "metrics/catalog.hpp"
#include "metrics/metrics.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace holdfast::metrics {
namespace {

struct Outcome {
    int status = -1;
    std::string output;
};

// Only the daemon's families: this binary also registers test metrics.
std::string page_of_the_daemon() {
    const std::string page = exposition();
    std::string kept;
    for (std::size_t begin = 0; begin < page.size();) {
        const auto end = page.find('\n', begin) + 1;
        const std::string line = page.substr(begin, end - begin);
        const bool comment = line.rfind("# ", 0) == 0;
        const std::string name = comment ? line.substr(7) : line;
        if (name.rfind("test_", 0) != 0) kept += line;
        begin = end;
    }
    return kept;
}

Outcome promtool(const std::string& page) {
    std::string path = testing::TempDir() + "/holdfast-page-XXXXXX";
    const int fd = ::mkstemp(path.data());
    EXPECT_GE(fd, 0);
    ::close(fd);
    std::ofstream(path) << page;
    Outcome outcome;
    FILE* pipe = ::popen(("promtool check metrics < " + path + " 2>&1").c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::array<char, 512> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr)
        outcome.output += buffer.data();
    outcome.status = WEXITSTATUS(::pclose(pipe));
    ::unlink(path.c_str());
    return outcome;
}

TEST(Promtool, AcceptsThePageWithoutARemark) {
    const Outcome outcome = promtool(page_of_the_daemon());
    ASSERT_NE(outcome.status, 127) << "promtool is missing: apt-get install prometheus";
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_EQ(outcome.output, "");
}

TEST(Promtool, RefusesAPageThatIsWrong) {
    EXPECT_NE(promtool(page_of_the_daemon() + "holdfast_calls_total{ 1\n").status, 0);
}

}  // namespace
}  // namespace holdfast::metrics
