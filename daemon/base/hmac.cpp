#include "base/hmac.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace holdfast::base {
namespace {

std::string hmac(const EVP_MD* hash, std::string_view key, std::string_view data) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int bytes = 0;
    if (HMAC(hash, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()), data.size(),
             digest.data(), &bytes) == nullptr) {
        return {};
    }
    return {reinterpret_cast<const char*>(digest.data()), bytes};
}

}  // namespace

std::string hmac_sha1(std::string_view key, std::string_view data) { return hmac(EVP_sha1(), key, data); }
std::string hmac_sha256(std::string_view key, std::string_view data) { return hmac(EVP_sha256(), key, data); }

}  // namespace holdfast::base
