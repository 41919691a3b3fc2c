// The small JSON answers of ElevenLabs' HTTP API that the live rungs need. Read strictly: a ticket that
// could not go into a header or a URL as it stands is none.
#pragma once

#include "base/error.hpp"
#include "base/sensitive.hpp"

#include <string>
#include <string_view>

namespace holdfast::voice {

// `detail.status` (or `detail.code`) of an error body; "validation" for the list form; else empty.
std::string decode_detail_status(std::string_view body);

// {"value": "..."} of the minting endpoint. Codes: json, field.
base::Result<base::Secret> decode_client_secret(std::string_view body);

// {"signed_url": "wss://..."}; it carries the credential. Codes: json, field.
base::Result<base::Secret> decode_signed_url(std::string_view body);

}  // namespace holdfast::voice
