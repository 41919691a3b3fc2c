#include "base/sha256.hpp"

#include "base/base64.hpp"

#include <openssl/evp.h>

#include <array>

namespace holdfast::base {

std::string sha256_hex(std::string_view bytes) {
    Sha256Stream stream;
    stream.update(bytes);
    return stream.hex();
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) length = 0;
    return {reinterpret_cast<const char*>(digest.data()), length};
}

void Sha256Stream::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
    good_ = context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
}

void Sha256Stream::update(std::string_view bytes) {
    good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
}

std::string Sha256Stream::hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    good_ = good_ && EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1;
    if (!good_) return {};
    good_ = false;
    return hex_encode(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

}  // namespace holdfast::base
