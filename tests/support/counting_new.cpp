#include "support/counting_new.hpp"

#include <cstdlib>
#include <new>

namespace holdfast::test {

namespace {
std::size_t g_allocations = 0;  // one thread
}

std::size_t allocations() { return g_allocations; }

}  // namespace holdfast::test

void* operator new(std::size_t size) {
    ++holdfast::test::g_allocations;
    if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
