#include "supervise/status_line.hpp"

#include "supervise/notify.hpp"

namespace holdfast::supervise {

void StatusLine::tell(const std::string& line) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        line_ = line;
    }
    notify_status(line);
}

std::string StatusLine::last() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return line_;
}

}  // namespace holdfast::supervise
