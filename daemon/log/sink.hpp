// Where finished lines go: stderr or the journal's socket. Only the log thread blocks here, and
// only until its deadline. (Before and after a Session the calling thread writes to stderr itself.)
#pragma once

#include "log/log.hpp"

#include <chrono>
#include <string_view>

namespace holdfast::log {

// False when the line did not get out: stderr stayed blocked until `deadline`, or is gone.
bool write_stderr(std::string_view line, std::chrono::steady_clock::time_point deadline);

// `entry` is NAME=value lines as format_journald() makes them.
bool write_journald(std::string_view entry);

}  // namespace holdfast::log
