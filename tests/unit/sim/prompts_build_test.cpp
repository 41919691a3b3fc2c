// `holdfastctl prompts build` against the simulated speech service.
#include "holdfastctl/commands.hpp"
#include "net/asio_loop.hpp"
#include "speech/server.hpp"
#include "voice/scripted/speech_cache.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace holdfast::sim {
namespace {

namespace fs = std::filesystem;
using voice::scripted::Language;
using voice::scripted::Sentence;
using voice::scripted::SpeechCache;

constexpr std::size_t k_all = 2 * voice::scripted::k_sentences;

// The service runs on its own thread; its report is read when that has ended.
class Service {
  public:
    explicit Service(const std::vector<std::string>& faults) : log_(EventLog::Form::none) {
        SpeechOptions options;
        options.first_byte_ms = 1;
        options.speed = 1000;
        options.key = "sk_sim";
        options.voices = {"voiceA"};
        for (const auto& text : faults) options.faults.add(*parse_fault(text, speech_faults()));
        server_ = std::move(*SpeechServer::open(loop_, options, log_));
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Service() { stop(); }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
    nlohmann::ordered_json report() {
        stop();
        return server_->report();
    }

  private:
    void stop() {
        if (!thread_.joinable()) return;
        loop_.stop();
        thread_.join();
    }
    net::AsioLoop loop_;
    EventLog log_;
    std::unique_ptr<SpeechServer> server_;
    std::thread thread_;
};

class PromptsBuild : public testing::Test {
  protected:
    PromptsBuild() {
        std::string pattern = (fs::temp_directory_path() / "holdfast-build.XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        root = pattern;
        key("sk_sim");
    }
    ~PromptsBuild() override { fs::remove_all(root); }

    void key(const std::string& text) const {
        std::ofstream(root / "key") << text;
        fs::permissions(root / "key", fs::perms::owner_read | fs::perms::owner_write);
    }
    int build(Service& service, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"prompts", "build", "--to", clips(), "--key-file", (root / "key").string()};
        const auto unless_given = [&more](const std::string& option, const std::string& value) {
            if (std::find(more.begin(), more.end(), option) == more.end()) more.insert(more.end(), {option, value});
        };
        unless_given("--voice", "voiceA");
        unless_given("--url", service.url());
        arguments.insert(arguments.end(), more.begin(), more.end());
        std::ostringstream out_text;
        std::ostringstream err_text;
        const int exit = ctl::run(arguments, ctl::Look{}, out_text, err_text);
        out = out_text.str();
        err = err_text.str();
        return exit;
    }
    std::string clips() const { return (root / "clips").string(); }

    fs::path root;
    std::string out, err;
};

TEST_F(PromptsBuild, MakesEverySentenceOnceInBothLanguages) {
    Service service({});
    ASSERT_EQ(build(service), ctl::k_exit_ok) << err;
    EXPECT_NE(out.find("made en/where.wav"), std::string::npos);
    EXPECT_NE(out.find(std::to_string(k_all) + " sentences: " + std::to_string(k_all) + " made, 0 were good"),
              std::string::npos)
        << out;
    const auto cache = SpeechCache::load(clips());
    EXPECT_EQ(cache->loaded(), k_all);
    EXPECT_EQ(cache->refused(), 0u);
    ASSERT_EQ(build(service, {"--json"}), ctl::k_exit_ok);
    EXPECT_EQ(out, R"({"complete":true,"sentences":)" + std::to_string(k_all) + R"(,"made":0,"kept":)" +
                       std::to_string(k_all) + "}\n");
    const auto report = service.report();
    EXPECT_EQ(report["speech"].size(), k_all);
    EXPECT_EQ(report["client_was_right"], true);
}

// E09
TEST_F(PromptsBuild, GoesOnWhereItStoppedAndMakesDamagedOnesAgain) {
    Service broken({"tts-refuse=401/quota_exceeded:conn=4-"});
    EXPECT_EQ(build(broken), ctl::k_exit_not_good);
    EXPECT_NE(err.find("the account has no credits left, HTTP 401"), std::string::npos) << err;
    EXPECT_NE(out.find("3 made"), std::string::npos) << out;
    EXPECT_EQ(SpeechCache::load(clips())->loaded(), 3u) << "what was made can be used";

    std::ofstream(clips() + "/en/still_here.wav", std::ios::app) << "x";
    Service service({});
    ASSERT_EQ(build(service), ctl::k_exit_ok) << err;
    EXPECT_NE(out.find("2 were good already"), std::string::npos) << out;
    EXPECT_EQ(SpeechCache::load(clips())->loaded(), k_all);
}

TEST_F(PromptsBuild, MakesAllAgainWhenToldToAndForAnotherModel) {
    Service service({});
    ASSERT_EQ(build(service), ctl::k_exit_ok);
    ASSERT_EQ(build(service, {"--again"}), ctl::k_exit_ok);
    EXPECT_NE(out.find(" 0 were good already"), std::string::npos) << out;
    ASSERT_EQ(build(service, {"--model", "eleven_multilingual_v2"}), ctl::k_exit_ok);
    EXPECT_NE(out.find(" 0 were good already"), std::string::npos) << out;
}

TEST_F(PromptsBuild, NamesWhatIsWrong) {
    struct Row {
        std::vector<std::string> faults;
        std::vector<std::string> arguments;
        std::string says;
        int exit;
    };
    const Row rows[] = {
        {{}, {"--voice", "nobody"}, "the workspace does not know this voice", ctl::k_exit_not_good},
        {{"tts-html"}, {}, "a web page came instead of audio", ctl::k_exit_not_good},
        {{"tts-mp3"}, {}, "MP3 came instead of mu-law", ctl::k_exit_not_good},
        {{"tts-refuse=422"}, {}, "does not accept the request (check --model)", ctl::k_exit_not_good},
        {{}, {"--voice", "a/b"}, "--voice takes letters", ctl::k_exit_usage},
        {{}, {"--model", "a b"}, "--model takes letters", ctl::k_exit_usage},
        {{}, {"--url", "http://192.0.2.1"}, "--url takes https://host", ctl::k_exit_usage},
    };
    for (const Row& row : rows) {
        Service service(row.faults);
        EXPECT_EQ(build(service, row.arguments), row.exit) << row.says << "\n" << err;
        EXPECT_NE(err.find(row.says), std::string::npos) << err;
    }
    key("wrong");
    Service service({});
    EXPECT_EQ(build(service), ctl::k_exit_not_good);
    EXPECT_NE(err.find("the key is not accepted"), std::string::npos) << err;
    EXPECT_EQ(err.find("wrong"), std::string::npos) << "the key is never shown";

    key("sk_sim");
    fs::remove_all(root / "clips");
    std::ofstream(root / "clips") << "a file where a folder should be";
    EXPECT_EQ(build(service), ctl::k_exit_not_good);
    EXPECT_NE(err.find("cannot make"), std::string::npos) << err;
}

}  // namespace
}  // namespace holdfast::sim
