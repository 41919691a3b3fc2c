// `check` without a file: the installed configuration, and what it means for callers and for people.
#pragma once

#include "config/config.hpp"
#include "holdfastctl/commands.hpp"
#include "holdfastctl/doctor/installed.hpp"
#include "holdfastctl/text.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct ChangedKey {
    std::string key;
    std::string value;     // as in YAML; of keys that hold telephone numbers only how many
    std::string standard;  // the default
};

struct ExplainedRung {
    std::string rung;
    std::string why_not;  // empty: callers get it. Else no_api_key, disabled, no_agent, no_number, not_listed
};

// What `config` means. Pure.
struct Explained {
    std::vector<ChangedKey> changed;
    std::vector<ExplainedRung> rungs;  // best first; those that are not listed last
    std::vector<std::string> people;   // sentences: who is dialled, what they see, who decides, where things go
};
Explained explain(const config::Config& config);
std::string print_explained(const Explained& explained, const Look& look);

void declare_explain(CLI::App& check, doctor::Installed& installed);
// --json: the document of `check FILE` with `changed`, `rungs` and `people` beside it.
int explain_command(const Session& session, const doctor::Installed& installed);

}  // namespace holdfast::ctl
