// Admits calls of our functions: each call once, and no more in a second than a conversation can need
// (failure-matrix.md O24). Pure, bounded.
#pragma once

#include "base/loop.hpp"

#include <deque>
#include <string>
#include <string_view>

namespace holdfast::voice {

class ToolGate {
  public:
    bool seen(std::string_view call_id) const;
    // Counts a call that is about to be looked at. False when there were too many in the last second.
    bool admit(std::string_view call_id, base::TimePoint now);

  private:
    std::deque<std::string> seen_;
    std::deque<base::TimePoint> times_;
};

}  // namespace holdfast::voice
