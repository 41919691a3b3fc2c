// The relay between two real sockets.
#include "relay/relay.hpp"

#include "events.hpp"
#include "wire/stream.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace holdfast::sim {
namespace {

using namespace std::chrono_literals;

struct Peer : StreamHandler {
    void on_open() override { open = true; }
    void on_bytes(std::string_view bytes) override { in += bytes; }
    void on_end(const std::string& why) override { end = why; }
    StreamPtr stream;
    std::string in, end;
    bool open = false;
};

class RelayTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto acceptor = Acceptor::open(loop_, "127.0.0.1", 0, nullptr, [this](StreamPtr stream) {
            target_.stream = stream;
            target_.open = true;
            stream->set_handler(&target_);
        });
        ASSERT_TRUE(acceptor);
        acceptor_ = std::move(*acceptor);
        RelayOptions options;
        options.target_port = acceptor_->port();
        auto relay = Relay::open(loop_, options, events_);
        ASSERT_TRUE(relay) << relay.error().detail;
        relay_ = std::move(*relay);
    }
    void TearDown() override {
        for (Peer* peer : {&client_, &target_}) {
            if (peer->stream) peer->stream->set_handler(nullptr);
        }
    }
    void join() {
        client_.stream = connect_stream(loop_, {"127.0.0.1", relay_->port(), ""}, nullptr, 10s, &client_);
        ASSERT_TRUE(until([this] { return client_.open && target_.open; }));
    }
    bool until(const std::function<bool()>& done) {
        const auto end = base::Mono::now() + 30s;
        while (!done()) {
            loop_.io().restart();
            loop_.io().run_one_until(end);
            if (base::Mono::now() >= end) return false;
        }
        return true;
    }
    // Says `text` to the target; how long it took to get there.
    base::Mono::duration takes(const std::string& text) {
        const auto begin = base::Mono::now();
        const auto expected = target_.in + text;
        client_.stream->write(text);
        EXPECT_TRUE(until([&] { return target_.in == expected; })) << text;
        return base::Mono::now() - begin;
    }

    net::AsioLoop loop_;
    EventLog events_{EventLog::Form::none};
    Peer client_, target_;
    std::unique_ptr<Acceptor> acceptor_;
    std::unique_ptr<Relay> relay_;
};

TEST_F(RelayTest, CarriesBytesBothWaysUnchanged) {
    join();
    const std::string big(3'000'000, 'x');
    takes("hello" + big);
    target_.stream->write("answer" + big);
    EXPECT_TRUE(until([&] { return client_.in == "answer" + big; }));
    EXPECT_EQ(relay_->bytes(), (std::array<std::uint64_t, 2>{3'000'005, 3'000'006}));
}

TEST_F(RelayTest, DelaysOneWayOnly) {
    join();
    ASSERT_TRUE(relay_->command("delay 150 up"));
    EXPECT_GE(takes("slow"), 150ms);
    target_.stream->write("fast");  // on its way before the next slow one, and there before it
    client_.stream->write("er");
    EXPECT_TRUE(until([&] { return client_.in == "fast"; }));
    EXPECT_EQ(target_.in, "slow");
    EXPECT_TRUE(until([&] { return target_.in == "slower"; }));
}

TEST_F(RelayTest, JitterNeverChangesTheOrder) {
    join();
    ASSERT_TRUE(relay_->command("jitter 20"));
    std::string all;
    for (int i = 0; i < 30; ++i) {
        const std::string piece = std::to_string(i) + ",";
        all += piece;
        client_.stream->write(piece);
        loop_.io().poll();
    }
    EXPECT_TRUE(until([&] { return target_.in == all; })) << target_.in;
}

TEST_F(RelayTest, ALimitedRateTakesItsTime) {
    join();
    ASSERT_TRUE(relay_->command("rate 800 up"));  // 100 bytes a millisecond
    EXPECT_GE(takes(std::string(20'000, 'r')), 200ms);
}

TEST_F(RelayTest, AStallHoldsEverythingUntilItIsHealed) {
    join();
    takes("before");
    ASSERT_TRUE(relay_->command("stall"));
    client_.stream->write("held");
    ASSERT_TRUE(until([&] { return client_.stream->unsent() == 0; }));  // in the kernel's hands
    loop_.io().poll();
    EXPECT_EQ(target_.in, "before");
    EXPECT_EQ(client_.end, "");
    ASSERT_TRUE(relay_->command("heal"));
    EXPECT_TRUE(until([&] { return target_.in == "beforeheld"; }));
}

TEST_F(RelayTest, ResetsBothEnds) {
    join();
    takes("x");
    ASSERT_TRUE(relay_->command("reset"));
    EXPECT_TRUE(until([&] { return !client_.end.empty() && !target_.end.empty(); }));
    EXPECT_EQ(client_.end.substr(0, 5), "reset");
    EXPECT_EQ(target_.end.substr(0, 5), "reset");
    EXPECT_EQ(relay_->connections(), 0u);
}

TEST_F(RelayTest, ClosesOneDirectionAndCarriesTheOther) {
    join();
    takes("x");
    ASSERT_TRUE(relay_->command("close up"));
    EXPECT_TRUE(until([&] { return !target_.end.empty(); }));
    EXPECT_EQ(target_.end.substr(0, 3), "eof");
}

TEST_F(RelayTest, CutsAfterSoManyBytes) {
    join();
    ASSERT_TRUE(relay_->command("truncate 5 up"));
    client_.stream->write("123456789");
    EXPECT_TRUE(until([&] { return !target_.end.empty() && !client_.end.empty(); }));
    EXPECT_EQ(target_.in, "12345");
}

TEST_F(RelayTest, FlipsOneBitOnce) {
    join();
    ASSERT_TRUE(relay_->command("flip up"));
    client_.stream->write("aaa");
    EXPECT_TRUE(until([&] { return target_.in.size() == 3; }));
    EXPECT_EQ(target_.in, "aqa");
    client_.stream->write("aaa");
    EXPECT_TRUE(until([&] { return target_.in == "aqaaaa"; }));
}

TEST_F(RelayTest, RefusesNewConnectionsAndKeepsOldOnes) {
    join();
    ASSERT_TRUE(relay_->command("refuse"));
    Peer late;
    late.stream = connect_stream(loop_, {"127.0.0.1", relay_->port(), ""}, nullptr, 10s, &late);
    EXPECT_TRUE(until([&] { return !late.end.empty(); }));
    takes("still here");
    late.stream->set_handler(nullptr);
}

TEST_F(RelayTest, SaysWhatItDoesNotKnow) {
    for (const char* bad : {"", "stal", "delay", "delay x", "delay -5", "stall 5", "delay 5 sideways", "heal 3"}) {
        EXPECT_FALSE(relay_->command(bad)) << bad;
    }
    join();
    EXPECT_LT(takes("unspoiled"), 5s);
}

}  // namespace
}  // namespace holdfast::sim
