#include "base/version.hpp"

namespace holdfast::base {

std::string_view version() { return HOLDFAST_VERSION; }
std::int64_t release_utc_s() { return HOLDFAST_RELEASE_UTC_S; }

}  // namespace holdfast::base
