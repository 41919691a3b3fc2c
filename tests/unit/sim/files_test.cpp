// The file endpoint: the form and the file as the service judges them, and over a socket with each fault.
#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "provider/files.hpp"
#include "provider/server.hpp"
#include "test_box.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

namespace holdfast::sim {
namespace {

using nlohmann::json;
using test::tone;

constexpr const char* k_key = "sk-of-a-test";

std::string pcm_wav(const std::string& mulaw) { return audio::write_wav_pcm16(audio::mulaw_decode(mulaw), 8000, 1); }

struct Form {
    std::string model = "gpt-transcribe";
    std::string filename = "audio.wav";
    std::string file = pcm_wav(tone(600) + std::string(8000, audio::k_mulaw_silence));
    std::string more;  // further parts
    std::string body() const {
        const auto part = [](const std::string& head, const std::string& content) {
            return "--frontier\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content + "\r\n";
        };
        std::string out = more;
        if (!model.empty()) out += part("name=\"model\"", model);
        if (!file.empty()) {
            out += part("name=\"file\"; filename=\"" + filename + "\"\r\nContent-Type: audio/wav", file);
        }
        return out + "--frontier--\r\n";
    }
};

HttpMessage request(const Form& form, const std::string& key = k_key) {
    HttpMessage message;
    message.method = "POST";
    message.headers = {{"Authorization", "Bearer " + key}, {"Content-Type", "multipart/form-data; boundary=frontier"}};
    message.body = form.body();
    return message;
}

TEST(UploadedFile, IsHeard) {
    const auto heard = hear_file(request({}), k_key);
    EXPECT_EQ(heard.status, 200) << heard.code;
    EXPECT_EQ(heard.model, "gpt-transcribe");
    EXPECT_EQ(heard.audio_ms, 1600);
    EXPECT_EQ(heard.turns, 1);
}

TEST(UploadedFile, OfSilenceHasNoTurns) {
    Form form;
    form.file = pcm_wav(std::string(16'000, audio::k_mulaw_silence));
    const auto heard = hear_file(request(form), k_key);
    EXPECT_EQ(heard.status, 200);
    EXPECT_EQ(heard.turns, 0);
}

TEST(UploadedFile, NeedsTheKey) {
    EXPECT_EQ(hear_file(request({}, "sk-other"), k_key).status, 401);
    auto none = request({});
    none.headers.erase(none.headers.begin());
    EXPECT_EQ(hear_file(none, "").code, "invalid_api_key");
    EXPECT_EQ(hear_file(request({}, "sk-other"), "").status, 200) << "any key will do";
}

TEST(UploadedFile, IsRefusedAsTheServiceDoes) {
    struct Row {
        const char* what;
        std::function<void(Form&)> change;
        int status;
        const char* param;
    };
    const Row rows[] = {
        {"no model", [](Form& f) { f.model.clear(); }, 400, "model"},
        {"unknown model", [](Form& f) { f.model = "whisper-9"; }, 404, "model"},
        {"no file", [](Form& f) { f.file.clear(); }, 400, "file"},
        {"raw mu-law", [](Form& f) { f.filename = "audio.ulaw"; }, 400, "file"},
        {"mu-law in a WAV", [](Form& f) { f.file = audio::write_wav_mulaw(tone(600)); }, 400, "file"},
        {"no WAV", [](Form& f) { f.file = "RIFF of nothing"; }, 400, "file"},
        {"cut head", [](Form& f) { f.file.resize(30); }, 400, "file"},
        {"too large", [](Form& f) { f.file.resize(k_file_bytes_max + 1); }, 413, "file"},
        {"unknown field", [](Form& f) {
             f.more = "--frontier\r\nContent-Disposition: form-data; name=\"voice\"\r\n\r\nalloy\r\n";
         }, 400, "voice"},
        {"format of another model", [](Form& f) {
             f.more = "--frontier\r\nContent-Disposition: form-data; name=\"response_format\"\r\n\r\nsrt\r\n";
         }, 400, "response_format"},
    };
    for (const auto& row : rows) {
        Form form;
        row.change(form);
        const auto heard = hear_file(request(form), k_key);
        EXPECT_EQ(heard.status, row.status) << row.what;
        EXPECT_EQ(heard.param, row.param) << row.what;
    }
}

TEST(UploadedFile, InNoFormIsRefused) {
    auto message = request({});
    message.body = "--other" + message.body.substr(7);
    EXPECT_EQ(hear_file(message, k_key).status, 400);
    message = request({});
    message.body.resize(message.body.size() - 16);
    EXPECT_EQ(hear_file(message, k_key).status, 400);
    message = request({});
    message.headers.back().second = "application/json";
    EXPECT_EQ(hear_file(message, k_key).status, 400);
}

class FileEndpoint : public ::testing::Test {
  protected:
    void open(const std::vector<std::string>& faults = {}) {
        ProviderOptions options;
        options.key = k_key;
        options.settings.script.files = {"one two", "three"};
        options.settings.script.otherwise.hear = "more";
        for (const auto& text : faults) options.settings.faults.add(*parse_fault(text, provider_faults()));
        auto opened = ProviderServer::open(loop, options, events);
        ASSERT_TRUE(opened);
        server = std::move(*opened);
    }
    base::Result<HttpMessage> post(const Form& form = {}, base::milliseconds timeout = std::chrono::seconds(60)) {
        HttpFetch fetch;
        fetch.url = *net::parse_url("http://127.0.0.1:" + std::to_string(server->port()) + "/v1/audio/transcriptions");
        const auto message = request(form);
        fetch.headers = message.headers;
        fetch.body = message.body;
        fetch.timeout = timeout;
        std::optional<base::Result<HttpMessage>> answer;
        http_fetch(loop, std::move(fetch), [&](base::Result<HttpMessage> got) { answer = std::move(got); });
        const auto until = base::Mono::now() + std::chrono::seconds(60);
        while (!answer && base::Mono::now() < until) {
            loop.io().restart();
            loop.io().run_one_for(std::chrono::seconds(1));
        }
        EXPECT_TRUE(answer);
        return answer ? *answer : base::Result<HttpMessage>(base::make_error(base::Condition::retry, "none"));
    }
    std::string text() {
        const auto answer = post();
        return answer ? json::parse(answer->body, nullptr, false).value("text", "(none)") : answer.error().code;
    }

    net::AsioLoop loop;
    EventLog events{EventLog::Form::none};
    std::unique_ptr<ProviderServer> server;
};

TEST_F(FileEndpoint, SaysWhatTheScriptSays) {
    open();
    EXPECT_EQ(text(), "one two");
    Form silence;
    silence.file = pcm_wav(std::string(16'000, audio::k_mulaw_silence));
    EXPECT_EQ(json::parse(post(silence)->body)["text"], "");
    EXPECT_EQ(text(), "three");
    EXPECT_EQ(text(), "more");
    const auto report = server->report();
    ASSERT_EQ(report["files"].size(), 4u);
    EXPECT_EQ(report["files"][0]["audio_ms"], 1600);
    EXPECT_TRUE(server->client_was_right());
    EXPECT_TRUE(report["connections"].empty());
}

TEST_F(FileEndpoint, TakesAWholeLongPiece) {
    open();
    Form form;
    form.file = pcm_wav(tone(30'000));
    const auto answer = post(form);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
}

TEST_F(FileEndpoint, NotesWhatAClientDidWrong) {
    open();
    Form form;
    form.model.clear();
    const auto answer = post(form);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 400);
    EXPECT_EQ(json::parse(answer->body)["error"]["param"], "model");
    EXPECT_FALSE(server->client_was_right());
}

TEST_F(FileEndpoint, HasFaultsCountedByRequest) {
    open({"file-refuse=429/rate_limit_exceeded/7:conn=1", "file-refuse=500:conn=2", "file-refuse=401:conn=3",
          "file-close:conn=4", "file-garbage:conn=5", "file-empty:conn=6", "file-slow=20:conn=7"});
    const auto limited = post();
    ASSERT_TRUE(limited);
    EXPECT_EQ(limited->status, 429);
    EXPECT_EQ(limited->header("Retry-After"), "7");
    EXPECT_EQ(post()->status, 500);
    const auto unauthorized = post();
    EXPECT_EQ(unauthorized->status, 401);
    EXPECT_EQ(json::parse(unauthorized->body)["error"]["code"], "invalid_api_key");
    EXPECT_FALSE(post());
    EXPECT_TRUE(json::parse(post()->body, nullptr, false).is_discarded());
    EXPECT_EQ(text(), "");
    EXPECT_EQ(text(), "three") << "late, but it comes; the words before went to the connection that closed";
}

TEST_F(FileEndpoint, MayNeverAnswer) {
    open({"file-slow"});
    const auto answer = post({}, std::chrono::milliseconds(50));
    ASSERT_FALSE(answer);
    EXPECT_STREQ(answer.error().code, "timeout");
}

}  // namespace
}  // namespace holdfast::sim
