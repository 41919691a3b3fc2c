// A drain that somebody asked for, before a restart: new callers go to people, running calls go on. It has a limit, at which the
// restart is to come, and ends by itself some time after that: a box must not stay shut because somebody's terminal was closed.
// Admin loop, but for state().
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "http/status.hpp"
#include "store/journal.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace holdfast::app {

class PlannedDrain {
  public:
    enum class State { none, running, limit_passed };

    // `set` makes the registry drain, or take callers again.
    PlannedDrain(base::Loop& loop, store::Journal& journal, std::function<void(bool)> set)
        : loop_(loop), journal_(journal), set_(std::move(set)), limit_(loop), end_(loop) {}

    // A second one while the first runs gives it a new limit. An error has code "stopping".
    base::Result<http::DrainStatus> begin(const std::string& by, const std::string& why, std::chrono::seconds limit);
    // An error has code "not_draining" or "stopping".
    base::Result<http::DrainStatus> end(const std::string& by, const std::string& why);
    // The process ends: what runs stays as it is.
    void stopping();

    http::DrainStatus status() const;
    State state() const { return state_; }  // any thread

  private:
    void take_back(const std::string& by, const std::string& why);
    void audit(const char* action, const std::string& by, std::string detail);

    base::Loop& loop_;
    store::Journal& journal_;
    const std::function<void(bool)> set_;
    base::Timer limit_, end_;
    base::TimePoint limit_at_{};
    http::DrainStatus status_;
    bool stopping_ = false;
    std::atomic<State> state_{State::none};
};

}  // namespace holdfast::app
