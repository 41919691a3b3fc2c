// The daemon from command line to exit code.
#pragma once

#include <string>

namespace holdfast::app {

// Reads and checks the configuration, prints every problem on stderr. 0 or k_exit_configuration.
int check_config(const std::string& path);

// Without a single recorded prompt no caller could be spoken to: refused, unless somebody wants it so (E10).
enum class PromptsNeeded { yes, no };

// Runs until SIGTERM (drain, then stop) or a failure; returns the exit code.
int run_daemon(const std::string& config_path, PromptsNeeded prompts);

// What --version prints.
std::string version();

// The commented reference of every key with its default, on stdout.
int print_reference();

}  // namespace holdfast::app
