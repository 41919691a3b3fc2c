// The rung as the call sees it, between a recorder, a Scribe and a speech service without sockets.
#include "voice/scripted/scripted_voice.hpp"

#include "../fake_provider.hpp"
#include "../recorder.hpp"
#include "fake_speech.hpp"

#include "audio/mulaw.hpp"
#include "base/base64.hpp"
#include "voice/scripted/make.hpp"

#include <gtest/gtest.h>

namespace holdfast::voice::scripted {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class Observer : public ScriptedObserver {
  public:
    void on_interview_note(Slot slot, std::string_view words) override {
        lines.push_back(std::string("note ") + to_string(slot) + ": " + std::string(words));
    }
    void on_interview_answered(Slot slot) override { lines.push_back(std::string("answered ") + to_string(slot)); }
    void on_interview_language(Language language) override {
        lines.push_back("language " + std::string(to_string(language)));
    }
    void on_scripted_degraded(std::string_view half, std::string_view reason) override {
        lines.push_back("degraded " + std::string(half) + " " + std::string(reason));
    }
    void on_scripted_recovered(std::string_view half) override { lines.push_back("recovered " + std::string(half)); }
    bool has(const std::string& line) const { return std::find(lines.begin(), lines.end(), line) != lines.end(); }
    std::vector<std::string> lines;
};

class ScriptedVoiceTest : public testing::Test {
  protected:
    ScriptedVoiceTest() {
        parts->connect_ears = [this](net::WsListener& listener) {
            sockets.push_back(std::make_shared<test::FakeSocket>(loop, listener));
            return sockets.back();
        };
        parts->tts = std::make_shared<Tts>(loop, test::speech_settings(), service.open());
        parts->cache = std::make_shared<SpeechCache>();
        parts->recorded = [this](std::string_view id, std::string_view) -> std::optional<ClipView> {
            if (!shipped || id == without) return std::nullopt;
            return ClipView{clip, id};
        };
        parts->extract = std::make_shared<SimpleExtract>();
        parts->person_words = default_person_words();
    }

    void open() {
        voice = std::make_shared<ScriptedVoice>(loop, parts, test::call_sid(), recorder, &observer);
        recorder.on_line = [this](const std::string& line) {  // what the call does
            if (line == "speech_started" && !playing.empty()) {
                const auto items = std::exchange(playing, {});
                voice->interrupted({PlayedItem{items, 100}});
            }
        };
        voice->open();
    }
    void start_ears() {
        sockets.back()->accept();
        sockets.back()->say({{"message_type", "session_started"},
                             {"config", {{"audio_format", "ulaw_8000"}, {"commit_strategy", "vad"}}}});
    }
    void talk(const Handover& handover = {}) {
        open();
        start_ears();
        voice->prove(handover);
        loop.advance(0ms);
    }
    void play() {  // the question that was said is heard to its end
        const auto done = recorder.starting("audio_done");
        ASSERT_FALSE(done.empty());
        voice->item_played(done.back().substr(11));
    }
    void partial(const char* text) { sockets.back()->say({{"message_type", "partial_transcript"}, {"text", text}}); }
    void words(const char* text) {
        partial(text);
        sockets.back()->say({{"message_type", "committed_transcript"}, {"text", text}});
    }
    std::string last_said() const {
        const auto said = recorder.starting("voice");
        return said.empty() ? "" : said.back().substr(said.back().find(' ', 6) + 1);
    }
    // To the read-back of the place.
    void answer_all() {
        talk();
        words("12 Main Street");
        words("a fire");
        words("no");
        words("I don't know");
    }

    test::FakeLoop loop;
    test::FakeSpeech service;
    test::Recorder recorder;
    Observer observer;
    std::vector<std::shared_ptr<test::FakeSocket>> sockets;
    std::shared_ptr<ScriptedParts> parts = std::make_shared<ScriptedParts>();
    std::shared_ptr<ScriptedVoice> voice;
    std::string clip = base::base64_encode(test::mulaw(1000));
    bool shipped = true;
    std::string without;
    std::string playing;
};

TEST_F(ScriptedVoiceTest, IsReadyWhenItCanHearAndSpeaksWhenProven) {
    open();
    EXPECT_EQ(recorder.lines, std::vector<std::string>{"stage connecting"});
    start_ears();
    EXPECT_TRUE(recorder.has("ready"));
    EXPECT_FALSE(voice->ready());
    loop.advance(5s);
    EXPECT_TRUE(recorder.starting("audio").empty()) << "nothing before the token is proven";
    voice->prove({});
    EXPECT_TRUE(voice->ready());
    EXPECT_TRUE(recorder.starting("audio").empty()) << "never inside prove()";
    loop.advance(0ms);
    EXPECT_TRUE(recorder.has("audio s1 1000"));
    EXPECT_TRUE(recorder.has("audio_done s1"));
    EXPECT_TRUE(recorder.has("voice s1 What is the address of the emergency?"));
}

TEST_F(ScriptedVoiceTest, PrefersTheKeptSentenceToTheShippedOne) {
    parts->cache->keep(Sentence::where, Language::en, test::mulaw(500));
    talk();
    EXPECT_TRUE(recorder.has("audio s1 500"));
    EXPECT_TRUE(service.exchanges.empty());
}

TEST_F(ScriptedVoiceTest, GivesTheAudioWithoutWordsToTheNextVoice) {
    talk();
    for (int i = 0; i < 50; ++i) voice->caller_audio(test::frame());
    words("twelve");
    for (int i = 0; i < 100; ++i) voice->caller_audio(test::frame());
    partial("main str");
    int pieces = 0;
    voice->unheard(-1, [&pieces](std::string_view) { ++pieces; });
    EXPECT_EQ(pieces, 100);
}

TEST_F(ScriptedVoiceTest, StaysForTheLastWordsOfACallerWhoHangsUp) {
    talk();
    EXPECT_FALSE(voice->hang_up(false)) << "nobody spoke";
    for (int i = 0; i < 100; ++i) voice->caller_audio(test::frame());
    partial("number twelve");
    const auto before = sockets.back()->sent.size();
    EXPECT_TRUE(voice->hang_up(true));
    EXPECT_EQ(sockets.back()->sent.size() - before, 15u) << "silence, so that the turn ends";
    EXPECT_TRUE(voice->owes_words());
    const auto said = recorder.starting("audio ").size();
    words("number twelve");
    EXPECT_FALSE(voice->owes_words());
    EXPECT_EQ(recorder.starting("caller ").size(), 1u);
    loop.advance(30s);
    EXPECT_EQ(recorder.starting("audio ").size(), said) << "nobody is there any more";
}

TEST_F(ScriptedVoiceTest, GivesTheCallersWordsAndAsksOn) {
    talk();
    for (int i = 0; i < 100; ++i) voice->caller_audio(test::frame());
    partial("twelve main");
    EXPECT_EQ(recorder.count("speech_started"), 1u);
    for (int i = 0; i < 100; ++i) voice->caller_audio(test::frame());
    words("12 Main Street");
    EXPECT_EQ(recorder.count("speech_started"), 1u);
    EXPECT_TRUE(recorder.has("speech_stopped 800"));
    EXPECT_TRUE(recorder.has("caller u1 [1400..3200] 12 Main Street"));
    EXPECT_TRUE(observer.has("note place: 12 Main Street"));
    EXPECT_TRUE(observer.has("answered place"));
    EXPECT_EQ(last_said(), "Tell me exactly what happened.");
}

TEST_F(ScriptedVoiceTest, WaitsForAnAnswerFromTheEndOfTheQuestion) {
    talk();
    loop.advance(5500ms);  // the call has not said that it was played
    EXPECT_EQ(last_said(), "What is the address of the emergency?");
    play();
    loop.advance(k_answer_wait - 1ms);
    EXPECT_EQ(last_said(), "What is the address of the emergency?");
    loop.advance(1ms);
    EXPECT_EQ(last_said(), "Tell me the street and the number, or the nearest corner.");
}

TEST_F(ScriptedVoiceTest, GoesOnWhenTheCallNeverSaysWhatWasPlayed) {
    talk();
    loop.advance(1s + k_played_patience + k_answer_wait);
    EXPECT_EQ(last_said(), "Tell me the street and the number, or the nearest corner.");
}

TEST_F(ScriptedVoiceTest, DoesNotWaitWhileTheCallerSpeaks) {
    talk();
    play();
    loop.advance(6s);
    partial("it is");
    loop.advance(2s);
    partial("it is at the");
    loop.advance(2s);
    EXPECT_EQ(last_said(), "What is the address of the emergency?");
}

TEST_F(ScriptedVoiceTest, IsStoppedByTheCaller) {
    talk();
    playing = "s1";
    partial("12 Main");
    words("12 Main Street");
    EXPECT_EQ(last_said(), "Tell me exactly what happened.");
    playing = "s2";
    partial("mm");
    sockets.back()->say({{"message_type", "committed_transcript"}, {"text", ""}});
    EXPECT_EQ(last_said(), "In a few words, what is the emergency?") << "a noise stopped the question";
}

TEST_F(ScriptedVoiceTest, TakesKeys) {
    talk();
    voice->caller_keys("1");
    EXPECT_EQ(last_said().substr(0, 19), "If you cannot speak");
    voice->caller_keys("1");
    EXPECT_EQ(last_said(), "Are you in danger right now? One for yes, two for no.");
}

TEST_F(ScriptedVoiceTest, AsksForAPersonWhenTheCallerDoes) {
    talk();
    words("operator please");
    EXPECT_TRUE(recorder.has("person caller_asked"));
    loop.advance(60s);
    EXPECT_EQ(recorder.starting("audio ").size(), 1u);
}

TEST_F(ScriptedVoiceTest, SpeaksOnlyTheCallersWordsFresh) {
    answer_all();
    ASSERT_EQ(service.exchanges.size(), 1u);
    EXPECT_EQ(json::parse(service.last().call.body)["text"], "1 2 Main Street.");
    const auto before = recorder.starting("audio_done").size();
    service.last().answer(test::mulaw(1200));
    EXPECT_EQ(recorder.starting("audio_done").size(), before + 1);
    EXPECT_EQ(last_said(), "I understood: 1 2 Main Street. Is that right?");
}

// E05
TEST_F(ScriptedVoiceTest, FillsTheTimeWhenSpeechIsSlow) {
    answer_all();
    loop.advance(k_tts_slow);
    service.last().answer(test::mulaw(1200));
    EXPECT_EQ(last_said(), "I understood: One moment, please. 1 2 Main Street. Is that right?");
}

TEST_F(ScriptedVoiceTest, GoesOnWithoutTheReadBackWhenSpeechDoesNotCome) {
    answer_all();
    loop.advance(k_tts_first);
    EXPECT_TRUE(observer.has("degraded voice slow"));
    EXPECT_EQ(last_said(), "I cannot repeat it to you, but it is written down. Thank you. It is written down. "
                           "Please stay on the line.");
    EXPECT_TRUE(recorder.losses.empty());
}

// E06: the sentence ends, and a recorded one follows.
TEST_F(ScriptedVoiceTest, GoesOnWithARecordedSentenceWhenSpeechBreaksOff) {
    answer_all();
    service.last().head(200);
    service.last().body(test::mulaw(200));
    service.last().fail("reset");
    EXPECT_EQ(recorder.starting("voice s5").back(), "voice s5 cut I understood: 1 2 Main Street.");
    EXPECT_EQ(last_said().substr(0, 27), "I cannot repeat it to you, ");
}

// E01: after that nobody asks for ten minutes, and the caller hears no half sentence.
TEST_F(ScriptedVoiceTest, FallsToClipsWhenTheKeyIsRefused) {
    answer_all();
    service.last().refuse(401, "invalid_api_key");
    EXPECT_TRUE(observer.has("degraded voice auth"));
    EXPECT_TRUE(recorder.losses.empty());
    answer_all();
    EXPECT_EQ(service.exchanges.size(), 1u);
    EXPECT_EQ(last_said().substr(0, 27), "I cannot repeat it to you, ");
}

TEST_F(ScriptedVoiceTest, SpeaksAFixedSentenceFreshWhenThereIsNoClipAndKeepsIt) {
    without = "where";
    talk();
    ASSERT_EQ(service.exchanges.size(), 1u);
    service.last().answer(test::mulaw(2000));
    EXPECT_TRUE(recorder.has("voice s1 What is the address of the emergency?"));
    EXPECT_NE(parts->cache->find(Sentence::where, Language::en), nullptr);
}

TEST_F(ScriptedVoiceTest, IsLostWhenAQuestionCannotBeSpokenAtAll) {
    shipped = false;
    talk();
    service.last().refuse(401, "quota_exceeded");
    ASSERT_EQ(recorder.losses.size(), 1u);
    EXPECT_EQ(recorder.losses[0].reason, "quota");
    EXPECT_EQ(recorder.losses[0].error.condition, base::Condition::fatal);
    loop.advance(60s);
    EXPECT_EQ(recorder.losses.size(), 1u);
}

TEST_F(ScriptedVoiceTest, AsksForKeysWhenItCannotHear) {
    open();
    net::WsClose refused;
    refused.http_status = 401;
    sockets.back()->finish(refused);
    EXPECT_TRUE(observer.has("degraded ears auth"));
    EXPECT_TRUE(recorder.has("ready"));
    voice->prove({});
    loop.advance(0ms);
    EXPECT_EQ(last_said().substr(0, 20), "I cannot hear you at");
    EXPECT_EQ(recorder.starting("audio_done").size(), 1u);
    voice->caller_keys("1");
    EXPECT_EQ(last_said(), "Are you in danger right now? One for yes, two for no.");
    loop.advance(120s);
    EXPECT_EQ(sockets.size(), 1u) << "a refused key is not tried again";
}

TEST_F(ScriptedVoiceTest, HearsAgainWhatWasSaidWhileTheEarsWereAway) {
    talk();
    for (int i = 0; i < 50; ++i) voice->caller_audio(test::frame(1));
    words("12 Main Street");
    for (int i = 0; i < 50; ++i) voice->caller_audio(test::frame(2));
    sockets.back()->end(1006);
    loop.advance(0ms);
    ASSERT_EQ(sockets.size(), 2u);
    for (int i = 0; i < 50; ++i) voice->caller_audio(test::frame(3));
    start_ears();
    const auto& sent = sockets.back()->sent;
    ASSERT_EQ(sent.size(), 100u);
    EXPECT_EQ(sent.front()["audio_base_64"], test::frame(2)) << "known words are not heard twice";
    EXPECT_EQ(sent.back()["audio_base_64"], test::frame(3));
    EXPECT_TRUE(observer.lines.end() == std::find(observer.lines.begin(), observer.lines.end(), "degraded ears network"));
    words("a fire");
    EXPECT_TRUE(observer.has("note what: a fire"));
}

TEST_F(ScriptedVoiceTest, StopsTryingForEarsThatDoNotCome) {
    talk();
    sockets.back()->end(1006);
    for (int i = 0; i < 40; ++i) {
        loop.advance(31s);
        if (sockets.back()->attended()) sockets.back()->finish(net::WsClose{});
    }
    EXPECT_TRUE(observer.has("degraded ears timeout"));
    EXPECT_EQ(sockets.size(), static_cast<std::size_t>(k_ears_tries_max));
}

TEST_F(ScriptedVoiceTest, KeepsSessionsThatFlapUnderTheSameLimit) {
    talk();
    for (int i = 0; i < 40; ++i) {
        if (sockets.back()->attended()) sockets.back()->end(1011);
        loop.advance(31s);
        if (sockets.back()->attended() && !sockets.back()->is_open) start_ears();
        if (sockets.back()->attended()) sockets.back()->end(1011);
    }
    EXPECT_LE(sockets.size(), static_cast<std::size_t>(k_ears_tries_max) + 1);
}

TEST_F(ScriptedVoiceTest, LeavesTheKeysWhenItHearsAgain) {
    talk();
    sockets.back()->end(1006);
    loop.advance(0ms);
    sockets.back()->finish(net::WsClose{});
    EXPECT_EQ(last_said().substr(0, 20), "I cannot hear you at");
    loop.advance(500ms);
    start_ears();
    EXPECT_FALSE(observer.has("recovered ears")) << "it has heard nothing yet";
    words("there is a fire at 12 Main Street");
    EXPECT_TRUE(observer.has("recovered ears"));
    EXPECT_EQ(last_said(), "Is anyone hurt or in danger?");
}

TEST_F(ScriptedVoiceTest, BelievesEarsThatComeAndGoOnlyWhenTheyStay) {
    talk();
    sockets.back()->end(1006);
    loop.advance(0ms);
    sockets.back()->finish(net::WsClose{});
    loop.advance(500ms);
    start_ears();
    loop.advance(k_ears_believed - 1ms);
    sockets.back()->end(1011);
    EXPECT_FALSE(observer.has("recovered ears"));
    loop.advance(2s);
    start_ears();
    loop.advance(k_ears_believed);
    EXPECT_TRUE(observer.has("recovered ears"));
}

// A second of speech, then of silence, to our own ear.
TEST_F(ScriptedVoiceTest, AnAnswerThatNobodyUnderstoodIsNotFollowedBySilence) {
    const auto speaks = [this] {
        for (int i = 0; i < 50; ++i) voice->caller_audio(base::base64_encode(std::string(160, i % 2 == 0 ? '\x05' : '\x85')));
        for (int i = 0; i < 40; ++i) voice->caller_audio(base::base64_encode(std::string(160, '\xff')));
    };
    talk();
    play();
    const auto asked = recorder.starting("voice").size();
    speaks();
    loop.advance(k_words_wait);
    EXPECT_EQ(recorder.starting("voice").size(), asked + 1) << "asked again, below 4 s";
    sockets.back()->end(1006);
    loop.advance(0ms);
    sockets.back()->finish(net::WsClose{});
    EXPECT_EQ(last_said().substr(0, 20), "I cannot hear you at");
    play();
    const auto deaf = recorder.starting("voice").size();
    speaks();
    loop.advance(k_deaf_answer_wait);
    EXPECT_EQ(recorder.starting("voice").size(), deaf + 1);
}

TEST_F(ScriptedVoiceTest, IsReadyWithoutEarsThatAreLateAndLosesNothing) {
    open();
    voice->prove({});
    loop.advance(k_ready_wait);
    EXPECT_TRUE(voice->ready());
    loop.advance(0ms);
    EXPECT_EQ(last_said(), "What is the address of the emergency?");
    for (int i = 0; i < 10; ++i) voice->caller_audio(test::frame(7));
    start_ears();
    EXPECT_EQ(sockets.back()->sent.size(), 10u);
    EXPECT_EQ(recorder.count("ready"), 1u);
}

// A webhook opens one session; the next one waits for the caller's token.
TEST_F(ScriptedVoiceTest, TriesForEarsAgainOnlyForAProvenCaller) {
    open();
    sockets.back()->finish(net::WsClose{});
    EXPECT_TRUE(recorder.has("ready"));
    loop.advance(60s);
    EXPECT_EQ(sockets.size(), 1u);
    voice->prove({});
    ASSERT_EQ(sockets.size(), 2u);
    loop.advance(0ms);
    EXPECT_EQ(last_said(), "What is the address of the emergency?");
    start_ears();
    words("12 Main Street");
    EXPECT_EQ(last_said(), "Tell me exactly what happened.");
}

TEST_F(ScriptedVoiceTest, NoticesEarsThatHangOnce) {
    talk();
    const std::string loud = base::base64_encode(std::string(160, audio::mulaw_encode(std::vector<std::int16_t>{12000})[0]));
    const auto speak = [&] {
        for (int i = 0; i < 50; ++i) voice->caller_audio(loud);
        for (int i = 0; i < 30; ++i) voice->caller_audio(test::frame());
    };
    speak();
    loop.advance(k_ears_unheard);
    loop.advance(0ms);
    ASSERT_EQ(sockets.size(), 2u);
    start_ears();
    EXPECT_EQ(sockets.back()->sent.size(), 80u) << "it is all heard again";
    speak();
    loop.advance(k_ears_unheard + 1s);
    EXPECT_EQ(sockets.size(), 2u) << "noise must not make it change for ever";
}

TEST_F(ScriptedVoiceTest, JoinsATalkWithItsOpenQuestion) {
    Handover handover;
    handover.joining = true;
    handover.language = "es";
    handover.said = {{Said::Who::caller, "calle Olive 450"}, {Said::Who::voice, "¿Hay alguien herido?"}};
    talk(handover);
    EXPECT_EQ(last_said(), "Sigo aquí. ¿Hay alguien herido o en peligro?");
}

TEST_F(ScriptedVoiceTest, SaysNothingAfterStop) {
    answer_all();
    const auto lines = recorder.lines.size();
    voice->stop("end");
    voice->stop("end");
    service.last().answer(test::mulaw(1200));
    loop.advance(60s);
    voice->caller_audio(test::frame());
    voice->caller_keys("1");
    voice->item_played("s5");
    EXPECT_EQ(recorder.lines.size(), lines);
    EXPECT_FALSE(voice->ready());
    EXPECT_EQ(loop.timers_waiting(), 0u);
}

// The owner may stop it inside any notice.
TEST_F(ScriptedVoiceTest, MayBeStoppedInsideEveryNotice) {
    for (std::size_t at = 0; at < 60; ++at) {
        recorder.lines.clear();
        std::size_t seen = 0;
        sockets.clear();
        voice = std::make_shared<ScriptedVoice>(loop, parts, test::call_sid(), recorder, &observer);
        recorder.on_line = [&](const std::string&) {
            if (seen++ == at) voice->stop("test");
        };
        voice->open();
        if (sockets.empty()) continue;
        start_ears();
        voice->prove({});
        loop.advance(0ms);
        for (const char* text : {"12 Main Street", "a fire", "no", "5550123"}) words(text);
        if (!service.exchanges.empty() && service.last().running()) service.last().answer(test::mulaw(1200));
        loop.advance(1s);
        if (seen > at) {
            EXPECT_EQ(recorder.lines.size(), at + 1) << "nothing after stop";
        }
        voice->stop("end");
        loop.run_posted();
    }
}

TEST(MakeScripted, RefusesSettingsThatCannotWork) {
    const auto code = [](void (*change)(ScriptedSettings&)) {
        ScriptedSettings settings;
        settings.api_key = base::Secret("k");
        settings.voice_id = "v";
        change(settings);
        const auto made = tts_settings(settings);
        return made ? std::string() : std::string(made.error().code);
    };
    EXPECT_EQ(code([](ScriptedSettings& s) { s.url = "http://127.0.0.1:9"; }), "");
    EXPECT_EQ(code([](ScriptedSettings& s) { s.url = "http://192.0.2.1"; }), "url");
    EXPECT_EQ(code([](ScriptedSettings& s) { s.url = "https://x/path"; }), "url");
    EXPECT_EQ(code([](ScriptedSettings& s) { s.api_key = base::Secret(""); }), "api_key");
    EXPECT_EQ(code([](ScriptedSettings& s) { s.voice_id = "a/../b"; }), "voice_id");
    EXPECT_EQ(code([](ScriptedSettings& s) { s.voice_id = ""; }), "voice_id");
    EXPECT_EQ(code([](ScriptedSettings& s) { s.tts_model = "a&b"; }), "model");
    EXPECT_NE(code([](ScriptedSettings& s) { s.ca_file = "/nonexistent"; }), "");
}

}  // namespace
}  // namespace holdfast::voice::scripted
