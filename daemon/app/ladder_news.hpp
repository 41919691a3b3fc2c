// What an operator wants to hear of the ladder: a rung stopped or began to serve, the box's line carries talk or no longer.
// Calls and probes say why each session was lost; this says what it means for new callers, once. Pure; media loop.
#pragma once

#include "ladder/ladder.hpp"
#include "log/log.hpp"

#include <array>
#include <vector>

namespace holdfast::app {

struct LadderChange {
    const log::Event* event = nullptr;
    log::Level level = log::Level::notice;
    const char* rung = "";    // of what changed; empty for the line
    const char* reason = "";  // a fixed word
    const char* best = "";    // the rung that a new call gets now
};

class LadderNews {
  public:
    // What changed since the last look. At the first everything is taken to have been well, so that a box that starts
    // without its provider says so. A line that is down tells nothing of the rungs behind it.
    std::vector<LadderChange> look(const ladder::Snapshot& now);

  private:
    std::array<bool, ladder::k_rungs> down_{};
    bool line_down_ = false;
};

}  // namespace holdfast::app
