// Keyed hashes, as raw bytes. Any thread. Empty when OpenSSL does not offer the hash: an empty text never equals
// what somebody else signed.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::base {

std::string hmac_sha1(std::string_view key, std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);

}  // namespace holdfast::base
