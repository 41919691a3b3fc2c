#include "unit/http/admin_world.hpp"

#include "config/limits.hpp"
#include "metrics/catalog.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace holdfast::http {
namespace {

using test::AdminWorld;
using test::FakeSocket;

// A hub with readers and no routes in front of it.
struct HubWorld {
    test::FakeLoop loop;
    FeedHub hub{loop, "0.1.0", "site-1"};

    std::shared_ptr<FakeSocket> reader(std::optional<base::CallSid> only = {}) {
        auto socket = std::make_shared<FakeSocket>(loop);
        hub.add(socket, std::move(only));
        return socket;
    }
    void publish(std::string_view kind, std::string_view call = test::k_call_a) {
        hub.publish(test::feed_event(kind, call));
    }
};

TEST(FeedEvent, HoldsOnlyMembersWithAValue) {
    const auto document = nlohmann::json::parse(to_json(test::feed_event("ringing")));
    EXPECT_EQ(document, (nlohmann::json{{"v", 1},
                                        {"kind", "ringing"},
                                        {"call", test::k_call_a},
                                        {"utc_ms", test::FakeLoop::k_epoch_utc_ms},
                                        {"offset_ms", 1200}}));
}

TEST(FeedEvent, HoldsWordsTimesAndSpeaker) {
    auto event = test::feed_event("utterance");
    event.rung = "openai";
    event.detail = "openai";
    event.speaker = "voice";
    event.text = base::Sensitive<std::string>("Where are you?");
    event.played_ms = 0;
    event.total_ms = 3400;
    event.response_ms = 412;
    const auto document = nlohmann::json::parse(to_json(event));
    EXPECT_EQ(document["text"], "Where are you?");
    EXPECT_EQ(document["speaker"], "voice");
    EXPECT_EQ(document["played_ms"], 0);
    EXPECT_EQ(document["total_ms"], 3400);
    EXPECT_EQ(document["response_ms"], 412);
}

TEST(FeedEvent, NeverSendsBytesThatDriveATerminalOrAreNotUtf8) {
    auto event = test::feed_event("utterance");
    event.text = base::Sensitive<std::string>(
        "caf\xe9 \x1b[2J \xc2\x9b"
        "2J se\xc3\xb1or");
    const auto text = to_json(event);
    for (const char c : text) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << text;
    EXPECT_EQ(nlohmann::json::parse(text)["text"],
              "caf\xef\xbf\xbd \x1b[2J \xc2\x9b"
              "2J se\xc3\xb1or");
}

TEST(FeedHub, SendsEachEventToEveryReaderInOrder) {
    HubWorld world;
    const auto a = world.reader();
    const auto b = world.reader();
    world.publish("ringing");
    world.publish("greeting");
    world.loop.run_posted();
    const std::vector<std::string> expected{"hello", "ringing", "greeting"};
    EXPECT_EQ(a->kinds(), expected);
    EXPECT_EQ(b->kinds(), expected);
}

TEST(FeedHub, AReaderOfOneCallSeesOnlyThatCall) {
    HubWorld world;
    const auto only_b = world.reader(test::sid(test::k_call_b));
    world.publish("ringing", test::k_call_a);
    world.publish("greeting", test::k_call_b);
    world.loop.run_posted();
    EXPECT_EQ(only_b->kinds(), (std::vector<std::string>{"hello", "greeting"}));
}

TEST(FeedHub, WakesTheLoopOnceForManyEvents) {
    struct CountingLoop : test::FakeLoop {
        void post(std::function<void()> fn) override {
            ++posts;
            FakeLoop::post(std::move(fn));
        }
        int posts = 0;
    } loop;
    FeedHub hub(loop, "0.1.0", "site-1");
    const auto socket = std::make_shared<FakeSocket>(loop);
    hub.add(socket, {});
    for (int i = 0; i < 100; ++i) hub.publish(test::feed_event("ringing"));
    EXPECT_EQ(loop.posts, 1);
    loop.run_posted();
    hub.publish(test::feed_event("ended"));
    EXPECT_EQ(loop.posts, 2);
    loop.run_posted();
    EXPECT_EQ(socket->sent.size(), 102u);
}

TEST(FeedHub, WithoutReadersNothingIsQueuedOrCounted) {
    HubWorld world;
    const auto before = metrics::feed_dropped_total.value();
    for (std::size_t i = 0; i < limits::feed_queue_events_max + 10; ++i) world.publish("ringing");
    EXPECT_EQ(metrics::feed_dropped_total.value(), before);
    const auto socket = world.reader();
    world.loop.run_posted();
    EXPECT_EQ(socket->kinds(), std::vector<std::string>{"hello"});
}

TEST(FeedHub, AFullHandOverDropsCountsAndTellsTheReaders) {
    HubWorld world;
    const auto socket = world.reader();
    const auto before = metrics::feed_dropped_total.value();
    for (std::size_t i = 0; i < limits::feed_queue_events_max + 10; ++i) world.publish("ringing");
    EXPECT_EQ(metrics::feed_dropped_total.value(), before + 10);
    world.loop.run_posted();
    const auto documents = socket->documents();
    ASSERT_EQ(documents.size(), 1 + 1 + limits::feed_queue_events_max);
    EXPECT_EQ(documents[1], (nlohmann::json{{"v", 1}, {"kind", "missed"}, {"count", 10}}));
}

TEST(FeedHub, GivesTheSocketsATurnBetweenPartsOfABurst) {
    HubWorld world;
    const auto socket = world.reader();
    for (int i = 0; i < 1000; ++i) world.publish("ringing");
    std::size_t seen_between = 0;
    world.loop.post([&] { seen_between = socket->sent.size(); });
    world.loop.run_posted();
    EXPECT_LT(seen_between, 500u);
    EXPECT_EQ(socket->sent.size(), 1001u);
}

// A17: a browser that stopped reading loses its oldest events; the others lose nothing.
TEST(FeedHub, ASlowReaderLosesItsOldestEventsAndNobodyElseDoes) {
    HubWorld world;
    const auto slow = world.reader();
    const auto quick = world.reader();
    slow->reads = false;
    const auto before = metrics::feed_dropped_total.value();
    for (int i = 0; i < 2000; ++i) {
        world.publish("utterance");
        world.loop.run_posted();
    }
    world.publish("ended");
    world.loop.run_posted();
    EXPECT_EQ(quick->sent.size(), 2002u);
    EXPECT_GT(slow->dropped, 0u);
    EXPECT_EQ(metrics::feed_dropped_total.value(), before + slow->dropped);
    EXPECT_LE(slow->queued, limits::feed_client_bytes_max);

    slow->read_again();
    world.publish("ringing");
    world.loop.run_posted();
    const auto documents = slow->documents();
    EXPECT_EQ(documents[documents.size() - 3]["kind"], "ended");
    EXPECT_EQ(documents[documents.size() - 2]["kind"], "missed");
    EXPECT_EQ(documents[documents.size() - 2]["count"], slow->dropped);
    EXPECT_EQ(documents.back()["kind"], "ringing");
}

TEST(FeedHub, PingsItsReadersAndCutsTheOnesThatStaySilent) {
    HubWorld world;
    const auto alive = world.reader();
    const auto dead = world.reader();
    for (int i = 0; i < 4; ++i) {
        world.loop.advance(limits::feed_ping);
        alive->listener->on_ws_pong();
    }
    EXPECT_EQ(alive->pings, 4);
    EXPECT_FALSE(alive->aborted);
    EXPECT_TRUE(dead->aborted);
}

TEST(FeedHub, APingTimerRunsOnlyWhileSomebodyReads) {
    HubWorld world;
    EXPECT_EQ(world.loop.timers_waiting(), 0u);
    const auto socket = world.reader();
    EXPECT_EQ(world.loop.timers_waiting(), 1u);
    socket->gone();
    world.loop.run_posted();
    EXPECT_EQ(world.loop.timers_waiting(), 0u);
    EXPECT_EQ(world.hub.clients(), 0u);
    EXPECT_EQ(metrics::feed_clients.value(), 0);
}

TEST(FeedHub, AReaderThatTalksTooMuchIsClosed) {
    HubWorld world;
    const auto socket = world.reader();
    for (std::size_t i = 0; i < limits::feed_inbound_messages_max; ++i)
        socket->listener->on_ws_text("hi");
    EXPECT_EQ(socket->closed_with, 0);
    socket->listener->on_ws_binary(10);
    EXPECT_EQ(socket->closed_with, 1008);
}

TEST(FeedHub, AReaderBeyondTheLimitIsClosedPolitely) {
    HubWorld world;
    std::vector<std::shared_ptr<FakeSocket>> readers;
    for (std::size_t i = 0; i < limits::feed_clients_max; ++i) readers.push_back(world.reader());
    const auto extra = world.reader();
    EXPECT_EQ(extra->closed_with, 1013);
    EXPECT_EQ(extra->listener, nullptr);
    EXPECT_EQ(world.hub.clients(), limits::feed_clients_max);
}

TEST(FeedHub, LetsGoOfASocketThatClosedOnlyWhenTheStackIsUnwound) {
    HubWorld world;
    std::weak_ptr<FakeSocket> weak;
    {
        auto socket = world.reader();
        weak = socket;
        auto* raw = socket.get();
        socket.reset();
        raw->gone();
    }
    EXPECT_FALSE(weak.expired());
    world.loop.run_posted();
    EXPECT_TRUE(weak.expired());
}

TEST(FeedHub, StoppingClosesEveryReaderAndDestroyingForgetsThem) {
    test::FakeLoop loop;
    auto hub = std::make_unique<FeedHub>(loop, "0.1.0", "site-1");
    const auto socket = std::make_shared<FakeSocket>(loop);
    hub->add(socket, {});
    hub->close_all();
    EXPECT_EQ(socket->closed_with, 1001);
    hub->publish(test::feed_event("ended"));
    hub.reset();
    EXPECT_EQ(socket->listener, nullptr);
    loop.run_posted();  // the drain that was posted finds nobody
    EXPECT_EQ(socket->sent.size(), 1u);
}

// A loop that other threads may post to, run by the test's own thread.
class ThreadLoop : public test::FakeLoop {
  public:
    void post(std::function<void()> fn) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        incoming_.push_back(std::move(fn));
    }
    bool run_some() {
        std::deque<std::function<void()>> work;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            work.swap(incoming_);
        }
        for (auto& fn : work) fn();
        return !work.empty();
    }

  private:
    std::mutex mutex_;
    std::deque<std::function<void()>> incoming_;
};

TEST(FeedHub, EventsOfSeveralThreadsAllArrive) {
    ThreadLoop loop;
    FeedHub hub(loop, "0.1.0", "site-1");
    const auto socket = std::make_shared<FakeSocket>(loop);
    hub.add(socket, {});
    constexpr int k_threads = 3;
    constexpr int k_each = 1000;  // together below the queue's bound
    std::atomic<int> running{k_threads};
    std::vector<std::thread> threads;
    for (int t = 0; t < k_threads; ++t) {
        threads.emplace_back([&hub, &running] {
            for (int i = 0; i < k_each; ++i) hub.publish(test::feed_event("ringing"));
            --running;
        });
    }
    while (running > 0) loop.run_some();
    for (auto& thread : threads) thread.join();
    while (loop.run_some()) {
    }
    EXPECT_EQ(socket->sent.size(), 1u + k_threads * k_each);
}

}  // namespace
}  // namespace holdfast::http
