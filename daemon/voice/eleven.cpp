#include "voice/eleven.hpp"

#include "voice/eleven_codec.hpp"
#include "voice/losses.hpp"

#include <algorithm>
#include <array>

namespace holdfast::voice {
namespace {

using base::Condition;

struct Known {
    const char* status;
    std::string_view reason;
    Condition condition;
};

// Exhausted credits come as 401 like a bad key; neither heals by trying again (E01).
constexpr std::array k_known{
    Known{"invalid_api_key", "auth", Condition::fatal},
    Known{"missing_permissions", "auth", Condition::fatal},
    Known{"quota_exceeded", "quota", Condition::fatal},
    Known{"max_character_limit_exceeded", "config", Condition::fatal},
    Known{"voice_not_found", "config", Condition::fatal},
    Known{"only_for_creator+", "auth", Condition::fatal},
    Known{"too_many_concurrent_requests", "quota", Condition::retry},
    Known{"system_busy", "server_error", Condition::retry},
};

}  // namespace

base::Result<net::Url> eleven_url(std::string_view origin, Scheme scheme, std::string_view target) {
    auto url = net::parse_url(origin);
    if (!url || url->target != "/") {
        return base::make_error(Condition::fatal, "url",
                                "elevenlabs.url takes https://host and nothing behind it");
    }
    const bool secure = url->secure();
    url->scheme = scheme == Scheme::http ? "http" : "ws";
    if (secure) url->scheme += 's';
    url->target.assign(target);
    return *url;
}

bool is_eleven_id(std::string_view text) {
    return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.';
    });
}

VoiceLoss judge_eleven_refusal(int status, std::string_view body) {
    const std::string word = decode_detail_status(body);
    for (const Known& known : k_known) {
        if (word == known.status) return loss_of(known.reason, known.condition, known.status, status);
    }
    switch (status) {
        case 401: return loss_of("auth", Condition::fatal, "unauthorized", status);
        case 403: return loss_of("auth", Condition::fatal, "forbidden", status);
        case 404: return loss_of("model", Condition::fatal, "not_found", status);
        case 408:
        case 409:
        case 425: return loss_of("server_error", Condition::retry, "not_now", status);
        case 429: return loss_of("quota", Condition::retry, "rate_limited", status);
        default: break;
    }
    if (is_portal_status(status)) return portal_loss(status);
    if (status >= 500) return loss_of("server_error", Condition::retry, "unavailable", status);
    return loss_of("config", Condition::fatal, "request_refused", status);
}

}  // namespace holdfast::voice
