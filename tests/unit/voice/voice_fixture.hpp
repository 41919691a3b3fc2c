// A RealtimeVoice between a recorder and a provider without sockets.
#pragma once

#include "fake_provider.hpp"
#include "metrics/catalog.hpp"
#include "recorder.hpp"
#include "voice/realtime/realtime_voice.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace holdfast::test {

using namespace std::chrono_literals;

inline voice::Handover greeted(std::string words) {
    voice::Handover handover;
    handover.greeting = std::move(words);
    return handover;
}

class VoiceFixture : public testing::Test {
  protected:
    VoiceFixture() : provider(loop) { plan.connect_timeout = 2500ms; }

    void open() {
        voice = std::make_shared<voice::realtime::RealtimeVoice>(
            loop, std::make_shared<const voice::realtime::SessionPlan>(plan), provider.connect(), call_sid(),
            recorder);
        voice->open();
    }
    // Ready for the caller.
    void talk(std::int64_t life_s = 3600) {
        open();
        voice->prove(greeted("Emergency line."));
        provider.configure(socket(), life_s);
        ASSERT_TRUE(voice->ready());
    }
    void give(std::int64_t milliseconds) {
        for (std::int64_t given = 0; given < milliseconds; given += 20) voice->caller_audio(frame());
    }
    // The caller speaks from `from_ms` to `to_ms` (positions), committed as `item`.
    void say_turn(std::string_view item, std::int64_t from_ms, std::int64_t to_ms) {
        socket().say(speech_started(item, from_ms));
        socket().say(speech_stopped(item, to_ms));
        socket().say(committed(item));
    }
    // A whole answer of `milliseconds`.
    void answer(std::string_view response, std::string_view item, std::int64_t milliseconds,
                std::string_view text = "On the way.") {
        socket().say(response_created(response));
        socket().say(delta(response, item, audio(milliseconds)));
        socket().say(audio_done(response, item));
        socket().say(words_done(response, item, text));
        socket().say(response_done(response, "completed"));
    }
    FakeSocket& socket() { return provider.last(); }

    FakeLoop loop;
    FakeProvider provider;
    Recorder recorder;
    voice::realtime::SessionPlan plan = voice::realtime::openai_plan(config::OpenAi{}, "Be calm.");
    std::shared_ptr<voice::realtime::RealtimeVoice> voice;
};

}  // namespace holdfast::test
