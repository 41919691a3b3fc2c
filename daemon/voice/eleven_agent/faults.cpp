#include "voice/eleven_agent/faults.hpp"

#include "voice/eleven.hpp"
#include "voice/losses.hpp"

#include <array>

namespace holdfast::voice::eleven_agent {
namespace {

using base::Condition;

struct Known {
    const char* type;
    std::string_view reason;
    Condition condition;
    const char* detail = "";
};

constexpr std::array k_known{
    Known{"max_duration_exceeded", "expired", Condition::retry},
    Known{"transport_receive_timeout", "closed", Condition::retry},
    // Its guardrails would end the next conversation about the same emergency as well.
    Known{"safety_violation", "closed", Condition::fall_back},
    Known{"override_error", "config", Condition::fatal,
          "the agent's security settings must allow overrides of prompt, first message and language; "
          "see holdfastctl elevenlabs agent create"},
    Known{"missing_dynamic_variable", "config", Condition::fatal,
          "the agent's prompt wants a dynamic variable"},
    Known{"missing_dynamic_variable_transfer", "config", Condition::fatal},
    Known{"invalid_message", "protocol", Condition::fatal},
    Known{"value_error", "config", Condition::fatal},
    Known{"missing_fields", "config", Condition::fatal},
    Known{"telephony_agent_error", "config", Condition::fatal},
    Known{"mcp_tool_error", "config", Condition::fatal},
    Known{"mcp_https_error", "config", Condition::fatal},
};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

VoiceLoss loss(const Known& known, int code) {
    return loss_of(known.reason, known.condition, known.type, code, known.detail);
}

const Known* find_in(std::string_view text) {
    for (const Known& known : k_known) {
        if (contains(text, known.type)) return &known;
    }
    return nullptr;
}

// By the number: 1002 is their trouble here, not a breach of the WebSocket protocol.
VoiceLoss by_code(int code, std::string_view text) {
    if (contains(text, "quota")) return loss_of("quota", Condition::fatal, "quota_exceeded", code);
    switch (code) {
        case 1000: return loss_of("closed", Condition::retry, "closed", code);
        case 1002: return loss_of("server_error", Condition::retry, "operational", code);
        case 1008:
            if (contains(text, "auth") || contains(text, "Auth") || contains(text, "key")) {
                return loss_of("auth", Condition::fatal, "unauthorized", code);
            }
            return loss_of("closed", Condition::fatal, "policy", code);
        case 1011: return loss_of("server_error", Condition::retry, "server_error", code);
        default: return loss_of("server_error", Condition::retry, "agent_error", code);
    }
}

}  // namespace

VoiceLoss judge(const Event& error) {
    const int code = error.error_code > 0 && error.error_code < 5000 ? static_cast<int>(error.error_code) : 0;
    for (const Known& known : k_known) {
        if (error.error_type == known.type) return loss(known, code);
    }
    return by_code(code, error.error_text);
}

VoiceLoss judge(const net::WsClose& close) {
    if (!close.opened) {
        return close.http_status != 0
                   ? with_retry_after(judge_eleven_refusal(close.http_status, close.http_body), close)
                   : judge_no_connection(close.error);
    }
    if (close.by_us) return judge_close_code(close);
    if (const Known* const known = find_in(close.reason)) return loss(*known, close.code);
    switch (close.code) {
        case 1000:
        case 1002:
        case 1008:
        case 1011: return by_code(close.code, close.reason);
        default: return judge_close_code(close);
    }
}

}  // namespace holdfast::voice::eleven_agent
