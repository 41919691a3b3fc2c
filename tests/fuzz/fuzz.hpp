// What every fuzz target shares. A property that does not hold aborts, in every build.
#pragma once

#include "base/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

#define FUZZ_CHECK HOLDFAST_ASSERT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace holdfast::fuzz {

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
    return size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);
}

}  // namespace holdfast::fuzz
