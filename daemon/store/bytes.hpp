// Little-endian numbers in byte strings. Reading fewer bytes than the number has yields 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::store {

template <class Number>
void put_number(std::string& out, Number value) {
    for (std::size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

template <class Number>
Number get_number(std::string_view bytes) {
    Number value = 0;
    if (bytes.size() < sizeof value) return value;
    for (std::size_t i = 0; i < sizeof value; ++i) {
        value |= static_cast<Number>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return value;
}

inline void put_u32(std::string& out, std::uint32_t value) { put_number(out, value); }
inline void put_u64(std::string& out, std::uint64_t value) { put_number(out, value); }
inline std::uint32_t get_u32(std::string_view bytes) { return get_number<std::uint32_t>(bytes); }
inline std::uint64_t get_u64(std::string_view bytes) { return get_number<std::uint64_t>(bytes); }

}  // namespace holdfast::store
