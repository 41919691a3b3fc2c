// The request as it goes out, and what each answer means.
#include "transcribe/service.hpp"

#include "audio/wav.hpp"
#include "transcribe/answer_codec.hpp"
#include "transcribe/limits.hpp"
#include "unit/transcribe/sounds.hpp"

#include <gtest/gtest.h>

namespace holdfast::transcribe {
namespace {

config::Config config_of(const std::string& url) {
    config::Config c;
    c.openai.url = url;
    c.openai.transcription_model = "gpt-transcribe";
    c.credentials.openai_api_key = base::Secret("sk-of-a-test");
    return c;
}

TEST(Service, StandsBesideTheRealtimeEndpoint) {
    const auto real = make_service(config_of("wss://api.openai.com/v1/realtime"));
    ASSERT_TRUE(real);
    EXPECT_EQ((*real)->url.scheme, "https");
    EXPECT_EQ((*real)->url.port, 443);
    EXPECT_EQ((*real)->url.target, "/v1/audio/transcriptions");
    EXPECT_NE((*real)->tls, nullptr);
    const auto simulator = make_service(config_of("ws://127.0.0.1:9000/v1/realtime?x=1"));
    ASSERT_TRUE(simulator);
    EXPECT_EQ((*simulator)->url.scheme, "http");
    EXPECT_EQ((*simulator)->url.port, 9000);
    EXPECT_EQ((*simulator)->url.target, "/v1/audio/transcriptions");
    EXPECT_EQ((*simulator)->tls, nullptr);
    EXPECT_FALSE(make_service(config_of("wss://gateway.example/socket")));
    EXPECT_FALSE(make_service(config_of("nonsense")));
}

TEST(Service, SendsOnePieceAsAForm) {
    const auto service = make_service(config_of("ws://127.0.0.1:9000/v1/realtime"));
    ASSERT_TRUE(service);
    const std::string mulaw = test::talk(500);
    const auto call = transcription_request(**service, mulaw);
    EXPECT_EQ(call.method, "POST");
    std::string type, authorization;
    for (const auto& [name, value] : call.headers) {
        if (name == "Content-Type") type = value;
        if (name == "Authorization") authorization = value;
    }
    EXPECT_EQ(authorization, "Bearer sk-of-a-test");
    const std::string form = "multipart/form-data; boundary=";
    ASSERT_EQ(type.substr(0, form.size()), form);
    const std::string boundary = type.substr(form.size());
    EXPECT_EQ(call.body.rfind("--" + boundary + "\r\n", 0), 0u);
    EXPECT_EQ(call.body.substr(call.body.size() - boundary.size() - 8), "\r\n--" + boundary + "--\r\n");
    EXPECT_NE(call.body.find("name=\"model\"\r\n\r\ngpt-transcribe\r\n"), std::string::npos);
    EXPECT_NE(call.body.find("name=\"file\"; filename=\"audio.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF"), std::string::npos);
    const auto from = call.body.find("RIFF");
    const auto wav = audio::read_wav(call.body.substr(from, call.body.size() - from - boundary.size() - 8));
    ASSERT_TRUE(wav);
    EXPECT_EQ(wav->rate, 8000u);
    EXPECT_EQ(wav->channels, 1u);
    EXPECT_EQ(wav->samples, audio::mulaw_decode(mulaw));
    EXPECT_NE(transcription_request(**service, mulaw).body, call.body) << "a boundary of its own";
}

Judgement answer(int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
    return judge(net::HttpAnswer{status, std::move(headers), std::move(body)});
}
std::string api_error(const std::string& code, const std::string& param = {}) {
    return R"({"error":{"message":"m","type":"t","param":")" + param + R"(","code":")" + code + R"("}})";
}

TEST(Service, UnderstandsWords) {
    auto j = answer(200, R"({"text":" I am at twelve Main Street.\n","usage":{"type":"duration","seconds":3}})");
    EXPECT_EQ(j.kind, Judgement::Kind::words);
    EXPECT_EQ(j.text.reveal(), "I am at twelve Main Street.");
    j = answer(200, R"({"text":"  "})");
    EXPECT_EQ(j.kind, Judgement::Kind::words);
    EXPECT_EQ(j.text.reveal(), "");
}

TEST(Service, KnowsWhatEachRefusalMeans) {
    using Kind = Judgement::Kind;
    using namespace std::chrono_literals;
    struct Row {
        const char* what;
        Judgement judgement;
        Kind kind;
        const char* result;
        std::optional<base::milliseconds> wait;
    };
    const Row rows[] = {
        {"a web page", answer(200, "<html>"), Kind::again, "json", {}},
        {"no text", answer(200, R"({"usage":null})"), Kind::again, "json", {}},
        {"text of another kind", answer(200, R"({"text":7})"), Kind::again, "json", {}},
        {"endless text", answer(200, R"({"text":")" + std::string(20'000, 'x') + "\"}"), Kind::again, "too_long", {}},
        {"wrong key", answer(401, api_error("invalid_api_key")), Kind::hold, "auth", k_hold},
        {"forbidden", answer(403, ""), Kind::hold, "auth", k_hold},
        {"no such model", answer(404, api_error("model_not_found", "model")), Kind::hold, "model", k_hold},
        {"model refused", answer(400, api_error("invalid_value", "model")), Kind::hold, "model", k_hold},
        {"quota", answer(429, api_error("insufficient_quota"), {{"retry-after", "1"}}), Kind::hold, "quota", k_hold},
        {"rate", answer(429, api_error("rate_limit_exceeded"), {{"Retry-After", "7"}}), Kind::hold, "rate_limit", 7s},
        {"rate, no time", answer(429, ""), Kind::hold, "rate_limit", {}},
        {"rate, a date", answer(429, "", {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}), Kind::hold, "rate_limit", {}},
        {"rate, for ever", answer(429, "", {{"Retry-After", "99999999999"}}), Kind::hold, "rate_limit", k_retry_after_most},
        {"bad audio", answer(400, api_error("unsupported_format", "file")), Kind::refused, "refused", {}},
        {"too large", answer(413, ""), Kind::refused, "refused", {}},
        {"server", answer(500, api_error("server_error")), Kind::again, "server", {}},
        {"gateway", answer(502, "<html>"), Kind::again, "server", {}},
        {"busy", answer(503, "", {{"Retry-After", "2"}}), Kind::hold, "server", 2s},
        {"moved", answer(302, ""), Kind::again, "server", {}},
        {"no line", judge(base::make_error(base::Condition::retry, "connect")), Kind::hold, "network", {}},
        {"no name", judge(base::make_error(base::Condition::retry, "dns")), Kind::hold, "network", {}},
        {"slow line", judge(base::make_error(base::Condition::retry, "timeout", "tls")), Kind::hold, "network", {}},
        {"no answer", judge(base::make_error(base::Condition::retry, "timeout", "answer")), Kind::again, "timeout", {}},
        {"closed", judge(base::make_error(base::Condition::retry, "eof", "no answer")), Kind::again, "server", {}},
        {"no HTTP", judge(base::make_error(base::Condition::retry, "protocol")), Kind::again, "server", {}},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(row.judgement.kind, row.kind) << row.what;
        EXPECT_STREQ(row.judgement.result, row.result) << row.what;
        EXPECT_EQ(row.judgement.wait, row.wait) << row.what;
    }
}

TEST(AnswerCodec, ShowsWordsOnly) {
    EXPECT_EQ(decode_api_error(api_error("server_error", "file")).code, "server_error");
    EXPECT_EQ(decode_api_error(api_error("what a caller said")).code, "");
    EXPECT_EQ(decode_api_error(R"({"error":"text"})").code, "");
    EXPECT_EQ(decode_api_error("").code, "");
    EXPECT_FALSE(decode_transcript("{\"text\":\"\xff\"}"));
    EXPECT_FALSE(decode_transcript(std::string(200'000, '[')));
}

}  // namespace
}  // namespace holdfast::transcribe
