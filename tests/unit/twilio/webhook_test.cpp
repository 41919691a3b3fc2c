#include "twilio/webhook.hpp"

#include "config/limits.hpp"

#include <gtest/gtest.h>

namespace holdfast::twilio {
namespace {

constexpr char k_call[] = "CA00000000000000000000000000000911";
constexpr char k_other_call[] = "CA00000000000000000000000000000912";

std::string verdict(std::string_view body) {
    const auto form = parse_form(body);
    if (form) return "ok";
    EXPECT_EQ(form.error().condition, base::Condition::reject);
    return form.error().code;
}

Params pairs(std::string_view body) {
    const auto form = parse_form(body);
    EXPECT_TRUE(form) << body;
    return form ? form->pairs : Params{};
}

TEST(Form, DecodesPlusPercentAndUtf8) {
    const Params wanted = {{"FromCity", "MC LEAN"}, {"From", "+17035550123"}, {"Speech", "\xc3\x89lan & Main"}};
    EXPECT_EQ(pairs("FromCity=MC+LEAN&From=%2B17035550123&Speech=%C3%89lan+%26+Main"), wanted);
}

TEST(Form, KeepsOrderRepeatsAndEmptyValues) {
    const Params wanted = {{"Tag", "b"}, {"Tag", "a"}, {"Tag", "b"}, {"CallerName", ""}, {"Flag", ""}, {"", "x"}};
    EXPECT_EQ(pairs("Tag=b&Tag=a&&Tag=b&CallerName=&Flag&=x&"), wanted);
    EXPECT_TRUE(pairs("").empty());
    EXPECT_TRUE(pairs("&&&").empty());
}

TEST(Form, KeepsEqualsSignsAndInvalidUtf8OfAValue) {
    const Params wanted = {{"a", "b=c=="}, {"d", "\xff\xfe"}};
    EXPECT_EQ(pairs("a=b=c==&d=%ff%FE"), wanted);
}

TEST(Form, GetsTheFirstAndCountsAll) {
    const auto form = parse_form("a=1&b=2&a=3");
    ASSERT_TRUE(form);
    EXPECT_EQ(form->get("a"), "1");
    EXPECT_EQ(form->count("a"), 2u);
    EXPECT_EQ(form->get("c"), "");
    EXPECT_EQ(form->count("c"), 0u);
    EXPECT_EQ(form->count("A"), 0u);
}

TEST(Form, T05_RefusesBadPercentEncoding) {
    for (const char* body : {"a=%", "a=%4", "a=%4g", "a=%g4", "a=b%", "%=1", "%zz=1", "a=1&b=%%20", "a=% 1"}) {
        EXPECT_EQ(verdict(body), "bad_encoding") << body;
    }
    EXPECT_EQ(verdict("a=%41"), "ok");
}

TEST(Form, T05_RefusesNulHoweverItComes) {
    EXPECT_EQ(verdict("a=1%00"), "nul");
    EXPECT_EQ(verdict("a%00=1"), "nul");
    EXPECT_EQ(verdict(std::string_view("a=1\0", 4)), "nul");
    EXPECT_EQ(verdict(std::string_view("\0=1", 3)), "nul");
}

TEST(Form, T05_RefusesTooManyFields) {
    std::string body;
    for (std::size_t i = 0; i < limits::form_fields_max; ++i) body += "a=1&";
    EXPECT_EQ(verdict(body), "ok");
    EXPECT_EQ(verdict(body + "a=1"), "too_many_fields");
    while (body.size() + 2 <= limits::body_bytes_max) body += "a&";
    EXPECT_EQ(verdict(body), "too_many_fields");
}

TEST(Form, T05_RefusesLongNamesAndValues) {
    const std::string most(limits::form_value_bytes_max, 'x');
    EXPECT_EQ(verdict("a=" + most), "ok");
    EXPECT_EQ(verdict("a=" + most + "x"), "value_too_long");
    EXPECT_EQ(verdict(most + "x=1"), "value_too_long");
    std::string encoded = "a=";
    for (std::size_t i = 0; i < limits::form_value_bytes_max; ++i) encoded += "%41";
    EXPECT_EQ(verdict(encoded), "ok");  // the limit is about what comes out
    EXPECT_EQ(verdict(encoded + "%41"), "value_too_long");
}

TEST(Form, T05_RefusesALargeBody) {
    std::string body;
    while (body.size() < limits::body_bytes_max) body += "a=" + std::string(4093, 'x') + "&";
    EXPECT_EQ(body.size(), limits::body_bytes_max);
    EXPECT_EQ(verdict(body), "ok");
    EXPECT_EQ(verdict(body + "&"), "too_large");
}

TEST(Form, T05_SalvagesTheCallSidOfABodyItRefuses) {
    const std::string sid = std::string("CallSid=") + k_call;
    const std::string bodies[] = {sid + "&a=%zz", "a=%zz&" + sid, "a=%00&" + sid + "&b=1",
                                  std::string(3 * 300, '&') + sid + "&a=%", sid + "&b=" + std::string(5000, 'x'),
                                  sid + "&" + std::string(100'000, 'x'), "CallSid=nonsense&" + sid + "&a=%"};
    for (const auto& body : bodies) {
        std::optional<base::CallSid> salvaged;
        EXPECT_FALSE(parse_form(body, &salvaged)) << body.substr(0, 80);
        ASSERT_TRUE(salvaged) << body.substr(0, 80);
        EXPECT_EQ(salvaged->str(), k_call);
    }
}

TEST(Form, T05_SalvagesNothingWhereThereIsNothing) {
    for (const char* body : {"a=%zz", "CallSid=CA1&a=%", "CallSid=&a=%", "xCallSid=CA00000000000000000000000000000911&a=%"}) {
        std::optional<base::CallSid> salvaged = base::CallSid::parse(k_other_call);
        EXPECT_FALSE(parse_form(body, &salvaged)) << body;
        EXPECT_FALSE(salvaged) << body;
    }
}

std::string request_verdict(std::string_view body) {
    const auto form = parse_form(body);
    if (!form) return "form";
    const auto request = read_voice_request(*form);
    return request ? "ok" : request.error().code;
}

TEST(VoiceRequest, ReadsTheFieldsWeUse) {
    const auto form = parse_form(std::string("CallSid=") + k_call +
                                 "&AccountSid=AC00000000000000000000000000000001&From=%2B15550100&To=%2B15550101"
                                 "&Direction=inbound&CallStatus=ringing&StirVerstat=TN-Validation-Passed-A&News=1");
    ASSERT_TRUE(form);
    const auto request = read_voice_request(*form);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->call.str(), k_call);
    EXPECT_EQ(request->account_sid, "AC00000000000000000000000000000001");
    EXPECT_EQ(request->from.reveal(), "+15550100");
    EXPECT_EQ(request->to.reveal(), "+15550101");
    EXPECT_EQ(request->direction, "inbound");
    EXPECT_EQ(request->call_status, "ringing");
    EXPECT_EQ(request->attestation, "TN-Validation-Passed-A");
}

TEST(VoiceRequest, NeedsNothingButTheCallSid) {
    const auto form = parse_form(std::string("CallSid=") + k_call);
    ASSERT_TRUE(form);
    const auto request = read_voice_request(*form);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->from.reveal(), "");
}

TEST(VoiceRequest, T05_RefusesAMissingOrMalformedCallSid) {
    for (const char* body : {"", "From=1", "CallSid=", "CallSid=CA1", "callsid=CA00000000000000000000000000000911",
                             "CallSid=MZ00000000000000000000000000000911", "CallSid=CA0000000000000000000000000000091g"}) {
        EXPECT_EQ(request_verdict(body), "call_sid") << body;
    }
}

TEST(VoiceRequest, T05_RefusesTwoDifferentCallSids) {
    const std::string sid = std::string("CallSid=") + k_call;
    EXPECT_EQ(request_verdict(sid + "&CallSid=" + k_other_call), "repeated");
    EXPECT_EQ(request_verdict(sid + "&CallSid="), "repeated");
    EXPECT_EQ(request_verdict(sid + "&a=1&" + sid), "ok");
}

TEST(VoiceRequest, MakesInvalidUtf8Readable) {
    const auto form = parse_form(std::string("CallSid=") + k_call + "&From=%ffA%C3%89%C3&Direction=%ed%a0%80");
    ASSERT_TRUE(form);
    EXPECT_EQ(form->get("From"), "\xff" "A\xc3\x89\xc3");  // the signature sees the bytes
    const auto request = read_voice_request(*form);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->from.reveal(), "?A\xc3\x89?");
    EXPECT_EQ(request->direction, "???");
}

}  // namespace
}  // namespace holdfast::twilio
