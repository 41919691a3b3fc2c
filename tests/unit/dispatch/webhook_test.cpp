#include "dispatch/webhook.hpp"

#include <gtest/gtest.h>

namespace holdfast::dispatch {
namespace {

const base::Secret k_secret{std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};

// The specification's own example (standardwebhooks.com).
TEST(Webhook, SignsAsTheSpecificationShows) {
    EXPECT_EQ(webhook_signature(k_secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Webhook, CarriesTheNameOfTheDocumentTwice) {
    const auto headers = webhook_headers(k_secret, "key_1", 1'614'265'330'999, "{}");
    ASSERT_EQ(headers.size(), 4u);
    EXPECT_EQ(headers[0].second, "key_1");
    EXPECT_EQ(headers[1].second, "1614265330");
    EXPECT_EQ(headers[2].second, webhook_signature(k_secret, "key_1", 1614265330, "{}"));
    EXPECT_EQ(headers[3].second, "key_1");
}

TEST(Webhook, AClaimIsTheirsWhenSignedWithTheSecretAndYoung) {
    const std::int64_t now_ms = 1'614'265'330'000;
    Claim claim{"id", "1614265330", webhook_signature(k_secret, "id", 1614265330, "{}"), "{}"};
    EXPECT_EQ(claim_refusal(k_secret, claim, now_ms), "");
    EXPECT_EQ(claim_refusal(k_secret, claim, now_ms + 300'000), "");
    EXPECT_EQ(claim_refusal(k_secret, claim, now_ms + 301'000), "too old");
    EXPECT_EQ(claim_refusal(k_secret, claim, now_ms - 301'000), "too old");
    EXPECT_EQ(claim_refusal(base::Secret(std::string("other")), claim, now_ms), "not ours");
    EXPECT_EQ(claim_refusal(base::Secret(), claim, now_ms), "missing");
    Claim changed = claim;
    changed.body = "{ }";
    EXPECT_EQ(claim_refusal(k_secret, changed, now_ms), "not ours");
    changed = claim;
    changed.signatures = "v1,AAAA " + claim.signatures;
    EXPECT_EQ(claim_refusal(k_secret, changed, now_ms), "");
    for (const auto member : {&Claim::id, &Claim::timestamp, &Claim::signatures}) {
        changed = claim;
        (changed.*member).clear();
        EXPECT_EQ(claim_refusal(k_secret, changed, now_ms), "missing");
    }
}

TEST(Webhook, AnswersAreDeliveredAgainOrDead) {
    using Kind = Delivery::Kind;
    for (const int status : {200, 201, 202, 204}) EXPECT_EQ(judge_delivery(status).kind, Kind::delivered) << status;
    for (const int status : {0, 408, 425, 429, 500, 502, 503, 504}) EXPECT_EQ(judge_delivery(status).kind, Kind::again) << status;
    for (const int status : {301, 400, 401, 404, 409, 422}) EXPECT_EQ(judge_delivery(status).kind, Kind::dead) << status;
    EXPECT_EQ(judge_delivery(422).reason, "http_422");
    EXPECT_EQ(judge_delivery(0).reason, "network");
}

TEST(Webhook, OnlyAnExplicitAcceptanceIsOne) {
    const auto accepted = read_reply(R"({"acknowledged":true,"by":"Unit desk 4"})");
    EXPECT_TRUE(accepted.acknowledged);
    EXPECT_EQ(accepted.by, "Unit desk 4");
    EXPECT_EQ(read_reply(R"({"acknowledged":true})").by, "cad");
    for (const char* reply : {"", "ok", "{}", "[]", R"({"acknowledged":"true"})", R"({"acknowledged":1})",
                              R"({"acknowledged":false,"by":"x"})", R"({"ok":true})", "{\"acknowledged\":tru"}) {
        EXPECT_FALSE(read_reply(reply).acknowledged) << reply;
    }
    EXPECT_FALSE(read_reply(std::string(k_reply_bytes_max + 1, ' ') + R"({"acknowledged":true})").acknowledged);
}

TEST(Webhook, NamesAreCutAndPrintable) {
    EXPECT_EQ(clean_name("  a\x1b[31m\nb", "x"), "  a[31mb");
    EXPECT_EQ(clean_name("", "cad"), "cad");
    EXPECT_EQ(clean_name("\xff", "cad"), "cad");
    EXPECT_EQ(clean_name(std::string(500, 'a'), "cad").size(), k_by_bytes_max);
}

}  // namespace
}  // namespace holdfast::dispatch
