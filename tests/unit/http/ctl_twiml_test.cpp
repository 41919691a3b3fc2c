#include "holdfastctl/commands.hpp"
#include "holdfastctl/json.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace holdfast::ctl {
namespace {

struct Ran {
    int exit = 0;
    std::string out;
    std::string err;
};

class CtlTwiml : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "holdfastctl.XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    Ran fallback(const std::string& yaml, bool json) {
        const auto path = folder_ / "holdfast.yaml";
        std::ofstream(path) << yaml;
        std::vector<std::string> arguments{"twiml", "fallback", "--config", path.string()};
        if (json) arguments.emplace_back("--json");
        std::ostringstream out;
        std::ostringstream err;
        const int exit = run(arguments, Look{}, out, err);
        return {exit, out.str(), err.str()};
    }

    static std::string yaml(const std::string& person, const std::string& base_url = "https://edge.psap.example") {
        return "listen:\n  public: {address: 127.0.0.1, tls: false, base_url: \"" + base_url + "\"}\n"
               "openai: {instructions_file: " HOLDFAST_SOURCE_DIR "/etc/instructions.txt}\n"
               "person: {" + person + "}\n";
    }

    std::filesystem::path folder_;
};

TEST_F(CtlTwiml, FallbackIsADocumentThatDialsWithoutTheBoxAndItsSettings) {
    const auto ran = fallback(yaml("number: \"+15550199\", caller_id: \"+15550198\", timeout_s: 45"), true);
    ASSERT_EQ(ran.exit, k_exit_ok) << ran.err;
    const Json answer = Json::parse(ran.out);
    const auto twiml = answer["twiml"].get<std::string>();
    EXPECT_NE(twiml.find(R"(<Dial timeout="45" answerOnBridge="true" callerId="+15550198"><Number>+15550199</Number></Dial>)"),
              std::string::npos);
    EXPECT_EQ(twiml.find("edge.psap.example"), std::string::npos);
    EXPECT_EQ(answer["settings"]["VoiceUrl"], "https://edge.psap.example/api/webhooks/voice#ct=1500&rt=3000&rc=1&rp=all");
    EXPECT_EQ(answer["settings"]["VoiceMethod"], "POST");
    EXPECT_EQ(answer["settings"]["StatusCallback"], "https://edge.psap.example/api/webhooks/status");
    EXPECT_EQ(answer["settings"]["VoiceFallbackMethod"], "GET");
    const auto elsewhere = answer["settings"]["VoiceFallbackUrl"].get<std::string>();
    EXPECT_NE(elsewhere.find("&rc=2&"), std::string::npos);
    EXPECT_EQ(elsewhere.find("edge.psap.example"), std::string::npos);
}

TEST_F(CtlTwiml, FallbackForPeopleShowsTheDocumentAsItIsPasted) {
    const auto ran = fallback(yaml("number: \"+15550199\"", ""), false);
    ASSERT_EQ(ran.exit, k_exit_ok) << ran.err;
    EXPECT_NE(ran.out.find("\n<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say>"), std::string::npos);
    EXPECT_NE(ran.out.find("</Response>\n"), std::string::npos);
    EXPECT_NE(ran.out.find("  VoiceFallbackUrl      https://"), std::string::npos);
    EXPECT_NE(ran.out.find("listen.public.base_url is not set"), std::string::npos);
}

TEST_F(CtlTwiml, FallbackWithoutANumberIsRefused) {
    const auto ran = fallback(yaml("timeout_s: 30"), false);
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_TRUE(ran.out.empty());
    EXPECT_NE(ran.err.find("person.number is not set"), std::string::npos);
}

TEST_F(CtlTwiml, FallbackOfAWrongConfigurationNamesThePlace) {
    const auto ran = fallback("person:\n  nummer: 1\n", false);
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_TRUE(ran.out.empty());
    EXPECT_NE(ran.err.find("holdfast.yaml:2:"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace holdfast::ctl
