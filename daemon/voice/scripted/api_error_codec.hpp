// The error body of ElevenLabs' HTTP interface (elevenlabs.md 5.2): `detail` as an object with a status,
// as a list (validation), or as text. Untrusted and often not JSON at all. Pure.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::voice::scripted {

constexpr std::size_t k_api_error_bytes_max = 4 * 1024;

// `detail.status` (or `detail.code`), "validation" for a list, empty for anything else. At most 64 bytes of
// letters, digits and underscores, so that it can be logged.
std::string api_error_status(std::string_view body);

}  // namespace holdfast::voice::scripted
