// What init writes, and what it refuses.
#include "holdfastctl/site_files.hpp"

#include "config/yaml_loader.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace holdfast::ctl {
namespace {

using Question = SiteQuestion;

SiteAnswers answers() {
    SiteAnswers a;
    a.site_id = "psap-1";
    a.base_url = "https://edge.psap.example";
    a.person = "sip:queue@psap.example;transport=tls";
    return a;
}

config::LoadResult load(const SiteAnswers& a) {
    config::Environment environment;
    environment.getenv = [](const char* name) {
        return std::string(name) == "TWILIO_AUTH_TOKEN" ? std::optional<std::string>("x") : std::nullopt;
    };
    return config::load_text(site_yaml(a), "10-site.yaml", environment);
}

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

mode_t mode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST(CtlInit, TheDaemonReadsWhatWasAnswered) {
    const auto loaded = load(answers());
    ASSERT_TRUE(loaded.config) << (loaded.problems.empty() ? "" : to_string(loaded.problems.front()));
    EXPECT_EQ(loaded.config->site.id, "psap-1");
    EXPECT_EQ(loaded.config->listen.public_.base_url, "https://edge.psap.example");
    EXPECT_EQ(loaded.config->listen.public_.certificate, k_site_certificate);
    EXPECT_EQ(loaded.config->listen.public_.private_key, k_site_private_key);
    EXPECT_EQ(loaded.config->listen.public_.port, 443);
    EXPECT_EQ(loaded.config->person.number, "sip:queue@psap.example;transport=tls");
    EXPECT_EQ(other_port("https://edge.psap.example:443"), std::nullopt);
}

TEST(CtlInit, AnotherPortStandsInBothFiles) {
    auto a = answers();
    a.base_url = "https://edge.psap.example:8443";
    ASSERT_TRUE(load(a).config);
    EXPECT_EQ(load(a).config->listen.public_.port, 8443);
    ASSERT_EQ(other_port(a.base_url), std::uint16_t{8443});
    EXPECT_NE(socket_drop_in(8443).find("[Socket]\nListenStream=\nListenStream=8443\n"), std::string::npos);
}

TEST(CtlInit, AnAnswerIsJudgedByTheRulesOfTheDaemon) {
    struct Row {
        Question question;
        std::string answer;
        const char* problem;  // a part of it; empty: good
    };
    const Row rows[] = {
        {Question::site_id, "psap-north-1", ""},
        {Question::site_id, "", "needed"},
        {Question::site_id, "-x", "expected"},
        {Question::site_id, "a\"\nperson: {number: \"+1\"}", "control"},
        {Question::site_id, "a\" b", "expected"},
        {Question::site_id, std::string(2000, 'a'), "too long"},
        {Question::base_url, "https://edge.psap.example", ""},
        {Question::base_url, "https://edge.psap.example:8443", ""},
        {Question::base_url, "https://edge.psap.example/", "nothing may stand behind"},
        {Question::base_url, "http://edge.psap.example", "http://"},
        {Question::base_url, "https://Edge.psap.example", "lower case"},
        {Question::base_url, "edge.psap.example", "not an https URL"},
        {Question::base_url, "", "needed"},
        {Question::person, "+15550100123", ""},
        {Question::person, "sip:queue@psap.example", ""},
        {Question::person, "911", "expected"},
        {Question::person, "", "needed"},
        {Question::twilio_auth_token, "0123456789abcdef0123456789abcdef", ""},
        {Question::twilio_auth_token, "two words", "white space"},
        {Question::twilio_auth_token, "", "needed"},
        {Question::openai_api_key, "sk-test", ""},
        {Question::openai_api_key, "", ""},
        {Question::openai_api_key, "sk test", "white space"},
        {Question::openai_api_key, "sk-\xff", "UTF-8"},
    };
    for (const auto& row : rows) {
        const auto problem = problem_with(row.question, row.answer);
        if (*row.problem == '\0') {
            EXPECT_EQ(problem, "") << row.answer;
        } else {
            EXPECT_NE(problem.find(row.problem), std::string::npos) << row.answer << ": " << problem;
        }
    }
    EXPECT_EQ(problem_with(Question::twilio_auth_token, "my secret").find("my secret"), std::string::npos);
}

TEST(CtlInit, AFileIsWholeHasItsModeAndIsNotReplacedUnlessAsked) {
    test::TempFolder root;
    const auto path = root / "etc/credstore/holdfast.twilio_auth_token";
    ASSERT_TRUE(write_whole(path, "one\n", {0600, {}}, 0700, Existing::kept));
    EXPECT_EQ(content(path), "one\n");
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_EQ(mode_of(root / "etc/credstore"), 0700u);
    EXPECT_EQ(mode_of(root / "etc"), 0755u);
    const auto again = write_whole(path, "two\n", {0600, {}}, 0700, Existing::kept);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, std::string("exists"));
    EXPECT_EQ(content(path), "one\n");
    ASSERT_TRUE(write_whole(path, "two\n", {0644, {}}, 0700, Existing::replaced));
    EXPECT_EQ(content(path), "two\n");
    EXPECT_EQ(mode_of(path), 0644u);
    const std::filesystem::directory_iterator files(root / "etc/credstore");
    EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "nothing is left beside it";
}

TEST(CtlInit, TheGroupIsThatOfTheRoot) {
    test::TempFolder root;
    EXPECT_EQ(group_in(root / "", "holdfast"), std::nullopt);
    std::filesystem::create_directories(root / "etc");
    std::ofstream(root / "etc/group") << "root:x:0:\nholdfast:x:987:\n";
    EXPECT_EQ(group_in(root / "", "holdfast"), gid_t{987});
    EXPECT_EQ(group_in(root / "", "nobody"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::ctl
