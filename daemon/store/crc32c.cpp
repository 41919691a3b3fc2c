#include "store/crc32c.hpp"

#include <array>
#include <cstddef>

namespace holdfast::store {
namespace {

constexpr std::uint32_t k_polynomial = 0x82f63b78;  // reflected

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? k_polynomial : 0);
        table[byte] = value;
    }
    return table;
}

constexpr auto k_table = make_table();

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
    std::uint32_t crc = ~before;
    for (const char c : bytes) crc = (crc >> 8) ^ k_table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
    return ~crc;
}

}  // namespace holdfast::store
