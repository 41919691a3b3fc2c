// The JSON of the file endpoint (openai-realtime.md 12.1). Read strictly, bounded.
#pragma once

#include "base/error.hpp"
#include "base/sensitive.hpp"

#include <string>
#include <string_view>

namespace holdfast::transcribe {

// {"text": "..."} without the white space around it. Codes: "json", "too_long".
base::Result<base::Sensitive<std::string>> decode_transcript(std::string_view body);

struct ApiError {
    std::string code;   // empty: none
    std::string param;
};
// The `error` of a refusal; words only (letters, digits, '_'), so that they may be logged.
ApiError decode_api_error(std::string_view body);

}  // namespace holdfast::transcribe
