#include "base/random.hpp"

#include "base/base64.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstring>
#include <stdexcept>

namespace holdfast::base {

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) {
        throw std::runtime_error("the random number generator failed");
    }
    return out;
}

std::string random_hex(std::size_t bytes) { return hex_encode(random_bytes(bytes)); }

std::uint32_t random_u32() {
    const std::string bytes = random_bytes(4);
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), 4);
    return value;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace holdfast::base
