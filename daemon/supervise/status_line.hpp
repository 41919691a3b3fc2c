// The line that `systemctl status` shows, carried from the thread that knows to the one that says READY, RELOADING and STOPPING.
#pragma once

#include <mutex>
#include <string>

namespace holdfast::supervise {

class StatusLine {
  public:
    // Tells systemd at once. Any thread but the media loop: a datagram may have to wait for its reader.
    void tell(const std::string& line);
    std::string last() const;  // any thread

  private:
    mutable std::mutex mutex_;
    std::string line_ = "starting";  // guarded by mutex_
};

}  // namespace holdfast::supervise
