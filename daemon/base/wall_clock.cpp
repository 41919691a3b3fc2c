#include "base/wall_clock.hpp"

#include "base/version.hpp"

namespace holdfast::base {
namespace {

constexpr std::int64_t k_first_date_utc_ms = 1'767'225'600'000;          // 2026-01-01: before this program was written
constexpr std::int64_t k_used_for_ms = 20ll * 365 * 24 * 3600 * 1000;    // a release

}  // namespace

bool is_plausible_now(std::int64_t utc_ms) {
    const std::int64_t release = release_utc_s() * 1000;
    return utc_ms >= release && utc_ms < release + k_used_for_ms;
}

bool is_plausible_date(std::int64_t utc_ms) { return utc_ms >= k_first_date_utc_ms; }

}  // namespace holdfast::base
