#include "holdfastctl/doctor/isolate.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <string_view>

namespace holdfast::ctl::doctor {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t k_told_bytes_max = 256 * 1024;  // by one check
constexpr std::size_t k_said_bytes_max = 64 * 1024;   // by one program
constexpr int k_no_such_program = 127;

void write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

// A child with the reading end of its pipe. Ended and waited for when it goes out of scope.
class Child {
  public:
    Child() = default;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (fd_ >= 0) ::close(fd_);
        if (pid_ > 0) end();
    }

    // `work` runs in the child and does not return to the caller's code. False: no more processes.
    template <class Work>
    bool start(Work work) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        const pid_t parent = ::getpid();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(1);  // it went before the line above
            ::close(ends[0]);
            work(ends[1]);
            ::_exit(0);
        }
        ::close(ends[1]);
        fd_ = ends[0];
        return pid_ > 0;
    }

    int fd() const { return fd_; }

    // Reads once what is there; false at the end.
    bool read_some(std::size_t bytes_max) {
        std::array<char, 4096> buffer{};
        const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
        if (n < 0) return errno == EINTR || errno == EAGAIN;
        if (n == 0) return false;
        const auto room = bytes_max - std::min(bytes_max, text.size());
        text.append(buffer.data(), std::min(static_cast<std::size_t>(n), room));
        return true;
    }

    // The status that waitpid gives; it is killed first unless it has gone by itself.
    int end() {
        ::kill(pid_, SIGKILL);
        return reap();
    }
    int reap() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

    std::string text;

  private:
    pid_t pid_ = -1;
    int fd_ = -1;
};

int wait_ms(Clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left + 1, 0, 60'000));
}

// Reads from all of them until each has closed its end or time is up. True for those that have.
std::vector<bool> listen_to(const std::vector<Child*>& children, Clock::time_point until, std::size_t bytes_max) {
    std::vector<bool> over(children.size(), false);
    while (Clock::now() < until) {
        std::vector<pollfd> waiting;
        std::vector<std::size_t> whose;
        for (std::size_t i = 0; i < children.size(); ++i) {
            if (over[i]) continue;
            waiting.push_back({children[i]->fd(), POLLIN, 0});
            whose.push_back(i);
        }
        if (waiting.empty()) break;
        if (::poll(waiting.data(), waiting.size(), wait_ms(until)) < 0 && errno != EINTR) break;
        for (std::size_t i = 0; i < waiting.size(); ++i) {
            if (waiting[i].revents != 0 && !children[whose[i]]->read_some(bytes_max)) over[whose[i]] = true;
        }
    }
    return over;
}

void tell_all(const Check& check, int fd) {
    try {
        check.run([fd](const Finding& finding) { write_all(fd, to_line(finding)); });
    } catch (const std::exception&) {
        // Its words may hold what nobody should see.
        ::_exit(1);
    }
}

Finding broken_off(const Check& check, std::chrono::milliseconds limit) {
    return {check.name, check.subject, Verdict::bad, "timeout",
            "the check did not end within " + std::to_string(limit.count() / 1000) + " s",
            "Something that it asked hangs: a name server, a disk or a peer. Try again; the lines of the other checks say more."};
}

Finding crashed(const Check& check) {
    return {check.name, check.subject, Verdict::not_checked, "check_failed", "the check itself failed",
            "This is a fault of holdfastctl: report it with the version. The other lines hold all the same."};
}

}  // namespace

std::vector<Finding> run_checks(const std::vector<Check>& checks, std::chrono::milliseconds limit) {
    const auto until = Clock::now() + limit;
    std::vector<Child> children(checks.size());
    std::vector<Child*> running;
    std::vector<std::size_t> whose;
    for (std::size_t i = 0; i < checks.size(); ++i) {
        if (!children[i].start([&check = checks[i]](int fd) { tell_all(check, fd); })) continue;
        running.push_back(&children[i]);
        whose.push_back(i);
    }
    const auto over = listen_to(running, until, k_told_bytes_max);

    std::vector<Finding> findings;
    for (std::size_t i = 0, at = 0; i < checks.size(); ++i) {
        const bool started = at < whose.size() && whose[at] == i;
        if (!started) {
            findings.push_back(crashed(checks[i]));
            continue;
        }
        const bool ended = over[at++];
        const int status = ended ? children[i].reap() : children[i].end();
        const std::string& text = children[i].text;
        for (std::size_t from = 0, to = 0; (to = text.find('\n', from)) != std::string::npos; from = to + 1) {
            if (auto finding = from_line(std::string_view(text).substr(from, to - from))) findings.push_back(std::move(*finding));
        }
        if (!ended) findings.push_back(broken_off(checks[i], limit));
        else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) findings.push_back(crashed(checks[i]));
    }
    return findings;
}

ProgramSaid run_program(const std::vector<std::string>& command, std::chrono::milliseconds limit) {
    std::vector<char*> arguments;
    std::vector<std::string> copies = command;
    for (auto& argument : copies) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    Child child;
    const bool started = child.start([&arguments](int fd) {
        const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(fd, STDOUT_FILENO);
        ::dup2(nothing, STDERR_FILENO);
        ::setenv("LC_ALL", "C", 1);
        ::execvp(arguments[0], arguments.data());
        ::_exit(k_no_such_program);
    });
    if (!started) return {};
    const bool ended = listen_to({&child}, Clock::now() + limit, k_said_bytes_max).front();
    const int status = ended ? child.reap() : child.end();
    ProgramSaid said;
    said.out = std::move(child.text);
    if (ended && WIFEXITED(status)) said.exit = WEXITSTATUS(status);
    said.missing = said.exit == k_no_such_program;
    return said;
}

}  // namespace holdfast::ctl::doctor
