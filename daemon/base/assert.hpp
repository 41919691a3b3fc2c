// HOLDFAST_ASSERT: for our own bugs, never for the world's input. On in release builds too: a
// daemon in an impossible state must stop, so that systemd starts one in a possible state.
#pragma once

namespace holdfast::base {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;
}  // namespace holdfast::base

#define HOLDFAST_ASSERT(expression)  \
    ((expression) ? static_cast<void>(0) \
                  : ::holdfast::base::assertion_failed(#expression, __FILE__, __LINE__))
