// Checks, each in a process of its own and all at once: one that hangs is ended, one that crashes is a finding, and
// neither takes the others with it. A name lookup of the C library, for one, cannot be given up in any other way.
// To be called while the program has one thread.
#pragma once

#include "holdfastctl/doctor/report.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace holdfast::ctl::doctor {

struct Check {
    std::string name;     // as Finding::check
    std::string subject;  // as Finding::subject
    std::function<void(const Tell& tell)> run;
};

// Findings in the order of the checks. What a check had told before it was ended counts.
std::vector<Finding> run_checks(const std::vector<Check>& checks, std::chrono::milliseconds limit);

// What a program of the system says, without a shell. `exit` -1: it could not be started, or did not end in time.
struct ProgramSaid {
    int exit = -1;
    bool missing = false;  // there is no such program
    std::string out;       // at most 64 KiB of its standard output
};
ProgramSaid run_program(const std::vector<std::string>& command, std::chrono::milliseconds limit);

}  // namespace holdfast::ctl::doctor
