#include "base/timer.hpp"

#include "support/fake_loop.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace holdfast::base {
namespace {

using namespace std::chrono_literals;

class TimerTest : public ::testing::Test {
  protected:
    std::function<void()> note(int what) {
        return [this, what] { fired_.push_back(what); };
    }
    test::FakeLoop loop_;
    std::vector<int> fired_;
};

TEST_F(TimerTest, FiresOnceWhenItsTimeHasCome) {
    Timer timer(loop_);
    timer.arm(100ms, note(1));
    EXPECT_TRUE(timer.armed());
    loop_.advance(99ms);
    EXPECT_TRUE(fired_.empty());
    loop_.advance(1ms);
    EXPECT_EQ(fired_, std::vector<int>{1});
    EXPECT_FALSE(timer.armed());
    loop_.advance(1h);
    EXPECT_EQ(fired_.size(), 1u);
}

TEST_F(TimerTest, NeverFiresInsideArm) {
    Timer timer(loop_);
    timer.arm(0ms, note(1));
    EXPECT_TRUE(fired_.empty());
    loop_.advance(0ms);
    EXPECT_EQ(fired_, std::vector<int>{1});
    timer.arm_at(loop_.now() - 1h, note(2));
    EXPECT_EQ(fired_.size(), 1u);
    loop_.advance(0ms);
    EXPECT_EQ(fired_.size(), 2u);
}

TEST_F(TimerTest, ArmingAgainReplacesTheWait) {
    Timer timer(loop_);
    timer.arm(100ms, note(1));
    timer.arm(200ms, note(2));
    loop_.advance(150ms);
    EXPECT_TRUE(fired_.empty());
    loop_.advance(50ms);
    EXPECT_EQ(fired_, std::vector<int>{2});
}

TEST_F(TimerTest, CancelledDoesNotFire) {
    Timer timer(loop_);
    timer.arm(100ms, note(1));
    timer.cancel();
    timer.cancel();
    EXPECT_FALSE(timer.armed());
    loop_.advance(1h);
    EXPECT_TRUE(fired_.empty());
    timer.arm(1ms, note(2));
    loop_.advance(1ms);
    EXPECT_EQ(fired_, std::vector<int>{2});
}

TEST_F(TimerTest, DestroyedDoesNotFire) {
    std::optional<Timer> timer(std::in_place, loop_);
    timer->arm(100ms, note(1));
    timer.reset();
    EXPECT_EQ(loop_.timers_waiting(), 0u);
    loop_.advance(1h);
    EXPECT_TRUE(fired_.empty());
}

TEST_F(TimerTest, ReleasesItsHandlerWhenCancelledOrFired) {
    auto held = std::make_shared<int>(0);
    Timer timer(loop_);
    timer.arm(100ms, [held] {});
    timer.cancel();
    EXPECT_EQ(held.use_count(), 1);
    timer.arm(100ms, [held] {});
    EXPECT_EQ(held.use_count(), 2);
    loop_.advance(100ms);
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TimerTest, TheHandlerMayArmAgain) {
    Timer timer(loop_);
    std::function<void()> again = [&] {
        fired_.push_back(static_cast<int>(fired_.size()));
        if (fired_.size() < 3) timer.arm(10ms, again);
    };
    timer.arm(10ms, again);
    loop_.advance(1s);
    EXPECT_EQ(fired_, (std::vector<int>{0, 1, 2}));
}

TEST_F(TimerTest, TheHandlerMayDestroyTheTimer) {
    std::optional<Timer> timer(std::in_place, loop_);
    const auto alive = std::make_shared<int>(7);
    timer->arm(10ms, [&timer, alive, this] {
        timer.reset();
        fired_.push_back(*alive);  // the captures outlive the timer
    });
    loop_.advance(10ms);
    EXPECT_EQ(fired_, std::vector<int>{7});
    EXPECT_FALSE(timer);
}

// A loop whose cancel comes too late: the wait already sits in the ready queue, as asio's may.
class LateLoop : public Loop {
  public:
    TimePoint now() const override { return {}; }
    std::int64_t utc_ms() const override { return 0; }
    void post(std::function<void()>) override {}
    std::unique_ptr<TimerBackend> make_timer_backend() override {
        struct Backend : TimerBackend {
            explicit Backend(LateLoop& l) : loop(l) {}
            void wait_until(TimePoint, std::function<void()> fire) override { loop.ready.push_back(std::move(fire)); }
            void cancel() override {}
            LateLoop& loop;
        };
        return std::make_unique<Backend>(*this);
    }
    std::vector<std::function<void()>> ready;
};

TEST(TimerOnALateLoop, StaleWaitsDoNothing) {
    LateLoop loop;
    int fired = 0;
    std::optional<Timer> timer(std::in_place, loop);
    timer->arm(1ms, [&] { fired += 1; });
    timer->cancel();
    timer->arm(1ms, [&] { fired += 10; });
    timer->arm(1ms, [&] { fired += 100; });
    loop.ready.at(0)();
    loop.ready.at(1)();
    EXPECT_EQ(fired, 0);
    loop.ready.at(2)();
    EXPECT_EQ(fired, 100);
    timer->arm(1ms, [&] { fired += 1000; });
    timer.reset();
    for (const auto& fire : loop.ready) fire();
    EXPECT_EQ(fired, 100);
}

TEST(FakeLoop, FiresInOrderOfDeadlineThenOfArming) {
    test::FakeLoop loop;
    std::vector<int> order;
    Timer a(loop), b(loop), c(loop);
    a.arm(20ms, [&] { order.push_back(1); });
    b.arm(10ms, [&] { order.push_back(2); });
    c.arm(20ms, [&] { order.push_back(3); });
    loop.advance(1s);
    EXPECT_EQ(order, (std::vector<int>{2, 1, 3}));
}

}  // namespace
}  // namespace holdfast::base
