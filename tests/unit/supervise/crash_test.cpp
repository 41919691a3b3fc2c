#include "supervise/crash.hpp"

#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace holdfast::supervise {
namespace {

// A sanitizer wants the faults for itself and is left to it.
bool has_default(int signal) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    return now.sa_handler == SIG_DFL;
}

class CrashDeathTest : public ::testing::Test {
  protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(CrashDeathTest, P02_EachFaultLeavesOneLineAndEndsByItsOwnSignal) {
    for (const auto& [signal, name] : {std::pair{SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"},
                                       {SIGILL, "SIGILL"}}) {
        if (!has_default(signal)) continue;
        EXPECT_EXIT(
            {
                explain_crashes("1.2.3");
                ::raise(signal);
            },
            ::testing::KilledBySignal(signal),
            std::string("<2>the daemon dies of ") + name + " version=1\\.2\\.3 thread=.+ build=[0-9a-f]+\n$");
    }
}

TEST_F(CrashDeathTest, P02_TheThreadIsNamed) {
    EXPECT_EXIT(
        {
            explain_crashes("1.2.3");
            std::thread([] {
                ::pthread_setname_np(::pthread_self(), "store");
                std::abort();
            }).join();
        },
        ::testing::KilledBySignal(SIGABRT), "dies of SIGABRT version=1\\.2\\.3 thread=store ");
}

TEST_F(CrashDeathTest, P02_AnUncaughtExceptionIsSaidWithoutItsWords) {
    EXPECT_EXIT(
        {
            explain_crashes("1.2.3");
            std::thread([] { throw std::runtime_error("+15550100123"); }).join();
        },
        ::testing::KilledBySignal(SIGABRT), "^<2>the daemon dies of SIGABRT \\(an exception nobody caught\\) version=1\\.2\\.3 [^+]*$");
}

TEST_F(CrashDeathTest, P02_NoCoreIsLeft) {
    EXPECT_EXIT(
        {
            explain_crashes("1.2.3");
            std::_Exit(::prctl(PR_GET_DUMPABLE));
        },
        ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace holdfast::supervise
