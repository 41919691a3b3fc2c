// The human side of every command: a document of the daemon in, text out. Pure; one file per
// command.
#pragma once

#include "holdfastctl/text.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::ctl {

std::string print_status(const nlohmann::json& status, const Look& look);
std::string print_sync(const nlohmann::json& status, const Look& look);
std::string print_verified(const nlohmann::json& all, const Look& look);
std::string print_losses(const nlohmann::json& document, const Look& look);
std::string print_dead_letters(const nlohmann::json& letters, const Look& look);
std::string print_calls(const nlohmann::json& calls, const Look& look);
std::string print_dispatches(const nlohmann::json& dispatches, const Look& look);
// The only place that shows phone numbers.
std::string print_call(const nlohmann::json& detail, const Look& look);

enum class Detail { normal, everything };

// Turns feed events into lines; remembers the day, so that lines need only the time. A kind that is
// not worth a line (speech edges, connection stages) prints nothing unless everything is asked for.
class FeedPrinter {
  public:
    FeedPrinter(const Look& look, Detail detail) : look_(look), detail_(detail) {}
    std::string print(const nlohmann::json& event);

  private:
    Look look_;
    Detail detail_;
    std::string day_;
};

// What `check` found in a file, whatever kind of file it is.
struct Finding {
    std::string file;       // may be another one, which the checked file names
    std::int64_t line = 0;  // 0: the file as a whole
    std::int64_t column = 0;
    std::string key;  // path of the key, or the name of the check
    std::string problem;
    std::string expected;  // what would be right; may be empty
};

struct Checked {
    std::string file;
    std::string kind;  // "configuration" or "journal"
    std::vector<Finding> findings;
    std::vector<std::string> notes;  // what is worth knowing and not wrong
    std::string not_checked;         // why nothing can be said about the file; else empty
    bool good() const { return findings.empty() && not_checked.empty(); }
};

std::string print_checked(const Checked& checked, const Look& look);
std::string checked_json(const Checked& checked);

}  // namespace holdfast::ctl
