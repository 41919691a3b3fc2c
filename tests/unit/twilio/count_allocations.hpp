// Counts what operator new gives out, so that "no allocation per frame" is a test and not a hope.
#pragma once

#include <cstddef>

namespace holdfast::test {
std::size_t allocations() noexcept;
}
