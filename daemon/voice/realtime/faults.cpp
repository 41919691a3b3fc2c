#include "voice/realtime/faults.hpp"

#include <array>
#include <utility>

namespace holdfast::voice::realtime {
namespace {

struct Known {
    const char* code;
    ErrorClass error_class;
    std::string_view reason;
};

constexpr std::array k_known{
    Known{"conversation_already_has_active_response", ErrorClass::harmless, "other"},
    Known{"response_cancel_not_active", ErrorClass::harmless, "other"},
    Known{"input_audio_buffer_commit_empty", ErrorClass::harmless, "other"},
    Known{"item_retrieve_invalid_item_id", ErrorClass::harmless, "other"},
    Known{"item_truncate_invalid_item_id", ErrorClass::harmless, "other"},
    Known{"item_delete_invalid_item_id", ErrorClass::harmless, "other"},
    Known{"session_expired", ErrorClass::retry, "expired"},
    Known{"rate_limit_exceeded", ErrorClass::retry, "quota"},
    Known{"inference_rate_limit_exceeded", ErrorClass::retry, "quota"},
    Known{"server_error", ErrorClass::retry, "server_error"},
    Known{"insufficient_quota", ErrorClass::fatal, "quota"},
    Known{"billing_hard_limit_reached", ErrorClass::fatal, "quota"},
    Known{"account_deactivated", ErrorClass::fatal, "auth"},
    Known{"invalid_api_key", ErrorClass::fatal, "auth"},
    Known{"access_not_enabled", ErrorClass::fatal, "auth"},
    Known{"model_not_found", ErrorClass::fatal, "model"},
    Known{"beta_api_shape_disabled", ErrorClass::fatal, "protocol"},
};

const Known* find_known(std::string_view code) {
    for (const Known& known : k_known) {
        if (code == known.code) return &known;
    }
    return nullptr;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

VoiceLoss loss(std::string_view reason, base::Condition condition, const char* code, int close_code) {
    return VoiceLoss{reason, base::make_error(condition, code), close_code};
}

VoiceLoss loss(const Known& known, int close_code) {
    return loss(known.reason, condition_of(known.error_class), known.code, close_code);
}

// The upgrade got an HTTP answer that is not 101.
VoiceLoss judge_refusal(const net::WsClose& close) {
    const int status = close.http_status;
    const Known* const known = find_known(decode_error_body(close.http_body).code);
    if (known != nullptr && known->error_class == ErrorClass::fatal) return loss(*known, status);
    if (status == 401) return loss("auth", base::Condition::fatal, "unauthorized", status);
    if (status == 403) return loss("auth", base::Condition::fatal, "forbidden", status);
    if (status == 404) return loss("model", base::Condition::fatal, "not_found", status);
    if (status == 429) return loss("quota", base::Condition::retry, "rate_limited", status);
    // Somebody between us and the service answers for it: a login page of the network we are in.
    if (status < 400 || status == 407 || status == 511) {
        return loss("network", base::Condition::fall_back, "captive_portal", status);
    }
    if (status >= 500) return loss("server_error", base::Condition::retry, "unavailable", status);
    return loss("config", base::Condition::fatal, "upgrade_refused", status);
}

// No HTTP answer at all. `error.code` is one of the words of net/ws.hpp.
VoiceLoss judge_no_connection(const base::Error& error) {
    const std::string_view code = error.code;
    const auto with = [&error](std::string_view reason, base::Condition condition) {
        return VoiceLoss{reason, base::Error{condition, error.code, error.detail}, 0};
    };
    if (code == "timeout") return with("timeout", base::Condition::retry);
    // A certificate does not get better by trying again: another rung, and somebody has to look.
    if (code == "tls") return with("network", base::Condition::fall_back);
    if (code == "upgrade" || code == "protocol") return with("protocol", base::Condition::fall_back);
    return with("network", base::Condition::retry);
}

// The reason of a refusal has the form <error.type>.<error.code>.
const Known* known_in_reason(std::string_view reason) {
    const auto dot = reason.rfind('.');
    return dot == std::string_view::npos ? nullptr : find_known(reason.substr(dot + 1));
}

}  // namespace

const char* to_string(ErrorClass error_class) {
    switch (error_class) {
        case ErrorClass::harmless: return "harmless";
        case ErrorClass::config: return "config";
        case ErrorClass::retry: return "retry";
        case ErrorClass::fatal: return "fatal";
    }
    return "unknown";
}

base::Condition condition_of(ErrorClass error_class) {
    return error_class == ErrorClass::retry ? base::Condition::retry : base::Condition::fatal;
}

Verdict judge(const ProviderError& error) {
    if (const Known* const known = find_known(error.code)) {
        return {known->error_class, known->reason, known->code};
    }
    if (contains(error.message, "already shorter")) {
        return {ErrorClass::harmless, "other", "truncate_range"};
    }
    if (contains(error.message, "maximum duration")) {
        return {ErrorClass::retry, "expired", "session_expired"};
    }
    if (contains(error.message, "Rate limit reached")) {
        return {ErrorClass::retry, "quota", "rate_limit_exceeded"};
    }
    if (error.type == "server_error") return {ErrorClass::retry, "server_error", "server_error"};
    return {ErrorClass::config, "config", "request_rejected"};
}

VoiceLoss judge(const net::WsClose& close) {
    if (!close.opened) {
        return close.http_status != 0 ? judge_refusal(close) : judge_no_connection(close.error);
    }
    const int code = close.code;
    const std::string_view ours = close.error.code;
    if (close.by_us) {  // net found something that cannot go on
        if (ours == "protocol") return loss("protocol", base::Condition::retry, "protocol", code);
        return loss("network", base::Condition::retry, close.error.code, code);
    }
    if (const Known* const known = known_in_reason(close.reason)) return loss(*known, code);
    if (contains(close.reason, "maximum duration")) {
        return loss("expired", base::Condition::retry, "session_expired", code);
    }
    switch (code) {
        case 1000:
        case 1001:
        case 1005: return loss("closed", base::Condition::retry, "closed", code);
        case 1006: return loss("network", base::Condition::retry, "connection_lost", code);
        case 1002:
        case 1003:
        case 1007:
        case 1009:
        case 1010: return loss("protocol", base::Condition::retry, "protocol", code);
        case 1011:
        case 1012:
        case 1013:
        case 1014: return loss("server_error", base::Condition::retry, "server_error", code);
        case 3000: return loss("auth", base::Condition::fatal, "unauthorized", code);
        default: break;
    }
    // 1008 and the application's own codes: the same request would be refused again (O09).
    if (code == 1008 || code >= 3000) return loss("closed", base::Condition::fatal, "policy", code);
    return loss("closed", base::Condition::retry, "closed", code);
}

}  // namespace holdfast::voice::realtime
