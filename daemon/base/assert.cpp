#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace holdfast::base {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    // stderr goes to the journal; the log ring may be the very thing that is broken.
    std::fprintf(stderr, "<2>assertion failed: %s (%s:%d)\n", expression, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace holdfast::base
