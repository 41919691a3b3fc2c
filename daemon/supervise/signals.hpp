// Signals as values on the main thread. block_signals() runs before any thread starts, so that no
// other thread ever sees one.
#pragma once

#include <chrono>

namespace holdfast::supervise {

enum class Signal { none, terminate, reload, freeze };

// Blocks SIGTERM, SIGINT and SIGHUP, ignores SIGPIPE and SIGXFSZ (a full quota must be an error code,
// not a death). `debug`: SIGUSR1 is watched as well, as `freeze`.
void block_signals(bool debug = false);

// Waits for the next signal, at most `wait`. A storm of reloads counts once (P19).
Signal wait_signal(std::chrono::milliseconds wait);

}  // namespace holdfast::supervise
