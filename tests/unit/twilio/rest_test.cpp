#include "twilio/rest.hpp"

#include "twilio/webhook.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::twilio {
namespace {

constexpr char k_account[] = "AC0123456789abcdef0123456789abcdef";
const auto k_call = *base::CallSid::parse("CA00000000000000000000000000000911");

TEST(Rest, AsksForTheChildrenOfACall) {
    const auto request = children_request(k_account, k_call);
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target,
              "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json?PageSize=20&"
              "ParentCallSid=CA00000000000000000000000000000911");
    EXPECT_EQ(request.body, "");
}

TEST(Rest, RedirectCarriesTheDocumentWhole) {
    const std::string document = "<Response><Say>Stay \xc3\xa9 & \"wait\" + 100%</Say></Response>";
    const auto request = redirect_request(k_account, k_call, document);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target,
              "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls/CA00000000000000000000000000000911.json");
    const auto form = parse_form(request.body);
    ASSERT_TRUE(form);
    EXPECT_EQ(form->get("Twiml"), document);
    EXPECT_EQ(form->pairs.size(), 1u);
}

TEST(Rest, BasicAuthorization) {  // RFC 7617, its own example
    EXPECT_EQ(basic_authorization("Aladdin", base::Secret("open sesame")), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(Rest, AccountSidsOnlyGoIntoATarget) {
    EXPECT_TRUE(base::is_twilio_sid(k_account, 'A', 'C'));
    for (const char* bad : {"", "AC", "AC0123456789abcdef0123456789abcde", "AC0123456789abcdef0123456789abcdef0",
                            "AC0123456789abcdef0123456789abcd/f", "XX0123456789abcdef0123456789abcdef"}) {
        EXPECT_FALSE(base::is_twilio_sid(bad, 'A', 'C')) << bad;
    }
}

TEST(Rest, JudgesAnswersByTwiliosTable) {
    using Kind = RestAnswer::Kind;
    struct Row {
        int status;
        const char* body;
        Kind kind;
        int code;
    };
    for (const Row& row : {Row{200, "{}", Kind::done, 0}, Row{201, "", Kind::done, 0},
                           Row{400, R"({"code":21220,"status":400})", Kind::gone, 21220},
                           Row{400, R"({"code":21218})", Kind::wrong, 21218}, Row{400, "nonsense", Kind::wrong, 0},
                           Row{401, R"({"code":20003})", Kind::refused, 20003}, Row{403, "", Kind::refused, 0},
                           Row{404, R"({"code":20404})", Kind::gone, 20404},
                           Row{429, R"({"code":20429})", Kind::again, 20429}, Row{500, "", Kind::again, 0},
                           Row{503, "<html>", Kind::again, 0}, Row{302, "", Kind::wrong, 0},
                           Row{400, R"({"code":"21220"})", Kind::wrong, 0}, Row{400, R"({"code":-5})", Kind::wrong, 0}}) {
        const auto answer = judge_rest(row.status, row.body);
        EXPECT_EQ(answer.kind, row.kind) << row.status << row.body;
        EXPECT_EQ(answer.code, row.code) << row.status << row.body;
    }
}

TEST(Rest, CountsChildren) {
    EXPECT_EQ(*count_children(R"({"calls":[],"page":0})"), 0u);
    EXPECT_EQ(*count_children(R"({"calls":[{"sid":"CA1"},{"sid":"CA2"}]})"), 2u);
    for (const char* bad : {"", "[]", R"({"calls":{}})", R"({"calls":)", R"({})"}) EXPECT_FALSE(count_children(bad)) << bad;
    EXPECT_FALSE(count_children(std::string(k_rest_answer_bytes_max + 1, ' ')));
}

}  // namespace
}  // namespace holdfast::twilio
