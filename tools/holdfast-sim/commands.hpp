// The subcommands: each adds its options to the command line and runs with them.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace holdfast::sim {

enum Exit : int { k_good = 0, k_not_good = 1, k_could_not_run = 2, k_usage = 64 };

// Runs once the command line has been read; returns the exit code.
using Command = std::function<int()>;

Command add_call_command(CLI::App& app);
Command add_provider_command(CLI::App& app);
Command add_speech_command(CLI::App& app);
Command add_load_command(CLI::App& app);
Command add_relay_command(CLI::App& app);

}  // namespace holdfast::sim
