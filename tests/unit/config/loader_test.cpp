// From text to Config: names, types, ranges, form, and what the messages say.
#include "config/keys.hpp"
#include "config/limits.hpp"

#include "support.hpp"

namespace holdfast::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST(ConfigLoader, EmptyTextIsTheDefaultsWhichOnlyLackAPerson) {
    for (const char* text : {"", "\n", "# nothing\n", "---\n", "~\n", "{}\n", "\xef\xbb\xbf"}) {
        EXPECT_THAT(problems(text), ElementsAre("h.yaml: person.number: missing: the last rung of "
                                                "the ladder would reach nobody (expected a number "
                                                "such as +15550100123)"))
            << text;
    }
}

TEST(ConfigLoader, EveryKeyReachesItsMember) {
    const LoadResult result = load(R"(
site: {id: psap-7.north}
listen:
  public: {address: "::", port: 8443, base_url: "https://edge.psap.example:8443", tls: true, certificate: /c.pem, private_key: /k.pem}
  admin: {address: "::1", port: 9000, tls: true, certificate: /ac.pem, private_key: /ak.pem}
twilio:
  verify_signature: true
  account_sid: AC0123456789abcdef0123456789abcdef
  numbers: ["+15550100123", +15550100124]
  auth_token_file: /run/token
  auth_token_next_file: /run/token-next
  api_url: https://api.dublin.ie1.twilio.com
  api_key_sid: SK0123456789abcdef0123456789abcdef
  api_key_secret_file: /run/key-secret
openai:
  url: wss://provider.example/v1/realtime
  ca_file: /ca.pem
  api_key_file: /run/key
  model: gpt-realtime-2.1-mini
  voice: cedar
  instructions_file: /i.txt
  transcription_model: gpt-realtime-whisper
  transcription_language: es
  ping_interval_ms: 1000
  ping_timeout_ms: 3000
  connect_timeout_ms: 2000
  turn_detection: {type: semantic_vad, threshold: 0.7, prefix_padding_ms: 200, silence_duration_ms: 600}
elevenlabs:
  url: https://api.us.elevenlabs.io
  ca_file: /eca.pem
  api_key_file: /run/ekey
  voice_id: v-1
  realtime: {enabled: false, model: eleven_realtime_v1_max}
  agent: {id: agent_1}
  tts: {model: t-1}
  stt: {model: s-1}
ladder:
  rungs: [eleven_agent, canned, person]
  replace_within_ms: 2000
  second_loss_window_ms: 20000
  filler_after_ms: 1000
  answer_timeout_ms: 5000
  stall_after_ms: 900
  step_up_after_ms: 60000
  probe_interval_s: 60
  silence_prompt_s: 5
  silence_person_s: 50
uplink: {up_kbps: 1000, down_kbps: 2000}
person: {number: +15550100125, caller_id: "+15550100126", timeout_s: 45, words: [help desk, bediener]}
dispatch: {mode: advise, automatic_confirmed: true, max_questions: 4, answer_timeout_s: 12, tripwires: [fire], webhook: {url: "https://cad.psap.example/d", format: eido, ca_file: /dca.pem, secret_file: /run/dsecret, timeout_s: 5}}
streets: {path: /data/streets.db}
store: {path: /data/j.db, runtime_path: /run/x, retention_days: 30}
mongodb: {database: agency-1, tls_ca_file: /mca.pem, audio: true}
recording: {enabled: true, transcribe: false, path: /data/r, retention_days: 7, canned_retention_days: 8, unheard_retention_days: 9}
media: {threads: 1, max_calls: 200}
prompts: {path: /p}
log: {level: debug, format: json}
)");
    ASSERT_THAT(problems(result), IsEmpty());
    const Config& c = *result.config;
    EXPECT_EQ(c.site.id, "psap-7.north");
    EXPECT_EQ(c.listen.public_.address, "::");
    EXPECT_EQ(c.listen.public_.port, 8443);
    EXPECT_EQ(c.listen.public_.base_url, "https://edge.psap.example:8443");
    EXPECT_TRUE(c.listen.public_.tls);
    EXPECT_EQ(c.listen.public_.certificate, "/c.pem");
    EXPECT_EQ(c.listen.public_.private_key, "/k.pem");
    EXPECT_EQ(c.listen.admin.address, "::1");
    EXPECT_EQ(c.listen.admin.port, 9000);
    EXPECT_TRUE(c.listen.admin.tls);
    EXPECT_EQ(c.listen.admin.certificate, "/ac.pem");
    EXPECT_EQ(c.listen.admin.private_key, "/ak.pem");
    EXPECT_EQ(c.twilio.account_sid, "AC0123456789abcdef0123456789abcdef");
    EXPECT_THAT(c.twilio.numbers, ElementsAre("+15550100123", "+15550100124"));
    EXPECT_EQ(c.twilio.auth_token_file, "/run/token");
    EXPECT_EQ(c.twilio.auth_token_next_file, "/run/token-next");
    EXPECT_EQ(c.twilio.api_url, "https://api.dublin.ie1.twilio.com");
    EXPECT_EQ(c.twilio.api_key_sid, "SK0123456789abcdef0123456789abcdef");
    EXPECT_EQ(c.twilio.api_key_secret_file, "/run/key-secret");
    EXPECT_EQ(c.elevenlabs.url, "https://api.us.elevenlabs.io");
    EXPECT_EQ(c.elevenlabs.ca_file, "/eca.pem");
    EXPECT_EQ(c.elevenlabs.api_key_file, "/run/ekey");
    EXPECT_EQ(c.elevenlabs.voice_id, "v-1");
    EXPECT_FALSE(c.elevenlabs.realtime.enabled);
    EXPECT_EQ(c.elevenlabs.realtime.model, "eleven_realtime_v1_max");
    EXPECT_EQ(c.elevenlabs.agent.id, "agent_1");
    EXPECT_EQ(c.elevenlabs.tts.model, "t-1");
    EXPECT_EQ(c.elevenlabs.stt.model, "s-1");
    EXPECT_THAT(c.ladder.rungs, ElementsAre("eleven_agent", "canned", "person"));
    EXPECT_EQ(c.ladder.replace_within, milliseconds(2000));
    EXPECT_EQ(c.ladder.second_loss_window, milliseconds(20'000));
    EXPECT_EQ(c.ladder.filler_after, milliseconds(1000));
    EXPECT_EQ(c.ladder.answer_timeout, milliseconds(5000));
    EXPECT_EQ(c.ladder.stall_after, milliseconds(900));
    EXPECT_EQ(c.ladder.step_up_after, milliseconds(60'000));
    EXPECT_EQ(c.ladder.probe_interval, seconds(60));
    EXPECT_EQ(c.ladder.silence_prompt, seconds(5));
    EXPECT_EQ(c.ladder.silence_person, seconds(50));
    EXPECT_EQ(c.uplink.up_kbps, 1000);
    EXPECT_EQ(c.uplink.down_kbps, 2000);
    EXPECT_THAT(c.person.words, ElementsAre("help desk", "bediener"));
    EXPECT_EQ(c.streets.path, "/data/streets.db");
    EXPECT_EQ(c.mongodb.database, "agency-1");
    EXPECT_EQ(c.mongodb.tls_ca_file, "/mca.pem");
    EXPECT_TRUE(c.mongodb.audio);
    EXPECT_EQ(c.dispatch.mode, "advise");
    EXPECT_TRUE(c.dispatch.automatic_confirmed);
    EXPECT_THAT(c.dispatch.tripwires, ElementsAre("fire"));
    EXPECT_EQ(c.dispatch.webhook.url, "https://cad.psap.example/d");
    EXPECT_EQ(c.dispatch.webhook.format, "eido");
    EXPECT_EQ(c.dispatch.webhook.ca_file, "/dca.pem");
    EXPECT_EQ(c.dispatch.webhook.secret_file, "/run/dsecret");
    EXPECT_EQ(c.dispatch.webhook.timeout, seconds(5));
    EXPECT_TRUE(c.recording.enabled);
    EXPECT_FALSE(c.recording.transcribe);
    EXPECT_EQ(c.recording.path, "/data/r");
    EXPECT_EQ(c.recording.retention_days, 7);
    EXPECT_EQ(c.recording.canned_retention_days, 8);
    EXPECT_EQ(c.recording.unheard_retention_days, 9);
    EXPECT_EQ(c.openai.url, "wss://provider.example/v1/realtime");
    EXPECT_EQ(c.openai.ca_file, "/ca.pem");
    EXPECT_EQ(c.openai.api_key_file, "/run/key");
    EXPECT_EQ(c.openai.model, "gpt-realtime-2.1-mini");
    EXPECT_EQ(c.openai.voice, "cedar");
    EXPECT_EQ(c.openai.instructions_file, "/i.txt");
    EXPECT_EQ(c.openai.transcription_model, "gpt-realtime-whisper");
    EXPECT_EQ(c.openai.transcription_language, "es");
    EXPECT_EQ(c.openai.ping_interval, milliseconds(1000));
    EXPECT_EQ(c.openai.ping_timeout, milliseconds(3000));
    EXPECT_EQ(c.openai.connect_timeout, milliseconds(2000));
    EXPECT_EQ(c.openai.turn_detection.type, "semantic_vad");
    EXPECT_EQ(c.openai.turn_detection.threshold, 0.7);
    EXPECT_EQ(c.openai.turn_detection.prefix_padding_ms, 200);
    EXPECT_EQ(c.openai.turn_detection.silence_duration_ms, 600);
    EXPECT_EQ(c.person.number, "+15550100125");
    EXPECT_EQ(c.person.caller_id, "+15550100126");
    EXPECT_EQ(c.person.timeout, seconds(45));
    EXPECT_EQ(c.store.path, "/data/j.db");
    EXPECT_EQ(c.store.runtime_path, "/run/x");
    EXPECT_EQ(c.store.retention_days, 30);
    EXPECT_EQ(c.media.max_calls, 200);
    EXPECT_EQ(c.prompts.path, "/p");
    EXPECT_EQ(c.log.level, "debug");
    EXPECT_EQ(c.log.format, "json");
    EXPECT_EQ(c.credentials.twilio_auth_token.reveal(), "token-of-a-test");
    EXPECT_EQ(c.credentials.openai_api_key.reveal(), "key-of-a-test");
    EXPECT_EQ(c.credentials.elevenlabs_api_key.reveal(), "eleven-key-of-a-test");
    EXPECT_EQ(c.credentials.twilio_api_key_secret.reveal(), "");
}

TEST(ConfigLoader, A01_AllProblemsAreReportedAtOnceInTheOrderOfTheFile) {
    const LoadResult result = load(
        "site:\n"
        "  id: \"two words\"\n"
        "listen:\n"
        "  public:\n"
        "    port: 08443\n"
        "    tls: yes\n"
        "openai:\n"
        "  modle: gpt-realtime-2.1\n"
        "  ping_interval_ms: 1.5\n"
        "  voice: alloy\n"
        "  voice: ash\n"
        "log:\n"
        "  level: loud\n");
    EXPECT_FALSE(result.config);
    EXPECT_THAT(
        problems(result),
        ElementsAre(
            "h.yaml:2:7: site.id: not what it should be (expected 1 to 64 letters, digits, '-', "
            "'_' or '.', "
            "beginning with a letter or digit)",
            "h.yaml:5:11: listen.public.port: a leading zero (YAML readers disagree whether that "
            "is octal) "
            "(expected an integer from 0 to 65535)",
            "h.yaml:6:10: listen.public.tls: neither true nor false (expected true or false)",
            "h.yaml:8:3: openai.modle: unknown key, did you mean openai.model?",
            "h.yaml:9:21: openai.ping_interval_ms: a fraction instead of an integer (expected an "
            "integer "
            "from 100 to 60000)",
            "h.yaml:11:3: openai.voice: stands here a second time (expected once; the first is in "
            "line 10)",
            "h.yaml:13:10: log.level: not one of the words it can be (expected one of error, "
            "warning, "
            "notice, info, debug)",
            "h.yaml: person.number: missing: the last rung of the ladder would reach nobody "
            "(expected a number such as +15550100123)"));
}

TEST(ConfigLoader, SectionWhoseKeysAreAllCommentedOutIsFine) {
    EXPECT_THAT(problems(plain_listener() + "store:\n  #path: /x\nopenai:\n  turn_detection:\n"),
                IsEmpty());
}

TEST(ConfigLoader, WindowsLineEndsAreFine) {
    EXPECT_THAT(problems("site:\r\n  id: a\r\n" + plain_listener()), IsEmpty());
}

TEST(ConfigLoader, A02_UnknownKeysAreErrorsWithTheNearestName) {
    const auto meant = [](const std::string& text) { return problems(plain_listener() + text); };
    EXPECT_THAT(meant("opnai: {}\n"),
                ElementsAre(HasSubstr("opnai: unknown key, did you mean openai?")));
    EXPECT_THAT(meant("media: {max_call: 5}\n"),
                ElementsAre(HasSubstr("did you mean media.max_calls?")));
    EXPECT_THAT(meant("store: {model: x}\n"), ElementsAre(HasSubstr("did you mean openai.model?")));
    EXPECT_THAT(meant("voice: ash\n"), ElementsAre(HasSubstr("did you mean openai.voice?")));
    EXPECT_THAT(meant("openai.voice: ash\n"),
                ElementsAre(HasSubstr("a dotted name is not a path in YAML")));
    EXPECT_THAT(meant("zzzzzzzz: 1\n"), ElementsAre(HasSubstr("--print-config")));
}

TEST(ConfigLoader, UnknownNamesCannotDisturbATerminalOrFloodIt) {
    const auto lines =
        problems(plain_listener() + "\"\\e[2Jx\\ny\": 1\n" + std::string(1000, 'k') + ": 1\n");
    ASSERT_THAT(lines, SizeIs(2));
    EXPECT_THAT(lines[0], HasSubstr(": ?[2Jx?y: unknown key"));
    EXPECT_LT(lines[1].size(), 200u);
}

TEST(ConfigLoader, A02_DuplicatesAreErrorsAtEveryLevel) {
    EXPECT_THAT(problems(plain_listener() + "site: {id: a}\nsite: {id: b}\n"),
                ElementsAre(HasSubstr("site: stands here a second time")));
    EXPECT_THAT(problems("listen:\n  public: {tls: false, address: 127.0.0.1}\n"
                         "  public: {tls: false}\n"),
                ElementsAre(HasSubstr("3:3: listen.public: stands")));
    EXPECT_THAT(
        problems(plain_listener() + "openai: {turn_detection: {threshold: 0.5, threshold: 0.5}}\n"),
        ElementsAre(HasSubstr("openai.turn_detection.threshold: stands")));
    EXPECT_THAT(problems(plain_listener() + "zz: 1\nzz: 2\n"), SizeIs(2));
}

struct Wrong {
    const char* text;
    const char* says;
};

class WrongValue : public testing::TestWithParam<Wrong> {};

TEST_P(WrongValue, IsRefused) {
    const auto lines = problems(plain_listener() + GetParam().text);
    EXPECT_THAT(lines, ElementsAre(HasSubstr(GetParam().says))) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Types, WrongValue,
    testing::Values(
        Wrong{"media: {max_calls: 0x10}", "not an integer"},
        Wrong{"media: {max_calls: 0o17}", "not an integer"},
        Wrong{"media: {max_calls: 017}", "a leading zero"},
        Wrong{"media: {max_calls: 1e2}", "not an integer"},
        Wrong{"media: {max_calls: 50.0}", "a fraction instead"},
        Wrong{"media: {max_calls: 1_000}", "not an integer"},
        Wrong{"media: {max_calls: \"50\"}", "a quoted text instead of a number"},
        Wrong{"media: {max_calls: +5}", "not an integer"},
        Wrong{"media: {max_calls: 99999999999999999999}", "a fraction instead"},
        Wrong{"media: {max_calls: -1}", "out of range (expected an integer from 1 to 2000)"},
        Wrong{"media: {max_calls: 2001}", "out of range"},
        Wrong{"media: {max_calls: }", "no value"}, Wrong{"media: {max_calls: ~}", "no value"},
        Wrong{"media: {max_calls: [1]}", "a list"},
        Wrong{"media: {max_calls: {a: 1}}", "a section"},
        Wrong{"media: 5", "a single value instead of a section"},
        Wrong{"media: [1]", "a list instead of a section"},
        Wrong{"media: {threads: 2}",
              "cannot be changed: Media threads. This version runs exactly one"},
        Wrong{"openai: {turn_detection: {threshold: .inf}}", "not a number"},
        Wrong{"openai: {turn_detection: {threshold: nan}}", "not a number"},
        Wrong{"openai: {turn_detection: {threshold: 1.01}}",
              "out of range (expected a number from 0 to 1)"},
        Wrong{"openai: {turn_detection: {threshold: \"0.5\"}}", "not a number"},
        Wrong{"openai: {turn_detection: {silence_duration_ms: 1000}}", "from 100 to 900"},
        Wrong{"openai: {turn_detection: {type: none}}", "one of server_vad, semantic_vad"},
        Wrong{"openai: {model: }", "openai.model: no value"},
        Wrong{"openai: {model: \"\"}", "openai.model: empty"},
        Wrong{"openai: {model: [a]}", "a list instead of a single value"},
        Wrong{"openai: {voice: \"a b\"}", "not what it should be"},
        Wrong{"openai: {voice: \"a\\nb\"}", "line breaks and control characters"},
        Wrong{"openai: {transcription_language: eng}", "two lower-case letters"},
        Wrong{"openai: {instructions_file: i.txt}", "an absolute path"},
        Wrong{"twilio: {account_sid: AC123}", "AC and 32 hexadecimal digits"},
        Wrong{"twilio: {numbers: +15550100123}", "a single value instead of a list"},
        Wrong{"twilio: {numbers: [\"+15550100123\", \"0100\"]}", "twilio.numbers[1]: not what"},
        Wrong{"twilio: {verify_signature: True}", "neither true nor false"},
        Wrong{"twilio: {verify_signature: \"true\"}", "neither true nor false"},
        Wrong{"twilio: {verify_signature: on}", "neither true nor false"},
        Wrong{"twilio: {verify_signature: 1}", "neither true nor false"},
        Wrong{"person: {number: 15550100123}", "a number such as +15550100123"},
        Wrong{"person: {number: \"+1 555 0100 123\"}", "a number such as"},
        Wrong{"person: {caller_id: \"+0555010012\"}", "a number such as"},
        Wrong{"person: {timeout_s: 4}", "from 5 to 600"},
        Wrong{"dispatch: {max_questions: 0}", "from 1 to 20"},
        Wrong{"dispatch: {mode: sometimes}", "advise, approve, automatic"},
        Wrong{"dispatch: {tripwires: [\" \"]}", "dispatch.tripwires[0]: not what it should be"},
        Wrong{"dispatch: {webhook: {url: 'https://cad.psap.example'}}", "dispatch.webhook: there is no secret"},
        Wrong{"dispatch: {answer_timeout_s: 2}", "from 3 to 120"},
        Wrong{"person: {words: operator}", "a single value instead of a list"},
        Wrong{"person: {words: [\" \"]}", "person.words[0]: not what it should be"},
        Wrong{"ladder: {rungs: [openai, gemini, canned, person]}",
              "ladder.rungs[1]: not one of the words it can be"},
        Wrong{"ladder: {rungs: [openai, person]}", "canned and person cannot be removed"},
        Wrong{"ladder: {filler_after_ms: 299}", "from 300 to 4000"},
        Wrong{"ladder: {silence_prompt_s: 2}", "from 3 to 60"},
        Wrong{"uplink: {up_kbps: -1}", "from 0 to 10000000"},
        Wrong{"elevenlabs: {agent: agent_1}", "a single value instead of a section"},
        Wrong{"elevenlabs: {voice_id: sk_0123}", "a secret"},
        Wrong{"twilio: {api_key_sid: AC0123456789abcdef0123456789abcdef}",
              "SK and 32 hexadecimal digits"},
        Wrong{"recording: {path: rec}", "an absolute path"},
        Wrong{"site: {id: a/b}", "site.id: not what it should be"},
        Wrong{"site: {id: -a}", "site.id: not what it should be"},
        Wrong{"store: {path: j.db}", "an absolute path"},
        Wrong{"log: {format: xml}", "one of auto, text, json, journald"}));

INSTANTIATE_TEST_SUITE_P(
    Form, WrongValue,
    testing::Values(Wrong{"site: {id: &a b}", "anchors and aliases are not allowed"},
                    Wrong{"site: *a", "not YAML: the referenced anchor is not defined"},
                    Wrong{"site: !!map {id: a}", "tags are not allowed"},
                    Wrong{"? [a]\n: 1", "a key must be a plain name"},
                    Wrong{"? {a: 1}\n: 1", "a key must be a plain name"},
                    Wrong{"~: 1", "a key must be a plain name"},
                    Wrong{"---\nsite: {id: a}\n", "a second document begins here"},
                    Wrong{"site:\n\tid: a", "3:1: a tab (expected spaces)"},
                    Wrong{"site: {id: \"a\tb\"}", "2:14: a tab"},
                    Wrong{"site: {id: \"\x01\"}", "a control character"},
                    Wrong{"site: {id: \"\xff\"}", "2:1: the line is not UTF-8"},
                    Wrong{"site: {id: a", "not YAML: end of map flow not found"},
                    Wrong{"site: {id: a}}", "not YAML"},
                    Wrong{"site:\n  id: a\n bad: 1", "not YAML"},
                    Wrong{"<<: {id: a}", "<<: unknown key"}));

TEST(ConfigLoader, WholeFileOfTheWrongKindIsRefused) {
    EXPECT_THAT(problems("just words"),
                Contains(HasSubstr("h.yaml:1:1: a single value instead of sections")));
    EXPECT_THAT(problems("- a\n- b\n"),
                Contains(HasSubstr("h.yaml:1:1: a list instead of sections")));
    EXPECT_THAT(problems(std::string("a\0b: 1", 6)),
                ElementsAre(HasSubstr("1:2: a control character")));
    EXPECT_THAT(problems("\xff\xfes\0i\0"), ElementsAre(HasSubstr("not UTF-8")));
}

TEST(ConfigLoader, A02_TooLargeTooDeepOrTooManyIsRefusedQuickly) {
    EXPECT_THAT(problems(std::string(k_file_bytes_max + 1, '#')),
                ElementsAre(HasSubstr("the file is too large")));
    EXPECT_THAT(problems(plain_listener() + std::string(k_file_bytes_max - 100, '#')), IsEmpty());
    const auto refused = testing::AnyOf(HasSubstr("nested too deeply"), HasSubstr("plain name"),
                                        HasSubstr("not YAML"));
    EXPECT_THAT(problems("site: " + std::string(200'000, '[')), ElementsAre(refused));
    EXPECT_THAT(problems("site: " + std::string(200'000, '{')), ElementsAre(refused));
    EXPECT_THAT(problems("site: " + std::string(20, '[') + std::string(20, ']')),
                ElementsAre(HasSubstr("nested too deeply")));
    std::string ladder;
    for (std::size_t i = 0; i < 1'000; ++i) ladder += std::string(i, ' ') + "a:\n";
    EXPECT_THAT(problems(ladder), ElementsAre(HasSubstr("nested too deeply")));
    std::string many = "twilio:\n  numbers:\n";
    for (std::size_t i = 0; i < k_nodes_max; ++i) many += "  - x\n";
    EXPECT_THAT(problems(many), ElementsAre(HasSubstr("too many values")));
}

TEST(ConfigLoader, NoMoreProblemsAreShownThanAnybodyReads) {
    std::string text = plain_listener();
    for (int i = 0; i < 500; ++i) text += "unknown-" + std::to_string(i) + ": 1\n";
    const auto lines = problems(text);
    EXPECT_THAT(lines, SizeIs(k_problems_max + 1));
    EXPECT_EQ(lines.back(), "h.yaml: ... and 400 more problems");
}

TEST(ConfigLoader, A04_SecretsInTheFileAreRefusedWithAPointer) {
    for (const char* text :
         {"openai: {api_key: x}", "twilio: {auth_token: x}", "twilio: {auth_token_next: x}",
          "elevenlabs: {api_key: x}", "twilio: {api_key_secret: x}", "password: x",
          "openai: {client_secret: x}", "OPENAI_API_KEY: x"}) {
        EXPECT_THAT(problems(plain_listener() + text),
                    ElementsAre(AllOf(HasSubstr("secrets are never in this file"),
                                      HasSubstr("credential"))))
            << text;
    }
    EXPECT_THAT(problems(plain_listener() + "openai: {voice: sk-abc}"),
                ElementsAre(HasSubstr("openai.voice: a secret")));
    EXPECT_THAT(
        problems(
            "listen: {public: {address: 127.0.0.1, certificate: /c, "
            "private_key: \"-----BEGIN PRIVATE KEY-----\"}}"),
        ElementsAre(HasSubstr("listen.public.private_key: a secret")));
}

TEST(ConfigLoader, MessagesNeverRepeatAValue) {
    const std::string marker = "+1555%0199 MARKER";
    for (const Key& key : keys()) {
        const std::string path(key.path);
        std::string text;
        std::size_t depth = 0;
        for (std::size_t begin = 0; begin <= path.size(); ++depth) {
            const std::size_t end = std::min(path.find('.', begin), path.size());
            text += std::string(2 * depth, ' ') + path.substr(begin, end - begin) + ":" +
                    (end == path.size() ? " " : "\n");
            begin = end + 1;
        }
        for (const auto& value : std::vector<std::string>{
                 "\"" + marker + "\"", "[\"" + marker + "\"]", "\"ws://" + marker + "\"",
                 "\"https://" + marker + "\"", "\"gpt-4o-realtime-preview-MARKER\"",
                 "{MARKED: \"" + marker + "\"}"}) {
            const LoadResult result = load(text + value + "\n");
            EXPECT_THAT(problems(result), Each(Not(HasSubstr("MARKER")))) << text << value;
            EXPECT_THAT(result.notes, Each(Not(HasSubstr("MARKER")))) << text << value;
        }
    }
}

TEST(ConfigLoader, SilenceThatEndsATurnIsShorterThanTheSilencePutIntoGaps) {
    const Key& key = *find_key("openai.turn_detection.silence_duration_ms");
    EXPECT_LT(std::get<Range>(key.allowed).most,
              static_cast<double>(milliseconds(limits::gap_speech_silence).count()));
}

TEST(ConfigLoader, LogSettingsBecomeThoseOfTheLog) {
    Config config;
    EXPECT_EQ(log_level(config), log::Level::info);
    config.log.level = "debug";
    EXPECT_EQ(log_level(config), log::Level::debug);
    config.log.format = "journald";
    EXPECT_EQ(log_format(config), log::Format::journald);
    config.log.format = "json";
    EXPECT_EQ(log_format(config), log::Format::json);
    config.log.format = "text";
    EXPECT_EQ(log_format(config), log::Format::text);
}

}  // namespace
}  // namespace holdfast::config
