#include "config/credentials.hpp"

#include "support.hpp"

#include <unistd.h>

namespace holdfast::config {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Credential : public testing::Test {
  protected:
    // What is found; problems_ tells what was wrong.
    std::string find() {
        problems_.clear();
        std::vector<Problem> problems;
        const auto secret =
            find_credential({"openai_api_key", "openai.api_key_file", file_, "OPENAI_API_KEY"},
                            environment_, problems);
        for (const auto& problem : problems) problems_.push_back(to_string(problem));
        return secret.reveal();
    }
    // `text` as a credential.
    std::string read(std::string_view text) {
        environment_.credentials_directory = folder_.path();
        folder_.write("openai_api_key", text);
        return find();
    }

    TemporaryFolder folder_;
    Environment environment_;
    std::string file_;
    std::vector<std::string> problems_;
};

TEST_F(Credential, NowhereIsEmptyAndNoProblem) {
    EXPECT_EQ(find(), "");
    EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Credential, SystemdComesBeforeTheFileAndTheFileBeforeTheEnvironment) {
    environment_ = with_variables({{"OPENAI_API_KEY", "from-environment"}});
    EXPECT_EQ(find(), "from-environment");
    file_ = folder_.write("key", "from-file\n");
    EXPECT_EQ(find(), "from-file");
    environment_.credentials_directory = folder_.path();
    EXPECT_EQ(find(), "from-file");  // the directory has no credential of that name
    folder_.write("openai_api_key", "from-systemd", 0444);
    EXPECT_EQ(find(), "from-systemd");
    EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Credential, OneTrailingLineEndIsStripped) {
    EXPECT_EQ(read("abc\n"), "abc");
    EXPECT_EQ(read("abc\r\n"), "abc");
    EXPECT_EQ(read("abc"), "abc");
    EXPECT_EQ(read("abc\n\n"), "");
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("white space")));
}

TEST_F(Credential, WhiteSpaceAndOtherStrangersAreRefused) {
    using namespace std::string_view_literals;
    for (const auto text :
         {" abc"sv, "abc "sv, "a bc"sv, "a\tbc"sv, "a\0bc"sv, "a\x7f"sv, "caf\xc3\xa9"sv}) {
        EXPECT_EQ(read(text), "");
        EXPECT_THAT(problems_,
                    ElementsAre(HasSubstr("openai_api_key: the secret contains white space")));
    }
}

TEST_F(Credential, EmptyOneIsAProblem) {
    for (const char* text : {"", "\n"}) {
        EXPECT_EQ(read(text), "");
        EXPECT_THAT(problems_, ElementsAre(HasSubstr("openai_api_key: the secret is empty")));
    }
}

TEST_F(Credential, EmptyVariableIsNone) {
    environment_ = with_variables({{"OPENAI_API_KEY", ""}});
    EXPECT_EQ(find(), "");
    EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Credential, OversizedOneIsRefused) {
    EXPECT_EQ(read(std::string(k_credential_bytes_max, 'x')).size(), k_credential_bytes_max);
    EXPECT_EQ(read(std::string(k_credential_bytes_max + 1, 'x')), "");
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("is larger than 4096 bytes")));
}

TEST_F(Credential, BadSourceEndsTheSearch) {
    environment_ = with_variables({{"OPENAI_API_KEY", "from-environment"}});
    EXPECT_EQ(read(""), "");
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("the secret is empty")));
}

TEST_F(Credential, A04_FileOpenToOthersIsRefused) {
    for (const mode_t mode : {0640u, 0604u, 0660u, 0601u}) {
        file_ = folder_.write("key", "abc", mode);
        EXPECT_EQ(find(), "");
        EXPECT_THAT(
            problems_,
            ElementsAre(HasSubstr(
                "openai.api_key_file: the file is open to others (expected mode 0600 or 0400)")));
    }
    file_ = folder_.write("key", "abc", 0400);
    EXPECT_EQ(find(), "abc");
}

TEST_F(Credential, FileOfAnotherUserIsRefused) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    file_ = folder_.write("key", "abc", 0600);
    ASSERT_EQ(::chown(file_.c_str(), 65534, 65534), 0);
    EXPECT_EQ(find(), "");
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("belongs to another user")));
}

TEST_F(Credential, MissingOrSpecialFileIsAProblemAndNeverBlocks) {
    file_ = folder_.path("nothing");
    EXPECT_EQ(find(), "");
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("there is no such file")));
    file_ = folder_.path("pipe");
    ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
    EXPECT_EQ(find(), "");
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("is not a regular file")));
    file_ = folder_.path();
    EXPECT_EQ(find(), "");
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("is not a regular file")));
}

TEST_F(Credential, NoMessageContainsTheSecret) {
    read("hunter2 hunter2");
    EXPECT_THAT(problems_, Each(Not(HasSubstr("hunter2"))));
    EXPECT_THAT(problems_, Not(IsEmpty()));
}

TEST(Credentials, A03_WithoutAnAuthTokenTheDaemonNeverRunsUnsigned) {
    const LoadResult result =
        load_text(plain_listener(), "h.yaml", with_variables({{"OPENAI_API_KEY", "k"}}));
    EXPECT_FALSE(result.config);
    EXPECT_THAT(problems(result),
                ElementsAre(HasSubstr(
                    "twilio: there is no auth token, and twilio.verify_signature is true")));
    EXPECT_TRUE(load_text(plain_listener() + "twilio: {verify_signature: false}", "h.yaml",
                          with_variables({}))
                    .config);
}

TEST(Credentials, MissingApiKeyIsANoteUnlessTheProviderIsASimulator) {
    const Environment environment = with_variables({{"TWILIO_AUTH_TOKEN", "t"}});
    const LoadResult live = load_text(plain_listener(), "h.yaml", environment);
    EXPECT_TRUE(live.config);
    EXPECT_THAT(live.notes, ElementsAre(HasSubstr("rung openai is skipped"),
                                        HasSubstr("eleven_agent and scripted are skipped")));
    const LoadResult simulated =
        load_text(plain_listener() + "openai: {url: \"ws://127.0.0.1:9/\"}\n"
                                     "elevenlabs: {url: \"http://127.0.0.1:9\"}",
                  "h.yaml", environment);
    EXPECT_TRUE(simulated.config);
    EXPECT_THAT(simulated.notes, IsEmpty());
    const LoadResult without =
        load_text(plain_listener() + "ladder: {rungs: [canned, person]}", "h.yaml", environment);
    EXPECT_THAT(without.notes, IsEmpty()) << "nobody misses the key of a rung that is not listed";
}

TEST(Credentials, SecondAuthTokenIsOptional) {
    auto result = load(plain_listener());
    EXPECT_EQ(result.config->credentials.twilio_auth_token_next.reveal(), "");
    result =
        load_text(plain_listener(), "h.yaml",
                  with_variables({{"TWILIO_AUTH_TOKEN", "a"}, {"TWILIO_AUTH_TOKEN_NEXT", "b"}}));
    EXPECT_EQ(result.config->credentials.twilio_auth_token_next.reveal(), "b");
}

TEST(Credentials, SecretOfTheTwilioApiKeyIsOptional) {
    const auto result = load_text(
        plain_listener(), "h.yaml",
        with_variables({{"TWILIO_AUTH_TOKEN", "a"}, {"TWILIO_API_KEY_SECRET", "s"}}));
    EXPECT_EQ(result.config->credentials.twilio_api_key_secret.reveal(), "s");
}

TEST(Credentials, TheProcessEnvironmentIsTheRealOne) {
    ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials/holdfast.service", 1);
    ::setenv("TWILIO_AUTH_TOKEN", "t", 1);
    const Environment environment = Environment::process();
    ::unsetenv("CREDENTIALS_DIRECTORY");
    EXPECT_EQ(environment.credentials_directory, "/run/credentials/holdfast.service");
    EXPECT_EQ(environment.getenv("TWILIO_AUTH_TOKEN"), "t");
    ::unsetenv("TWILIO_AUTH_TOKEN");
    EXPECT_EQ(environment.getenv("TWILIO_AUTH_TOKEN"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::config
