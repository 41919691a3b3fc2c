#include "supervise/starts.hpp"

#include "base/text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>

namespace holdfast::supervise {

Starts::Starts(const std::string& runtime_folder) : path_(runtime_folder + "/starts") {}

std::chrono::milliseconds Starts::since_boot() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::milliseconds(now.tv_nsec / 1'000'000);
}

Starts::Begun Starts::begin(std::chrono::milliseconds since_boot) {
    const auto now_ms = since_boot.count();
    auto starts = read(now_ms);
    const auto recent = std::count_if(starts.begin(), starts.end(),
                                      [&](const Start& start) { return now_ms - start.at_ms <= k_within.count(); });
    // A safe one that did not last is followed by a safe one, however long ago the others were.
    const bool goes_on = !starts.empty() && starts.back().safe && now_ms - starts.back().at_ms < k_settled_after.count();
    Begun begun;
    begun.safe = goes_on || static_cast<std::size_t>(recent) >= k_crashes;
    starts.push_back({now_ms, begun.safe});
    if (starts.size() > k_crashes) starts.erase(starts.begin(), starts.end() - k_crashes);
    begun.noted = write(starts);
    return begun;
}

void Starts::forget() const { ::unlink(path_.c_str()); }

// Lines of "start MS" or "safe MS"; what else stands there, or lies ahead, is of no boot that we know.
std::vector<Starts::Start> Starts::read(std::int64_t now_ms) const {
    std::vector<Start> starts;
    std::ifstream file(path_);
    std::string kind, when;
    while (starts.size() < k_crashes && file >> kind >> when) {
        const auto at_ms = base::parse_decimal(when);
        if (!at_ms || *at_ms > now_ms || (kind != "start" && kind != "safe")) continue;
        starts.push_back({*at_ms, kind == "safe"});
    }
    return starts;
}

bool Starts::write(const std::vector<Start>& starts) const {
    std::string text;
    for (const auto& start : starts) text += (start.safe ? "safe " : "start ") + std::to_string(start.at_ms) + "\n";
    const std::string fresh = path_ + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return false;
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    return written && std::rename(fresh.c_str(), path_.c_str()) == 0;
}

}  // namespace holdfast::supervise
