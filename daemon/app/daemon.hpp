// The daemon from command line to exit code.
#pragma once

#include <string>

namespace holdfast::app {

// Reads and checks the configuration, says which files that were and prints every problem on stderr. 0 or k_exit_configuration.
int check_config(const std::string& path);

// Without a single recorded prompt no caller could be spoken to: refused, unless somebody wants it so (E10).
enum class PromptsNeeded { yes, no };

// For tests of the supervision: SIGUSR1 freezes the media loop for a minute.
enum class DebugSwitches { off, on };

// Runs until SIGTERM (drain, then stop) or a failure; returns the exit code.
int run_daemon(const std::string& config_path, PromptsNeeded prompts, DebugSwitches debug);

// What --version prints.
std::string version();

// The commented reference of every key with its default, on stdout.
int print_reference();

// The same as the manual page holdfast.yaml(5).
int print_manual();

}  // namespace holdfast::app
