// The CAD webhook as a protocol: what a delivery carries, and what answers mean. Pure; who sends is somebody else's
// business. Signed as the Standard Webhooks specification has it (standardwebhooks.com): webhook-id,
// webhook-timestamp and webhook-signature "v1,base64(HMAC-SHA256(secret, id.timestamp.body))".
#pragma once

#include "base/sensitive.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::dispatch {

inline constexpr std::size_t k_reply_bytes_max = 64 * 1024;
inline constexpr std::size_t k_by_bytes_max = 100;
inline constexpr std::int64_t k_signature_age_max_s = 300;  // the specification's own figure

using Headers = std::vector<std::pair<std::string, std::string>>;

// Headers of one try. `key` names the document for ever: a receiver that has it already does nothing.
Headers webhook_headers(const base::Secret& secret, std::string_view key, std::int64_t utc_ms, std::string_view body);

std::string webhook_signature(const base::Secret& secret, std::string_view id, std::int64_t timestamp_s, std::string_view body);

// A request that says it comes from the CAD.
struct Claim {
    std::string id, timestamp, signatures;  // the three headers
    std::string body;
};

struct Delivery {
    enum class Kind { delivered, again, dead } kind = Kind::again;
    std::string reason;  // "http_503", "network" ...
};
// `status` 0: nobody answered. 2xx delivered; 408, 425, 429 and 5xx again; everything else will never be taken.
Delivery judge_delivery(int status);

// What is wrong with a claim: "missing", "too old", "not ours"; empty: nothing.
std::string claim_refusal(const base::Secret& secret, const Claim& claim, std::int64_t utc_ms);

// {"acknowledged": true, "by": "..."}: the explicit acceptance. Anything else, JSON or not, is none.
struct Acceptance {
    bool acknowledged = false;
    std::string by;  // printable, bounded; "cad" when it did not say
};
Acceptance read_reply(std::string_view body);
// Only its "by".
std::string read_name(std::string_view body);

// A name that somebody gave: cut, and without control characters.
// ... and a text of theirs, likewise; empty when it is nothing.
std::string clean_text(std::string_view text, std::size_t bytes_max);
std::string clean_name(std::string_view name, std::string_view otherwise);

}  // namespace holdfast::dispatch
