// The reference, the shipped file and the table of keys are one thing.
#include "config/keys.hpp"

#include "support.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

namespace holdfast::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string in_source(const std::string& path) {
    std::ifstream file(std::string(HOLDFAST_SOURCE_DIR) + "/" + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string shipped(const std::string& name) {
    return in_source("etc/" + name);
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
    EXPECT_THAT(problems(uncommented(true)), IsEmpty());
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

TEST(ConfigReference, ShippedManualIsTheTable) {
    EXPECT_EQ(in_source("debian/holdfast.yaml.5"), reference_manual())
        << "write the output of holdfastd --print-config-manual to debian/holdfast.yaml.5";
}

// Roff, as far as the manual uses it, back to what a reader sees.
std::string as_read(std::string_view roff) {
    static const std::pair<std::string_view, std::string_view> k_names[] = {
        {"\\-", "-"}, {"\\&", ""}, {"\\fB", ""}, {"\\fI", ""}, {"\\fR", ""}, {"\\(aq", "'"}, {"\\(ga", "`"},
        {"\\(lq", "\""}, {"\\(rq", "\""}, {"\\[u00F3]", "ó"}, {"\\[u00F1]", "ñ"}, {"\\[u00E1]", "á"}};
    std::string text;
    while (!roff.empty()) {
        const auto known = std::find_if(std::begin(k_names), std::end(k_names),
                                        [&](const auto& n) { return roff.substr(0, n.first.size()) == n.first; });
        text += known == std::end(k_names) ? roff.substr(0, 1) : known->second;
        roff.remove_prefix(known == std::end(k_names) ? 1 : known->first.size());
    }
    return text;
}

// What stands in the manual under `name`, up to the next item.
std::string item(const std::string& manual, const std::string& name) {
    const auto from = manual.find("\n.TP\n" + name + "\n");
    if (from == std::string::npos) return "";
    return manual.substr(from, std::min(manual.find("\n.TP", from + 1), manual.find("\n.S", from)) - from);
}

TEST(ConfigReference, EveryKeyStandsInTheManualWithWhatMattersOfIt) {
    const std::string manual = as_read(reference_manual());
    for (const Key& key : keys()) {
        const std::string text = item(manual, std::string(key.path));
        const std::string value = render(key, Config());
        const std::string shown = value == "\"\"" ? "empty" : value == "[]" ? "the empty list" : value;
        EXPECT_THAT(text, HasSubstr(expected(key).substr(1))) << key.path;
        EXPECT_THAT(text, HasSubstr("default: " + shown + (unit(key).empty() ? "." : " " + std::string(unit(key)) + "."))) << key.path;
        EXPECT_THAT(text, HasSubstr(key.on_reload == OnReload::applied ? "Applied live." : "Needs restart.")) << key.path;
        EXPECT_THAT(text, HasSubstr(std::string(key.description))) << key.path;
    }
    for (const SecretKey& secret : secrets()) {
        const std::string text = item(manual, secret.name);
        for (const char* part : {secret.file_key, secret.variable}) EXPECT_THAT(text, HasSubstr(part)) << secret.name;
        EXPECT_THAT(text, HasSubstr(std::string(secret.description)));
    }
    for (const Section& section : sections()) EXPECT_THAT(manual, HasSubstr(std::string(section.description))) << section.path;
}

TEST(ConfigReference, NoLineOfTheManualIsTakenForARequest) {
    std::istringstream lines(reference_manual());
    for (std::string line; std::getline(lines, line);) {
        EXPECT_NE(line.front(), '\'') << line;
        if (line.front() != '.') continue;
        const std::string request = line.substr(0, line.find(' '));
        EXPECT_THAT((std::set<std::string>{".\\\"", ".TH", ".SH", ".SS", ".TP", ".IP", ".PP", ".br", ".RS", ".RE", ".nf", ".fi", ".nh", ".ad"}),
                    testing::Contains(request)) << line;
    }
}

TEST(ConfigReference, TheManualsExamplesAreGood) {
    const std::string manual = as_read(reference_manual());
    std::size_t from = 0;
    int found = 0;
    while ((from = manual.find("\n.nf\n", from)) != std::string::npos) {
        from += 5;
        const std::string text = manual.substr(from, manual.find("\n.fi", from) + 1 - from);
        EXPECT_THAT(problems(text), IsEmpty()) << text;
        ++found;
    }
    EXPECT_EQ(found, 2);
}

TEST(ConfigReference, EverySecretIsFoundByItsVariableAndItsCredential) {
    TemporaryFolder folder;
    std::map<std::string, std::string> variables;
    Environment by_credential;
    by_credential.credentials_directory = folder.path();
    for (const SecretKey& secret : secrets()) {
        variables[secret.variable] = std::string("of-") + secret.name;
        folder.write(secret.name, std::string("of-") + secret.name);
        const std::string_view file = secret.file_key;
        EXPECT_TRUE(file.empty() || find_key(file) != nullptr) << secret.name;
    }
    for (const auto& environment : {with_variables(variables), by_credential}) {
        const LoadResult result = load_text(plain_listener(), "h.yaml", environment);
        ASSERT_THAT(problems(result), IsEmpty());
        for (const SecretKey& secret : secrets())
            EXPECT_EQ((result.config->credentials.*secret.member).reveal(), std::string("of-") + secret.name);
    }
}

TEST(ConfigReference, TheConffileSetsNothingAndLacksOnlyWhatIsTheSites) {
    const std::string text = shipped("holdfast.conf.yaml");
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 15);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_EQ(line.front(), '#') << line;
    EXPECT_THAT(problems(load_text(text, "h.yaml", Environment())),
                testing::ElementsAre(HasSubstr("person.number: missing"), HasSubstr("twilio: there is no auth token")));
    // With the site's people and secrets it is all that is needed.
    const LoadResult site = load_texts({{"h.yaml", text}, {"conf.d/10.yaml", "person: {number: \"+15550100123\"}\n"}}, with_secrets());
    EXPECT_THAT(problems(site), IsEmpty());
}

TEST(ConfigReference, DefaultsAreTheInstalledLayout) {
    const Config c;
    EXPECT_EQ(c.listen.public_.certificate, "/etc/holdfast/tls/certificate.pem");
    EXPECT_EQ(c.listen.public_.private_key, "/etc/holdfast/tls/private_key.pem");
    EXPECT_EQ(c.openai.instructions_file, "/etc/holdfast/instructions.txt");
    EXPECT_EQ(c.store.path, "/var/lib/holdfast/holdfast.db");
    EXPECT_EQ(c.store.runtime_path, "/run/holdfast");
    EXPECT_EQ(c.recording.path, "/var/lib/holdfast/recordings");
    EXPECT_EQ(c.prompts.path, "/usr/share/holdfast/prompts");
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
