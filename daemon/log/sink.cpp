// Every line would name this file as its origin: rooms say where a line comes from.
#define SD_JOURNAL_SUPPRESS_LOCATION

#include "log/sink.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>
#include <vector>

namespace holdfast::log {
namespace {

using Clock = std::chrono::steady_clock;

bool wait_writable(Clock::time_point deadline) {
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd waiting{STDERR_FILENO, POLLOUT, 0};
        const int wait_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
        const int ready = ::poll(&waiting, 1, wait_ms);
        if (ready > 0) return (waiting.revents & POLLNVAL) == 0;
        if (ready < 0 && errno != EINTR) return false;
        if (Clock::now() >= deadline) return false;
    }
}

// One write that does not block: sockets take a flag; a pipe that polls writable has room for
// PIPE_BUF bytes, which no line exceeds.
ssize_t write_some(std::string_view bytes) {
    const ssize_t sent =
        ::send(STDERR_FILENO, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != ENOTSOCK) return sent;
    return ::write(STDERR_FILENO, bytes.data(), bytes.size());
}

}  // namespace

bool write_stderr(std::string_view line, Clock::time_point deadline) {
    while (!line.empty()) {
        if (!wait_writable(deadline)) return false;
        const ssize_t written = write_some(line);
        if (written >= 0) {
            line.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR && errno != EAGAIN) {
            return false;
        }
    }
    return true;
}

bool write_journald(std::string_view entry) {
    // sd_journal_sendv() reports success when there is no journal at all.
    if (::access("/run/systemd/journal/socket", W_OK) != 0) return false;
    std::vector<iovec> parts;
    while (!entry.empty()) {
        const std::size_t end = std::min(entry.find('\n'), entry.size());
        parts.push_back({const_cast<char*>(entry.data()), end});  // sendv does not write to it
        entry.remove_prefix(std::min(end + 1, entry.size()));
    }
    return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

bool stderr_is_journal() {
    const char* stream = ::getenv("JOURNAL_STREAM");  // "device:inode", systemd.exec(5)
    struct stat status {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

}  // namespace holdfast::log
