// Other programs: no shell, bounded in time and in what is read of them.
#pragma once

#include "base/error.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::ctl {

using Variables = std::vector<std::pair<std::string, std::string>>;

// A program that runs beside us, its output ours. Who lets go of it before it ended leaves it running.
class Child {
  public:
    // The first word is looked for in PATH. Signals are as before SignalWait.
    static base::Result<Child> start(const std::vector<std::string>& words);
    // Its exit code, 128 + the signal that ended it, or nothing while it runs.
    std::optional<int> ended();

  private:
    explicit Child(pid_t pid) : pid_(pid) {}
    pid_t pid_;
    std::optional<int> code_;
};

struct Ended {
    int code = 0;
    std::string output;  // both kinds, as they came; cut at k_output_bytes_max
};
constexpr std::size_t k_output_bytes_max = 64 * 1024;

// Runs it to its end, or ends it after `most`: an error with code "timeout".
base::Result<Ended> run_program(const std::vector<std::string>& words, const Variables& variables, std::chrono::milliseconds most);

// Ctrl-C, SIGTERM and the loss of the terminal do not end the program while one of these lives; they end a wait.
class SignalWait {
  public:
    SignalWait();
    ~SignalWait();
    SignalWait(const SignalWait&) = delete;
    SignalWait& operator=(const SignalWait&) = delete;
    bool wait(std::chrono::milliseconds most);  // true: one came

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::ctl
