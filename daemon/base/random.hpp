// Random bytes from OpenSSL's generator, and constant-time comparison. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::base {

// Throws std::runtime_error when the generator cannot deliver: weak tokens are worse than none.
std::string random_bytes(std::size_t count);
std::string random_hex(std::size_t bytes);
std::uint32_t random_u32();

// Time depends only on the lengths, which are public.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace holdfast::base
