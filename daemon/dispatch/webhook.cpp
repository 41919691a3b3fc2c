#include "dispatch/webhook.hpp"

#include "base/base64.hpp"
#include "base/hmac.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace holdfast::dispatch {
namespace {

// "whsec_" and base64, as the specification writes secrets; anything else is taken as it stands.
std::string key_of(const base::Secret& secret) {
    static constexpr std::string_view k_prefix = "whsec_";
    const std::string& text = secret.reveal();
    if (text.compare(0, k_prefix.size(), k_prefix) == 0) {
        if (auto bytes = base::base64_decode(std::string_view(text).substr(k_prefix.size()))) return *bytes;
    }
    return text;
}

}  // namespace

std::string webhook_signature(const base::Secret& secret, std::string_view id, std::int64_t timestamp_s, std::string_view body) {
    std::string signed_text(id);
    signed_text += "." + std::to_string(timestamp_s) + ".";
    signed_text += body;
    return "v1," + base::base64_encode(base::hmac_sha256(key_of(secret), signed_text));
}

Headers webhook_headers(const base::Secret& secret, std::string_view key, std::int64_t utc_ms, std::string_view body) {
    const std::int64_t now_s = utc_ms / 1000;
    return {{"webhook-id", std::string(key)},
            {"webhook-timestamp", std::to_string(now_s)},
            {"webhook-signature", webhook_signature(secret, key, now_s, body)},
            {"Idempotency-Key", std::string(key)}};
}

std::string claim_refusal(const base::Secret& secret, const Claim& claim, std::int64_t utc_ms) {
    const auto at_s = base::parse_decimal(claim.timestamp);
    if (claim.id.empty() || !at_s || claim.signatures.empty() || secret.reveal().empty()) return "missing";
    if (std::llabs(utc_ms / 1000 - *at_s) > k_signature_age_max_s) return "too old";
    const std::string wanted = webhook_signature(secret, claim.id, *at_s, claim.body);
    bool theirs = false;
    std::string_view rest = claim.signatures;
    while (!rest.empty()) {  // several while a secret is being changed
        const auto end = std::min(rest.find(' '), rest.size());
        theirs = base::equal_constant_time(rest.substr(0, end), wanted) || theirs;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return theirs ? "" : "not ours";
}

Delivery judge_delivery(int status) {
    if (status >= 200 && status < 300) return {Delivery::Kind::delivered, {}};
    const std::string reason = status == 0 ? "network" : "http_" + std::to_string(status);
    const bool later = status == 0 || status == 408 || status == 425 || status == 429 || status >= 500;
    return {later ? Delivery::Kind::again : Delivery::Kind::dead, reason};
}

std::string clean_text(std::string_view text, std::size_t bytes_max) {
    std::string out;
    if (!base::is_utf8(text)) return out;
    for (const char c : base::utf8_prefix(text, bytes_max)) {
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
    }
    return out;
}

std::string clean_name(std::string_view name, std::string_view otherwise) {
    const std::string out = clean_text(name, k_by_bytes_max);
    return out.empty() ? std::string(otherwise) : out;
}

}  // namespace holdfast::dispatch
