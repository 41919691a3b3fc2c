#include "incident/signals.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::incident {
namespace {

// Codes of the signs found, in order; "-" before one that is denied.
std::string signs(std::string_view text) {
    std::string out;
    for (const Signal& signal : find_signals(split(text), {})) {
        out += (out.empty() ? "" : " ") + std::string(signal.denied ? "-" : "") + code(signal.type);
    }
    return out;
}

TEST(Signals, MatchWholeWordsOnly) {
    EXPECT_EQ(signs("no problem"), "");
    EXPECT_EQ(signs("it has begun in Spain"), "");
    EXPECT_EQ(signs("he robbed me"), "ROBBERY");
}

TEST(Signals, OfTheLongestPhraseWin) {
    EXPECT_EQ(signs("he's choking on a grape"), "RESP");
    EXPECT_EQ(signs("he's choking me"), "ASSAULT");
    EXPECT_EQ(signs("panic attack"), "EDP");
    EXPECT_EQ(signs("heart attack"), "CARDIAC");
}

TEST(Signals, TrapsCountForNothing) {
    EXPECT_EQ(signs("i got my flu shot"), "");
    EXPECT_EQ(signs("the fire department"), "");
    EXPECT_EQ(signs("watching a shooting on tv"), "");
    EXPECT_EQ(signs("we're at the shooting range"), "");
}

TEST(Signals, MayBeDenied) {
    EXPECT_EQ(signs("nobody is hurt"), "-TRAUMA");
    EXPECT_EQ(signs("no weapons"), "");
    EXPECT_EQ(signs("he doesn't have a gun"), "-WEAPON");
    EXPECT_EQ(signs("no hay fuego"), "-FUNK");
    EXPECT_EQ(signs("no tiene una pistola"), "-WEAPON");
    EXPECT_EQ(signs("the bleeding won't stop"), "TRAUMA");
    EXPECT_EQ(signs("no para de sangrar"), "TRAUMA");
}

TEST(Signals, ADenialEndsWithItsClause) {
    EXPECT_EQ(signs("he never hit me he just yells"), "-ASSAULT DISORD");
    EXPECT_EQ(signs("no one's in the house but it's on fire"), "FSTRU");
    EXPECT_EQ(signs("no he was shot"), "SHOOT");
    EXPECT_EQ(signs("i don't know if he's been shot"), "SHOOT");
}

TEST(Signals, ANegationMayBeTheSign) {
    EXPECT_EQ(signs("he's not breathing"), "RESPARR");
    EXPECT_EQ(signs("no respira"), "RESPARR");
    EXPECT_EQ(signs("he is breathing"), "");
    EXPECT_EQ(signs("no he's not breathing at all"), "RESPARR");
}

TEST(Signals, TakeAnyNumberAndAnyGenitive) {
    EXPECT_EQ(signs("two cars on fire"), "FVEH");
    EXPECT_EQ(signs("my car's on fire"), "FVEH");
}

TEST(Signals, KnowThePast) {
    const auto found = find_signals(split("someone stole my bike last night"), {});
    ASSERT_FALSE(found.empty());
    EXPECT_TRUE(found.front().past);
}

TEST(Signals, AreNotLookedForInsidePlaces) {
    const Words words = split("40 fire street");
    EXPECT_TRUE(find_signals(words, {true, true, true}).empty());
    EXPECT_FALSE(find_signals(words, {}).empty());
}

}  // namespace
}  // namespace holdfast::incident
