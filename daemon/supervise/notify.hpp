// What systemd hears from us (cpp-daemon.md 5.1). Without NOTIFY_SOCKET every call is a no-op. Main thread, notify_status() any.
#pragma once

#include <chrono>
#include <string>

namespace holdfast::supervise {

void notify_ready(const std::string& status);
void notify_status(const std::string& status);  // one line a human wants
void notify_stopping(const std::string& status);
void notify_reloading();  // RELOADING=1 with the monotonic time, for systemd 253 and newer
void notify_watchdog();
void extend_timeout(std::chrono::microseconds by);

// Half of the interval in which systemd wants to hear WATCHDOG=1; zero when it does not watch.
std::chrono::microseconds watchdog_interval();

}  // namespace holdfast::supervise
