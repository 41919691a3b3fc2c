// Questions on a terminal, or answers out of a script: one a line of standard input.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace holdfast::ctl {

class Asker {
  public:
    // `out`: where questions go. Reads standard input.
    explicit Asker(std::ostream& out);

    enum class Echo { on, off };
    // Asks until `problem` has nothing to say about the answer: on a terminal k_tries_max times, in a script once. Nothing: it was no
    // good, or there was none; `why` then says so.
    std::optional<std::string> ask(const std::string& question, Echo echo, const std::function<std::string(const std::string&)>& problem,
                                   std::string& why);
    static constexpr int k_tries_max = 5;

  private:
    std::optional<std::string> read_line();

    std::ostream& out_;
    const bool terminal_;
    std::string rest_;  // read and not yet asked for
};

}  // namespace holdfast::ctl
