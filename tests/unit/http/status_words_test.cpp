// What `systemctl status` shows, and which changes of /readyz are told.
#include "http/status_words.hpp"

#include "base/version.hpp"
#include "http/part_watch.hpp"
#include "unit/http/admin_world.hpp"

#include <gtest/gtest.h>

namespace holdfast::http {
namespace {

constexpr auto k_now_ms = test::FakeLoop::k_epoch_utc_ms;

std::string line_of(DaemonStatus status, std::int64_t now_utc_ms = k_now_ms) { return status_words(status, now_utc_ms).line(); }

Part part_of(const DaemonStatus& status, std::string_view name, std::int64_t now_utc_ms = k_now_ms) {
    for (const auto& part : parts_of(status, now_utc_ms)) {
        if (part.name == name) return part;
    }
    return {};
}

TEST(StatusWords, OfABoxThatIsWellAreItsFigures) {
    auto status = test::good_status();
    EXPECT_EQ(line_of(status), "1 call, openai, store good");
    EXPECT_EQ(status_words(status, k_now_ms).judgement, "");
    status.calls_active = 3;
    status.sync.state = "good";
    EXPECT_EQ(line_of(status), "3 calls, openai, 0 to sync, store good");
}

TEST(StatusWords, BeginWithTheWorst) {
    auto status = test::good_status();
    status.public_.tls = true;
    status.public_.certificate_not_after_utc_s = k_now_ms / 1000 + 3'600;
    status.box.clock = "unsynchronised";
    EXPECT_EQ(line_of(status), "degraded: certificate expires_soon, clock unsynchronised; 1 call, openai, store good");
    status.prompts_loaded = 0;
    EXPECT_EQ(line_of(status),
              "NOT READY: prompts missing; degraded: certificate expires_soon, clock unsynchronised; 1 call, openai, store good");
}

TEST(StatusWords, OfADrainAreNoFault) {
    auto status = test::good_status();
    status.draining = true;
    EXPECT_EQ(line_of(status), "draining; 1 call, openai, store good");
    status.box.safe_mode = true;
    EXPECT_EQ(line_of(status), "draining; degraded: safe_mode on; 1 call, openai, store good");
}

TEST(Readiness, P16_AClockThatIsNotSetDegradesAndNothingExpiresByIt) {
    auto status = test::good_status();
    EXPECT_EQ(part_of(status, "clock").state, PartState::ok) << "nobody says: no fault of the box";
    for (const auto& [word, state] : {std::pair{"good", PartState::ok}, {"unsynchronised", PartState::degraded}, {"not_set", PartState::degraded}}) {
        status.box.clock = word;
        EXPECT_EQ(part_of(status, "clock").state, state) << word;
    }
    status.public_.tls = true;
    status.public_.certificate_not_after_utc_s = k_now_ms / 1000;
    EXPECT_EQ(part_of(status, "certificate").detail, "expired");
    const auto far_ahead_ms = k_now_ms + 100ll * 365 * 86'400'000;
    EXPECT_EQ(part_of(status, "certificate", far_ahead_ms).detail, "clock_not_set");
    decide_ready(status, far_ahead_ms);
    EXPECT_TRUE(status.ready) << "callers are served all the same";
}

TEST(Readiness, ADiskThatIsWornOrSlowDegrades) {
    auto status = test::good_status();
    for (const auto& [word, state] : {std::pair{"unknown", PartState::ok}, {"good", PartState::ok}, {"worn", PartState::degraded},
                                      {"worn_out", PartState::degraded}, {"slow", PartState::degraded}}) {
        status.box.disk = word;
        EXPECT_EQ(part_of(status, "disk").state, state) << word;
        EXPECT_EQ(part_of(status, "disk").detail, word);
    }
    decide_ready(status, k_now_ms);
    EXPECT_TRUE(status.ready);
}

TEST(PartWatch, TellsEachChangeOnce) {
    auto status = test::good_status();
    PartWatch watch;
    EXPECT_TRUE(watch.look(parts_of(status, k_now_ms)).empty());
    status.prompts_loaded = 0;
    status.box.clock = "not_set";
    auto changes = watch.look(parts_of(status, k_now_ms));
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].name, "prompts");
    EXPECT_EQ(changes[0].from, PartState::ok);
    EXPECT_EQ(changes[0].to, PartState::down);
    EXPECT_EQ(changes[0].detail, "missing");
    EXPECT_EQ(changes[1].name, "clock");
    EXPECT_TRUE(watch.look(parts_of(status, k_now_ms)).empty());
    status.box.clock = "good";
    changes = watch.look(parts_of(status, k_now_ms));
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].from, PartState::degraded);
    EXPECT_EQ(changes[0].to, PartState::ok);
}

TEST(PartWatch, APartThatIsNotWellAtTheFirstLookHasChanged) {
    auto status = test::good_status();
    status.box.safe_mode = true;
    const auto changes = PartWatch().look(parts_of(status, k_now_ms));
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].name, "safe_mode");
}

}  // namespace
}  // namespace holdfast::http
