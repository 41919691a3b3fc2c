// The second profile of the realtime room: what Eleven Realtime wants differently (elevenlabs.md 1.6).
#include "voice/eleven_codec.hpp"
#include "voice/probe.hpp"
#include "voice/realtime/faults.hpp"
#include "voice/ticket_socket.hpp"
#include "voice_fixture.hpp"

namespace holdfast::test {
namespace {

using namespace voice;
using base::Condition;

ElevenSettings settings() {
    ElevenSettings eleven;
    eleven.api_key = base::Secret("xi-planted");
    eleven.voice_id = "voice_1";
    eleven.instructions = "Be \"calm\".";
    return eleven;
}

TEST(ElevenPlan, SendsOnlyTheMembersThatTheServiceNames) {
    const auto plan = realtime::eleven_plan(settings());
    const json update = json::parse(plan.update);
    json expected = json::parse(R"({"type":"session.update","event_id":"cfg-1","session":{
        "type":"realtime","output_modalities":["audio"],"instructions":"Be \"calm\".",
        "audio":{"input":{"format":{"type":"audio/pcmu"},"turn_detection":{"type":"semantic_vad",
                   "eagerness":"auto","create_response":true,"interrupt_response":true}},
                 "output":{"format":{"type":"audio/pcmu"},"voice":"voice_1"}},
        "max_output_tokens":1024}})");
    expected["session"]["tools"] = update["session"]["tools"];
    EXPECT_EQ(update, expected);
    EXPECT_EQ(update["session"]["tools"][0]["name"], "transfer_to_person");
    EXPECT_TRUE(plan.update_without_transcription.empty());
}

TEST(ElevenPlan, MintsTheSameSessionWithItsModel) {
    const json mint = json::parse(realtime::eleven_mint_body(settings()));
    json session = json::parse(realtime::eleven_plan(settings()).update)["session"];
    session["model"] = "eleven_realtime_v1_mini";
    EXPECT_EQ(mint["session"], session);
    EXPECT_EQ(mint["expires_after"], json::parse(R"({"anchor":"created_at","seconds":600})"));
}

TEST(ElevenPlan, PutsTheSecretIntoTheSecondSubprotocol) {
    EXPECT_EQ(realtime::eleven_subprotocols(base::Secret("ek_1")),
              (std::vector<std::string>{"realtime", "openai-insecure-api-key.ek_1"}));
}

TEST(ElevenUrl, TakesAnOriginAndNothingElse) {
    const auto url = eleven_url("https://api.elevenlabs.io", Scheme::websocket, "/v1/x?y=z");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->scheme + " " + url->host_header() + " " + url->target, "wss api.elevenlabs.io /v1/x?y=z");
    const auto simulator = eleven_url("ws://127.0.0.1:9000", Scheme::http, "/v1");
    ASSERT_TRUE(simulator);
    EXPECT_EQ(simulator->scheme + " " + simulator->host_header(), "http 127.0.0.1:9000");
    for (const char* bad : {"https://api.elevenlabs.io/v1", "https://a@api.elevenlabs.io", "ftp://x", ""}) {
        EXPECT_FALSE(eleven_url(bad, Scheme::http, "/")) << bad;
    }
}

TEST(ElevenCodec, TakesNoTicketThatCouldNotBeSentAsItStands) {
    EXPECT_EQ(decode_client_secret(R"({"value":"ek_1","expires_at":5})")->reveal(), "ek_1");
    for (const char* bad : {"", "[]", R"({"value":7})", R"({"value":""})", R"({"value":"a b"})", R"({"value":"a,b"})",
                            R"({"value":"a\r\nX: y"})", R"({"secret":"ek_1"})"}) {
        EXPECT_FALSE(decode_client_secret(bad)) << bad;
    }
    EXPECT_FALSE(decode_client_secret(R"({"value":")" + std::string(5000, 'x') + "\"}"));
    EXPECT_EQ(decode_signed_url(R"({"signed_url":"wss://h/p?a=b"})")->reveal(), "wss://h/p?a=b");
    EXPECT_FALSE(decode_signed_url(R"({"signed_url":"wss://h/p?a=b c"})"));
}

struct RefusalRow {
    int status;
    const char* body;
    const char* reason;
    Condition condition;
    const char* code;
};
class ElevenRefusals : public testing::TestWithParam<RefusalRow> {};

TEST_P(ElevenRefusals, AreSortedAsInSection5_2) {
    const RefusalRow& row = GetParam();
    net::WsClose close;
    close.http_status = row.status;
    close.http_body = row.body;
    close.error = base::make_error(Condition::retry, "upgrade");
    const VoiceLoss loss = realtime::judge_eleven(close);
    EXPECT_EQ(loss.reason, row.reason) << row.body;
    EXPECT_STREQ(base::to_string(loss.error.condition), base::to_string(row.condition)) << row.body;
    EXPECT_STREQ(loss.error.code, row.code);
    EXPECT_EQ(loss.close_code, row.status);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ElevenRefusals,
    testing::Values(
        RefusalRow{401, R"({"detail":{"status":"invalid_api_key","message":"x"}})", "auth", Condition::fatal, "invalid_api_key"},  // E01
        RefusalRow{401, R"({"detail":{"status":"quota_exceeded"}})", "quota", Condition::fatal, "quota_exceeded"},  // E01: the trap
        RefusalRow{400, R"({"detail":{"status":"voice_not_found"}})", "config", Condition::fatal, "voice_not_found"},  // E02
        RefusalRow{403, R"({"detail":{"status":"only_for_creator+"}})", "auth", Condition::fatal, "only_for_creator+"},
        RefusalRow{403, "", "auth", Condition::fatal, "forbidden"},
        RefusalRow{422, R"({"detail":[{"loc":["body"],"msg":"x","type":"y"}]})", "config", Condition::fatal, "request_refused"},
        RefusalRow{429, R"({"detail":{"status":"too_many_concurrent_requests"}})", "quota", Condition::retry, "too_many_concurrent_requests"},  // E03
        RefusalRow{429, R"({"detail":{"status":"system_busy"}})", "server_error", Condition::retry, "system_busy"},  // E04
        RefusalRow{429, R"({"detail":"text"})", "quota", Condition::retry, "rate_limited"},
        RefusalRow{401, R"({"detail":{"code":"invalid_api_key"}})", "auth", Condition::fatal, "invalid_api_key"},
        RefusalRow{404, "{}", "model", Condition::fatal, "not_found"},
        RefusalRow{425, "", "server_error", Condition::retry, "not_now"},
        RefusalRow{502, "<html>", "server_error", Condition::retry, "unavailable"},
        RefusalRow{200, "<html>log in</html>", "network", Condition::fall_back, "captive_portal"}));

TEST(ElevenCloses, NotEnabledHasACodeOfItsOwnAndASentence) {
    net::WsClose close;
    close.opened = true;
    close.code = 4003;
    const VoiceLoss loss = realtime::judge_eleven(close);
    EXPECT_STREQ(loss.error.code, "not_enabled");
    EXPECT_EQ(loss.error.condition, Condition::fatal);
    EXPECT_NE(loss.error.detail.find("no access to Eleven Realtime"), std::string::npos);
    close.code = 4001;
    EXPECT_STREQ(realtime::judge_eleven(close).error.code, "secret_refused");
    close.code = 1000;
    EXPECT_EQ(realtime::judge_eleven(close).error.condition, Condition::retry);
}

// --- the ticket ---

class Tickets : public testing::Test, public net::WsListener {
  protected:
    void on_ws_open() override { ++opened; }
    void on_ws_text(std::string_view) override {}
    void on_ws_binary(std::size_t) override {}
    void on_ws_closed(const net::WsClose& close) override { closes.push_back(close); }

    std::shared_ptr<TicketSocket> start() {
        return TicketSocket::start(
            loop, [this](net::HttpDone done) { answer = std::move(done); },
            [this](const net::HttpAnswer& got, net::WsListener& listener)
                -> base::Result<std::shared_ptr<net::WsConnection>> {
                const auto secret = decode_client_secret(got.body);
                if (!secret) return secret.error();
                inner = std::make_shared<FakeSocket>(loop, listener);
                return std::shared_ptr<net::WsConnection>(inner);
            },
            *this);
    }
    static net::HttpAnswer http(int status, std::string body) { return net::HttpAnswer{status, {}, std::move(body)}; }

    FakeLoop loop;
    net::HttpDone answer;
    std::shared_ptr<FakeSocket> inner;
    std::vector<net::WsClose> closes;
    int opened = 0;
};

TEST_F(Tickets, OpensTheSocketOnceTheTicketIsThere) {
    const auto socket = start();
    EXPECT_FALSE(socket->open());
    EXPECT_FALSE(socket->send_text("{}", net::SendKind::keep));
    answer(http(200, R"({"value":"ek_1"})"));
    ASSERT_TRUE(inner);
    inner->accept();
    EXPECT_EQ(opened, 1);
    EXPECT_TRUE(socket->send_text("{}", net::SendKind::keep));
}

TEST_F(Tickets, EndsAsARefusedUpgradeWouldWhenTheTicketIsRefused) {
    const auto socket = start();
    answer(http(401, R"({"detail":{"status":"quota_exceeded"}})"));
    ASSERT_EQ(closes.size(), 1u);
    EXPECT_FALSE(closes[0].opened);
    EXPECT_STREQ(realtime::judge_eleven(closes[0]).error.code, "quota_exceeded");
}

TEST_F(Tickets, TellsAPageOfTheNetworkFromAnAnswerWithoutATicket) {
    const auto first = start();
    answer(http(200, " <html>Please accept</html>"));
    const auto second = start();
    answer(http(200, R"({"something":"else"})"));
    ASSERT_EQ(closes.size(), 2u);
    EXPECT_STREQ(realtime::judge_eleven(closes[0]).error.code, "captive_portal");
    EXPECT_EQ(realtime::judge_eleven(closes[1]).reason, "protocol");
}

TEST_F(Tickets, ReportsThatNobodyAnsweredInTime) {
    const auto socket = start();
    answer(base::make_error(Condition::retry, "timeout"));
    ASSERT_EQ(closes.size(), 1u);
    EXPECT_EQ(realtime::judge_eleven(closes[0]).reason, "timeout");
}

TEST_F(Tickets, LetsALateAnswerGoNowhere) {
    auto socket = start();
    socket->abort();
    socket->set_listener(nullptr);
    socket.reset();
    loop.run_posted();
    answer(http(200, R"({"value":"ek_1"})"));
    EXPECT_FALSE(inner);
    EXPECT_TRUE(closes.empty());
}

// --- the session ---

class ElevenRealtime : public VoiceFixture {
  protected:
    ElevenRealtime() { plan = realtime::eleven_plan(settings()); }

    json updated(std::string_view input = "audio/pcmu", std::string_view output = "audio/pcmu") const {
        json event = provider.session("session.updated", output);
        event["session"].erase("expires_at");
        event["session"]["audio"]["input"] = {{"format", {{"type", input}}}, {"turn_detection", {{"type", "semantic_vad"}}}};
        return event;
    }
    void talk() {
        open();
        voice->prove(greeted("Emergency line."));
        socket().accept();
        socket().say(provider.session("session.created", "audio/pcm"));
        socket().say(updated());
        ASSERT_TRUE(voice->ready());
    }
};

TEST_F(ElevenRealtime, FailsOverWhenEitherFormatIsNotTheOneAsked) {
    open();
    socket().accept();
    socket().say(provider.session("session.created"));
    socket().say(updated("audio/pcm"));
    EXPECT_TRUE(recorder.has("lost format fall_back input_format")) << recorder.lines.back();
}

TEST_F(ElevenRealtime, TellsItsOwnWordsAsANoteBesideTheCallers) {
    talk();
    const auto items = socket().of_type("conversation.item.create");
    ASSERT_EQ(items.size(), 1u);
    EXPECT_EQ(items[0]["item"], json::parse(R"({"type":"message","role":"user","content":[
        {"type":"input_text","text":"[You have said: Emergency line.]"}]})"));
}

TEST_F(ElevenRealtime, EndsAnItemAtResponseDoneWhenNoAudioDoneCame) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "i1", audio(300)));
    socket().say(words("r1", "i1", "Where are you?"));
    EXPECT_FALSE(recorder.has("audio_done i1"));
    socket().say(response_done("r1", "completed"));
    EXPECT_TRUE(recorder.has("audio_done i1"));
    EXPECT_TRUE(recorder.has("voice i1 Where are you?"));
}

TEST_F(ElevenRealtime, TruncatesOnlyAfterTheResponseIsDone) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "i1", audio(900)));
    socket().say(speech_started("c1", 100));
    voice->interrupted({{"i1", 300}});
    socket().say(delta("r1", "i1", audio(300)));
    EXPECT_EQ(socket().count("conversation.item.truncate"), 0u);
    socket().say(response_done("r1", "cancelled"));
    const auto truncates = socket().of_type("conversation.item.truncate");
    ASSERT_EQ(truncates.size(), 1u);
    EXPECT_EQ(truncates[0]["item_id"], "i1");
    EXPECT_EQ(truncates[0]["audio_end_ms"], 300);
}

TEST_F(ElevenRealtime, TruncatesAtOnceWhatWasDoneBefore) {
    talk();
    answer("r1", "i1", 900);
    socket().say(speech_started("c1", 100));
    voice->interrupted({{"i1", 0}});
    const auto truncates = socket().of_type("conversation.item.truncate");
    ASSERT_EQ(truncates.size(), 1u);  // and not a delete, which the service does not know
    EXPECT_EQ(truncates[0]["audio_end_ms"], 0);
    EXPECT_EQ(socket().count("conversation.item.delete"), 0u);
}

TEST_F(ElevenRealtime, LeavesAloneWhatWasHeardWhole) {
    talk();
    socket().say(response_created("r1"));
    socket().say(delta("r1", "i1", audio(300)));
    socket().say(speech_started("c1", 100));
    voice->interrupted({{"i1", 300}});
    socket().say(response_done("r1", "cancelled"));
    EXPECT_EQ(socket().count("conversation.item.truncate"), 0u);
}

TEST_F(ElevenRealtime, ReadsToolCallsFromResponseDoneOnly) {
    talk();
    socket().say(response_created("r1"));
    socket().say({{"type", "response.function_call_arguments.done"}, {"response_id", "r1"}, {"item_id", "f1"},
                  {"call_id", "call_1"}, {"name", "transfer_to_person"}, {"arguments", "{}"}});
    socket().say({{"type", "response.output_item.done"}, {"response_id", "r1"},
                  {"item", function_call("call_1", "transfer_to_person", "{}")}});
    EXPECT_TRUE(recorder.starting("person").empty());
    json call = function_call("call_1", "transfer_to_person", "");  // empty arguments mean {}
    call.erase("status");
    socket().say(response_done("r1", "completed", json::array({call})));
    EXPECT_EQ(recorder.starting("person").size(), 1u);
    EXPECT_EQ(socket().of_type("conversation.item.create").back()["item"]["type"], "function_call_output");
}

TEST_F(ElevenRealtime, AsksOnceAfterEveryCallOfTheResponseHasItsOutput) {
    talk();
    socket().say(response_created("r1"));
    socket().say(response_done("r1", "completed", json::array({function_call("c1", "launch", "{}"),
                                                               function_call("c2", "launch", "{}")})));
    EXPECT_EQ(socket().count("response.create"), 1u);
    EXPECT_EQ(socket().sent.back()["type"], "response.create");
}

TEST_F(ElevenRealtime, CancelsWithoutAnId) {
    talk();
    socket().say(response_created("r1"));
    voice->cancel_response();
    ASSERT_EQ(socket().count("response.cancel"), 1u);
    EXPECT_FALSE(socket().of_type("response.cancel")[0].contains("response_id"));
}

TEST_F(ElevenRealtime, WaitsForTheWordsOfATurnThatNobodyCommits) {
    talk();
    give(1000);
    socket().say(speech_started("c1", 100));
    socket().say(speech_stopped("c1", 900));
    socket().say(transcript("c1", "A fire."));
    EXPECT_TRUE(recorder.has("caller c1 [100..900] A fire."));
    socket().say(speech_started("c2", 1000));
    socket().say(speech_stopped("c2", 1500));
    answer("r1", "i1", 300);
    loop.advance(31s);
    socket().say(speech_started("c3", 1600));
    socket().say(speech_stopped("c3", 1700));
    EXPECT_TRUE(recorder.has("caller c2 [1000..1500] failed"));  // O28
}

TEST_F(ElevenRealtime, IsFatalWhenTheWorkspaceIsNotEnabled) {
    open();
    socket().accept();
    socket().end(4003);
    EXPECT_TRUE(recorder.has("lost auth fatal not_enabled"));
}

TEST_F(ElevenRealtime, IsLostWithAnErrorBeforeTheUpdateIsAccepted) {
    open();
    socket().accept();
    socket().say(provider.session("session.created"));
    socket().say(error_event("invalid_request_error", "unknown_parameter", "session.x", "cfg-1"));
    EXPECT_TRUE(recorder.has("lost config fatal update_rejected"));
    EXPECT_EQ(socket().count("session.update"), 1u);  // there is nothing to ask for less of
}

// --- the probe ---

class Probes : public VoiceFixture {
  protected:
    void start() {
        probe = Probe::start(
            loop,
            [this](const base::CallSid& call, VoiceListener& listener) {
                return std::make_shared<realtime::RealtimeVoice>(
                    loop, std::make_shared<const realtime::SessionPlan>(plan), provider.connect(), call, listener);
            },
            [this](const ProbeResult& result) { results.push_back(result); });
    }
    std::shared_ptr<Probe> probe;
    std::vector<ProbeResult> results;
};

TEST_F(Probes, OpenConfigureAndClosePolitely) {
    start();
    loop.advance(200ms);
    provider.configure(socket());
    EXPECT_TRUE(results.empty());  // not inside a notice
    loop.run_posted();
    ASSERT_EQ(results.size(), 1u);
    EXPECT_TRUE(results[0].good());
    EXPECT_EQ(results[0].took, 200ms);
    EXPECT_EQ(socket().closed_with, 1000);
    EXPECT_EQ(socket().count("input_audio_buffer.append") + socket().count("conversation.item.create"), 0u);
}

TEST_F(Probes, SayWhyARungIsNotThere) {
    plan = realtime::eleven_plan(settings());
    start();
    socket().accept();
    socket().end(4003);
    loop.run_posted();
    ASSERT_EQ(results.size(), 1u);
    ASSERT_FALSE(results[0].good());
    EXPECT_STREQ(results[0].loss->error.code, "not_enabled");
}

TEST_F(Probes, EndByThemselvesWhenNobodyAnswers) {
    start();
    loop.advance(3s);
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].loss->reason, "timeout");
}

TEST_F(Probes, SayNothingOnceTheyAreLetGo) {
    start();
    provider.configure(socket());
    probe.reset();
    loop.advance(10s);
    EXPECT_TRUE(results.empty());
    EXPECT_FALSE(socket().attended());
}

}  // namespace
}  // namespace holdfast::test
