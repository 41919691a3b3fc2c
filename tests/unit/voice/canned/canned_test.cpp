#include "voice/canned/canned_voice.hpp"

#include "support/fake_loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace holdfast::voice::canned {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// Hears each prompt to its end, or presses a key into it.
class Caller : public VoiceListener {
  public:
    void on_voice_stage(Stage) override {}
    void on_voice_ready() override {}
    void on_caller_speech_started() override {}
    void on_caller_speech_stopped(base::milliseconds) override {}
    void on_caller_utterance(const CallerUtterance&) override {}
    void on_voice_audio(std::string_view item_id, std::string_view) override { item.assign(item_id); }
    void on_voice_audio_done(std::string_view) override {}
    void on_voice_utterance(const VoiceUtterance& utterance) override { heard.push_back(utterance.text); }
    void on_person_requested(std::string_view reason) override { person.assign(reason); }
    void on_voice_lost(const VoiceLoss&) override { lost = true; }

    std::vector<std::string> heard;
    std::string item, person;
    bool lost = false;
};

class CannedTest : public testing::Test {
  protected:
    CannedTest() {
        for (const auto prompt : prompts()) {
            clips.add(prompt, "en", {"////", std::string(prompt)});
            clips.add(prompt, "es", {"////", std::string(prompt) + " es"});
        }
        voice = std::make_shared<CannedVoice>(loop, clips, caller);
    }
    void begin(Handover handover = {}) {
        voice->open();
        voice->prove(handover);
        loop.advance(0ms);
    }
    void hear_out() { voice->item_played(std::string(caller.item)); }

    test::FakeLoop loop;
    Clips clips;
    Caller caller;
    std::shared_ptr<CannedVoice> voice;
};

TEST_F(CannedTest, IsReadyAtOnceAndSaysNothingBeforeTheTokenIsProven) {
    voice->open();
    loop.advance(10s);
    EXPECT_FALSE(voice->ready());
    EXPECT_THAT(caller.heard, ElementsAre());
    begin();
    EXPECT_TRUE(voice->ready());
    EXPECT_FALSE(voice->hears());
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro"));
}

TEST_F(CannedTest, AsksKindHurtAndPlaceAndGivesTheCallToAPerson) {
    begin();
    hear_out();
    hear_out();
    hear_out();
    voice->caller_keys("2");
    hear_out();
    voice->caller_keys("1");
    hear_out();
    voice->caller_keys("#");
    EXPECT_EQ(caller.person, "");
    hear_out();
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro", "canned_language", "canned_kind", "canned_hurt", "canned_place", "canned_thanks"));
    EXPECT_EQ(caller.person, "canned_done");
}

TEST_F(CannedTest, T27_ACallerWhoPressesNothingIsAskedTwiceAndReachesAPersonAllTheSame) {
    begin();
    for (int i = 0; i < 20 && caller.person.empty(); ++i) {
        hear_out();
        loop.advance(k_place_time);
    }
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro", "canned_language", "canned_kind", "canned_kind_again", "canned_hurt",
                                          "canned_hurt_again", "canned_place", "canned_thanks"));
    EXPECT_EQ(caller.person, "canned_done");
}

TEST_F(CannedTest, AKeyPressedIntoTheQuestionAnswersIt) {
    begin();
    hear_out();
    hear_out();
    voice->interrupted({PlayedItem{caller.item, 200}});
    voice->caller_keys("3");
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro", "canned_language", "canned_kind", "canned_hurt"));
}

TEST_F(CannedTest, AKeyPressedIntoTheIntroductionEndsItAndAnswersNothing) {
    begin();
    voice->interrupted({PlayedItem{caller.item, 200}});
    voice->caller_keys("7");
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro", "canned_language"));
}

TEST_F(CannedTest, NineChangesTheLanguageAndSaysTheQuestionAgain) {
    begin();
    hear_out();
    hear_out();
    hear_out();
    voice->caller_keys("9");
    hear_out();
    voice->caller_keys("1");
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro", "canned_language", "canned_kind", "canned_kind es", "canned_hurt es"));
}

TEST_F(CannedTest, NineInTheIntroductionGoesOnInTheOtherLanguage) {
    begin();
    hear_out();
    voice->interrupted({PlayedItem{caller.item, 200}});
    voice->caller_keys("9");
    EXPECT_EQ(caller.heard.back(), "canned_kind es");
}

TEST_F(CannedTest, SpeaksTheLanguageThatTheCallWasIn) {
    Handover handover;
    handover.language = "es";
    begin(handover);
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro es"));
}

TEST_F(CannedTest, ACallThatComesBackIsNotIntroducedAgain) {
    Handover handover;
    handover.joining = true;
    handover.said = {{Said::Who::voice, "canned_intro"}};
    begin(handover);
    EXPECT_THAT(caller.heard, ElementsAre("canned_kind"));
}

TEST_F(CannedTest, AKeyThatAnswersNothingChangesNothing) {
    begin();
    hear_out();
    hear_out();
    hear_out();
    voice->caller_keys("58*");
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro", "canned_language", "canned_kind"));
    loop.advance(k_key_time);
    EXPECT_EQ(caller.heard.back(), "canned_kind_again");
}

TEST_F(CannedTest, WhoSaysWhereTheyAreIsNotInterruptedUntilTheyPause) {
    begin();
    while (caller.heard.back() != "canned_place") {
        hear_out();
        loop.advance(k_key_time);
    }
    hear_out();
    loop.advance(k_place_time - 1s);
    voice->caller_speaks(true);
    loop.advance(20s);
    EXPECT_EQ(caller.heard.back(), "canned_place");
    voice->caller_speaks(false);
    loop.advance(1s);
    voice->caller_speaks(true);  // went on
    loop.advance(10s);
    voice->caller_speaks(false);
    loop.advance(k_place_pause);
    EXPECT_EQ(caller.heard.back(), "canned_thanks");
}

TEST_F(CannedTest, NoiseThatNeverEndsDoesNotKeepThePersonAway) {
    begin();
    while (caller.heard.back() != "canned_place") {
        hear_out();
        loop.advance(k_key_time);
    }
    hear_out();
    voice->caller_speaks(true);
    loop.advance(k_place_most);
    EXPECT_EQ(caller.heard.back(), "canned_thanks");
}

TEST_F(CannedTest, AMissingPromptIsPassedOverNotWaitedFor) {
    Clips few;
    few.add("canned_thanks", "en", {"////", "thanks"});
    voice = std::make_shared<CannedVoice>(loop, few, caller);
    begin();
    loop.advance(60s);
    hear_out();
    EXPECT_THAT(caller.heard, ElementsAre("thanks"));
    EXPECT_EQ(caller.person, "canned_done");
}

TEST_F(CannedTest, AfterStopNothingHappens) {
    begin();
    voice->stop("call_ended");
    hear_out();
    voice->caller_keys("1");
    loop.advance(60s);
    EXPECT_THAT(caller.heard, ElementsAre("canned_intro"));
    EXPECT_EQ(caller.person, "");
    EXPECT_FALSE(caller.lost);
}

// Whatever the caller presses, in whatever order: the end is a person, within a bounded time.
TEST_F(CannedTest, EveryWayLeadsToAPerson) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        Caller one;
        voice = std::make_shared<CannedVoice>(loop, clips, one);
        begin();
        unsigned random = seed;
        int steps = 0;
        for (; steps < 400 && one.person.empty(); ++steps) {
            random = random * 1664525u + 1013904223u;
            switch ((random >> 16) % 4) {
                case 0: voice->item_played(std::string(one.item)); break;
                case 1: voice->caller_keys(std::string(1, "12345678*#"[(random >> 20) % 10])); break;
                case 2: voice->interrupted({PlayedItem{one.item, 1}}); break;
                default: loop.advance(k_place_time); break;
            }
        }
        EXPECT_EQ(one.person, "canned_done") << seed;
    }
}

}  // namespace
}  // namespace holdfast::voice::canned
