// Replaces operator new of the whole binary by one that counts. For programs of one thread.
#pragma once

#include <cstddef>

namespace holdfast::test {

std::size_t allocations();

}  // namespace holdfast::test
