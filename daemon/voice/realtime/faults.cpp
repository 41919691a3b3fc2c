#include "voice/realtime/faults.hpp"

#include "voice/eleven.hpp"
#include "voice/losses.hpp"

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

VoiceLoss loss(const Known& known, int close_code) {
    return loss_of(known.reason, condition_of(known.error_class), known.code, close_code);
}

// The upgrade got an HTTP answer that is not 101.
VoiceLoss judge_refusal(const net::WsClose& close) {
    const int status = close.http_status;
    const Known* const known = find_known(decode_error_body(close.http_body).code);
    if (known != nullptr && known->error_class == ErrorClass::fatal) return loss(*known, status);
    if (status == 401) return loss_of("auth", base::Condition::fatal, "unauthorized", status);
    if (status == 403) return loss_of("auth", base::Condition::fatal, "forbidden", status);
    if (status == 404) return loss_of("model", base::Condition::fatal, "not_found", status);
    if (status == 429) return loss_of("quota", base::Condition::retry, "rate_limited", status);
    if (is_portal_status(status)) return portal_loss(status);
    if (status >= 500) return loss_of("server_error", base::Condition::retry, "unavailable", status);
    return loss_of("config", base::Condition::fatal, "upgrade_refused", status);
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
        return close.http_status != 0 ? with_retry_after(judge_refusal(close), close) : judge_no_connection(close.error);
    }
    if (close.by_us) return judge_close_code(close);
    if (const Known* const known = known_in_reason(close.reason)) return loss(*known, close.code);
    if (contains(close.reason, "maximum duration")) {
        return loss_of("expired", base::Condition::retry, "session_expired", close.code);
    }
    return judge_close_code(close);
}

VoiceLoss judge_eleven(const net::WsClose& close) {
    if (!close.opened) {
        return close.http_status != 0
                   ? with_retry_after(judge_eleven_refusal(close.http_status, close.http_body), close)
                   : judge_no_connection(close.error);
    }
    if (!close.by_us && close.code == 4003) {
        return loss_of("auth", base::Condition::fatal, "not_enabled", close.code,
                       "this ElevenLabs workspace has no access to Eleven Realtime; have it enabled, or take "
                       "eleven_realtime off ladder.rungs");
    }
    if (!close.by_us && close.code == 4001) {
        return loss_of("auth", base::Condition::fatal, "secret_refused", close.code,
                       "ElevenLabs refused a client secret that it had just given out");
    }
    return judge(close);
}

}  // namespace holdfast::voice::realtime
