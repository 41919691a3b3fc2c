// What is believed of the wall clock, said once: retention, certificates and /readyz ask here (D22, P13, P16). Pure.
#pragma once

#include <cstdint>

namespace holdfast::base {

// Whether "now" can be true: not before this release, and not so far behind it that no box would still run it (a clock chip without
// power comes up anywhere).
bool is_plausible_now(std::int64_t utc_ms);

// Whether something of ours can have happened then: releases before this one wrote dates too.
bool is_plausible_date(std::int64_t utc_ms);

}  // namespace holdfast::base
