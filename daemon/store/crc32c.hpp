// CRC-32C (Castagnoli), table driven: guards rows and emergency records against flipped bits. Not a
// defence against people.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::store {

// `before` is the result for the bytes that come before.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace holdfast::store
