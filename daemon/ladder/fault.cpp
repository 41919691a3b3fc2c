#include "ladder/fault.hpp"

#include "config/limits.hpp"

namespace holdfast::ladder {

const char* to_string(Fault fault) {
    switch (fault) {
        case Fault::network:
            return "network";
        case Fault::timeout:
            return "timeout";
        case Fault::server_error:
            return "server_error";
        case Fault::rate_limited:
            return "rate_limited";
        case Fault::protocol:
            return "protocol";
        case Fault::closed:
            return "closed";
        case Fault::auth:
            return "auth";
        case Fault::account:
            return "account";
        case Fault::model:
            return "model";
        case Fault::policy:
            return "policy";
        case Fault::not_enabled:
            return "not_enabled";
    }
    return "network";
}

bool is_fatal(Fault fault) {
    return fault >= Fault::auth;
}

bool is_account_wide(Fault fault) {
    return fault == Fault::auth || fault == Fault::account;
}

std::optional<base::milliseconds> hold_of(Provider provider, Fault fault) {
    switch (fault) {
        case Fault::auth:
            // ElevenLabs says 401 for used-up credit as well, and neither heals by retry (E01).
            if (provider == Provider::elevenlabs) return limits::breaker_hold_account;
            return limits::breaker_hold_auth;
        case Fault::account:
            return limits::breaker_hold_account;
        case Fault::model:
        case Fault::policy:
            return limits::breaker_hold_policy;
        default:
            return std::nullopt;
    }
}

Fault fault_of(std::string_view reason, base::Condition condition, int code) {
    const bool fatal = condition == base::Condition::fatal;
    if (code == 4003) return Fault::not_enabled;
    if (reason == "auth") return Fault::auth;
    if (reason == "quota") return fatal ? Fault::account : Fault::rate_limited;
    if (reason == "model") return Fault::model;
    if (fatal) return Fault::policy;
    if (reason == "timeout") return Fault::timeout;
    if (reason == "server_error") return Fault::server_error;
    if (reason == "protocol") return Fault::protocol;
    if (reason == "network") return Fault::network;
    return Fault::closed;
}

}  // namespace holdfast::ladder
