// Whole calls over real sockets: the caller against a small box, with and without the provider.
#include "caller/call.hpp"
#include "load/load.hpp"
#include "provider/server.hpp"
#include "test_box.hpp"

#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

using test::BoxBehaviour;
using test::TestBox;
using test::tone;

CallerTurn says(CallerTurn::When when, int after_ms, int speech_ms) {
    CallerTurn turn;
    turn.when = when;
    turn.after_ms = after_ms;
    turn.text = "tone";
    turn.audio = tone(speech_ms);
    return turn;
}

CallerTurn hangs_up(CallerTurn::When when, int after_ms) {
    CallerTurn turn;
    turn.when = when;
    turn.after_ms = after_ms;
    turn.hangup = true;
    turn.expect_answer = false;
    return turn;
}

class Calls : public ::testing::Test {
  protected:
    CallResult place(BoxBehaviour behaviour, CallOptions options) {
        TestBox box(loop_, std::move(behaviour));
        options.webhook = *net::parse_url("http://" + box.url() + "/voice");
        options.token = "token";
        options.max_seconds = 30;
        CallResult result;
        Call call(loop_, std::move(options), quiet_, [&](CallResult done) {
            result = std::move(done);
            loop_.stop();
        });
        call.start();
        run();
        marks_ = box.marks();
        start_ = box.start();
        webhooks_ = box.webhooks();
        upgrade_ = box.upgrade_headers();
        stopped_ = box.stopped();
        broken_ = box.broken();
        return result;
    }

    void run() {
        base::Timer deadline(loop_);
        deadline.arm(std::chrono::seconds(60), [this] { loop_.stop(); });
        loop_.run();
    }

    CallOptions with_script(CallerScript script) {
        CallOptions options;
        options.script = std::move(script);
        return options;
    }

    // A provider that hears two turns and answers each with a tone of a second.
    void open_provider(FaultSet faults = {}) {
        ProviderOptions options;
        ProviderTurn turn;
        turn.hear = "hello";
        turn.delay_ms = 20;
        turn.transcript_delay_ms = 10;
        turn.answers.push_back({"one two three", tone(1000)});
        options.settings.script.turns = {turn, turn};
        options.settings.script.otherwise = turn;
        options.settings.faults = std::move(faults);
        provider_ = std::move(*ProviderServer::open(loop_, std::move(options), quiet_));
    }
    std::string provider_url() const {
        return "ws://127.0.0.1:" + std::to_string(provider_->port()) +
               "/v1/realtime?model=gpt-realtime-2.1";
    }

    net::AsioLoop loop_;
    EventLog quiet_{EventLog::Form::none};
    std::unique_ptr<ProviderServer> provider_;
    std::vector<std::string> marks_, broken_;
    nlohmann::json start_;
    std::vector<HttpMessage> webhooks_;
    Headers upgrade_;
    bool stopped_ = false;
};

TEST_F(Calls, HearsTheGreetingAndHangsUpCleanly) {
    const auto result = place({}, with_script({hangs_up(CallerTurn::When::answer_ended, 0)}));
    EXPECT_TRUE(result.good) << result.report["reasons"].dump();
    EXPECT_TRUE(stopped_);
    EXPECT_EQ(marks_, std::vector<std::string>{"m1"});
    EXPECT_EQ(start_["sequenceNumber"], "1");
    EXPECT_EQ(start_["start"]["customParameters"]["token"], "once");
    EXPECT_EQ(result.report["stream"]["ended_by"], "caller");
    EXPECT_LT(result.report["greeting"]["heard_ms"].get<int>(), 500);
    // 400 ms of tone, heard once: the rest of the recording is silence.
    const auto loud = std::count_if(result.heard.begin(), result.heard.end(),
                                    [](char c) { return c != audio::k_mulaw_silence; });
    EXPECT_NEAR(static_cast<double>(loud), 3200, 200);
}

TEST_F(Calls, SendsTheHeadersAndParametersOfTwilio) {
    place({}, with_script({hangs_up(CallerTurn::When::answer_ended, 0)}));
    ASSERT_EQ(webhooks_.size(), 1u);
    EXPECT_EQ(webhooks_[0].header("X-Twilio-Signature").size(), 28u);
    EXPECT_NE(webhooks_[0].body.find("FromCity=MC+LEAN"), std::string::npos);
    EXPECT_NE(webhooks_[0].body.find("From=%2B15550100123"), std::string::npos);
    HttpMessage upgrade;
    upgrade.headers = upgrade_;
    EXPECT_EQ(upgrade.header("User-Agent"), "Twilio.TmeWs/1.0");
    EXPECT_EQ(upgrade.header("X-Twilio-Signature").size(), 28u);
    EXPECT_EQ(upgrade.count("Sec-WebSocket-Protocol") + upgrade.count("Origin") +
                  upgrade.count("Sec-WebSocket-Extensions"),
              0u);
}

TEST_F(Calls, TalksWithTheProviderAndInterruptsIt) {
    open_provider();
    BoxBehaviour behaviour;
    behaviour.provider_url = provider_url();
    using When = CallerTurn::When;
    const auto result = place(behaviour, with_script({says(When::answer_ended, 100, 400),
                                                      says(When::answer_began, 300, 400),
                                                      hangs_up(When::answer_ended, 0)}));
    EXPECT_TRUE(result.good) << result.report.dump(1);
    ASSERT_EQ(result.report["turns"].size(), 2u);
    EXPECT_TRUE(result.report["turns"][1]["interrupts"]);
    EXPECT_LT(result.report["turns"][1]["cut_off_ms"].get<int>(), 400);
    EXPECT_GE(result.report["turns"][0]["response_ms"].get<int>(), 300);  // the VAD's wait alone
    const auto report = provider_->report();
    EXPECT_TRUE(report["client_was_right"]) << report.dump(1);
    const auto& connection = report["connections"][0];
    EXPECT_EQ(connection["turns"].size(), 2u);
    EXPECT_EQ(connection["audio_bytes_before_updated"], 0);
    ASSERT_EQ(connection["truncates"].size(), 1u);
    EXPECT_TRUE(connection["truncates"][0]["ok"]);
    EXPECT_TRUE(broken_.empty());
}

TEST_F(Calls, NoticesAnInterruptionThatIsNotHeeded) {
    open_provider();
    BoxBehaviour behaviour;
    behaviour.provider_url = provider_url();
    behaviour.clear_on_speech = false;
    using When = CallerTurn::When;
    CallOptions options =
        with_script({says(When::answer_ended, 100, 400), says(When::answer_began, 200, 300),
                     hangs_up(When::answer_ended, 0)});
    options.patience_ms = 2500;
    const auto result = place(behaviour, options);
    EXPECT_FALSE(result.good);
    ASSERT_EQ(result.report["turns"].size(), 2u);
    EXPECT_EQ(result.report["turns"][1]["cut_off_ms"], -1);
}

TEST_F(Calls, RecordsATruncateBeyondTheAudio) {
    open_provider();
    BoxBehaviour behaviour;
    behaviour.provider_url = provider_url();
    behaviour.truncate_too_far = true;
    using When = CallerTurn::When;
    place(behaviour,
          with_script({says(When::answer_ended, 100, 400), says(When::answer_began, 300, 400),
                       hangs_up(When::answer_ended, 0)}));
    const auto report = provider_->report();
    EXPECT_FALSE(report["client_was_right"]);
    EXPECT_FALSE(report["connections"][0]["truncates"][0]["ok"]);
    EXPECT_NE(
        report["connections"][0]["errors"][0]["message"].get<std::string>().find("already shorter"),
        std::string::npos);
}

TEST_F(Calls, IsNotGoodWithoutAnswer) {
    CallOptions options = with_script({says(CallerTurn::When::answer_ended, 50, 200),
                                       hangs_up(CallerTurn::When::answer_ended, 0)});
    options.patience_ms = 500;
    const auto result = place({}, options);
    EXPECT_FALSE(result.good);
    EXPECT_EQ(result.report["reasons"][0], "turn 1 had no audible answer");
}

TEST_F(Calls, CatchesKeysThatTwilioDoesNotKnow) {
    BoxBehaviour behaviour;
    behaviour.extra_key = true;
    CallOptions options = with_script({hangs_up(CallerTurn::When::at, 300)});
    const auto result = place(behaviour, options);
    EXPECT_FALSE(result.good);
    EXPECT_EQ(result.report["violations"][0]["code"], 31951);
}

TEST_F(Calls, FollowsTheVerbsWhenTheBoxCloses) {
    BoxBehaviour behaviour;
    behaviour.close_after_greeting = true;
    CallOptions options = with_script({hangs_up(CallerTurn::When::at, 20'000)});
    options.expect_person = true;
    const auto result = place(behaviour, options);
    EXPECT_TRUE(result.good) << result.report["reasons"].dump();
    EXPECT_EQ(result.report["stream"]["ended_by"], "box");
    EXPECT_EQ(result.report["continuation"]["verbs"][0], "say Please hold.");
    EXPECT_EQ(result.report["continuation"]["verbs"][1], "dial +15550100199");
    EXPECT_TRUE(result.report["continuation"]["person"]);
}

TEST_F(Calls, ReportsTwiliosErrorForARefusedWebhook) {
    BoxBehaviour behaviour;
    behaviour.webhook_status = 403;
    const auto result = place(behaviour, with_script({hangs_up(CallerTurn::When::at, 0)}));
    EXPECT_FALSE(result.good);
    EXPECT_EQ(result.report["webhook"]["error"], "11200");
    EXPECT_EQ(result.report["webhook"]["status"], 403);
}

struct WireFault {
    const char* fault;
    int close_code;
};
void PrintTo(const WireFault& f, std::ostream* out) {
    *out << f.fault;
}

class WireFaults : public Calls, public ::testing::WithParamInterface<WireFault> {};

TEST_P(WireFaults, AreAnsweredWithTheRightCloseCode) {
    CallOptions options = with_script({hangs_up(CallerTurn::When::at, 10'000)});
    options.faults.add(*parse_fault(GetParam().fault, caller_faults()));
    const auto result = place({}, options);
    EXPECT_EQ(result.report["stream"]["close_code"], GetParam().close_code);
    EXPECT_EQ(result.report["stream"]["ended_by"], "box");
}

INSTANTIATE_TEST_SUITE_P(
    OnTheWire, WireFaults,
    ::testing::Values(WireFault{"unmasked@100", 1002}, WireFault{"reserved-bits@100", 1002},
                      WireFault{"bad-opcode@100", 1002}, WireFault{"bad-utf8@100", 1007},
                      WireFault{"binary@100", 1003}, WireFault{"garbage@100", 1007}));

TEST_F(Calls, CanResetInsteadOfEnding) {
    CallOptions options = with_script({hangs_up(CallerTurn::When::at, 5000)});
    options.faults.add(*parse_fault("reset@100", caller_faults()));
    const auto result = place({}, options);
    EXPECT_FALSE(result.report["stream"]["clean"]);
    EXPECT_EQ(result.report["stream"]["error"], "31921");
    EXPECT_FALSE(stopped_);
}

TEST_F(Calls, LoadCountsEveryFrameThroughTheEcho) {
    ProviderOptions echo;
    echo.echo = true;
    const auto server = std::move(*ProviderServer::open(loop_, std::move(echo), quiet_));
    LoadOptions options;
    options.calls = 5;
    options.rate = 100;
    options.seconds = 1;
    options.warm_up_ms = 0;
    options.direct = true;
    options.provider = *net::parse_url("ws://127.0.0.1:" + std::to_string(server->port()) +
                                       "/v1/realtime?model=m");
    Load load(loop_, options, quiet_, [this] { loop_.stop(); });
    load.start();
    run();
    const auto report = load.report();
    EXPECT_TRUE(load.good()) << report.dump();
    EXPECT_EQ(report["frames_sent"], 250);
    EXPECT_EQ(report["frames_received"], 250);
    EXPECT_EQ(report["round_trip_us"]["count"], 250);
}

}  // namespace
}  // namespace holdfast::sim
