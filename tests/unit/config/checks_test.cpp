// Rules between keys, and names that are known to be wrong.
#include "config/checks.hpp"
#include "config/keys.hpp"

#include "support.hpp"

namespace holdfast::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> findings(const Config& config, Finding::Kind kind) {
    std::vector<std::string> lines;
    for (const auto& finding : check(config, {})) {
        if (finding.kind != kind) continue;
        lines.push_back(finding.key + ": " + finding.text +
                        (finding.expected.empty() ? "" : " (" + finding.expected + ")"));
    }
    return lines;
}

std::vector<std::string> wrong(const Config& config) {
    return findings(config, Finding::Kind::problem);
}
std::vector<std::string> notes(const Config& config) {
    return findings(config, Finding::Kind::note);
}

// Good in every respect.
Config good() {
    Config config;
    config.listen.public_.certificate = "/c.pem";
    config.listen.public_.private_key = "/k.pem";
    config.person.number = "+15550100123";
    return config;
}

TEST(ConfigChecks, GoodConfigurationHasNoFinding) {
    EXPECT_THAT(wrong(good()), IsEmpty());
    EXPECT_THAT(notes(good()), IsEmpty());
}

TEST(ConfigChecks, APersonIsDialledByNumberOrBySipAddress) {
    for (const char* good : {"+15550100123", "sip:queue@psap.example", "sips:queue+1@psap.example;transport=tls",
                             "sip:100@192.0.2.7:5061", "sip:a@[2001:db8::7]"}) {
        EXPECT_TRUE(is_dialled(good)) << good;
    }
    for (const char* bad : {"15550100123", "sip:psap.example", "sip:@psap.example", "sip:a@", "sip:a:secret@psap.example",
                            "sip:a@psap.example?subject=x", "sip:a b@psap.example", "http://psap.example", "sip:a@-x",
                            "sip:a@psap.example\"/>", "SIP:a@psap.example"}) {
        EXPECT_FALSE(is_dialled(bad)) << bad;
    }
    EXPECT_FALSE(is_dialled("sip:" + std::string(300, 'a') + "@psap.example"));
}

TEST(ConfigChecks, UnsignedWebhooksAreAllowedOnLoopbackOnly) {
    Config config = good();
    config.twilio.verify_signature = false;
    for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "128.0.0.1"}) {
        config.listen.public_.address = address;
        EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("twilio.verify_signature: false while")))
            << address;
    }
    for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
        config.listen.public_.address = address;
        EXPECT_THAT(wrong(config), IsEmpty()) << address;
        EXPECT_THAT(notes(config), ElementsAre(HasSubstr("requests are not checked"))) << address;
    }
}

TEST(ConfigChecks, PlainListenerOnTheNetworkIsNoted) {
    Config config = good();
    config.listen.public_.tls = false;
    EXPECT_THAT(wrong(config), IsEmpty());
    EXPECT_THAT(notes(config), ElementsAre(HasSubstr("calls arrive in clear")));
}

TEST(ConfigChecks, TlsNeedsBothFiles) {
    Config config = good();
    config.listen.public_.certificate.clear();
    config.listen.public_.private_key.clear();
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("public.certificate: missing"),
                                           HasSubstr("public.private_key: missing")));
    config = good();
    config.listen.admin.tls = true;
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("admin.certificate: missing"),
                                           HasSubstr("admin.private_key: missing")));
}

TEST(ConfigChecks, AdminListenerStaysOnLoopback) {
    Config config = good();
    config.listen.admin.address = "192.0.2.1";
    EXPECT_THAT(
        wrong(config),
        ElementsAre(HasSubstr("not a loopback address, and the admin listener has no accounts")));
}

TEST(ConfigChecks, BaseUrlIsSchemeHostAndPortOnly) {
    Config config = good();
    const auto with = [&](const char* url) {
        config.listen.public_.base_url = url;
        return wrong(config);
    };
    EXPECT_THAT(with("https://edge.psap.example"), IsEmpty());
    EXPECT_THAT(with("https://edge.psap.example:443"), IsEmpty());
    EXPECT_THAT(with("https://[2001:db8::1]"), IsEmpty());
    EXPECT_THAT(with("https://edge.psap.example/"), ElementsAre(HasSubstr("not even a slash")));
    EXPECT_THAT(with("https://edge.psap.example?x"),
                ElementsAre(HasSubstr("nothing may stand behind")));
    EXPECT_THAT(with("https://edge.psap.example#x"),
                ElementsAre(HasSubstr("nothing may stand behind")));
    EXPECT_THAT(with("https://Edge.psap.example"), ElementsAre(HasSubstr("lower case")));
    EXPECT_THAT(with("https://u:p@edge.psap.example"), ElementsAre(HasSubstr("a user name")));
    EXPECT_THAT(with("http://edge.psap.example"),
                ElementsAre(HasSubstr("although listen.public.tls is true")));
    for (const char* url :
         {"edge.psap.example", "wss://edge.psap.example", "https://", "https://:443", "https://a:0",
          "https://a:65536", "https://a:", "https://a:x", "https://a b", "https://[::1",
          "https://[a]", "HTTPS://edge.psap.example", "https://[::1]x"}) {
        EXPECT_THAT(with(url), ElementsAre(HasSubstr("not an https URL"))) << url;
    }
    config.listen.public_.tls = false;
    EXPECT_THAT(with("http://edge.psap.example"), IsEmpty());
}

TEST(ConfigChecks, OtherPortsThan443AreNoted) {
    Config config = good();
    config.listen.public_.base_url = "https://edge.psap.example:8443";
    EXPECT_THAT(notes(config), ElementsAre(HasSubstr("port 443 is recommended")));
    config.listen.public_.base_url = "https://127.0.0.1:8443";
    EXPECT_THAT(notes(config), IsEmpty());
}

TEST(ConfigChecks, ProviderIsReachedInClearOnThisMachineOnly) {
    Config config = good();
    const auto with = [&](const char* url) {
        config.openai.url = url;
        return wrong(config);
    };
    for (const char* url :
         {"ws://127.0.0.1:9000/v1/realtime", "ws://[::1]:9000", "ws://localhost:1/x?fault=stall",
          "wss://provider.example/v1/realtime"}) {
        EXPECT_THAT(with(url), IsEmpty()) << url;
    }
    for (const char* url : {"ws://provider.example/", "ws://10.0.0.1/", "ws://localhost.example/",
                            "ws://127.0.0.1.example/"}) {
        EXPECT_THAT(with(url), ElementsAre(HasSubstr("ws:// is allowed to this machine only")))
            << url;
    }
    EXPECT_THAT(with("ws://localhost@provider.example/"),
                ElementsAre(HasSubstr("this machine only"), HasSubstr("a user name")));
    EXPECT_THAT(with("wss://provider.example/#x"), ElementsAre(HasSubstr("a fragment")));
    EXPECT_THAT(with("wss://provider.example/?model=x"), ElementsAre(HasSubstr("openai.model")));
    EXPECT_THAT(with("https://provider.example/"), ElementsAre(HasSubstr("not a wss URL")));
    EXPECT_TRUE(is_loopback_url("ws://LOCALHOST:1"));
    EXPECT_FALSE(is_loopback_url("wss://api.openai.com/v1/realtime"));
}

TEST(ConfigChecks, RetiredModelsNameTheirSuccessor) {
    Config config = good();
    config.openai.model = "gpt-4o-realtime-preview-2024-12-17";
    EXPECT_THAT(wrong(config),
                ElementsAre("openai.model: this model has been retired (gpt-realtime-2.1)"));
    config.openai.model = "gpt-4o-mini-realtime-preview";
    EXPECT_THAT(wrong(config),
                ElementsAre("openai.model: this model has been retired (gpt-realtime-2.1-mini)"));
    config.openai.model = "gpt-realtime-mini-2025-10-06";
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("retired (gpt-realtime-2.1-mini)")));
}

TEST(ConfigChecks, ModelsWithAnAnnouncedEndAreNoted) {
    Config config = good();
    config.openai.model = "gpt-realtime";
    EXPECT_THAT(wrong(config), IsEmpty());
    EXPECT_THAT(notes(config), ElementsAre("openai.model: the provider ends this model on "
                                           "2027-01-20; its successor is gpt-realtime-2.1"));
    config.openai.model = "gpt-realtime-mini";
    EXPECT_THAT(notes(config), ElementsAre(HasSubstr("gpt-realtime-2.1-mini")));
    config.openai.model = "gpt-realtime-1.5";
    EXPECT_THAT(notes(config), IsEmpty());
    config = good();
    config.openai.transcription_model = "whisper-1";
    EXPECT_THAT(wrong(config), IsEmpty());
    EXPECT_THAT(notes(config),
                ElementsAre(HasSubstr("2027-02-26; its successor is gpt-transcribe")));
}

TEST(ConfigChecks, PingTimeOutIsNotShorterThanItsInterval) {
    Config config = good();
    config.openai.ping_interval = milliseconds(5000);
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("openai.ping_timeout_ms: shorter than")));
    config.openai.ping_timeout = milliseconds(5000);
    EXPECT_THAT(wrong(config), IsEmpty());
}

TEST(ConfigChecks, PersonIsMissingOnlyOnALoopbackListener) {
    Config config = good();
    config.person.number.clear();
    EXPECT_THAT(wrong(config), ElementsAre("person.number: missing: the last rung of the ladder "
                                           "would reach nobody (a number such as +15550100123)"));
    config.listen.public_.address = "127.0.0.1";
    EXPECT_THAT(wrong(config), IsEmpty());
    EXPECT_THAT(problems("listen: {public: {certificate: /c, private_key: /k}}\nperson:\n  "
                         "number: \"\"\n"),
                ElementsAre(testing::StartsWith("h.yaml:3:11: person.number: missing")));
}

TEST(ConfigChecks, CannedAndPersonStayLastInTheLadder) {
    Config config = good();
    const auto with = [&](std::vector<std::string> rungs) {
        config.ladder.rungs = std::move(rungs);
        return wrong(config);
    };
    EXPECT_THAT(with({"canned", "person"}), IsEmpty());
    EXPECT_THAT(with({"eleven_realtime", "openai", "canned", "person"}), IsEmpty());
    const auto refused = ElementsAre(HasSubstr("ladder.rungs: canned and person cannot be"));
    EXPECT_THAT(with({}), refused);
    EXPECT_THAT(with({"person"}), refused);
    EXPECT_THAT(with({"openai", "person"}), refused);
    EXPECT_THAT(with({"openai", "canned"}), refused);
    EXPECT_THAT(with({"person", "canned"}), refused);
    EXPECT_THAT(with({"canned", "person", "openai"}), refused);
    EXPECT_THAT(with({"openai", "openai", "canned", "person"}),
                ElementsAre(HasSubstr("openai stands in it twice")));
    EXPECT_THAT(check(config, {"ladder.rungs[0]"}), IsEmpty());
}

TEST(ConfigChecks, LadderTimersAreInOrder) {
    Config config = good();
    config.ladder.filler_after = milliseconds(2000);
    config.ladder.answer_timeout = milliseconds(1999);
    config.ladder.second_loss_window = milliseconds(2999);
    config.ladder.silence_person = config.ladder.silence_prompt - seconds(1);
    EXPECT_THAT(wrong(config),
                ElementsAre(HasSubstr("ladder.answer_timeout_ms: shorter than"),
                            HasSubstr("ladder.second_loss_window_ms: shorter than"),
                            HasSubstr("ladder.silence_person_s: shorter than")));
}

TEST(ConfigChecks, ServicesAreReachedInClearOnThisMachineOnly) {
    Config config = good();
    const auto eleven = [&](const char* url) {
        config.elevenlabs.url = url;
        return wrong(config);
    };
    for (const char* url : {"https://api.us.elevenlabs.io", "wss://api.elevenlabs.io",
                            "http://127.0.0.1:9000", "ws://[::1]:9000"}) {
        EXPECT_THAT(eleven(url), IsEmpty()) << url;
    }
    EXPECT_THAT(eleven("http://api.elevenlabs.io"), ElementsAre(HasSubstr("this machine only")));
    EXPECT_THAT(eleven("ws://10.0.0.1"), ElementsAre(HasSubstr("this machine only")));
    EXPECT_THAT(eleven("https://u:p@api.elevenlabs.io"), ElementsAre(HasSubstr("a user name")));
    EXPECT_THAT(eleven("https://api.elevenlabs.io/"), ElementsAre(HasSubstr("not even a slash")));
    EXPECT_THAT(eleven("ftp://api.elevenlabs.io"), ElementsAre(HasSubstr("not an https URL")));
    EXPECT_THAT(eleven("api.elevenlabs.io"), ElementsAre(HasSubstr("not an https URL")));
    config = good();
    config.twilio.api_url = "wss://api.twilio.com";
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("twilio.api_url: not an https URL")));
    config.twilio.api_url = "http://api.twilio.com";
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("twilio.api_url: http:// is allowed")));
}

TEST(ConfigChecks, LineTooNarrowForOneCallIsNoted) {
    Config config = good();
    config.uplink.up_kbps = 179;
    config.uplink.down_kbps = 180;
    EXPECT_THAT(notes(config), ElementsAre(HasSubstr("uplink.up_kbps: less than the 180")));
}

TEST(ConfigChecks, WordsForAPersonAreBounded) {
    Config config = good();
    config.person.words.assign(64, "operator");
    EXPECT_THAT(wrong(config), IsEmpty());
    config.person.words.emplace_back("human");
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("person.words: too many")));
}

TEST(ConfigChecks, AutomaticDispatchNeedsAConfirmationAndACad) {
    Config config = good();
    config.dispatch.mode = "automatic";
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("nobody has confirmed"), HasSubstr("there is no CAD")));
    config.dispatch.automatic_confirmed = true;
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("there is no CAD")));
    config.dispatch.webhook.url = "https://cad.psap.example/dispatches?agency=7";
    EXPECT_THAT(wrong(config), IsEmpty());
}

TEST(ConfigChecks, TheCadIsReachedOverTls) {
    Config config = good();
    for (const char* url : {"http://127.0.0.1:8080/d", "https://10.0.0.7/d"}) {
        config.dispatch.webhook.url = url;
        EXPECT_THAT(wrong(config), IsEmpty()) << url;
    }
    for (const char* url : {"http://cad.psap.example", "ftp://cad.psap.example", "cad", "https://u:p@cad.psap.example",
                            "https://cad.psap.example/#x"}) {
        config.dispatch.webhook.url = url;
        EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("dispatch.webhook.url"))) << url;
    }
}

TEST(ConfigChecks, TripwiresAreBounded) {
    Config config = good();
    config.dispatch.tripwires.assign(65, "gun");
    EXPECT_THAT(wrong(config), ElementsAre(HasSubstr("dispatch.tripwires: too many")));
}

TEST(ConfigChecks, KeysThatAreAlreadyBadAreLeftAlone) {
    Config config;
    config.twilio.verify_signature = false;
    config.openai.ping_interval = milliseconds(5000);
    EXPECT_THAT(
        check(config, {"person.number", "listen.public.tls", "listen.public.address",
                       "openai.ping_timeout_ms"}),
        IsEmpty());
}

TEST(ConfigChecks, FindingsPointAtTheKeyOrItsSection) {
    EXPECT_THAT(problems("listen:\n  admin:\n    address: 192.0.2.1\n  public:\n    certificate: \"\"\n"),
                ElementsAre(testing::StartsWith("h.yaml:3:14: listen.admin.address:"),
                            testing::StartsWith("h.yaml:5:18: listen.public.certificate: missing, but tls is true"),
                            testing::StartsWith("h.yaml: person.number: missing")));
    EXPECT_THAT(problems(plain_listener() + "openai: {}\ndispatch:\n  webhook:\n    url: \"https://cad.example/\"\n"),
                ElementsAre(testing::StartsWith("h.yaml:4:3: dispatch.webhook: there is no secret")));
}

}  // namespace
}  // namespace holdfast::config
