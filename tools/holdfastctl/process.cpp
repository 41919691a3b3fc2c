#include "holdfastctl/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

namespace holdfast::ctl {
namespace {

constexpr int k_killed = 128;  // plus the signal, as a shell says it

base::Error failed(const std::string& what, int error) {
    return base::make_error(base::Condition::fatal, "run", what + ": " + std::strerror(error));
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : k_killed + WTERMSIG(status); }

// `out`: where both of its outputs go, -1: to ours.
base::Result<pid_t> spawn(const std::vector<std::string>& words, const Variables& variables, int out) {
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    std::vector<std::string> changed;
    for (const auto& [name, value] : variables) {
        changed.push_back(name + "=");
        changed.back() += value;
    }
    std::vector<char*> envp;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view entry = *each;
        bool replaced = false;
        for (const auto& [name, value] : variables) replaced = replaced || entry.substr(0, name.size() + 1) == name + "=";
        if (!replaced) envp.push_back(*each);
    }
    for (auto& each : changed) envp.push_back(each.data());
    envp.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (out >= 0) {
        posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    }
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t pid = -1;
    const int error = posix_spawnp(&pid, argv.front(), &actions, &attributes, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) return failed(words.front(), error);
    return pid;
}

int await(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return code_of(status);
}

}  // namespace

base::Result<Child> Child::start(const std::vector<std::string>& words) {
    const auto pid = spawn(words, {}, -1);
    if (!pid) return pid.error();
    return Child(*pid);
}

std::optional<int> Child::ended() {
    if (code_) return code_;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) code_ = code_of(status);
    return code_;
}

base::Result<Ended> run_program(const std::vector<std::string>& words, const Variables& variables, std::chrono::milliseconds most) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failed(words.front(), errno);
    const auto pid = spawn(words, variables, ends[1]);
    ::close(ends[1]);
    if (!pid) {
        ::close(ends[0]);
        return pid.error();
    }
    const auto until = std::chrono::steady_clock::now() + most;
    Ended ended;
    bool late = false;
    char bytes[4096];
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd ready{ends[0], POLLIN, 0};
        const int found = left.count() > 0 ? ::poll(&ready, 1, static_cast<int>(left.count())) : 0;
        if (found < 0 && errno == EINTR) continue;
        late = found <= 0;
        if (late) break;
        const auto got = ::read(ends[0], bytes, sizeof bytes);
        if (got <= 0) break;
        const auto room = k_output_bytes_max - ended.output.size();
        ended.output.append(bytes, std::min(static_cast<std::size_t>(got), room));
    }
    ::close(ends[0]);
    if (late) ::kill(*pid, SIGKILL);
    ended.code = await(*pid);
    if (late) return base::make_error(base::Condition::fatal, "timeout", words.front() + ": it does not come to an end");
    return ended;
}

struct SignalWait::State {
    sigset_t ours, before;
};

SignalWait::SignalWait() : state_(std::make_unique<State>()) {
    sigemptyset(&state_->ours);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&state_->ours, signal);
    ::pthread_sigmask(SIG_BLOCK, &state_->ours, &state_->before);
}

SignalWait::~SignalWait() {
    ::pthread_sigmask(SIG_SETMASK, &state_->before, nullptr);
}

bool SignalWait::wait(std::chrono::milliseconds most) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most);
    timespec time{};
    time.tv_sec = static_cast<time_t>(seconds.count());
    time.tv_nsec = static_cast<long>((most - seconds).count() * 1'000'000);
    return ::sigtimedwait(&state_->ours, nullptr, &time) > 0;
}

}  // namespace holdfast::ctl
