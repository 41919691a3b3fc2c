// A clock that is moved by hand.
#pragma once

#include "base/loop.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace holdfast::ladder {

using namespace std::chrono_literals;

class Clock {
  public:
    operator base::TimePoint() const { return now_; }
    Clock& operator+=(base::milliseconds by) {
        now_ += by;
        return *this;
    }

  private:
    base::TimePoint now_{1000h};
};

}  // namespace holdfast::ladder
