#include "base/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace holdfast::base {
namespace {

using namespace std::chrono_literals;
constexpr auto k_at_once = 0ms;
constexpr auto k_deadline = 60s;  // far beyond what any of this takes

TEST(BoundedQueue, DrainsInOrderOfArrival) {
    BoundedQueue<int> queue(10);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push(int{i}));
    EXPECT_EQ(queue.size(), 3u);
    std::deque<int> out = {99};
    EXPECT_TRUE(queue.drain(out, k_at_once));
    EXPECT_EQ(out, (std::deque<int>{0, 1, 2}));
    EXPECT_EQ(queue.size(), 0u);
}

TEST(BoundedQueue, DrainingNothingGivesNothing) {
    BoundedQueue<int> queue(1);
    std::deque<int> out = {99};
    EXPECT_TRUE(queue.drain(out, k_at_once));
    EXPECT_TRUE(out.empty());
}

TEST(BoundedQueue, FullRefusesAndLeavesTheValueAlone) {
    BoundedQueue<std::unique_ptr<int>> queue(1);
    EXPECT_TRUE(queue.push(std::make_unique<int>(1)));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(queue.push(std::move(second)));
    ASSERT_NE(second, nullptr);
    std::deque<std::unique_ptr<int>> out;
    EXPECT_TRUE(queue.drain(out, k_at_once));
    EXPECT_TRUE(queue.push(std::move(second)));
    EXPECT_EQ(second, nullptr);
}

TEST(BoundedQueue, ClosedRefusesButGivesOutWhatItHolds) {
    BoundedQueue<int> queue(10);
    EXPECT_TRUE(queue.push(1));
    queue.close();
    EXPECT_FALSE(queue.push(2));
    std::deque<int> out;
    EXPECT_TRUE(queue.drain(out, k_deadline));
    EXPECT_EQ(out, std::deque<int>{1});
    EXPECT_FALSE(queue.drain(out, k_deadline));  // at once, for good
    EXPECT_FALSE(queue.drain(out, k_deadline));
}

TEST(BoundedQueue, CloseWakesAWaitingConsumer) {
    BoundedQueue<int> queue(1);
    std::thread consumer([&queue] {
        std::deque<int> out;
        while (queue.drain(out, k_deadline)) {
        }
    });
    queue.close();
    consumer.join();
}

TEST(BoundedQueue, PushWakesAWaitingConsumer) {
    BoundedQueue<int> queue(1);
    int got = 0;
    std::thread consumer([&queue, &got] {
        std::deque<int> out;
        while (got == 0 && queue.drain(out, k_deadline)) {
            if (!out.empty()) got = out.front();
        }
    });
    EXPECT_TRUE(queue.push(7));
    consumer.join();
    EXPECT_EQ(got, 7);
}

TEST(BoundedQueue, ManyPushersLoseNothingThatWasTakenAndKeepTheirOrder) {
    constexpr int k_pushers = 4;
    constexpr int k_each = 20'000;
    BoundedQueue<std::pair<int, int>> queue(64);  // small: full is the normal case
    std::vector<std::vector<int>> taken(k_pushers), received(k_pushers);
    std::vector<std::thread> pushers;
    for (int who = 0; who < k_pushers; ++who) {
        pushers.emplace_back([&queue, &mine = taken[static_cast<std::size_t>(who)], who] {
            for (int i = 0; i < k_each; ++i) {
                if (queue.push({who, i})) mine.push_back(i);
            }
        });
    }
    std::thread consumer([&] {
        std::deque<std::pair<int, int>> out;
        while (queue.drain(out, k_deadline)) {
            EXPECT_LE(out.size(), 64u);
            for (const auto& [who, i] : out) received[static_cast<std::size_t>(who)].push_back(i);
        }
    });
    for (auto& pusher : pushers) pusher.join();
    queue.close();
    consumer.join();
    EXPECT_EQ(received, taken);
}

}  // namespace
}  // namespace holdfast::base
