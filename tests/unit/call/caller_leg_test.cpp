#include "call/caller_leg.hpp"

#include "support/fake_call_world.hpp"

#include <gtest/gtest.h>

namespace holdfast::call {
namespace {

using namespace std::chrono_literals;

// A socket in memory: text goes in by hand, what the leg sends and how it closes is kept.
class FakeSocket : public net::WsConnection {
  public:
    void set_listener(net::WsListener* l) override { listener = l; }
    bool send_text(std::string_view text, net::SendKind) override {
        sent.emplace_back(text);
        return true;
    }
    void send_ping() override { ++pings; }
    void close(std::uint16_t code, std::string_view reason) override {
        if (code_ == 0) {
            code_ = code;
            reason_.assign(reason);
        }
    }
    void abort() override { code_ = 1006; }
    bool open() const override { return code_ == 0; }
    std::size_t queued_bytes() const override { return 0; }
    std::uint64_t dropped_messages() const override { return 0; }
    base::TimePoint blocked_since() const override { return blocked; }
    std::string peer_address() const override { return "127.0.0.1"; }

    void text(std::string message) {
        const std::size_t size = message.size();
        message.append(64, '\0');
        if (listener != nullptr) listener->on_ws_text(std::string_view(message).substr(0, size));
    }
    void binary() {
        if (listener != nullptr) listener->on_ws_binary(10);
    }
    void closed(std::uint16_t code = 1006, bool by_us = false) {
        net::WsClose close;
        close.code = code;
        close.opened = true;
        close.by_us = by_us;
        close.error.code = by_us ? "protocol" : "reset";
        if (auto* l = std::exchange(listener, nullptr)) l->on_ws_closed(close);
    }

    net::WsListener* listener = nullptr;
    std::vector<std::string> sent;
    int pings = 0;
    std::uint16_t code_ = 0;
    std::string reason_;
    base::TimePoint blocked{};
};

constexpr char k_connected[] = R"({"event":"connected","protocol":"Call","version":"1.0.0"})";

std::string start_text(const std::string& token, const std::string& sid = test::k_sid,
                       const std::string& encoding = "audio/x-mulaw") {
    return std::string(R"({"event":"start","sequenceNumber":"1","start":{"accountSid":"AC00000000000000000000000000000001","streamSid":")") +
           test::k_stream + R"(","callSid":")" + sid + R"(","tracks":["inbound"],"mediaFormat":{"encoding":")" + encoding +
           R"(","sampleRate":8000,"channels":1},"customParameters":{"token":")" + token + R"("}},"streamSid":")" + test::k_stream + R"("})";
}

std::string media_text(int chunk, const std::string& stream = test::k_stream) {
    return R"({"event":"media","sequenceNumber":")" + std::to_string(chunk + 1) + R"(","media":{"track":"inbound","chunk":")" +
           std::to_string(chunk) + R"(","timestamp":")" + std::to_string(chunk * 20) + R"(","payload":")" + test::audio_ms(20) +
           R"("},"streamSid":")" + stream + R"("})";
}

class CallerLegTest : public ::testing::Test {
  protected:
    void SetUp() override {
        admission_ = registry_.admit(test::voice_request());
        legs_.accept(socket_);
    }
    void start() {
        socket_->text(k_connected);
        socket_->text(start_text(admission_.token));
    }

    test::CallWorld world_;
    Registry registry_{world_.env, 10};
    CallerLegs legs_{world_.loop, registry_, world_.journal};
    std::shared_ptr<FakeSocket> socket_ = std::make_shared<FakeSocket>();
    Admission admission_;
};

TEST_F(CallerLegTest, StartsACallAndCarriesAudio) {
    start();
    world_.voice->become_ready();
    socket_->text(media_text(1));
    EXPECT_EQ(socket_->code_, 0);
    EXPECT_EQ(world_.voice->heard.size(), 1u);
    ASSERT_FALSE(socket_->sent.empty());
    EXPECT_NE(socket_->sent.front().find("\"media\""), std::string::npos);
}

TEST_F(CallerLegTest, T08_ClosesWithoutStartAfterFiveSeconds) {
    socket_->text(k_connected);
    world_.loop.advance(4900ms);
    EXPECT_EQ(socket_->code_, 0);
    world_.loop.advance(200ms);
    EXPECT_EQ(socket_->code_, 1008);
}

TEST_F(CallerLegTest, T09_MediaBeforeStartCloses1002) {
    socket_->text(media_text(1));
    EXPECT_EQ(socket_->code_, 1002);
    EXPECT_TRUE(world_.voice->heard.empty());
}

TEST_F(CallerLegTest, T09_ASecondStartCloses1002) {
    start();
    socket_->text(start_text(admission_.token));
    EXPECT_EQ(socket_->code_, 1002);
    EXPECT_EQ(registry_.active(), 0u);
}

TEST_F(CallerLegTest, T10_AWrongTokenCloses1008WithAnAuditRowAndSendsNothingUpstream) {
    socket_->text(start_text(std::string(64, 'a')));
    EXPECT_EQ(socket_->code_, 1008);
    EXPECT_FALSE(world_.voice->proven);
    ASSERT_EQ(world_.journal.rows<store::Audit>().size(), 1u);
    EXPECT_EQ(world_.journal.rows<store::Audit>()[0].action, "bad_token");
}

TEST_F(CallerLegTest, T10_AnUnknownCallCloses1008) {
    socket_->text(start_text(admission_.token, "CA00000000000000000000000000000000"));
    EXPECT_EQ(socket_->code_, 1008);
}

TEST_F(CallerLegTest, T11_TheSecondStreamOfACallIsClosedAndTheFirstStays) {
    start();
    auto second = std::make_shared<FakeSocket>();
    legs_.accept(second);
    second->text(start_text(admission_.token));
    EXPECT_EQ(second->code_, 1008);
    EXPECT_EQ(socket_->code_, 0);
    EXPECT_EQ(registry_.active(), 1u);
}

TEST_F(CallerLegTest, T14_AForeignCodecGoesToAPerson) {
    socket_->text(start_text(admission_.token, test::k_sid, "audio/l16"));
    EXPECT_EQ(socket_->code_, 1000);  // a normal close: Twilio goes on behind <Connect>
    EXPECT_TRUE(socket_->sent.empty());
    EXPECT_EQ(registry_.active(), 0u);
}

TEST_F(CallerLegTest, T16_ABinaryFrameCloses1003) {
    start();
    socket_->binary();
    EXPECT_EQ(socket_->code_, 1003);
}

TEST_F(CallerLegTest, GarbageBeforeStartCloses1008) {
    socket_->text("this is not JSON");
    EXPECT_EQ(socket_->code_, 1008);
}

TEST_F(CallerLegTest, GarbageDuringACallIsCountedAndOnlyAFloodEndsIt) {
    start();
    for (int i = 0; i < 50; ++i) socket_->text("{\"event\":");
    EXPECT_EQ(socket_->code_, 0);
    socket_->text("[]");
    EXPECT_EQ(socket_->code_, 1002);
}

TEST_F(CallerLegTest, TooManyMessagesBeforeStartClose1008) {
    for (int i = 0; i < 5; ++i) socket_->text(R"({"event":"news"})");
    EXPECT_EQ(socket_->code_, 1008);
}

TEST_F(CallerLegTest, UnknownEventsAreIgnored) {
    start();
    for (int i = 0; i < 100; ++i) socket_->text(R"({"event":"weather","streamSid":"x","sky":{"blue":[1,2]}})");
    EXPECT_EQ(socket_->code_, 0);
    EXPECT_EQ(registry_.active(), 1u);
}

TEST_F(CallerLegTest, MessagesOfAnotherStreamAreDropped) {
    start();
    world_.voice->become_ready();
    socket_->text(media_text(1, "MZ00000000000000000000000000000002"));
    EXPECT_TRUE(world_.voice->heard.empty());
}

TEST_F(CallerLegTest, StopEndsTheCallAndClosesPolitely) {
    start();
    socket_->text(std::string(R"({"event":"stop","sequenceNumber":"5","streamSid":")") + test::k_stream +
                  R"(","stop":{"accountSid":"AC00000000000000000000000000000001","callSid":")" + test::k_sid + "\"}}");
    EXPECT_EQ(socket_->code_, 1000);
    EXPECT_EQ(registry_.active(), 0u);
    EXPECT_EQ(world_.journal.rows<store::CallEnded>().at(0).reason, "stop");
    socket_->closed(1000);
    EXPECT_EQ(legs_.open(), 0u);
}

TEST_F(CallerLegTest, ABrokenSocketLeavesTheCallWaitingForATakeover) {
    start();
    socket_->closed();
    EXPECT_EQ(legs_.open(), 0u);
    EXPECT_EQ(registry_.active(), 1u);
    world_.loop.advance(11s);
    EXPECT_EQ(registry_.active(), 0u);
}

TEST_F(CallerLegTest, T15_AViolationFoundByTheSocketEndsTheCall) {
    start();
    socket_->closed(1009, true);
    EXPECT_EQ(registry_.active(), 0u);
    EXPECT_EQ(world_.journal.rows<store::CallEnded>().at(0).reason, "protocol");
}

}  // namespace
}  // namespace holdfast::call
