// Standard base64 with padding (RFC 4648 section 4). Strict: no white space, no URL alphabet, padding
// required and only at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::base {

// Whether `text` is well-formed base64: multiple of four, alphabet, padding. Does not allocate.
bool is_base64(std::string_view text);

// Number of bytes that well-formed `text` stands for.
std::size_t base64_decoded_bytes(std::string_view text);

std::optional<std::string> base64_decode(std::string_view text);
// The same behind what `out` holds; false, and `out` is as it was, when `text` is not well formed. Does not
// allocate once `out` has the room.
bool base64_decode_append(std::string& out, std::string_view text);
void base64_append(std::string& out, std::string_view bytes);
std::string base64_encode(std::string_view bytes);

std::string hex_encode(std::string_view bytes);  // lower case

}  // namespace holdfast::base
