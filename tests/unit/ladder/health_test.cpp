#include "ladder/health.hpp"

#include "support.hpp"

#include <functional>
#include <limits>
#include <string>

namespace holdfast::ladder {
namespace {

struct Row {
    const char* matrix;
    std::function<void(Health&, base::TimePoint)> measured;
    Level level;
    std::string reason;
};

TEST(Health, JudgesEachMeasurement) {
    using H = Health;
    using T = base::TimePoint;
    const Row rows[] = {
        {"nothing known", [](H&, T) {}, Level::good, "ok"},
        {"quick connect", [](H& h, T t) { h.connected(300ms, t); }, Level::good, "ok"},
        {"slow connect", [](H& h, T t) { h.connected(1500ms, t); }, Level::strained,
         "slow_connect"},
        {"N09 200 ms", [](H& h, T t) { h.ping(200ms, t); }, Level::good, "ok"},
        {"N09 1 s", [](H& h, T t) { h.ping(1000ms, t); }, Level::strained, "latency"},
        {"N09 5 s", [](H& h, T t) { h.ping(5000ms, t); }, Level::down, "latency"},
        {"N06 one miss", [](H& h, T t) { h.ping_lost(t); }, Level::strained, "ping"},
        {"N06 two misses", [](H& h, T t) { h.ping_lost(t), h.ping_lost(t); }, Level::down, "ping"},
        {"miss, pong, miss", [](H& h, T t) { h.ping_lost(t), h.ping(9ms, t), h.ping_lost(t); },
         Level::strained, "ping"},
        {"quick answer", [](H& h, T t) { h.first_audio(800ms, t); }, Level::good, "ok"},
        {"O14", [](H& h, T t) { h.first_audio(3000ms, t); }, Level::strained, "slow_answer"},
        {"O13 once", [](H& h, T t) { h.no_answer(t); }, Level::strained, "turns"},
        {"O13 twice", [](H& h, T t) { h.no_answer(t), h.first_audio(4000ms, t); }, Level::down,
         "turns"},
        {"O11 once", [](H& h, T t) { h.fault(Fault::server_error, t); }, Level::strained,
         "server_error"},
        {"O11 twice in 10 s",
         [](H& h, T t) { h.fault(Fault::server_error, t - 10s), h.fault(Fault::server_error, t); },
         Level::down, "server_error"},
        {"O11 twice in 11 s",
         [](H& h, T t) { h.fault(Fault::server_error, t - 11s), h.fault(Fault::server_error, t); },
         Level::strained, "server_error"},
        {"O07", [](H& h, T t) { h.fault(Fault::closed, t); }, Level::strained, "closed"},
        {"O01", [](H& h, T t) { h.fault(Fault::auth, t); }, Level::down, "auth"},
        {"O09", [](H& h, T t) { h.fault(Fault::policy, t); }, Level::down, "policy"},
        {"E01", [](H& h, T t) { h.fault(Fault::account, t); }, Level::down, "account"},
        {"E03", [](H& h, T t) { h.fault(Fault::rate_limited, t); }, Level::strained,
         "rate_limited"},
        {"N12 400 ms queued", [](H& h, T t) { h.send_queue(400ms, t); }, Level::strained,
         "send_queue"},
        {"N12 2 s queued", [](H& h, T t) { h.send_queue(2s, t); }, Level::down, "send_queue"},
        {"O26", [](H& h, T t) { h.rate_limit({9, 100, 5}, t); }, Level::strained, "tokens"},
        {"O26 enough", [](H& h, T t) { h.rate_limit({10, 100, 5}, t); }, Level::good, "ok"},
    };
    const Clock now;
    for (const Row& row : rows) {
        Health health;
        row.measured(health, now);
        EXPECT_EQ(health.condition(now).level, row.level) << row.matrix;
        EXPECT_EQ(health.condition(now).reason, row.reason) << row.matrix;
    }
}

TEST(Health, O26_BudgetIsLowUntilTheProviderRefillsIt) {
    Health health;
    Clock now;
    health.rate_limit({0, 200'000, 2.5}, now);
    EXPECT_TRUE(health.tokens_low(now));
    now += 2499ms;
    EXPECT_TRUE(health.tokens_low(now));
    now += 1ms;
    EXPECT_FALSE(health.tokens_low(now));
    health.rate_limit({0, 1, 1e18}, now);
    now += limits::retry_after_most;
    EXPECT_FALSE(health.tokens_low(now)) << "no peer switches us off for longer";
    health.rate_limit({0, 1, 60}, now);
    health.rate_limit({1, 1, 60}, now);
    EXPECT_FALSE(health.tokens_low(now));
}

TEST(Health, O26_NumbersThatAreNoneAreIgnored) {
    Health health;
    const Clock now;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double inf = std::numeric_limits<double>::infinity();
    for (const RateLimit bad : {RateLimit{nan, 1, 1}, RateLimit{0, inf, 1}, RateLimit{0, 0, 1},
                                RateLimit{-1, 1, 1}, RateLimit{0, 1, -1}, RateLimit{0, 1, nan}}) {
        health.rate_limit(bad, now);
        EXPECT_FALSE(health.tokens_low(now));
    }
}

TEST(Health, StrainEndsWithAGoodSignOrWithAge) {
    Health health;
    Clock now;
    health.first_audio(3s, now);
    health.first_audio(1s, now);
    EXPECT_EQ(health.condition(now).level, Level::good);
    health.first_audio(3s, now);
    now += limits::health_stale;
    EXPECT_EQ(health.condition(now).level, Level::good);
}

TEST(Health, LossIsMeasuredOverTheLastPings) {
    Health health;
    const Clock now;
    for (int i = 0; i < 3; ++i) health.ping(5ms, now);
    health.ping_lost(now);
    EXPECT_DOUBLE_EQ(health.figures().ping_loss, 0.25);
    for (std::size_t i = 0; i < limits::health_pings_kept; ++i) health.ping(5ms, now);
    EXPECT_DOUBLE_EQ(health.figures().ping_loss, 0);
}

TEST(Health, GoodTimeBeginsAgainAtEveryBadSign) {
    Health health;
    Clock now;
    EXPECT_EQ(health.good_for(now), 0ms) << "nothing measured is not healthy for a while";
    health.ping(5ms, now);
    now += 20s;
    EXPECT_EQ(health.good_for(now), 20s);
    health.ping_lost(now);
    EXPECT_EQ(health.good_for(now), 0ms);
    now += 1s;
    health.ping(5ms, now);
    now += 4s;
    EXPECT_EQ(health.good_for(now), 4s);
}

}  // namespace
}  // namespace holdfast::ladder
