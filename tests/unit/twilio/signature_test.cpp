#include "twilio/signature.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

namespace holdfast::twilio {
namespace {

const std::string k_t1 = "psap0test0auth0token0000000000001";
const std::string k_t2 = "psap0test0auth0token0000000000002";
const std::string k_call = "CA00000000000000000000000000000911";
const std::string k_account = "AC00000000000000000000000000000001";

const Params k_set_a = {
    {"AccountSid", k_account},   {"ApiVersion", "2010-04-01"}, {"CallSid", k_call},
    {"CallStatus", "ringing"},   {"Called", "+15715550100"},   {"Caller", "+17035550123"},
    {"Direction", "inbound"},    {"From", "+17035550123"},     {"FromCity", "MC LEAN"},
    {"FromState", "VA"},         {"To", "+15715550100"}};
const Params k_set_b = {
    {"AccountSid", k_account}, {"ApiVersion", "2010-04-01"}, {"CallSid", k_call},
    {"CallStatus", "in-progress"}, {"Confidence", "0.9123"}, {"Direction", "inbound"},
    {"From", "+17035550123"}, {"Language", "en-US"},
    {"SpeechResult", "There is a fire at 12 \xc3\x89lan Court & Main"}, {"To", "+15715550100"}};

// --- the vectors of twilio.md 2.5, each with the request it stands for ---

struct Vector {
    const char* name;
    std::string token;
    std::string url;
    Params params;
    std::string signature;
    // How it reaches us; an empty base where the vector is about the string alone.
    std::string base;
    std::string target;
    bool websocket;
    const char* which;  // nullptr: must not match

    friend std::ostream& operator<<(std::ostream& out, const Vector& v) { return out << v.name; }
};

constexpr char k_hash_target[] =
    "/twilio/event?bodySHA256=561c56895ce216d77ccb3fba8f190d9a78171d10ff163446f461ec25714dc358";
constexpr char k_hash_body[] = R"({"CallSid":"CA00000000000000000000000000000911","event":"test"})";
const std::string k_edge = "https://edge.psap.example";

const Vector k_vectors[] = {
    {"V1", k_t1, k_edge + "/twilio/voice?site=1", k_set_a, "lLgr52cY1S3P8eypd/3Jas7G/24=",
     k_edge, "/twilio/voice?site=1", false, "plain"},
    {"V1b", k_t1, k_edge + ":443/twilio/voice?site=1", k_set_a, "cmMDvuuTpG0womiOKN7yTbDpuXo=",
     k_edge, "/twilio/voice?site=1", false, "port"},
    {"V2", k_t1, "wss://edge.psap.example/twilio/media", {}, "F+Xu8HWhBJj4qWLphkjlBOCIgY4=",
     k_edge, "/twilio/media", true, "plain"},
    {"V2b", k_t1, "wss://edge.psap.example/twilio/media/", {}, "n/ywiLGOPaj5RuJ+ul7rsCRfasc=",
     k_edge, "/twilio/media", true, "slash"},
    {"V2c", k_t1, "wss://edge.psap.example:443/twilio/media", {}, "Zc4I7Mjlfhqnoi3yL0HbCC7s61Q=",
     k_edge, "/twilio/media", true, "port"},
    {"V2d", k_t1, "wss://edge.psap.example:8443/twilio/media", {}, "918c4JGvFjI1EcsTgmB6/1auxrQ=",
     k_edge + ":8443", "/twilio/media", true, "port"},
    {"V2e", k_t1, k_edge + "/twilio/media", {}, "RU/oyNTR+pPoVeycmP+puvx15G0=",
     k_edge, "/twilio/media", true, nullptr},
    {"V2f", k_t2, "wss://edge.psap.example/twilio/media", {}, "CakkgjolW3L5QYpUmq2YpEjz5BQ=",
     k_edge, "/twilio/media", true, "plain"},
    {"V3", k_t1, k_edge + "/twilio/gather", k_set_b, "BFEa7Uj7jGUmhsUktdbExxcGeoA=",
     k_edge, "/twilio/gather", false, "plain"},
    {"V4", k_t1, k_edge + k_hash_target, {}, "OtfBA1mJpBKz2Z3RCbPd6DaAzLk=", k_edge, k_hash_target, false, "plain"},
    {"V5", k_t1, k_edge + "/twilio/voice?CallSid=" + k_call + "&From=%2B17035550123", {},
     "5BbOMrnZki/BVp8y9LwZXMTQp2I=", k_edge, "/twilio/voice?CallSid=" + k_call + "&From=%2B17035550123", false,
     "plain"},
    {"V6", k_t1, k_edge + "/twilio/voice", {{"CallSid", "CA1"}, {"Tag", "b"}, {"Tag", "a"}, {"Tag", "b"}},
     "prC767VB3/1FeBUV/3pJn8ENGWs=", k_edge, "/twilio/voice", false, "plain"},
    {"V7", k_t1, k_edge + "/twilio/voice", {{"CallSid", k_call}, {"CallerName", ""}, {"From", "anonymous"}},
     "mwo2Ttn7Y22D93LMtZReJ+gxrC4=", k_edge, "/twilio/voice", false, "plain"},
    {"V8", "12345", "https://mycompany.com/myapp.php?foo=1&bar=2",
     {{"CallSid", "CA1234567890ABCDE"}, {"Caller", "+14158675309"}, {"Digits", "1234"}, {"From", "+14158675309"},
      {"To", "+18005551212"}},
     "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "https://mycompany.com", "/myapp.php?foo=1&bar=2", false, "plain"},
    {"V9", k_t1, "http://127.0.0.1:8080/twilio/voice", {{"CallSid", "CA1"}}, "A3RLUpXy0eywAhQYCUNknu19t+U=",
     "http://127.0.0.1:8080", "/twilio/voice", false, "port"},
    {"V10", k_t1, k_edge + "/x", {{"apple", "1"}, {"Zed", "2"}}, "XMicBFQXpPXAXE3FoBHhdjtRryk=",
     k_edge, "/x", false, "plain"},
    {"V11", k_t1, k_edge + "/twilio/stream-status",
     {{"AccountSid", k_account}, {"CallSid", k_call}, {"StreamEvent", "stream-started"}, {"StreamName", "psap-1"},
      {"StreamSid", "MZ00000000000000000000000000000001"}, {"Timestamp", "2026-11-22T06:00:00.000Z"}},
     "8wEJgEqF8UhO3WSas/Lih87K438=", k_edge, "/twilio/stream-status", false, "plain"}};

std::vector<base::Secret> tokens(std::initializer_list<std::string> values) {
    std::vector<base::Secret> out;
    for (const auto& value : values) out.emplace_back(value);
    return out;
}

class SignatureVector : public ::testing::TestWithParam<Vector> {};
INSTANTIATE_TEST_SUITE_P(TwilioMd25, SignatureVector, ::testing::ValuesIn(k_vectors),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(SignatureVector, SignsAsTheOfficialValidator) {
    const Vector& v = GetParam();
    EXPECT_EQ(sign(v.token, v.url, v.params), v.signature);
}

TEST_P(SignatureVector, IsFoundAmongTheFormsOfItsRequest) {
    const Vector& v = GetParam();
    const auto match = verify(v.signature, url_forms(v.base, v.target, v.websocket), v.params, tokens({v.token}));
    if (v.which == nullptr) {
        EXPECT_FALSE(match);
        return;
    }
    ASSERT_TRUE(match);
    EXPECT_STREQ(match.which_url, v.which);
    EXPECT_EQ(match.token, 0);
}

TEST_P(SignatureVector, FailsWhenAnyCharacterOfItChanges) {
    const Vector& v = GetParam();
    const auto forms = url_forms(v.base, v.target, v.websocket);
    for (std::size_t i = 0; i < v.signature.size(); ++i) {
        std::string wrong = v.signature;
        wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(verify(wrong, forms, v.params, tokens({v.token}))) << i;
    }
}

TEST_P(SignatureVector, FailsUnderAnotherTokenPathOrParameter) {
    const Vector& v = GetParam();
    const auto forms = url_forms(v.base, v.target, v.websocket);
    EXPECT_FALSE(verify(v.signature, forms, v.params, tokens({v.token + "x"})));
    EXPECT_FALSE(verify(v.signature, url_forms(v.base, "/other", v.websocket), v.params, tokens({v.token})));
    Params more = v.params;
    more.emplace_back("Digits", "9");
    EXPECT_FALSE(verify(v.signature, forms, more, tokens({v.token})));
}

TEST(Signature, CountsSeventeenVectors) { EXPECT_EQ(std::size(k_vectors), 17u); }

TEST(Signature, RefusesHttpsFormForWss) {
    const auto https = sign(k_t1, "https://edge.psap.example/twilio/media", {});
    EXPECT_FALSE(verify(https, url_forms(k_edge, "/twilio/media", true), {}, tokens({k_t1, k_t2})));
    const auto wss = sign(k_t1, "wss://edge.psap.example/twilio/voice", {});
    EXPECT_FALSE(verify(wss, url_forms(k_edge, "/twilio/voice", false), {}, tokens({k_t1, k_t2})));
}

TEST(Signature, DoesNotDependOnTheOrderOfParameters) {
    Params reversed(k_set_a.rbegin(), k_set_a.rend());
    EXPECT_EQ(sign(k_t1, k_edge + "/v", reversed), sign(k_t1, k_edge + "/v", k_set_a));
}

TEST(Signature, SortsNamesAndValuesAsBytes) {
    const Params params = {{"b", "\xc3\xa9"}, {"b", "z"}, {"a", "1"}, {"\xc3\xa9", "x"}, {"", "y"}, {"B", "2"}};
    const Params flat = {{"", "yB2a1bzb\xc3\xa9\xc3\xa9x"}};
    EXPECT_EQ(sign(k_t1, "u", params), sign(k_t1, "u", flat));
}

TEST(Signature, T03_AcceptsBothTokensAndSaysWhich) {
    const auto forms = url_forms(k_edge, "/twilio/media", true);
    const auto old_one = verify("F+Xu8HWhBJj4qWLphkjlBOCIgY4=", forms, {}, tokens({k_t1, k_t2}));
    EXPECT_EQ(old_one.token, 0);
    const auto next = verify("CakkgjolW3L5QYpUmq2YpEjz5BQ=", forms, {}, tokens({k_t1, k_t2}));
    EXPECT_EQ(next.token, 1);
    EXPECT_STREQ(next.which_url, "plain");
}

TEST(Signature, T01_NothingMatchesWithoutATokenOrASignature) {
    const auto forms = url_forms(k_edge, "/twilio/media", true);
    const std::string right = "F+Xu8HWhBJj4qWLphkjlBOCIgY4=";
    EXPECT_FALSE(verify(right, forms, {}, {}));
    EXPECT_FALSE(verify(right, {}, {}, tokens({k_t1})));
    EXPECT_FALSE(verify("", forms, {}, tokens({k_t1})));
    EXPECT_FALSE(verify(right.substr(0, 27), forms, {}, tokens({k_t1})));
    EXPECT_FALSE(verify(right + "=", forms, {}, tokens({k_t1})));
    EXPECT_FALSE(verify(std::string(28, '\0'), forms, {}, tokens({k_t1})));
}

TEST(Signature, EmptyTokensNeverMatch) {
    const auto forms = url_forms(k_edge, "/twilio/media", true);
    const auto with_empty_key = sign("", forms[0].url, {});
    ASSERT_EQ(with_empty_key.size(), 28u);
    EXPECT_FALSE(verify(with_empty_key, forms, {}, tokens({""})));
    EXPECT_FALSE(verify(with_empty_key, forms, {}, tokens({"", k_t1})));
    EXPECT_EQ(verify("F+Xu8HWhBJj4qWLphkjlBOCIgY4=", forms, {}, tokens({"", k_t1})).token, 1);
}

// --- T02: which URLs may have been signed ---

struct Forms {
    const char* name;
    std::string base;
    std::string target;
    bool websocket;
    std::vector<std::pair<std::string, std::string>> wanted;  // url, which

    friend std::ostream& operator<<(std::ostream& out, const Forms& f) { return out << f.name; }
};

const Forms k_forms[] = {
    {"HttpsWithoutPort", "https://h", "/p?q=1", false, {{"https://h/p?q=1", "plain"}, {"https://h:443/p?q=1", "port"}}},
    {"HttpsWith443", "https://h:443", "/p", false, {{"https://h/p", "plain"}, {"https://h:443/p", "port"}}},
    {"HttpsWithAnotherPort", "https://h:8443", "/p", false,
     {{"https://h/p", "plain"}, {"https://h:443/p", "port"}, {"https://h:8443/p", "port"}}},
    {"HttpWithoutPort", "http://h", "/p", false, {{"http://h/p", "plain"}, {"http://h:80/p", "port"}}},
    {"HttpWithPort", "http://h:8080", "/p", false,
     {{"http://h/p", "plain"}, {"http://h:80/p", "port"}, {"http://h:8080/p", "port"}}},
    {"WssWithoutPort", "https://h", "/ws", true,
     {{"wss://h/ws", "plain"}, {"wss://h:443/ws", "port"}, {"wss://h/ws/", "slash"}, {"wss://h:443/ws/", "port_slash"}}},
    {"WssWithAnotherPort", "https://h:8443", "/ws", true,
     {{"wss://h/ws", "plain"}, {"wss://h:443/ws", "port"}, {"wss://h:8443/ws", "port"}, {"wss://h/ws/", "slash"},
      {"wss://h:443/ws/", "port_slash"}, {"wss://h:8443/ws/", "port_slash"}}},
    {"WssTargetWithSlash", "https://h", "/ws/", true,
     {{"wss://h/ws/", "plain"}, {"wss://h:443/ws/", "port"}, {"wss://h/ws", "slash"}, {"wss://h:443/ws", "port_slash"}}},
    {"WssEmptyPath", "https://h", "/", true,
     {{"wss://h/", "plain"}, {"wss://h:443/", "port"}, {"wss://h", "slash"}, {"wss://h:443", "port_slash"}}},
    {"WssSlashGoesBeforeTheQuery", "https://h", "/ws?a=/", true,
     {{"wss://h/ws?a=/", "plain"}, {"wss://h:443/ws?a=/", "port"}, {"wss://h/ws/?a=/", "slash"},
      {"wss://h:443/ws/?a=/", "port_slash"}}},
    {"WsForAPlainBase", "http://127.0.0.1:8080", "/ws", true,
     {{"ws://127.0.0.1/ws", "plain"}, {"ws://127.0.0.1:80/ws", "port"}, {"ws://127.0.0.1:8080/ws", "port"},
      {"ws://127.0.0.1/ws/", "slash"}, {"ws://127.0.0.1:80/ws/", "port_slash"},
      {"ws://127.0.0.1:8080/ws/", "port_slash"}}},
    {"WssBase", "wss://h", "/p", false, {{"https://h/p", "plain"}, {"https://h:443/p", "port"}}},
    {"UserInfoAndFragmentGo", "https://user:pw@h#ct=2000&rt=3000", "/p", false,
     {{"https://h/p", "plain"}, {"https://h:443/p", "port"}}},
    {"SlashPathAndQueryOfTheBaseGo", "https://h/a/b?c", "/p", false, {{"https://h/p", "plain"}, {"https://h:443/p", "port"}}},
    {"UpperCaseSchemeAndHostAsConfigured", "HTTPS://Edge", "/p", false,
     {{"https://Edge/p", "plain"}, {"https://Edge:443/p", "port"}}},
    {"Ipv6", "https://[::1]:8443", "/p", false,
     {{"https://[::1]/p", "plain"}, {"https://[::1]:443/p", "port"}, {"https://[::1]:8443/p", "port"}}},
    {"Ipv6WithoutPort", "https://[2001:db8::1]", "/p", false,
     {{"https://[2001:db8::1]/p", "plain"}, {"https://[2001:db8::1]:443/p", "port"}}},
    {"EmptyPort", "https://h:", "/p", false, {{"https://h/p", "plain"}, {"https://h:443/p", "port"}}},
    {"RawBytesOfTheTargetStay", "https://h", "/%7Ea/%2f/../b?x=%2B+%zz\xff", false,
     {{"https://h/%7Ea/%2f/../b?x=%2B+%zz\xff", "plain"}, {"https://h:443/%7Ea/%2f/../b?x=%2B+%zz\xff", "port"}}},
    {"NoScheme", "h", "/p", false, {}},
    {"UnknownScheme", "ftp://h", "/p", false, {}},
    {"NoHost", "https://", "/p", false, {}},
    {"NoHostButPort", "https://:443", "/p", false, {}},
    {"EmptyBase", "", "/p", false, {}},
    {"EmptyTarget", "https://h", "", true, {}},
    {"AbsoluteTarget", "https://h", "https://h/p", false, {}}};

class UrlForms : public ::testing::TestWithParam<Forms> {};
INSTANTIATE_TEST_SUITE_P(T02, UrlForms, ::testing::ValuesIn(k_forms),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(UrlForms, AreTheseAndNoOthers) {
    std::vector<std::pair<std::string, std::string>> forms;
    for (const auto& form : url_forms(GetParam().base, GetParam().target, GetParam().websocket)) {
        forms.emplace_back(form.url, form.which);
    }
    EXPECT_LE(forms.size(), 6u);
    std::sort(forms.begin(), forms.end());
    auto wanted = GetParam().wanted;
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(forms, wanted);
}

// --- bodySHA256 ---

TEST(BodyHash, HoldsForTheSignedBody) {
    EXPECT_TRUE(verify_body_hash(k_hash_target, k_hash_body));
    EXPECT_TRUE(verify_body_hash(std::string("/e?a=1&") + (k_hash_target + 14) + "&b=2", k_hash_body));
}

TEST(BodyHash, FailsForAnotherBodyOrHash) {
    const std::string target = k_hash_target;
    EXPECT_FALSE(verify_body_hash(target, std::string(k_hash_body) + " "));
    EXPECT_FALSE(verify_body_hash(target, ""));
    EXPECT_FALSE(verify_body_hash(target.substr(0, target.size() - 1), k_hash_body));
    EXPECT_FALSE(verify_body_hash(target + "0", k_hash_body));
    EXPECT_FALSE(verify_body_hash("/twilio/event", k_hash_body));
    EXPECT_FALSE(verify_body_hash("/twilio/event?bodySHA256", k_hash_body));
    EXPECT_FALSE(verify_body_hash("/twilio/event?bodySHA256=", k_hash_body));
    EXPECT_FALSE(verify_body_hash("/twilio/event?xbodySHA256=" + target.substr(25), k_hash_body));
    EXPECT_FALSE(verify_body_hash(target + "&" + target.substr(14), k_hash_body));  // twice: which one?
}

}  // namespace
}  // namespace holdfast::twilio
