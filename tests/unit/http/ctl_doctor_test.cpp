#include "config/credentials.hpp"
#include "holdfastctl/commands.hpp"
#include "holdfastctl/doctor/explain.hpp"
#include "holdfastctl/doctor/isolate.hpp"
#include "holdfastctl/doctor/judge.hpp"
#include "holdfastctl/doctor/network.hpp"
#include "holdfastctl/json.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace holdfast::ctl::doctor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t k_now_s = 1'800'000'000;
constexpr std::int64_t k_day_s = 86'400;
constexpr const char* k_base = "https://edge.psap.example";

base::Result<net::HttpAnswer> answer(int status, std::string body) { return net::HttpAnswer{status, {}, std::move(body)}; }
base::Result<net::HttpAnswer> no_answer(const char* code, std::string detail) {
    return base::make_error(base::Condition::retry, code, std::move(detail));
}

std::string short_form(const Finding& finding) { return std::string(to_string(finding.verdict)) + " " + finding.word; }

Peer openai() { return {"OpenAI", *net::parse_url("https://api.openai.com"), "", "openai.ca_file", "Callers get the next rung."}; }

base::Result<net::CertificateLook> shown(std::string failure, std::int64_t left_s = 60 * k_day_s) {
    net::CertificateLook look;
    look.failure = std::move(failure);
    look.not_after_utc_s = k_now_s + left_s;
    look.issuer = "Example Firewall";
    look.sha256 = "aa";
    look.chain_size = 2;
    return look;
}

// --- the report ---

TEST(DoctorReport, PrintsALineForEachFindingAndWhatToDoUnderIt) {
    const std::vector<Finding> findings{
        {"clock", "", Verdict::ok, "synchronised", "the clock follows a time server", ""},
        {"key", "OpenAI", Verdict::bad, "refused", "OpenAI does not know the key", "Make a new key."},
        {"credit", "OpenAI", Verdict::not_checked, "not_asked", "nobody asked", ""},
    };
    EXPECT_EQ(print_findings(findings, Look{}),
              "ok          clock         the clock follows a time server\n"
              "bad         key           OpenAI: OpenAI does not know the key\n"
              "                          -> Make a new key.\n"
              "not checked credit        OpenAI: nobody asked\n"
              "1 bad, 1 not checked, 1 ok\n");
}

TEST(DoctorReport, DocumentHasFixedWordsAndIsGoodWithoutABadFinding) {
    const std::vector<Finding> warned{{"disk", "store.path", Verdict::warning, "disk_filling", "10 %", "Make room."}};
    EXPECT_TRUE(good(warned));
    EXPECT_EQ(findings_json(warned),
              R"({"good":true,"findings":[{"check":"disk","subject":"store.path","verdict":"warning","word":"disk_filling",)"
              R"("seen":"10 %","advice":"Make room."}]})"
              "\n");
    EXPECT_FALSE(good({{"disk", "", Verdict::bad, "", "", ""}}));
}

TEST(DoctorReport, WordsOfAPeerCannotDriveTheTerminal) {
    const auto text = print_findings({{"tls", "", Verdict::bad, "intercepted", "by \x1b[2J", ""}}, Look{});
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(DoctorReport, AFindingSurvivesItsWayThroughAPipe) {
    const Finding finding{"tls", "CAD", Verdict::not_checked, "w", "a \"b\"\nc", "d"};
    auto line = to_line(finding);
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    const auto back = from_line(line);
    ASSERT_TRUE(back);
    EXPECT_EQ(to_line(*back), line);
    EXPECT_FALSE(from_line("{\"verdict\":\"splendid\"}"));
    EXPECT_FALSE(from_line("[1"));
}

// --- checks in their own processes ---

TEST(DoctorIsolation, OneThatHangsOrCrashesLeavesTheOthersAlone) {
    const std::vector<Check> checks{
        {"hangs", "",
         [](const Tell& tell) {
             tell({"hangs", "", Verdict::ok, "first", "", ""});
             ::poll(nullptr, 0, -1);
         }},
        {"crashes", "", [](const Tell&) { std::abort(); }},
        {"throws", "", [](const Tell&) { throw std::runtime_error("with a secret in it"); }},
        {"works", "", [](const Tell& tell) { tell({"works", "", Verdict::ok, "good", "", ""}); }},
    };
    const auto begin = std::chrono::steady_clock::now();
    const auto findings = run_checks(checks, milliseconds(1500));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(30));
    std::vector<std::string> seen;
    for (const auto& finding : findings) seen.push_back(finding.check + " " + short_form(finding));
    EXPECT_EQ(seen, (std::vector<std::string>{"hangs ok first", "hangs bad timeout", "crashes not_checked check_failed",
                                              "throws not_checked check_failed", "works ok good"}));
    EXPECT_EQ(findings_json(findings).find("secret"), std::string::npos);
}

TEST(DoctorIsolation, ProgramsAreRunWithoutAShellAndWithinTheirTime) {
    EXPECT_EQ(run_program({"printf", "%s", "$HOME;"}, seconds(20)).out, "$HOME;");
    EXPECT_EQ(run_program({"false"}, seconds(20)).exit, 1);
    EXPECT_TRUE(run_program({"no-such-program-of-holdfast"}, seconds(20)).missing);
    const auto slow = run_program({"sleep", "1000"}, milliseconds(50));
    EXPECT_EQ(slow.exit, -1);
    EXPECT_FALSE(slow.missing);
}

// --- judgements ---

TEST(DoctorJudges, TlsByWhatWasShown) {
    const auto word = [](const base::Result<net::CertificateLook>& seen) { return short_form(judge_tls(openai(), seen, k_now_s)); };
    EXPECT_EQ(word(shown("")), "ok good");
    EXPECT_EQ(word(shown("", 2 * k_day_s)), "warning expires_soon");
    EXPECT_EQ(word(shown("expired")), "bad expired");
    EXPECT_EQ(word(shown("not_yet_valid")), "bad not_yet_valid");
    EXPECT_EQ(word(shown("host_mismatch")), "bad wrong_name");
    EXPECT_EQ(word(shown("self_signed")), "bad intercepted");
    EXPECT_EQ(word(shown("unknown_ca")), "bad intercepted");
    EXPECT_EQ(word(shown("other: x")), "bad not_trusted");
    EXPECT_EQ(word(base::make_error(base::Condition::retry, "timeout", "tls")), "bad timeout");
    EXPECT_EQ(word(base::make_error(base::Condition::retry, "connect", "")), "bad unreachable");
    EXPECT_EQ(word(base::make_error(base::Condition::retry, "tls", "other: x")), "bad no_tls");
    const auto intercepted = judge_tls(openai(), shown("unknown_ca"), k_now_s);
    EXPECT_NE(intercepted.seen.find("'Example Firewall'"), std::string::npos);
    EXPECT_NE(intercepted.advice.find("openai.ca_file"), std::string::npos);
}

TEST(DoctorJudges, KeysOfOpenAi) {
    const auto word = [](const base::Result<net::HttpAnswer>& a) { return short_form(judge_openai_key(a, "gpt-realtime-2.1")); };
    EXPECT_EQ(word(answer(200, R"({"data":[{"id":"gpt-realtime-2.1"}]})")), "ok good");
    EXPECT_EQ(word(answer(200, R"({"data":[{"id":"gpt-realtime-2.1","shutdown_date":"2027-01-20"}]})")), "warning model_ends");
    EXPECT_EQ(word(answer(200, R"({"data":[{"id":"another"}]})")), "warning no_model");
    EXPECT_EQ(word(answer(200, "<html>log in</html>")), "bad intercepted");
    EXPECT_EQ(word(answer(200, R"({"hello":1})")), "bad intercepted");
    EXPECT_EQ(word(answer(302, "")), "bad intercepted");
    EXPECT_EQ(word(answer(401, R"({"error":{"code":"invalid_api_key","message":"sk-secret"}})")), "bad refused");
    EXPECT_EQ(word(answer(403, "{}")), "bad forbidden");
    EXPECT_EQ(word(answer(404, "{}")), "bad unexpected");
    EXPECT_EQ(word(answer(429, R"({"error":{"code":"rate_limit_exceeded"}})")), "warning rate_limited");
    EXPECT_EQ(word(answer(429, R"({"error":{"code":"insufficient_quota"}})")), "bad insufficient_quota");
    EXPECT_EQ(word(answer(429, "[[[")), "warning rate_limited");
    EXPECT_EQ(word(answer(503, "<html>")), "warning provider_trouble");
    EXPECT_EQ(word(no_answer("timeout", "answer")), "bad timeout");
    EXPECT_EQ(word(no_answer("connect", "")), "bad unreachable");
}

TEST(DoctorJudges, KeysAndCreditOfElevenLabs) {
    const auto word = [](int status, const char* body) { return short_form(judge_eleven_key(answer(status, body))); };
    EXPECT_EQ(word(200, "[]"), "ok good");
    EXPECT_EQ(word(401, R"({"detail":{"status":"invalid_api_key"}})"), "bad refused");
    EXPECT_EQ(word(401, R"({"detail":"text"})"), "bad refused");
    EXPECT_EQ(word(401, R"({"detail":{"status":"quota_exceeded"}})"), "bad insufficient_quota");
    EXPECT_EQ(word(401, R"({"detail":{"status":"missing_permissions"}})"), "bad forbidden");
    EXPECT_EQ(word(429, "{}"), "warning rate_limited");
    const auto credit = [](int status, const char* body) { return short_form(judge_eleven_credit(answer(status, body))); };
    EXPECT_EQ(credit(200, R"({"character_count":10,"character_limit":100})"), "ok good");
    EXPECT_EQ(credit(200, R"({"character_count":95,"character_limit":100})"), "warning low");
    EXPECT_EQ(credit(200, R"({"character_count":100,"character_limit":100})"), "bad insufficient_quota");
    EXPECT_EQ(credit(200, R"({"character_count":100,"character_limit":100,"can_extend_character_limit":true})"), "warning low");
    EXPECT_EQ(credit(200, R"({"character_count":"many"})"), "not_checked no_permission");
    EXPECT_EQ(credit(401, R"({"detail":{"status":"missing_permissions"}})"), "not_checked no_permission");
}

TEST(DoctorJudges, PaidAnswers) {
    EXPECT_EQ(short_form(judge_paid("OpenAI", "")), "ok good");
    EXPECT_EQ(short_form(judge_paid("OpenAI", "insufficient_quota")), "bad insufficient_quota");
    EXPECT_EQ(short_form(judge_paid("ElevenLabs", "quota_exceeded")), "bad insufficient_quota");
    EXPECT_EQ(short_form(judge_paid("OpenAI", "rate_limit_exceeded")), "warning rate_limited");
    EXPECT_EQ(short_form(judge_paid("ElevenLabs", "voice_not_found")), "bad no_voice");
    EXPECT_EQ(short_form(judge_paid("OpenAI", "anything")), "bad no_answer");
}

TEST(DoctorJudges, TheCertificateOnTheDisk) {
    const auto words = [](const net::CertificateLook& look) {
        std::string all;
        for (const auto& finding : judge_certificate(look, k_now_s, "edge.psap.example")) all += short_form(finding) + "; ";
        return all;
    };
    EXPECT_EQ(words(*shown("")), "ok valid; ok chain_good; ");
    EXPECT_EQ(words(*shown("", 5 * k_day_s)), "warning expires_soon; ok chain_good; ");
    EXPECT_EQ(words(*shown("expired", -1)), "bad expired; ");
    EXPECT_EQ(words(*shown("host_mismatch")), "ok valid; bad wrong_name; ");
    EXPECT_EQ(words(*shown("self_signed")), "ok valid; bad self_signed; ");
    EXPECT_EQ(words(*shown("unknown_ca")), "ok valid; bad unknown_ca; ");
    auto alone = *shown("unknown_ca");
    alone.chain_size = 1;
    EXPECT_EQ(words(alone), "ok valid; bad chain_incomplete; ");
}

TEST(DoctorJudges, ThePublicDoor) {
    const auto word = [](const base::Result<net::CertificateLook>& seen, bool near) {
        return short_form(judge_public_tls("edge.psap.example", seen, "aa", near));
    };
    EXPECT_EQ(word(shown(""), false), "ok good");
    auto other = shown("");
    other->sha256 = "bb";
    EXPECT_EQ(word(other, false), "warning other_certificate");
    EXPECT_EQ(word(shown("expired"), false), "bad expired");
    EXPECT_EQ(word(shown("host_mismatch"), false), "bad wrong_name");
    EXPECT_EQ(word(shown("unknown_ca"), false), "bad not_trusted");
    const base::Result<net::CertificateLook> gone = base::make_error(base::Condition::retry, "connect", "");
    EXPECT_EQ(word(gone, true), "bad unreachable");
    EXPECT_EQ(word(gone, false), "warning unreachable");
    EXPECT_EQ(short_form(judge_unsigned("h", answer(403, ""), true)), "ok refuses");
    EXPECT_EQ(short_form(judge_unsigned("h", answer(400, ""), false)), "ok refuses");
    EXPECT_EQ(short_form(judge_unsigned("h", answer(400, ""), true)), "bad not_the_box");
    EXPECT_EQ(short_form(judge_unsigned("h", answer(200, "<html>"), true)), "bad not_the_box");
    EXPECT_EQ(short_form(judge_unsigned("h", no_answer("eof", ""), true)), "bad no_answer");
}

std::string number_document(const std::string& key, const std::string& value) {
    Json number{{"voice_url", std::string(k_base) + "/api/webhooks/voice#ct=1500&rt=3000&rc=1&rp=all"},
                {"voice_method", "POST"},
                {"voice_fallback_url", "https://handler.twilio.example/twiml/1#ct=2000"},
                {"status_callback", std::string(k_base) + "/api/webhooks/status"},
                {"phone_number", "+15550100199"}};
    if (!key.empty()) number[key] = value;
    return Json{{"incoming_phone_numbers", Json::array({number})}}.dump();
}

TEST(DoctorJudges, TheSettingsOfANumberAtTwilio) {
    const auto words = [](const base::Result<net::HttpAnswer>& a) {
        std::string all;
        for (const auto& finding : judge_number("number 1 of 1", a, k_base)) {
            all += short_form(finding) + "; ";
            EXPECT_EQ(to_line(finding).find("5550100"), std::string::npos);
        }
        return all;
    };
    const auto with = [&words](const std::string& key, const std::string& value) { return words(answer(200, number_document(key,
        value))); };
    EXPECT_EQ(with("", ""), "ok good; ");
    EXPECT_EQ(with("voice_url", "https://u:secret@old.example/x"), "bad voice_url; ");
    EXPECT_EQ(with("voice_url", ""), "bad voice_url; ");
    EXPECT_EQ(with("voice_url", std::string(k_base) + "/api/webhooks/voice"), "warning voice_url_patience; ");
    EXPECT_EQ(with("voice_method", "GET"), "bad voice_method; ");
    EXPECT_EQ(with("voice_fallback_url", ""), "bad voice_fallback_url; ");
    EXPECT_EQ(with("voice_fallback_url", std::string(k_base) + "/x.xml"), "bad voice_fallback_url; ");
    EXPECT_EQ(with("status_callback", "https://old.example"), "warning status_callback; ");
    EXPECT_EQ(with("trunk_sid", "TK1"), "bad elsewhere; ");
    EXPECT_EQ(words(answer(200, R"({"incoming_phone_numbers":[]})")), "bad no_number; ");
    EXPECT_EQ(words(answer(200, R"({"incoming_phone_numbers":[7]})")).find("ok"), std::string::npos);
    EXPECT_EQ(words(answer(401, "{}")), "bad refused; ");
    EXPECT_EQ(words(answer(429, "{}")), "warning rate_limited; ");
    EXPECT_EQ(words(answer(404, "{}")), "bad unexpected; ");
    EXPECT_EQ(words(no_answer("timeout", "answer")), "bad timeout; ");
    const auto old = judge_number("number 1 of 1", answer(200, number_document("voice_url", "https://u:secret@old.example/x")), k_base);
    EXPECT_EQ(findings_json(old).find("secret"), std::string::npos);
}

TEST(DoctorJudges, PartsOfReadyzAllHaveAdvice) {
    for (const char* part : {"front_door", "prompts", "store", "losses", "encryption", "voice", "certificate", "sync", "draining",
                             "unheard_of"}) {
        EXPECT_FALSE(judge_part(part, "degraded", "x").advice.empty()) << part;
    }
    EXPECT_EQ(short_form(judge_part("draining", "down", "yes")), "bad yes");
    EXPECT_EQ(short_form(judge_part("sync", "degraded", "")), "warning degraded");
}

TEST(DoctorJudges, TheDiskByTheMarksOfTheStore) {
    EXPECT_EQ(short_form(judge_space("store.path", 0.5)), "ok good");
    EXPECT_EQ(short_form(judge_space("store.path", 0.19)), "warning disk_filling");
    EXPECT_EQ(short_form(judge_space("store.path", 0.04)), "bad disk_nearly_full");
}

TEST(DoctorJudges, WhereADatabaseIsWithoutItsPassword) {
    const auto place = mongo_place("mongodb://user:p%40ss@a.example:27018,b.example/db?tls=true");
    ASSERT_EQ(place.hosts.size(), 2U);
    EXPECT_TRUE(place.tls);
    EXPECT_EQ(place.hosts[0].host, "a.example");
    EXPECT_EQ(place.hosts[0].port, 27018);
    EXPECT_EQ(place.hosts[1].host, "b.example");
    EXPECT_EQ(place.hosts[1].port, 27017);
    EXPECT_FALSE(mongo_place("mongodb://a.example").tls);
    EXPECT_TRUE(mongo_place("mongodb+srv://u:p@c.example/").srv);
    EXPECT_TRUE(mongo_place("mongodb+srv://u:p@c.example/").tls);
    EXPECT_TRUE(mongo_place("redis://a.example").hosts.empty());
    EXPECT_TRUE(mongo_place("mongodb://u:p@/").hosts.empty());
}

TEST(DoctorNetwork, PrivateAddresses) {
    for (const char* one : {"10.1.2.3", "127.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "::1", "fe80::1",
                            "fd00::1"}) {
        EXPECT_TRUE(is_private(one)) << one;
    }
    for (const char* one : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1"}) EXPECT_FALSE(is_private(one)) << one;
}

// --- secrets as root finds them ---

class CredentialStore : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-doctor.XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    base::Secret find(mode_t mode, std::vector<config::Problem>& problems) const {
        const auto path = folder_ + "/holdfast.openai_api_key";
        std::ofstream(path) << "a-key\n";
        ::chmod(path.c_str(), mode);
        config::Environment environment;
        environment.credential_store = folder_;
        return config::find_credential({"openai_api_key", "openai.api_key_file", "", "OPENAI_API_KEY"}, environment, problems);
    }

    std::string folder_;
};

TEST_F(CredentialStore, GivesWhatSystemdWouldHandOver) {
    std::vector<config::Problem> problems;
    EXPECT_EQ(find(0600, problems).reveal(), "a-key");
    EXPECT_TRUE(problems.empty());
}

TEST_F(CredentialStore, AFileThatIsOpenToOthersIsAProblem) {
    std::vector<config::Problem> problems;
    EXPECT_EQ(find(0644, problems).reveal(), "");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].problem, "the file is open to others");
}

}  // namespace
}  // namespace holdfast::ctl::doctor

namespace holdfast::ctl {
namespace {

TEST(Explain, SaysWhatDiffersWhichRungsThereAreAndWhatPeopleSee) {
    config::Config config;
    config.person.number = "+15550100177";
    config.twilio.numbers = {"+15550100199"};
    config.ladder.rungs = {"openai", "eleven_realtime", "canned", "person"};
    config.credentials.openai_api_key = base::Secret("planted-key");
    const auto explained = explain(config);

    std::vector<std::string> keys;
    for (const auto& one : explained.changed) keys.push_back(one.key + "=" + one.value);
    EXPECT_EQ(keys, (std::vector<std::string>{"twilio.numbers=1 set", "ladder.rungs=[openai, eleven_realtime, canned, person]",
                                              "person.number=set"}));
    std::vector<std::string> rungs;
    for (const auto& one : explained.rungs) rungs.push_back(one.rung + ":" + one.why_not);
    EXPECT_EQ(rungs, (std::vector<std::string>{"openai:", "eleven_realtime:no_api_key", "canned:", "person:", "eleven_agent:not_listed",
                                               "scripted:not_listed"}));
    const auto text = print_explained(explained, Look{});
    EXPECT_NE(text.find("people see the caller's own number"), std::string::npos);
    EXPECT_EQ(text.find("5550100"), std::string::npos);
    EXPECT_EQ(text.find("planted-key"), std::string::npos);
}

TEST(Explain, WithoutANumberTheLastRungIsNotThere) {
    const auto explained = explain(config::Config());
    const auto person = std::find_if(explained.rungs.begin(), explained.rungs.end(),
                                     [](const auto& one) { return one.rung == "person"; });
    ASSERT_NE(person, explained.rungs.end());
    EXPECT_EQ(person->why_not, "no_number");
}

TEST(Explain, AConfigurationThatIsNotThereIsAProblem) {
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(run({"check", "--config", "/nonexistent/holdfast.yaml", "--json"}, Look{}, out, err), k_exit_not_good);
    const auto document = Json::parse(out.str());
    EXPECT_FALSE(flag(document, "good"));
    EXPECT_TRUE(member(document, "rungs").empty());
}

}  // namespace
}  // namespace holdfast::ctl
