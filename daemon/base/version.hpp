// Which release this is. The only place that has it, so that a new version compiles one file. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::base {

std::string_view version();  // "0.1.0"

// The day of the release, or of the beginning of the work on it: a clock that shows less is wrong. A constant, because a build must
// come out the same tomorrow.
std::int64_t release_utc_s();

}  // namespace holdfast::base
