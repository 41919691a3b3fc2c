// Faults that can be switched on, in one notation for both sides:
//
//     NAME[=VALUE][@MS][:turn=N[-]][:conn=N[-]]
//
// `@MS` says when (each fault says from what), `turn` and `conn` limit it to the Nth turn or
// connection; `N-` means from the Nth on.
#pragma once

#include "base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

struct FaultName {
    const char* name;
    const char* help;
};

struct Range {
    int first = 0;  // 0: any
    bool onward = false;
    bool covers(int n) const { return first == 0 || n == first || (onward && n > first); }
};

struct Fault {
    std::string name;
    std::string value;
    std::optional<int> at_ms;
    Range turn;
    Range connection;

    int number(int otherwise) const;  // value as a number; a trailing "ms" or "s" is understood
};

// Refuses names that are not in `known` with a hint at the nearest one.
base::Result<Fault> parse_fault(std::string_view text, const std::vector<FaultName>& known);
std::string list_faults(const std::vector<FaultName>& known);

// Which of `words` was probably meant, or empty.
std::string nearest(std::string_view word, const std::vector<std::string>& words);

class FaultSet {
  public:
    void add(Fault fault) { faults_.push_back(std::move(fault)); }
    void clear() { faults_.clear(); }
    // `turn` or `connection` 0: not in question here.
    const Fault* find(std::string_view name, int turn = 0, int connection = 0) const;
    bool has(std::string_view name, int turn = 0, int connection = 0) const {
        return find(name, turn, connection) != nullptr;
    }
    const std::vector<Fault>& all() const { return faults_; }

  private:
    std::vector<Fault> faults_;
};

}  // namespace holdfast::sim
