// The speech services, alone and with the voice that uses them: real sockets on the loopback interface,
// each fault once. Rows of the failure matrix stand at their tests.
#include "audio/mulaw.hpp"
#include "base/base64.hpp"
#include "net/asio_loop.hpp"
#include "speech/server.hpp"
#include "support/fake_loop.hpp"
#include "voice/scripted/make.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace holdfast::sim {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using namespace voice::scripted;

class Wire final : public ScribeWire {
  public:
    void send(std::string_view text) override { sent.push_back(json::parse(text)); }
    void close(std::uint16_t code, std::string_view) override { closed = code; }
    void reset() override { closed = 1; }
    void freeze() override { frozen = true; }
    std::vector<std::string> types() const {
        std::vector<std::string> out;
        for (const json& message : sent) {
            if (message["message_type"] != "partial_transcript") out.push_back(message["message_type"]);
        }
        return out;
    }
    std::vector<json> sent;
    int closed = 0;
    bool frozen = false;
};

class ScribeTest : public testing::Test {
  protected:
    void open(const std::string& query = "?model_id=m&audio_format=ulaw_8000&commit_strategy=vad"
                                         "&vad_silence_threshold_secs=0.5") {
        std::string problem;
        record.query = parse_scribe_query("/v1/speech-to-text/realtime" + query, problem);
        ScribeWire& to = wire;
        session = std::make_unique<ScribeSession>(loop, to, script, faults, turn, record);
        session->open(problem);
    }
    void hear(const std::string& mulaw, bool commit = false) {
        for (std::size_t at = 0; at < mulaw.size(); at += 160) {
            session->on_text(json{{"message_type", "input_audio_chunk"},
                                  {"audio_base_64", base::base64_encode(std::string_view(mulaw).substr(at, 160))},
                                  {"commit", false},
                                  {"sample_rate", 8000}}
                                 .dump());
        }
        if (commit) {
            session->on_text(
                json{{"message_type", "input_audio_chunk"}, {"audio_base_64", ""}, {"commit", true}}.dump());
        }
    }
    void say_turn() { hear(tone_for("hello there") + std::string(800 * 8, audio::k_mulaw_silence)); }
    void fault(const std::string& text) { faults.add(*parse_fault(text, speech_faults())); }

    test::FakeLoop loop;
    Wire wire;
    SpeechScript script{{"one two three", "four"}, "more"};
    FaultSet faults;
    std::size_t turn = 0;
    ScribeRecord record;
    std::unique_ptr<ScribeSession> session;
};

TEST_F(ScribeTest, TranscribesTurnsInTheOrderOfTheScript) {
    open();
    say_turn();
    say_turn();
    say_turn();
    EXPECT_EQ(wire.types(), (std::vector<std::string>{"session_started", "committed_transcript", "committed_transcript",
                                                      "committed_transcript"}));
    EXPECT_EQ(wire.sent[0]["config"]["audio_format"], "ulaw_8000");
    EXPECT_EQ(wire.sent.back()["text"], "more");
    EXPECT_EQ(record.transcripts.size(), 3u);
    EXPECT_TRUE(record.wrong.empty());
}

TEST_F(ScribeTest, CommitsWhenToldToWithTheManualStrategy) {
    open("?model_id=m&audio_format=ulaw_8000&include_timestamps=true");
    say_turn();
    EXPECT_EQ(wire.types(), std::vector<std::string>{"session_started"});
    hear("", true);
    EXPECT_EQ(wire.types(), (std::vector<std::string>{"session_started", "committed_transcript",
                                                      "committed_transcript_with_timestamps"}));
    hear("", true);
    EXPECT_EQ(wire.sent.back()["text"], "") << "nothing was said since";
}

TEST_F(ScribeTest, AcceptsWhatIsWrongAndThenRefusesIt) {
    for (const char* query : {"?audio_format=ulaw_8000", "?model_id=m&audio_format=mp3",
                              "?model_id=m&audio_format=ulaw_8000&vad_silence_threshold_secs=9",
                              "?model_id=m&audio_format=ulaw_8000&commit_strategy=never"}) {
        wire = Wire();
        open(query);
        EXPECT_EQ(wire.types(), std::vector<std::string>{"invalid_request"}) << query;
        EXPECT_EQ(wire.closed, 1008);
    }
}

TEST_F(ScribeTest, StrikesFaultsWhenTheyAreDue) {
    fault("scribe-error=transcriber_error@500");
    fault("scribe-close=1011:turn=2");
    open();
    loop.advance(499ms);
    EXPECT_EQ(wire.types(), std::vector<std::string>{"session_started"});
    loop.advance(1ms);
    EXPECT_EQ(wire.types().back(), "transcriber_error");
    say_turn();
    EXPECT_EQ(wire.closed, 0);
    say_turn();
    EXPECT_EQ(wire.closed, 1011);
    EXPECT_EQ(turn, 1u) << "the turn that was not transcribed comes again";
}

TEST_F(ScribeTest, SaysEveryErrorType) {
    for (const char* type : {"error", "auth_error", "quota_exceeded", "commit_throttled", "transcriber_error",
                             "unaccepted_terms", "rate_limited", "input_error", "invalid_request", "queue_overflow",
                             "resource_exhausted", "session_time_limit_exceeded", "chunk_size_exceeded",
                             "insufficient_audio_activity"}) {
        wire = Wire();
        faults.clear();
        fault(std::string("scribe-error=") + type);
        open();
        EXPECT_EQ(wire.types(), (std::vector<std::string>{"session_started", type}));
        EXPECT_TRUE(wire.sent.back().contains("error"));
    }
}

TEST_F(ScribeTest, NotesWhatAClientDoesWrong) {
    open();
    session->on_text("{}");
    session->on_text(R"({"message_type":"input_audio_chunk","audio_base_64":"?"})");
    EXPECT_EQ(record.wrong.size(), 2u);
    EXPECT_EQ(wire.types().back(), "input_error");
}

TEST(SpeechScript, ReadsTheProvidersScriptsToo) {
    const auto script = parse_speech_script(json::parse(
        R"({"turns":["a",{"hear":"b","answer":"x"}],"otherwise":{"hear":"c"},"unasked":"Hello?"})"));
    ASSERT_TRUE(script);
    EXPECT_EQ(script->turns, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(script->otherwise, "c");
    EXPECT_FALSE(parse_speech_script(json::parse(R"({"turns":[1]})")));
}

// --- with the voice ---

// Plays the call: takes audio, says when an item was heard, and lets the caller speak after each.
class Call : public voice::VoiceListener, public ScriptedObserver {
  public:
    void on_voice_stage(voice::Stage) override {}
    void on_voice_ready() override { ready = true; }
    void on_caller_speech_started() override {}
    void on_caller_speech_stopped(base::milliseconds) override {}
    void on_caller_utterance(const voice::CallerUtterance& utterance) override { said.push_back(utterance.text); }
    void on_voice_audio(std::string_view, std::string_view base64) override {
        heard_bytes += base::base64_decoded_bytes(base64);
    }
    void on_voice_audio_done(std::string_view item) override { items.emplace_back(item); }
    void on_voice_utterance(const voice::VoiceUtterance& utterance) override { told.push_back(utterance.text); }
    void on_person_requested(std::string_view reason) override { person.assign(reason); }
    void on_voice_lost(const voice::VoiceLoss& loss) override { lost.assign(loss.reason); }
    void on_interview_note(Slot slot, std::string_view words) override {
        notes.push_back(std::string(to_string(slot)) + ": " + std::string(words));
    }
    void on_interview_answered(Slot) override {}
    void on_interview_language(Language) override {}
    void on_scripted_degraded(std::string_view half, std::string_view reason) override {
        degraded.push_back(std::string(half) + " " + std::string(reason));
    }
    void on_scripted_recovered(std::string_view half) override { recovered.emplace_back(half); }

    bool ready = false;
    std::size_t heard_bytes = 0;
    std::vector<std::string> said, told, items, notes, degraded, recovered;
    std::string person, lost;
};

class ScriptedOverSockets : public testing::Test {
  protected:
    ScriptedOverSockets() : log_(EventLog::Form::none) {}
    ~ScriptedOverSockets() override {
        if (voice) voice->stop("end");
        settle();
    }
    void serve(std::vector<std::string> faults = {}) {
        options.first_byte_ms = 5;
        options.script.turns = {"There is a fire at 12 Main Street.", "No.", "5 5 5 0 1 2 3", "Yes.", "Yes."};
        for (const auto& text : faults) options.faults.add(*parse_fault(text, speech_faults()));
        auto opened = SpeechServer::open(loop, options, log_);
        ASSERT_TRUE(opened);
        server = std::move(*opened);
        settings.url = "http://127.0.0.1:" + std::to_string(server->port());
        settings.api_key = base::Secret("sk_sim");
        settings.voice_id = "voiceA";
        settings.recorded = [this](std::string_view id, std::string_view) -> std::optional<ClipView> {
            if (id == missing_clip) return std::nullopt;
            return ClipView{clip, id};
        };
    }
    void talk(std::vector<std::string> faults = {}) {
        serve(std::move(faults));
        const auto made = make_scripted_parts(loop, settings);
        ASSERT_TRUE(made) << made.error().detail;
        voice = make_scripted_voice(loop, *made, *base::CallSid::parse("CA0123456789abcdef0123456789abcdef"), call, &call);
        voice->open();
        voice->prove({});
        ASSERT_TRUE(until([&] { return !call.items.empty() || !call.lost.empty(); }));
    }
    // The caller hears the question out and answers.
    void answer() {
        const auto before = call.items.size();
        voice->item_played(call.items.back());
        give(tone_for("hello there") + std::string(1000 * 8, audio::k_mulaw_silence));
        ASSERT_TRUE(until([&] { return call.items.size() > before || !call.person.empty() || !call.lost.empty(); }));
    }
    void give(const std::string& mulaw) {
        for (std::size_t at = 0; at < mulaw.size(); at += 160) {
            voice->caller_audio(base::base64_encode(std::string_view(mulaw).substr(at, 160)));
        }
    }
    void answer_to_read_back() {
        for (int i = 0; i < 3; ++i) answer();
        ASSERT_TRUE(until([&] { return call.told.size() == call.items.size(); }));
    }
    bool until(const std::function<bool()>& reached) {
        const auto deadline = base::Mono::now() + 30s;
        while (!reached()) {
            if (base::Mono::now() > deadline) return false;
            loop.io().restart();
            loop.io().run_one_for(1s);
        }
        return true;
    }
    void settle() {
        loop.io().restart();
        while (loop.io().poll() > 0) loop.io().restart();
    }

    net::AsioLoop loop;
    EventLog log_;
    SpeechOptions options;
    std::unique_ptr<SpeechServer> server;
    ScriptedSettings settings;
    Call call;
    std::shared_ptr<voice::Voice> voice;
    std::string clip = base::base64_encode(tone_for("clip"));
    std::string missing_clip;
};

TEST_F(ScriptedOverSockets, HoldsAWholeInterview) {
    talk();
    answer_to_read_back();
    EXPECT_EQ(call.told.back(), "I understood: 1 2 Main Street. Is that right?");
    answer();
    answer();
    EXPECT_EQ(call.told.back(), "Thank you. It is written down. Please stay on the line.");
    EXPECT_EQ(call.notes, (std::vector<std::string>{"place: 12 Main Street", "what: There is a fire at 12 Main Street.",
                                                    "danger: no", "callback: 5550123", "place: 12 Main Street",
                                                    "callback: 5550123"}));
    EXPECT_EQ(call.said.front(), "There is a fire at 12 Main Street.");
    EXPECT_TRUE(call.degraded.empty());
    const auto report = server->report();
    EXPECT_EQ(report["client_was_right"], true) << report.dump(2);
    ASSERT_EQ(report["speech"].size(), 1u);
    EXPECT_EQ(report["speech"][0]["text"], "1 2 Main Street.");
    EXPECT_EQ(report["sessions"].size(), 1u);
}

struct SpeechRow {
    const char* row;  // of the failure matrix
    std::string fault;
    const char* degraded;
};

// The read-back fails in every way; the caller hears a recorded sentence and the next question.
TEST_F(ScriptedOverSockets, SurvivesEveryFailureOfTheVoice) {
    const SpeechRow rows[] = {
        {"E01", "tts-refuse=401/invalid_api_key", "voice auth"},
        {"E01", "tts-refuse=401/quota_exceeded", "voice quota"},
        {"E02", "tts-refuse=404", "voice voice"},
        {"E02", "tts-refuse=403", "voice plan"},
        {"E02", "tts-refuse=422", "voice request"},
        {"E03", "tts-refuse=429/too_many_concurrent_requests", "voice busy"},
        {"E04", "tts-refuse=429/system_busy", "voice server"},
        {"E04", "tts-refuse=503", "voice server"},
        {"E06", "tts-cut=50", "voice cut"},
        {"E06", "tts-short=10", "voice cut"},
        {"E07", "tts-html", "voice html"},
        {"E07", "tts-json", "voice json"},
        {"E07", "tts-mp3", "voice mp3"},
        {"E08", "tts-empty", "voice empty"},
        {"N", "tts-reset", "voice network"},
    };
    for (const SpeechRow& row : rows) {
        SCOPED_TRACE(std::string(row.row) + " " + row.fault);
        call = Call();
        options.faults.clear();
        talk({row.fault});
        answer_to_read_back();
        ASSERT_TRUE(until([&] { return !call.degraded.empty() && call.told.size() >= 5; }));
        EXPECT_EQ(call.degraded, std::vector<std::string>{row.degraded});
        EXPECT_EQ(call.told.back().substr(0, 27), "I cannot repeat it to you, ");
        EXPECT_EQ(call.lost, "");
        voice->stop("end");
        voice.reset();
        settle();
        server.reset();
        settle();
    }
}

// E05
TEST_F(ScriptedOverSockets, FillsTheTimeAndGoesOnWhenSpeechIsSlow) {
    talk({"tts-slow=8000"});
    answer_to_read_back();
    ASSERT_TRUE(until([&] { return !call.degraded.empty(); }));
    EXPECT_EQ(call.degraded.front(), "voice slow");
    EXPECT_TRUE(std::any_of(call.told.begin(), call.told.end(), [](const std::string& text) {
        return text == "I understood: One moment, please.";
    }));
}

TEST_F(ScriptedOverSockets, LosesNoWordWhenTheEarsAreLostInTheMiddleOfASentence) {
    talk({"scribe-reset:turn=1:conn=1"});
    answer();
    EXPECT_EQ(call.said, std::vector<std::string>{"There is a fire at 12 Main Street."});
    EXPECT_EQ(server->report()["sessions"].size(), 2u);
    EXPECT_EQ(server->report()["client_was_right"], true);
}

TEST_F(ScriptedOverSockets, AsksForKeysWhenTheEarsAreRefused) {
    for (const char* fault : {"scribe-refuse=401", "accept-then-close", "scribe-error=auth_error", "scribe-format=pcm_16000",
                              "scribe-refuse=401/quota_exceeded"}) {
        SCOPED_TRACE(fault);
        call = Call();
        options.faults.clear();
        talk({fault});
        ASSERT_TRUE(until([&] { return !call.told.empty() && call.told.back().substr(0, 13) == "I cannot hear"; }));
        EXPECT_EQ(call.degraded.size(), 1u);
        voice->caller_keys("1");
        EXPECT_EQ(call.told.back(), "Are you in danger right now? One for yes, two for no.");
        EXPECT_EQ(call.lost, "");
        voice->stop("end");
        voice.reset();
        settle();
        server.reset();
        settle();
    }
}

TEST_F(ScriptedOverSockets, IsLostWhenItCanNeitherMakeNorPlayAQuestion) {
    missing_clip = "where";
    talk({"tts-refuse=401/invalid_api_key"});
    EXPECT_EQ(call.lost, "auth");
}

}  // namespace
}  // namespace holdfast::sim
