#include "app/ladder_news.hpp"

#include "log/events.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::app {
namespace {

using ladder::Rung;

ladder::Snapshot both_live() {
    ladder::Snapshot snapshot;
    for (std::size_t i = 0; i < ladder::k_rungs; ++i) snapshot.rungs[i].rung = ladder::k_all_rungs[i];
    for (const auto rung : {Rung::openai, Rung::eleven_realtime, Rung::canned, Rung::person}) {
        snapshot.rungs[ladder::index(rung)].configured = true;
    }
    snapshot.best = Rung::openai;
    return snapshot;
}

ladder::RungState& openai(ladder::Snapshot& snapshot) { return snapshot.rungs[ladder::index(Rung::openai)]; }

TEST(LadderNews, SaysOnceThatARungIsDownAndOnceThatItIsBack) {
    LadderNews news;
    auto snapshot = both_live();
    EXPECT_TRUE(news.look(snapshot).empty());

    openai(snapshot).breaker = ladder::Breaker::State::open;
    openai(snapshot).health = {ladder::Level::down, "auth"};
    snapshot.best = Rung::eleven_realtime;
    const auto down = news.look(snapshot);
    ASSERT_EQ(down.size(), 1u);
    EXPECT_EQ(down[0].event, &log::events::rung_down);
    EXPECT_EQ(down[0].level, log::Level::warning);
    EXPECT_STREQ(down[0].rung, "openai");
    EXPECT_STREQ(down[0].reason, "auth");
    EXPECT_STREQ(down[0].best, "eleven_realtime");
    EXPECT_TRUE(news.look(snapshot).empty());

    openai(snapshot).breaker = ladder::Breaker::State::closed;  // no new call stands on it while its health is down
    EXPECT_TRUE(news.look(snapshot).empty());
    openai(snapshot).health = {ladder::Level::strained, "slow"};
    const auto back = news.look(snapshot);
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].event, &log::events::rung_back);
    EXPECT_EQ(back[0].level, log::Level::notice);
}

TEST(LadderNews, ARungThatIsDownAtTheFirstLookIsNews) {
    LadderNews news;
    auto snapshot = both_live();
    openai(snapshot).health = {ladder::Level::down, "network"};
    EXPECT_EQ(news.look(snapshot).size(), 1u);
}

TEST(LadderNews, ARungThatAReloadTakesAwayIsNeitherLostNorBack) {
    LadderNews news;
    auto snapshot = both_live();
    openai(snapshot).health = {ladder::Level::down, "network"};
    news.look(snapshot);
    openai(snapshot).configured = false;
    EXPECT_TRUE(news.look(snapshot).empty());
}

TEST(LadderNews, ARungThatIsNotEnabledForTheWorkspaceIsNoNews) {
    LadderNews news;
    auto snapshot = both_live();
    snapshot.rungs[ladder::index(Rung::eleven_realtime)].breaker = ladder::Breaker::State::off;
    EXPECT_TRUE(news.look(snapshot).empty());
}

TEST(LadderNews, ALineThatIsDownIsOneNewsAndNotOneForEachRung) {
    LadderNews news;
    auto snapshot = both_live();
    snapshot.uplink_is_down = true;
    snapshot.best = Rung::canned;
    const auto down = news.look(snapshot);
    ASSERT_EQ(down.size(), 1u);
    EXPECT_EQ(down[0].event, &log::events::uplink_down);
    EXPECT_STREQ(down[0].rung, "");
    EXPECT_STREQ(down[0].best, "canned");
    snapshot.uplink_is_down = false;
    const auto back = news.look(snapshot);
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].event, &log::events::uplink_back);
}

}  // namespace
}  // namespace holdfast::app
