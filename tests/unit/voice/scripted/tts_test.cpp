// Fresh speech against a service that does everything the failure matrix lists (rows E01 to E08).
#include "voice/scripted/tts.hpp"

#include "base/base64.hpp"
#include "fake_speech.hpp"
#include "metrics/catalog.hpp"
#include "support/fake_loop.hpp"
#include "voice/scripted/api_error_codec.hpp"
#include "voice/scripted/tts_audio.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace holdfast::voice::scripted {
namespace {

using namespace std::chrono_literals;
using test::FakeSpeech;
using test::mulaw;

class Hearer : public TtsListener {
  public:
    void on_tts_audio(std::string_view base64) override {
        EXPECT_TRUE(base::is_base64(base64));
        heard += *base::base64_decode(base64);
    }
    void on_tts_slow() override { ++slow; }
    void on_tts_done(const std::string& mulaw) override {
        done = true;
        whole = mulaw;
    }
    void on_tts_failed(const TtsFailure& failure) override {
        EXPECT_TRUE(code.empty()) << "once";
        code = failure.code;
        played = failure.played;
    }
    std::string heard, whole, code;
    int slow = 0;
    bool done = false;
    bool played = false;
};

class TtsTest : public testing::Test {
  protected:
    std::shared_ptr<Tts::Request> speak(std::string_view text = "4 1 7 0 North Larch Drive.") {
        return tts.speak(text, Language::en, hearer);
    }
    test::FakeLoop loop;
    FakeSpeech service;
    Hearer hearer;
    Tts tts{loop, test::speech_settings(), service.open()};
};

TEST_F(TtsTest, AsksForMulawAndPlaysItAsItComes) {
    const auto request = speak("Say \"4\".");
    const auto& call = service.last().call;
    EXPECT_EQ(call.method, "POST");
    EXPECT_EQ(call.url.target, "/v1/text-to-speech/voiceA/stream?output_format=ulaw_8000");
    const auto body = nlohmann::json::parse(call.body);
    EXPECT_EQ(body["text"], "Say \"4\".");
    EXPECT_EQ(body["model_id"], "eleven_flash_v2_5");
    EXPECT_EQ(body["language_code"], "en");
    EXPECT_EQ(call.headers[0], (std::pair<std::string, std::string>("xi-api-key", "sk_test")));

    service.last().head(200, {{"Content-Type", "audio/basic"}});
    service.last().body(mulaw(1000));
    EXPECT_GE(hearer.heard.size(), 7990u) << "before the end";
    service.last().body("xy");
    service.last().end();
    EXPECT_TRUE(hearer.done);
    EXPECT_EQ(hearer.heard, mulaw(1000) + "xy");
    EXPECT_EQ(hearer.whole, hearer.heard);
    EXPECT_EQ(tts.running(), 0u);
}

TEST_F(TtsTest, SaysNothingOnceTheRequestIsDropped) {
    auto request = speak();
    service.last().head(200);
    request.reset();
    EXPECT_TRUE(service.last().cancelled);
    service.last().body(mulaw(1000));
    loop.advance(30s);
    EXPECT_TRUE(hearer.heard.empty());
    EXPECT_EQ(hearer.slow, 0);
    EXPECT_EQ(tts.running(), 0u);
}

// E01: these never heal by asking again.
TEST_F(TtsTest, StopsAskingForTenMinutesAfterABadKeyOrAnEmptyAccount) {
    for (const char* status : {"invalid_api_key", "quota_exceeded"}) {
        Tts fresh(loop, test::speech_settings(), service.open());
        Hearer first;
        const auto request = fresh.speak("Hello there.", Language::en, first);
        service.last().refuse(401, status);
        EXPECT_EQ(first.code, std::string(status) == "quota_exceeded" ? "quota" : "auth");
        EXPECT_FALSE(fresh.usable());
        const auto asked = service.exchanges.size();
        Hearer second;
        const auto next = fresh.speak("Hello again.", Language::en, second);
        loop.run_posted();
        EXPECT_EQ(second.code, "breaker");
        EXPECT_EQ(service.exchanges.size(), asked);
        loop.advance(600s);
        EXPECT_TRUE(fresh.usable());
    }
}

// E02
TEST_F(TtsTest, TriesTheDefaultVoiceOnceWhenItsOwnIsUnknown) {
    const auto request = speak();
    service.last().refuse(404, "voice_not_found");
    ASSERT_EQ(service.exchanges.size(), 2u);
    EXPECT_EQ(service.last().call.url.target, "/v1/text-to-speech/voiceB/stream?output_format=ulaw_8000");
    service.last().answer(mulaw(1000));
    EXPECT_TRUE(hearer.done);

    Hearer later;
    const auto next = tts.speak("Hello there.", Language::en, later);
    EXPECT_EQ(service.last().call.url.target, "/v1/text-to-speech/voiceB/stream?output_format=ulaw_8000");
    service.last().refuse(404, "voice_not_found");
    EXPECT_EQ(later.code, "voice");
    EXPECT_FALSE(tts.usable());
}

TEST(JudgeTts, SortsEveryRefusal) {
    struct Row {
        int http;
        const char* status;
        const char* code;
        base::Condition condition;
    };
    const Row rows[] = {
        {401, "invalid_api_key", "auth", base::Condition::fatal},
        {400, "invalid_api_key", "auth", base::Condition::fatal},
        {401, "quota_exceeded", "quota", base::Condition::fatal},
        {400, "voice_not_found", "voice", base::Condition::fatal},
        {404, "", "voice", base::Condition::fatal},
        {403, "only_for_creator+", "plan", base::Condition::fatal},
        {422, "validation", "request", base::Condition::reject},
        {429, "too_many_concurrent_requests", "busy", base::Condition::retry},
        {429, "system_busy", "server", base::Condition::retry},
        {425, "", "server", base::Condition::retry},
        {500, "", "server", base::Condition::retry},
        {302, "", "html", base::Condition::fall_back},
    };
    for (const Row& row : rows) {
        const auto failure = judge_tts(row.http, row.status);
        EXPECT_STREQ(failure.code, row.code) << row.http << row.status;
        EXPECT_EQ(failure.condition, row.condition) << row.http << row.status;
    }
}

// E03
TEST_F(TtsTest, WaitsForASlotAndGivesUpAfterTwoSeconds) {
    std::vector<Hearer> hearers(5);
    std::vector<std::shared_ptr<Tts::Request>> requests;
    for (auto& each : hearers) requests.push_back(tts.speak("Hello there.", Language::en, each));
    EXPECT_EQ(service.exchanges.size(), k_tts_slots_default);
    service.exchanges[0]->answer(mulaw(1000));
    EXPECT_EQ(service.exchanges.size(), 4u) << "the longest waiting is next";
    loop.advance(2s);
    EXPECT_EQ(hearers[4].code, "busy");
    EXPECT_EQ(hearers[4].slow, 1) << "it was told to fill the time";
}

TEST_F(TtsTest, StaysBelowThePlansLimit) {
    const auto request = speak();
    service.last().head(200, {{"Maximum-Concurrent-Requests", "2"}});
    EXPECT_EQ(tts.slots(), 1u);
    service.last().body(mulaw(1000));
    service.last().end();
    EXPECT_EQ(tts.slots(), 1u);
}

TEST_F(TtsTest, TriesOnceMoreWhenTooManyRun) {
    const auto request = speak();
    service.last().refuse(429, "too_many_concurrent_requests");
    ASSERT_EQ(service.exchanges.size(), 2u);
    EXPECT_EQ(tts.slots(), 1u);
    service.last().refuse(429, "too_many_concurrent_requests");
    EXPECT_EQ(hearer.code, "busy");
    EXPECT_TRUE(tts.usable());
    const auto later = tts.speak("Hello there.", Language::en, hearer);
    service.last().answer(mulaw(1000));
    EXPECT_EQ(tts.slots(), 2u) << "back, one by one";
}

// E04
TEST_F(TtsTest, RetriesAServersTroubleOnce) {
    const auto request = speak();
    service.last().refuse(429, "system_busy");
    ASSERT_EQ(service.exchanges.size(), 2u);
    service.last().refuse(503, "");
    EXPECT_EQ(service.exchanges.size(), 2u);
    EXPECT_EQ(hearer.code, "server");
}

TEST_F(TtsTest, RetriesALostConnectionBeforeTheFirstByte) {
    const auto request = speak();
    service.last().fail("reset");
    ASSERT_EQ(service.exchanges.size(), 2u);
    service.last().answer(mulaw(1500));
    EXPECT_TRUE(hearer.done);
}

// E05
TEST_F(TtsTest, SaysThatItIsSlowAndGivesUp) {
    const auto request = speak();
    service.last().head(200);
    loop.advance(1499ms);
    EXPECT_EQ(hearer.slow, 0);
    loop.advance(1ms);
    EXPECT_EQ(hearer.slow, 1);
    loop.advance(1s);
    EXPECT_EQ(hearer.code, "slow");
    EXPECT_TRUE(service.last().cancelled);
}

// E06
TEST_F(TtsTest, NoticesThatSpeechBrokeOff) {
    const auto before = metrics::tts_truncated_total.value();
    {
        const auto request = speak();
        service.last().head(200);
        service.last().body(mulaw(300));
        service.last().fail("eof");
        EXPECT_EQ(hearer.code, "cut");
        EXPECT_TRUE(hearer.played);
        EXPECT_EQ(hearer.heard.size(), 2400u) << "what there is, in whole groups";
    }
    Hearer second;
    const auto request = tts.speak("A sentence that takes longer than that.", Language::en, second);
    service.last().answer(mulaw(200));  // an end without a length looks like any other
    EXPECT_EQ(second.code, "cut");
    EXPECT_FALSE(second.done);

    Hearer third;
    const auto stalled = tts.speak("Another sentence.", Language::en, third);
    service.last().head(200);
    service.last().body(mulaw(300));
    loop.advance(k_tts_stalled);
    EXPECT_EQ(third.code, "cut");
    EXPECT_EQ(metrics::tts_truncated_total.value(), before + 3);
}

// E07
TEST_F(TtsTest, PlaysNothingThatIsNotMulaw) {
    struct Row {
        const char* type;
        std::string body;
        const char* code;
    };
    std::string mp3("\xff\xfb\x90\x44", 4);  // 128 kbit/s at 44.1 kHz: the next header follows 417 bytes on
    mp3.resize(417, '\x11');
    mp3 += std::string("\xff\xfb\x90\x44", 4) + std::string(2000, '\x22');
    const Row rows[] = {
        {"text/html; charset=utf-8", "<html>", "html"},
        {"application/json", "{}", "json"},
        {"audio/mpeg", "", "mp3"},
        {"audio/wav", "", "audio"},
        {"application/octet-stream", "  <!doctype html><html><body>Please log in to the network here.</body></html>", "html"},
        {"", R"({"detail":{"status":"something","message":"went wrong, and nobody said so before"}})", "json"},
        {"", "ID3\x04" + std::string(500, '\x01'), "mp3"},
        {"audio/basic", mp3, "mp3"},
        {"", "RIFF" + std::string(500, '\x01'), "audio"},
    };
    for (const Row& row : rows) {
        const auto before = metrics::tts_bad_audio_total.value();
        Hearer each;
        const auto request = tts.speak("Hello there.", Language::en, each);
        service.last().head(200, {{"content-type", row.type}});
        service.last().body(row.body);
        service.last().end();
        EXPECT_EQ(each.code, row.code) << row.type << row.body.substr(0, 20);
        EXPECT_TRUE(each.heard.empty());
        EXPECT_EQ(metrics::tts_bad_audio_total.value(), before + 1);
    }
}

TEST_F(TtsTest, PlaysSpeechThatLooksALittleLikeSomethingElse) {
    for (std::string start : {std::string("\xff\xfb\x90\x44"), std::string("<~"), std::string("{\x7f"), std::string("ID"),
                              std::string("\xff\xff\xff\xff")}) {
        start += mulaw(1000);
        Hearer each;
        const auto request = tts.speak("Hello there.", Language::en, each);
        service.last().answer(start);
        EXPECT_TRUE(each.done) << start.substr(0, 4);
        EXPECT_EQ(each.heard, start);
    }
}

// E08
TEST_F(TtsTest, CountsAnEmptyBodyAsAFailure) {
    const auto request = speak();
    service.last().answer("");
    EXPECT_EQ(hearer.code, "empty");
}

TEST_F(TtsTest, EndsABodyThatDoesNotEnd) {
    const auto request = speak("No.");
    service.last().head(200);
    for (int i = 0; i < 100 && hearer.code.empty(); ++i) service.last().body(mulaw(100));
    EXPECT_EQ(hearer.code, "too_long");
}

TEST_F(TtsTest, RefusesATextThatIsTooLong) {
    const auto request = speak(std::string(k_tts_text_bytes_max + 1, 'a'));
    loop.run_posted();
    EXPECT_EQ(hearer.code, "request");
    EXPECT_TRUE(service.exchanges.empty());
}

TEST(ApiErrorStatus, ReadsAllThreeFormsAndNothingElse) {
    EXPECT_EQ(api_error_status(R"({"detail":{"status":"quota_exceeded","message":"x"}})"), "quota_exceeded");
    EXPECT_EQ(api_error_status(R"({"detail":{"code":"x y"}})"), "x_y");
    EXPECT_EQ(api_error_status(R"({"detail":[{"loc":["body"]}]})"), "validation");
    for (const char* none : {"", "<html>", "[]", "{}", R"({"detail":"text"})", R"({"detail":null})", R"({"detail":{"status":7}})"}) {
        EXPECT_EQ(api_error_status(none), "") << none;
    }
    EXPECT_EQ(api_error_status(std::string(k_api_error_bytes_max + 1, ' ')), "");
}

}  // namespace
}  // namespace holdfast::voice::scripted
