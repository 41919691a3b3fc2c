// X-Twilio-Signature (twilio.md section 2). Pure. Comparison is constant-time over full digests.
#pragma once

#include "base/sensitive.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::twilio {

using Params = std::vector<std::pair<std::string, std::string>>;  // decoded, as received

// base64(HMAC-SHA1(token, url + sorted unique name/value pairs)); 28 characters.
std::string sign(std::string_view token, std::string_view url, const Params& params);

// The URL forms that Twilio may have signed, at most 6, each with the metric word of its kind
// ("plain", "port", "slash", "port_slash"). `base` is scheme://host[:port] of listen.public.base_url (or
// of the Host header), `target` the raw request target. A WebSocket upgrade is signed as wss (or ws for a
// plain base), a webhook as https (or http); the upgrade also with and without a trailing slash.
struct UrlForm {
    std::string url;
    const char* which;
};
std::vector<UrlForm> url_forms(std::string_view base, std::string_view target, bool websocket);

struct SignatureMatch {
    const char* which_url = nullptr;  // as UrlForm::which
    int token = -1;                   // index into tokens
    explicit operator bool() const { return token >= 0; }
};

// Tries every form with every non-empty token, always all of them (time does not tell which matched).
// An empty token list or a signature of the wrong length never matches: fails closed. For a JSON body
// signed through bodySHA256 in the query use verify_body_hash as well.
SignatureMatch verify(std::string_view signature, const std::vector<UrlForm>& forms, const Params& params,
                      const std::vector<base::Secret>& tokens);

// True when `target` carries bodySHA256=<hex> and it is the SHA-256 of `body`.
bool verify_body_hash(std::string_view target, std::string_view body);

}  // namespace holdfast::twilio
