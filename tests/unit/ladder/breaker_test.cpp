#include "ladder/breaker.hpp"

#include "support.hpp"

namespace holdfast::ladder {
namespace {

using S = Breaker::State;

constexpr std::uint32_t k_longest = 0xffffffff;  // not a promise of the longest wait, only large

class ABreaker : public testing::Test {
  protected:
    void fail(std::size_t times, std::uint32_t random = 0) {
        for (std::size_t i = 0; i < times; ++i) breaker_.failure(now_, random);
    }
    // How long it stays open after one more failure.
    base::milliseconds wait_after_failure(std::uint32_t random) {
        breaker_.failure(now_, random);
        return std::chrono::duration_cast<base::milliseconds>(*breaker_.retry_at() -
                                                              base::TimePoint(now_));
    }

    Breaker breaker_;
    Clock now_;
};

TEST_F(ABreaker, OpensAtTheThirdFailureInTenSeconds) {
    fail(1);
    now_ += 5s;
    fail(1);
    EXPECT_EQ(breaker_.state(now_), S::closed);
    now_ += 5s;
    fail(1);
    EXPECT_EQ(breaker_.state(now_), S::open);
}

TEST_F(ABreaker, StaysClosedWhenFailuresAreFurtherApart) {
    for (int i = 0; i < 20; ++i) {
        fail(1);
        now_ += 5001ms;
        EXPECT_EQ(breaker_.state(now_), S::closed);
    }
}

TEST_F(ABreaker, CountsFailuresBetweenSuccesses) {
    for (int i = 0; i < 3; ++i) {
        breaker_.success(now_);
        fail(1);
        now_ += 1ms;
    }
    EXPECT_NE(breaker_.state(now_), S::closed) << "every second session fails";
}

TEST_F(ABreaker, LetsOneTryGoWhenItsWaitIsOver) {
    fail(3, 100);
    EXPECT_FALSE(breaker_.try_begin(now_));
    now_ += 101ms;
    EXPECT_EQ(breaker_.state(now_), S::half_open);
    EXPECT_TRUE(breaker_.try_begin(now_));
    EXPECT_FALSE(breaker_.try_begin(now_)) << "one at a time";
    breaker_.success(now_);
    EXPECT_EQ(breaker_.state(now_), S::closed);
    EXPECT_TRUE(breaker_.try_begin(now_));
    EXPECT_TRUE(breaker_.try_begin(now_));
}

TEST_F(ABreaker, GivesThePlaceOfATryThatNeverReportsToAnother) {
    fail(3, 0);
    now_ += 1s;
    ASSERT_TRUE(breaker_.try_begin(now_));
    now_ += limits::breaker_probe_max - 1ms;
    EXPECT_FALSE(breaker_.try_begin(now_));
    now_ += 1ms;
    EXPECT_TRUE(breaker_.try_begin(now_));
}

TEST_F(ABreaker, WaitsByFullJitterDoublingToThirtySeconds) {
    fail(2);
    base::milliseconds ceiling = 250ms;
    for (int i = 0; i < 12; ++i) {
        const auto random = static_cast<std::uint32_t>(ceiling.count() - 1);
        EXPECT_EQ(wait_after_failure(random), ceiling) << i;
        now_ += ceiling;
        ASSERT_EQ(breaker_.state(now_), S::half_open);
        ceiling = std::min<base::milliseconds>(2 * ceiling, 30s);
    }
    EXPECT_EQ(ceiling, 30s);
    EXPECT_EQ(wait_after_failure(0), 1ms) << "jitter is full: any part of the ceiling";
    EXPECT_LE(wait_after_failure(k_longest), 30s);
}

TEST_F(ABreaker, SuccessStartsTheBackOffAgain) {
    fail(2);
    for (int i = 0; i < 8; ++i) {
        wait_after_failure(k_longest);
        now_ += 30s;
    }
    breaker_.success(now_);
    fail(2);
    EXPECT_LE(wait_after_failure(k_longest), 250ms);
}

TEST_F(ABreaker, StragglersDoNotDriveTheBackOffUp) {
    fail(3, 249);
    const auto retry = breaker_.retry_at();
    fail(50, 249);
    EXPECT_EQ(breaker_.retry_at(), retry);
}

TEST_F(ABreaker, HoldIsNotShortenedByASuccessThatBeganBefore) {
    breaker_.hold(now_, 60s);
    now_ += 1s;
    breaker_.success(now_);
    EXPECT_EQ(breaker_.state(now_), S::open);
    breaker_.hold(now_, 5s);
    now_ += 58s;
    EXPECT_EQ(breaker_.state(now_), S::open) << "a shorter hold does not end a longer one";
    now_ += 1s;
    EXPECT_EQ(breaker_.state(now_), S::half_open);
    breaker_.success(now_);
    EXPECT_EQ(breaker_.state(now_), S::closed);
}

TEST_F(ABreaker, OffStaysOffUntilAStartUp) {
    breaker_.switch_off();
    now_ += 1000h;
    EXPECT_EQ(breaker_.state(now_), S::off);
    EXPECT_FALSE(breaker_.try_begin(now_));
    EXPECT_EQ(breaker_.retry_at(), std::nullopt);
    breaker_.start_up();
    EXPECT_TRUE(breaker_.try_begin(now_));
}

}  // namespace
}  // namespace holdfast::ladder
