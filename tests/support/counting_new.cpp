#include "support/counting_new.hpp"

#include <cstdlib>
#include <new>

namespace holdfast::test {

namespace {
std::size_t g_allocations = 0;  // one thread
}

std::size_t allocations() { return g_allocations; }

}  // namespace holdfast::test

// Every form that falls back on these two (arrays, sized deletes) counts as well.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++holdfast::test::g_allocations;
    return std::malloc(size != 0 ? size : 1);
}
void* operator new(std::size_t size) {
    if (void* const memory = operator new(size, std::nothrow)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
