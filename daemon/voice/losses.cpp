#include "voice/losses.hpp"

#include <utility>

namespace holdfast::voice {
namespace {
constexpr std::size_t k_logged_bytes_max = 64;
}

VoiceLoss loss_of(std::string_view reason, base::Condition condition, const char* code, int close_code,
                  std::string detail) {
    return VoiceLoss{reason, base::make_error(condition, code, std::move(detail)), close_code};
}

VoiceLoss with_retry_after(VoiceLoss loss, const net::WsClose& close) {
    if (close.retry_after_s >= 0) loss.retry_after = std::chrono::seconds(close.retry_after_s);
    return loss;
}

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

bool is_portal_status(int status) { return status < 400 || status == 407 || status == 511; }

VoiceLoss portal_loss(int status) {
    return loss_of("network", base::Condition::fall_back, "captive_portal", status);
}

VoiceLoss judge_close_code(const net::WsClose& close) {
    const int code = close.code;
    if (close.by_us) {  // net found something that cannot go on
        const std::string_view ours = close.error.code;
        if (ours == "protocol") return loss_of("protocol", base::Condition::retry, "protocol", code);
        return loss_of("network", base::Condition::retry, close.error.code, code);
    }
    switch (code) {
        case 1000:
        case 1001:
        case 1005: return loss_of("closed", base::Condition::retry, "closed", code);
        case 1006: return loss_of("network", base::Condition::retry, "connection_lost", code);
        case 1002:
        case 1003:
        case 1007:
        case 1009:
        case 1010: return loss_of("protocol", base::Condition::retry, "protocol", code);
        case 1011:
        case 1012:
        case 1013:
        case 1014: return loss_of("server_error", base::Condition::retry, "server_error", code);
        case 3000: return loss_of("auth", base::Condition::fatal, "unauthorized", code);
        default: break;
    }
    // 1008 and the application's own codes: the same request would be refused again (O09).
    if (code == 1008 || code >= 3000) return loss_of("closed", base::Condition::fatal, "policy", code);
    return loss_of("closed", base::Condition::retry, "closed", code);
}

std::string loggable(std::string_view text) {
    std::string out(text.substr(0, k_logged_bytes_max));
    for (char& c : out) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '_' || c == '-' || c == '.' || c == '[' || c == ']';
        if (!plain) c = '?';
    }
    return out;
}

const char* connect_result(const VoiceLoss& loss) {
    const std::string_view code = loss.error.code;
    if (loss.reason == "timeout") return "timeout";
    if (code == "tls") return "tls";
    if (loss.reason == "network" || loss.reason == "ping") return "network";
    if (loss.reason == "protocol" || loss.reason == "format") return "protocol";
    const bool refused = loss.reason == "auth" || loss.reason == "quota" || loss.reason == "model" ||
                         loss.reason == "config" || loss.close_code >= 400;
    return refused ? "refused" : "other";
}

}  // namespace holdfast::voice
