#include "supervise/notify.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace holdfast::supervise {
namespace {

// A newline would start another assignment.
std::string one_line(const std::string& text) {
    std::string out = text;
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return out;
}

void send(const std::string& state) { sd_notify(0, state.c_str()); }

}  // namespace

void notify_ready(const std::string& status) { send("READY=1\nSTATUS=" + one_line(status)); }
void notify_status(const std::string& status) { send("STATUS=" + one_line(status)); }
void notify_stopping(const std::string& status) { send("STOPPING=1\nSTATUS=" + one_line(status)); }
void notify_watchdog() { send("WATCHDOG=1"); }

void notify_reloading() {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void extend_timeout(std::chrono::microseconds by) { send("EXTEND_TIMEOUT_USEC=" + std::to_string(by.count())); }

std::chrono::microseconds watchdog_interval() {
    std::uint64_t usec = 0;
    if (sd_watchdog_enabled(0, &usec) <= 0) return std::chrono::microseconds(0);
    return std::chrono::microseconds(usec / 2);
}

}  // namespace holdfast::supervise
