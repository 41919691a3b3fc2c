#include "holdfastctl/ask.hpp"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ostream>

namespace holdfast::ctl {
namespace {

constexpr std::size_t k_line_bytes_max = 8 * 1024;
constexpr std::array<int, 3> k_ends{SIGINT, SIGTERM, SIGHUP};

termios before_secret;  // what a signal puts back

extern "C" void put_back(int signal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_secret);
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

// Nothing that is typed is shown. Whoever breaks off has their terminal back as it was.
class NoEcho {
  public:
    NoEcho() {
        if (::tcgetattr(STDIN_FILENO, &before_secret) != 0) return;
        active_ = true;
        struct sigaction action {};
        action.sa_handler = put_back;
        for (std::size_t i = 0; i < k_ends.size(); ++i) ::sigaction(k_ends[i], &action, &old_[i]);
        termios quiet = before_secret;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= ECHONL;
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    ~NoEcho() {
        if (!active_) return;
        ::tcsetattr(STDIN_FILENO, TCSANOW, &before_secret);
        for (std::size_t i = 0; i < k_ends.size(); ++i) ::sigaction(k_ends[i], &old_[i], nullptr);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

  private:
    bool active_ = false;
    std::array<struct sigaction, k_ends.size()> old_{};
};

}  // namespace

Asker::Asker(std::ostream& out) : out_(out), terminal_(::isatty(STDIN_FILENO) != 0) {}

std::optional<std::string> Asker::ask(const std::string& question, Echo echo, const std::function<std::string(const std::string&)>& problem,
                                      std::string& why) {
    for (int tries = terminal_ ? k_tries_max : 1; tries > 0; --tries) {
        std::optional<std::string> line;
        {
            // Off before the question is seen, so that a fast answer is not shown either.
            std::optional<NoEcho> quiet;
            if (terminal_ && echo == Echo::off) quiet.emplace();
            if (terminal_) out_ << question << ": " << std::flush;
            line = read_line();
        }
        if (!line) {
            why = "there was no answer";
            return std::nullopt;
        }
        why = problem(*line);
        if (why.empty()) return line;
        if (terminal_) out_ << "  " << why << "\n" << std::flush;
    }
    return std::nullopt;
}

std::optional<std::string> Asker::read_line() {
    for (;;) {
        if (const auto end = rest_.find('\n'); end != std::string::npos) {
            auto line = rest_.substr(0, end);
            rest_.erase(0, end + 1);
            if (!line.empty() && line.back() == '\r') line.pop_back();
            return line;
        }
        if (rest_.size() > k_line_bytes_max) return std::nullopt;
        std::array<char, 1024> bytes;
        const auto got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) continue;
        if (got > 0) {
            rest_.append(bytes.data(), static_cast<std::size_t>(got));
            continue;
        }
        if (rest_.empty()) return std::nullopt;
        rest_ += '\n';  // a last line without its end
    }
}

}  // namespace holdfast::ctl
