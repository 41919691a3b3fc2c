#include "voice/realtime/faults.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::voice::realtime {
namespace {

struct ErrorRow {
    const char* type;
    const char* code;
    const char* message;
    ErrorClass error_class;
    const char* reason;
};

class ProviderErrors : public testing::TestWithParam<ErrorRow> {};

TEST_P(ProviderErrors, AreSortedAsInSection9_1) {
    const ErrorRow& row = GetParam();
    const Verdict verdict = judge(ProviderError{row.type, row.code, row.message, {}, {}});
    EXPECT_STREQ(to_string(verdict.error_class), to_string(row.error_class)) << row.code << " " << row.message;
    if (row.error_class != ErrorClass::harmless) {
        EXPECT_EQ(verdict.reason, row.reason) << row.code;
    }
}

constexpr const char* k_invalid = "invalid_request_error";
INSTANTIATE_TEST_SUITE_P(
    Table, ProviderErrors,
    testing::Values(
        ErrorRow{k_invalid, "conversation_already_has_active_response", "", ErrorClass::harmless, ""},
        ErrorRow{k_invalid, "response_cancel_not_active", "", ErrorClass::harmless, ""},
        ErrorRow{k_invalid, "input_audio_buffer_commit_empty", "", ErrorClass::harmless, ""},
        ErrorRow{k_invalid, "invalid_value", "Audio content of 3700ms is already shorter than 3760ms", ErrorClass::harmless, ""},
        ErrorRow{k_invalid, "item_retrieve_invalid_item_id", "", ErrorClass::harmless, ""},
        ErrorRow{k_invalid, "item_truncate_invalid_item_id", "", ErrorClass::harmless, ""},
        ErrorRow{k_invalid, "item_delete_invalid_item_id", "", ErrorClass::harmless, ""},
        ErrorRow{k_invalid, "invalid_value", "Invalid 'audio'.", ErrorClass::config, "config"},
        ErrorRow{k_invalid, "invalid_event", "", ErrorClass::config, "config"},
        ErrorRow{k_invalid, "unknown_parameter", "", ErrorClass::config, "config"},
        ErrorRow{k_invalid, "missing_required_parameter", "", ErrorClass::config, "config"},
        ErrorRow{k_invalid, "cannot_update_voice", "", ErrorClass::config, "config"},
        ErrorRow{k_invalid, "session_expired", "", ErrorClass::retry, "expired"},
        ErrorRow{k_invalid, "", "Your session hit the maximum duration of 60 minutes.", ErrorClass::retry, "expired"},
        ErrorRow{"server_error", "", "The server had an error", ErrorClass::retry, "server_error"},
        ErrorRow{"tokens", "rate_limit_exceeded", "", ErrorClass::retry, "quota"},
        ErrorRow{"tokens", "inference_rate_limit_exceeded", "", ErrorClass::retry, "quota"},
        ErrorRow{k_invalid, "", "Rate limit reached for gpt-realtime", ErrorClass::retry, "quota"},
        ErrorRow{k_invalid, "insufficient_quota", "", ErrorClass::fatal, "quota"},
        ErrorRow{k_invalid, "billing_hard_limit_reached", "", ErrorClass::fatal, "quota"},
        ErrorRow{k_invalid, "account_deactivated", "", ErrorClass::fatal, "auth"},
        ErrorRow{k_invalid, "invalid_api_key", "", ErrorClass::fatal, "auth"},
        ErrorRow{k_invalid, "access_not_enabled", "", ErrorClass::fatal, "auth"},
        ErrorRow{k_invalid, "model_not_found", "", ErrorClass::fatal, "model"},
        ErrorRow{k_invalid, "beta_api_shape_disabled", "", ErrorClass::fatal, "protocol"}));

struct CloseRow {
    int code;
    const char* text;
    const char* reason;
    base::Condition condition;
};

class ProviderCloses : public testing::TestWithParam<CloseRow> {};

TEST_P(ProviderCloses, AreSortedAsInSection9_2) {
    const CloseRow& row = GetParam();
    net::WsClose close;
    close.opened = true;
    close.code = static_cast<std::uint16_t>(row.code);
    close.reason = row.text;
    const VoiceLoss loss = judge(close);
    EXPECT_EQ(loss.reason, row.reason) << row.code;
    EXPECT_STREQ(base::to_string(loss.error.condition), base::to_string(row.condition)) << row.code;
    EXPECT_EQ(loss.close_code, row.code);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ProviderCloses,
    testing::Values(
        CloseRow{1000, "", "closed", base::Condition::retry},  // O07
        CloseRow{1001, "", "closed", base::Condition::retry},
        CloseRow{1001, "Your session hit the maximum duration of 60 minutes.", "expired", base::Condition::retry},
        CloseRow{1005, "", "closed", base::Condition::retry},
        CloseRow{1006, "", "network", base::Condition::retry},  // O08
        CloseRow{1011, "", "server_error", base::Condition::retry},
        CloseRow{1012, "", "server_error", base::Condition::retry},
        CloseRow{1013, "", "server_error", base::Condition::retry},
        CloseRow{1009, "", "protocol", base::Condition::retry},
        CloseRow{1008, "", "closed", base::Condition::fatal},  // O09
        CloseRow{4003, "", "closed", base::Condition::fatal},
        CloseRow{3000, "invalid_request_error.invalid_api_key", "auth", base::Condition::fatal},
        CloseRow{3000, "", "auth", base::Condition::fatal},
        CloseRow{4000, "invalid_request_error.beta_api_shape_disabled", "protocol", base::Condition::fatal}));

struct RefusalRow {
    int status;
    const char* body;
    const char* reason;
    base::Condition condition;
};

class RefusedUpgrades : public testing::TestWithParam<RefusalRow> {};

TEST_P(RefusedUpgrades, AreSortedAsInSection9_4) {
    const RefusalRow& row = GetParam();
    net::WsClose close;
    close.http_status = row.status;
    close.http_body = row.body;
    close.error = base::make_error(base::Condition::reject, "upgrade");
    const VoiceLoss loss = judge(close);
    EXPECT_EQ(loss.reason, row.reason) << row.status;
    EXPECT_STREQ(base::to_string(loss.error.condition), base::to_string(row.condition)) << row.status;
    EXPECT_EQ(loss.close_code, row.status);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedUpgrades,
    testing::Values(
        RefusalRow{400, "", "config", base::Condition::fatal},
        RefusalRow{401, R"({"error":{"code":"invalid_api_key"}})", "auth", base::Condition::fatal},  // O01
        RefusalRow{401, "", "auth", base::Condition::fatal},
        RefusalRow{403, "", "auth", base::Condition::fatal},
        RefusalRow{404, "", "model", base::Condition::fatal},  // O02
        RefusalRow{429, "", "quota", base::Condition::retry},  // O03
        RefusalRow{429, R"({"error":{"code":"insufficient_quota"}})", "quota", base::Condition::fatal},
        RefusalRow{500, "<html>", "server_error", base::Condition::retry},  // O04
        RefusalRow{503, "", "server_error", base::Condition::retry},
        RefusalRow{529, "", "server_error", base::Condition::retry},
        RefusalRow{200, "<html>please log in</html>", "network", base::Condition::fall_back},
        RefusalRow{302, "", "network", base::Condition::fall_back},
        RefusalRow{511, "", "network", base::Condition::fall_back}));

TEST(RefusedUpgrade, O03_CarriesHowLongToStayAway) {
    net::WsClose close;
    close.http_status = 429;
    close.error = base::make_error(base::Condition::reject, "upgrade");
    EXPECT_FALSE(judge(close).retry_after);
    close.retry_after_s = 17;
    EXPECT_EQ(judge(close).retry_after, std::chrono::seconds(17));
    EXPECT_EQ(judge_eleven(close).retry_after, std::chrono::seconds(17));
}

struct NoConnectionRow {
    const char* code;
    const char* reason;
    base::Condition condition;
};

class NoConnection : public testing::TestWithParam<NoConnectionRow> {};

TEST_P(NoConnection, KeepsTheCodeOfTheNetwork) {
    const NoConnectionRow& row = GetParam();
    net::WsClose close;
    close.error = base::make_error(base::Condition::reject, row.code, "detail");
    const VoiceLoss loss = judge(close);
    EXPECT_EQ(loss.reason, row.reason);
    EXPECT_STREQ(loss.error.code, row.code);
    EXPECT_STREQ(base::to_string(loss.error.condition), base::to_string(row.condition));
    EXPECT_EQ(loss.close_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Table, NoConnection,
                         testing::Values(NoConnectionRow{"connect", "network", base::Condition::retry},
                                         NoConnectionRow{"dns", "network", base::Condition::retry},
                                         NoConnectionRow{"reset", "network", base::Condition::retry},
                                         NoConnectionRow{"timeout", "timeout", base::Condition::retry},
                                         NoConnectionRow{"tls", "network", base::Condition::fall_back},
                                         NoConnectionRow{"upgrade", "protocol", base::Condition::fall_back}));

TEST(ProviderCloses, O18_OursForAHugeFrameIsProtocol) {
    net::WsClose close;
    close.opened = close.by_us = true;
    close.code = 1009;
    close.error = base::make_error(base::Condition::reject, "protocol");
    EXPECT_EQ(judge(close).reason, "protocol");
    EXPECT_EQ(judge(close).close_code, 1009);
}

}  // namespace
}  // namespace holdfast::voice::realtime
