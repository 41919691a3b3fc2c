// What load_file() adds: the file itself, and the files that it names.
#include "support.hpp"

namespace holdfast::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ConfigFile : public testing::Test {
  protected:
    std::vector<std::string> load(const std::string& text, mode_t mode = 0644) {
        result_ = load_file(folder_.write("holdfast.yaml", text, mode), with_secrets());
        return problems(result_);
    }
    std::string with_instructions(const std::string& path) const {
        return plain_listener() + "openai: {instructions_file: " + path + "}\n";
    }

    TemporaryFolder folder_;
    LoadResult result_;
};

TEST_F(ConfigFile, InstructionsAreReadIntoTheConfiguration) {
    EXPECT_THAT(load(with_instructions(folder_.write("i.txt", "Be calm.\n"))), IsEmpty());
    ASSERT_TRUE(result_.config);
    EXPECT_EQ(result_.config->instructions, "Be calm.\n");
}

TEST_F(ConfigFile, InstructionsMustBeThereAndBeText) {
    EXPECT_THAT(load(with_instructions(folder_.path("none.txt"))),
                ElementsAre(HasSubstr(
                    "holdfast.yaml:2:29: openai.instructions_file: there is no such file")));
    EXPECT_THAT(load(with_instructions(folder_.write("i.txt", " \n"))),
                ElementsAre(HasSubstr("the file is empty")));
    EXPECT_THAT(load(with_instructions(folder_.write("i.txt", "\xff"))),
                ElementsAre(HasSubstr("not UTF-8")));
    EXPECT_THAT(load(with_instructions(
                    folder_.write("i.txt", std::string(k_instructions_bytes_max + 1, 'x')))),
                ElementsAre(HasSubstr("is larger than")));
}

TEST_F(ConfigFile, CertificatesMustBeThereAndTheKeyNotOpenToEverybody) {
    const std::string instructions = folder_.write("i.txt", "Be calm.");
    const std::string text = "openai: {instructions_file: " + instructions +
                             "}\nperson: {number: \"+15550100123\"}\n"
                             "listen: {public: {certificate: " + folder_.path("c.pem") +
                             ", private_key: " + folder_.path("k.pem") + "}}\n";
    EXPECT_THAT(load(text),
                ElementsAre(HasSubstr("listen.public.certificate: there is no such file"),
                            HasSubstr("listen.public.private_key: there is no such file")));
    folder_.write("c.pem", "c", 0644);
    folder_.write("k.pem", "k", 0644);
    EXPECT_THAT(load(text),
                ElementsAre(HasSubstr("listen.public.private_key: the file is open to everybody")));
    folder_.write("k.pem", "k", 0640);
    EXPECT_THAT(load(text), IsEmpty());
}

TEST_F(ConfigFile, ACertificateMissingAtItsDefaultPlaceSaysWhereThatIs) {
    const std::string text = "person: {number: \"+15550100123\"}\n";
    EXPECT_THAT(load(text), testing::Contains(HasSubstr(
        "holdfast.yaml: listen.public.certificate: there is no such file (expected a readable file "
        "/etc/holdfast/tls/certificate.pem, or this key)")));
}

TEST_F(ConfigFile, CredentialFilesOfTheYamlAreUsed) {
    const std::string text =
        with_instructions(folder_.write("i.txt", "Be calm.")) +
        "twilio: {auth_token_file: " + folder_.write("token", "from-file\n", 0600) + "}\n";
    EXPECT_THAT(load(text), IsEmpty());
    EXPECT_EQ(result_.config->credentials.twilio_auth_token.reveal(), "from-file");
}

TEST_F(ConfigFile, ItselfMustBeAReadableRegularFile) {
    EXPECT_THAT(problems(load_file(folder_.path("none.yaml"), with_secrets())),
                ElementsAre(HasSubstr("none.yaml: there is no such file")));
    EXPECT_THAT(problems(load_file(folder_.path(), with_secrets())),
                ElementsAre(HasSubstr("is not a regular file")));
    EXPECT_THAT(problems(load_file("/dev/zero", with_secrets())),
                ElementsAre(HasSubstr("is not a regular file")));
    EXPECT_THAT(load(std::string(k_file_bytes_max + 1, '#')),
                ElementsAre(HasSubstr("is larger than 1048576 bytes")));
}

TEST_F(ConfigFile, WritableByEverybodyIsRefused) {
    EXPECT_THAT(load("", 0666), ElementsAre(HasSubstr("everybody may write to the file")));
}

}  // namespace
}  // namespace holdfast::config
