// The reference, the shipped file and the table of keys are one thing.
#include "config/keys.hpp"

#include "support.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>

namespace holdfast::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string shipped(const std::string& name) {
    std::ifstream file(std::string(HOLDFAST_SOURCE_DIR) + "/etc/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Where the '#' of a key that is commented out stands in `line`; npos in a line of prose.
std::size_t key_mark(const std::string& line) {
    const std::size_t mark = line.find_first_not_of(' ');
    if (mark == std::string::npos || line[mark] != '#' || mark + 1 == line.size())
        return std::string::npos;
    return line[mark + 1] == ' ' ? std::string::npos : mark;
}

// The reference with the '#' before each key removed, and TLS off on request.
std::string uncommented(bool tls) {
    std::istringstream lines(reference_yaml());
    std::string text;
    bool in_list = false;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t mark = in_list ? line.find('#') : key_mark(line);
        if (mark != std::string::npos) line.erase(mark, 1);
        if (mark != std::string::npos) in_list = line.back() == ',';  // a long list goes on
        if (!tls && line == "    tls: true") line = "    tls: false";
        // Empty is right on loopback only, which is not the default.
        if (line == "  number: \"\"") line = "  number: \"+15550100123\"";
        text += line + "\n";
    }
    return text;
}

TEST(ConfigReference, ShippedFileIsTheReference) {
    EXPECT_EQ(shipped("holdfast.yaml"), reference_yaml())
        << "write the output of holdfastd --print-config to etc/holdfast.yaml";
}

TEST(ConfigReference, WithEveryKeyUncommentedItIsStillTheDefaults) {
    for (const auto& line : problems(uncommented(true)))
        EXPECT_THAT(line, HasSubstr("missing, but tls is true"));
    const LoadResult plain = load(uncommented(false));
    ASSERT_THAT(problems(plain), IsEmpty());
    for (const Key& key : keys()) {
        if (key.path == "listen.public.tls" || key.path == "person.number") continue;
        EXPECT_EQ(render(key, *plain.config), render(key, Config())) << key.path;
    }
}

TEST(ConfigReference, EveryKeyStandsInItOnceWithItsDefault) {
    const std::string text = reference_yaml();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\t'), 0);
    std::istringstream lines(text);
    std::size_t found = 0;
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 100u) << line;
        if (key_mark(line) != std::string::npos) ++found;
    }
    EXPECT_EQ(found, keys().size());
}

TEST(ConfigReference, PathsAreUniqueAndHaveSectionsAndExplanations) {
    for (const Key& key : keys()) {
        EXPECT_EQ(find_key(key.path), &key);
        EXPECT_TRUE(is_section(key.path.substr(0, key.path.rfind('.')))) << key.path;
        EXPECT_FALSE(is_section(key.path));
        EXPECT_FALSE(key.description.empty()) << key.path;
        EXPECT_FALSE(expected(key).empty()) << key.path;
    }
}

TEST(ConfigReference, KeysOfTheDesignAreThere) {
    for (const char* path : {"site.id",
                             "listen.public.address",
                             "listen.public.port",
                             "listen.public.base_url",
                             "listen.public.tls",
                             "listen.public.certificate",
                             "listen.public.private_key",
                             "listen.admin.address",
                             "listen.admin.port",
                             "listen.admin.tls",
                             "listen.admin.certificate",
                             "listen.admin.private_key",
                             "twilio.verify_signature",
                             "twilio.account_sid",
                             "twilio.numbers",
                             "openai.url",
                             "openai.model",
                             "openai.voice",
                             "openai.ping_interval_ms",
                             "openai.ping_timeout_ms",
                             "openai.instructions_file",
                             "openai.transcription_model",
                             "openai.turn_detection.type",
                             "openai.turn_detection.threshold",
                             "openai.turn_detection.prefix_padding_ms",
                             "openai.turn_detection.silence_duration_ms",
                             "elevenlabs.url",
                             "elevenlabs.voice_id",
                             "elevenlabs.realtime.enabled",
                             "elevenlabs.realtime.model",
                             "elevenlabs.agent.id",
                             "elevenlabs.tts.model",
                             "elevenlabs.stt.model",
                             "ladder.rungs",
                             "uplink.up_kbps",
                             "uplink.down_kbps",
                             "person.words",
                             "recording.enabled",
                             "recording.transcribe",
                             "recording.path",
                             "recording.retention_days",
                             "recording.canned_retention_days",
                             "recording.unheard_retention_days",
                             "person.number",
                             "person.caller_id",
                             "person.timeout_s",
                             "dispatch.max_questions",
                             "dispatch.answer_timeout_s",
                             "dispatch.mode",
                             "dispatch.automatic_confirmed",
                             "dispatch.tripwires",
                             "dispatch.webhook.url",
                             "dispatch.webhook.format",
                             "store.path",
                             "store.retention_days",
                             "media.threads",
                             "media.max_calls",
                             "log.level",
                             "log.format"}) {
        EXPECT_NE(find_key(path), nullptr) << path;
    }
}

TEST(ConfigReference, ShippedInstructionsAreShortEnoughForASession) {
    const std::string text = shipped("instructions.txt");
    std::istringstream stream(text);
    const auto words = std::distance(std::istream_iterator<std::string>(stream), {});
    EXPECT_GT(words, 100);
    EXPECT_LE(words, 360);
    EXPECT_THAT(text, HasSubstr("transfer_to_person"));
}

}  // namespace
}  // namespace holdfast::config
