#include "supervise/signals.hpp"

#include <csignal>
#include <ctime>

namespace holdfast::supervise {
namespace {

bool debug_switches = false;  // main thread

sigset_t watched() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (debug_switches) sigaddset(&set, SIGUSR1);
    return set;
}

}  // namespace

void block_signals(bool debug) {
    debug_switches = debug;
    const sigset_t set = watched();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

Signal wait_signal(std::chrono::milliseconds wait) {
    const sigset_t set = watched();
    timespec time{};
    time.tv_sec = wait.count() / 1000;
    time.tv_nsec = (wait.count() % 1000) * 1'000'000;
    const int signal = sigtimedwait(&set, nullptr, &time);
    if (signal == SIGTERM || signal == SIGINT) return Signal::terminate;
    if (signal == SIGUSR1) return Signal::freeze;
    if (signal != SIGHUP) return Signal::none;
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1) return wait_signal(wait);
    return Signal::reload;
}

}  // namespace holdfast::supervise
