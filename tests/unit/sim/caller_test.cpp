#include "audio/mulaw.hpp"
#include "caller/conversation.hpp"
#include "caller/microphone.hpp"
#include "caller/playout_model.hpp"
#include "caller/stream_checker.hpp"
#include "caller/webhook.hpp"
#include "test_box.hpp"

#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

using std::chrono::milliseconds;

const base::TimePoint k_start = base::TimePoint{} + std::chrono::hours(1);

base::TimePoint at(int ms) {
    return k_start + milliseconds(ms);
}

std::vector<std::string> names(const std::vector<PlayoutModel::Mark>& marks) {
    std::vector<std::string> out;
    for (const auto& m : marks) out.push_back(m.name + (m.flushed ? "!" : ""));
    return out;
}

TEST(PlayoutModel, DrainsEightBytesAMillisecondAndFillsWithSilence) {
    PlayoutModel model(k_start);
    model.advance(at(100));
    model.add(std::string(160, 'a'), at(100));
    model.advance(at(110));
    EXPECT_EQ(model.queued_ms(), 10);
    model.advance(at(200));
    EXPECT_TRUE(model.idle());
    EXPECT_EQ(model.heard(), std::string(800, audio::k_mulaw_silence) + std::string(160, 'a') +
                                 std::string(640, audio::k_mulaw_silence));
}

TEST(PlayoutModel, ReturnsAMarkWhenItsAudioHasSounded) {
    PlayoutModel model(k_start);
    model.add(std::string(800, 'a'), at(0));
    model.mark("one", at(0));
    model.add(std::string(800, 'b'), at(0));
    model.mark("two", at(0));
    model.advance(at(99));
    EXPECT_TRUE(model.take_marks().empty());
    model.advance(at(100));
    EXPECT_EQ(names(model.take_marks()), std::vector<std::string>{"one"});
    model.advance(at(200));
    EXPECT_EQ(names(model.take_marks()), std::vector<std::string>{"two"});
}

TEST(PlayoutModel, ReturnsAMarkAtOnceWhenNothingIsQueued) {
    PlayoutModel model(k_start);
    model.mark("now", at(50));
    EXPECT_EQ(names(model.take_marks()), std::vector<std::string>{"now"});
}

TEST(PlayoutModel, ClearFlushesAudioAndMarks) {
    PlayoutModel model(k_start);
    model.add(std::string(1600, 'a'), at(0));
    model.mark("end", at(0));
    EXPECT_EQ(model.clear(at(50)), 1200u);
    EXPECT_EQ(names(model.take_marks()), std::vector<std::string>{"end!"});
    EXPECT_TRUE(model.idle());
    model.add(std::string(80, 'b'), at(60));
    model.advance(at(100));
    EXPECT_EQ(model.heard().substr(400, 80), std::string(80, audio::k_mulaw_silence));
    EXPECT_EQ(model.heard().substr(480, 80), std::string(80, 'b'));
}

TEST(PlayoutModel, HoldsTenMinutes) {
    PlayoutModel model(k_start);
    EXPECT_TRUE(model.add(std::string(10 * 60 * 8000, 'a'), at(0)));
    EXPECT_FALSE(model.add("b", at(0)));
}

TEST(Microphone, KnowsWhereSpeechBeginsAndEnds) {
    Microphone microphone;
    microphone.say(std::string(320, audio::k_mulaw_silence) + test::tone(60) +
                   std::string(500, audio::k_mulaw_silence));
    std::string shape;
    while (microphone.busy()) {
        const auto piece = microphone.next();
        EXPECT_EQ(piece.frame.size(), 160u);
        shape += piece.first ? 'F' : piece.last ? 'L' : '-';
    }
    EXPECT_EQ(shape, "--F-L----");
    EXPECT_EQ(microphone.next().frame, std::string(160, audio::k_mulaw_silence));
}

std::string problem_with(const std::string& text) {
    StreamChecker checker("MZ1");
    const auto message = checker.read(text);
    if (checker.violations().empty())
        return message.kind == ServerMessage::Kind::invalid ? "?" : "";
    return std::to_string(checker.violations()[0].code);
}

TEST(StreamChecker, TakesExactlyTheDocumentedMessages) {
    EXPECT_EQ(problem_with(R"({"event":"media","streamSid":"MZ1","media":{"payload":"//8="}})"),
              "");
    EXPECT_EQ(problem_with(R"({"event":"mark","streamSid":"MZ1","mark":{"name":"a"}})"), "");
    EXPECT_EQ(problem_with(R"({"event":"clear","streamSid":"MZ1"})"), "");
    for (const char* wrong :
         {"nonsense", "[]", "{}",
          R"({"event":"media","streamSid":"MZ2","media":{"payload":"//8="}})",
          R"({"event":"media","streamSid":"MZ1","media":{"payload":"//8=","track":"outbound"}})",
          R"({"event":"media","streamSid":"MZ1","sequenceNumber":"1","media":{"payload":"//8="}})",
          R"({"event":"media","streamSid":"MZ1","media":{"payload":"//8"}})",
          R"({"event":"media","streamSid":"MZ1","media":{"payload":""}})",
          R"({"event":"mark","streamSid":"MZ1","mark":{"name":""}})",
          R"({"event":"mark","streamSid":"MZ1"})", R"({"event":"hangup","streamSid":"MZ1"})",
          R"({"event":"clear"})"}) {
        EXPECT_EQ(problem_with(wrong), "31951") << wrong;
    }
}

TEST(StreamChecker, NotesMessagesAboveTheDaemonsOwnLimit) {
    const std::string payload = base::base64_encode(std::string(483, 'x'));
    EXPECT_EQ(problem_with(R"({"event":"media","streamSid":"MZ1","media":{"payload":")" + payload +
                           "\"}}"),
              "0");
}

// --- conversation: a box is played by hand, 20 ms at a time ---

struct Line {
    explicit Line(CallerScript script) : conversation(std::move(script)) {}
    // The box sounds for the next `ms`.
    void sound(int ms) { run(ms, true); }
    void quiet(int ms) { run(ms, false); }
    void run(int ms, bool audible) {
        if (audible) conversation.media_received(now, true);
        for (int end = now + ms; now < end;) {
            now += 20;
            const auto todo = conversation.tick(now, audible, !audible);
            if (todo.kind == Conversation::Todo::Kind::begin_turn) begun.push_back(now);
        }
    }
    void speak(int ms, bool over_sound = false) {
        conversation.speech_began(now, !over_sound);
        for (int end = now + ms; now < end;) {
            now += 20;
            conversation.tick(now, over_sound, !over_sound);
        }
        conversation.speech_ended(now);
    }
    Conversation conversation;
    int now = 0;
    std::vector<int> begun;
};

CallerTurn turn(CallerTurn::When when, int after_ms) {
    CallerTurn t;
    t.when = when;
    t.after_ms = after_ms;
    t.text = t.audio = "x";
    return t;
}

TEST(Conversation, SpeaksAfterTheGreetingHasEnded) {
    Line line({turn(CallerTurn::When::answer_ended, 1000)});
    line.quiet(200);
    line.sound(2000);
    EXPECT_TRUE(line.begun.empty());
    line.quiet(1500);
    ASSERT_EQ(line.begun.size(), 1u);
    EXPECT_EQ(line.begun[0], 3200);
    EXPECT_EQ(line.conversation.answers()[0].heard_ms, 220);
}

TEST(Conversation, MeasuresAnAnswerFromTheLastWord) {
    Line line({turn(CallerTurn::When::answer_ended, 800)});
    line.sound(1000);
    line.quiet(900);
    line.speak(600);
    const int asked = line.now;
    line.quiet(700);
    line.sound(400);
    const Answer& answer = line.conversation.answers()[1];
    EXPECT_EQ(answer.received_ms, asked + 700);
    EXPECT_EQ(answer.heard_ms, asked + 720);
    line.quiet(900);
    EXPECT_TRUE(answer.over);
    EXPECT_TRUE(line.conversation.gaps().empty());
}

TEST(Conversation, InterruptsAndWaitsForTheClear) {
    Line line({turn(CallerTurn::When::answer_began, 300)});
    line.sound(300);
    ASSERT_TRUE(line.begun.empty());
    line.sound(40);
    ASSERT_EQ(line.begun.size(), 1u);
    line.speak(200, true);
    line.conversation.media_received(line.now, false);  // the old answer goes on
    EXPECT_EQ(line.conversation.answers()[1].received_ms, -1);
    line.conversation.cleared(line.now);
    EXPECT_TRUE(line.conversation.turns()[0].interrupts);
    EXPECT_EQ(line.conversation.turns()[0].cleared_ms, line.now);
    line.conversation.media_received(line.now, true);
    EXPECT_EQ(line.conversation.answers()[1].received_ms, line.now);
}

TEST(Conversation, CountsSilenceThatTheBoxLeft) {
    Line line({turn(CallerTurn::When::answer_ended, 800)});
    line.sound(400);
    line.quiet(900);
    line.speak(300);
    line.quiet(4500);
    line.sound(200);
    ASSERT_EQ(line.conversation.gaps().size(), 1u);
    EXPECT_NEAR(static_cast<double>(line.conversation.gaps()[0].to_ms -
                                    line.conversation.gaps()[0].from_ms),
                4500, 60);
}

TEST(Conversation, ExcusesSilenceThatTheScriptAsksFor) {
    Line line({turn(CallerTurn::When::answer_ended, 9000)});
    line.sound(400);
    line.quiet(9500);
    EXPECT_EQ(line.begun.size(), 1u);
    EXPECT_TRUE(line.conversation.gaps().empty());
}

TEST(Conversation, GoesOnWithoutAnAnswer) {
    Line line(
        {turn(CallerTurn::When::answer_ended, 800), turn(CallerTurn::When::answer_ended, 500)});
    line.sound(400);
    line.quiet(900);
    line.speak(300);
    line.quiet(15'000);
    EXPECT_EQ(line.begun.size(), 2u);
    EXPECT_LT(line.conversation.answers()[1].heard_ms, 0);
}

// --- signatures: V1, V2, V2b, V2c, V2e of twilio.md 2.5 ---

std::string signed_as(const std::vector<std::string>& modes, SignedFor kind = SignedFor::upgrade) {
    CallOptions options;
    options.token = "psap0test0auth0token0000000000001";
    options.next_token = "psap0test0auth0token0000000000002";
    options.signature = modes;
    return signature_for(options, kind, "wss://edge.psap.example/twilio/media", {});
}

TEST(SignatureModes, MakeTheFormsThatTwilioMakes) {
    EXPECT_EQ(signed_as({}), "F+Xu8HWhBJj4qWLphkjlBOCIgY4=");
    EXPECT_EQ(signed_as({"with-slash"}), "n/ywiLGOPaj5RuJ+ul7rsCRfasc=");
    EXPECT_EQ(signed_as({"with-port"}), "Zc4I7Mjlfhqnoi3yL0HbCC7s61Q=");
    EXPECT_EQ(signed_as({"https-for-wss"}), "RU/oyNTR+pPoVeycmP+puvx15G0=");
    EXPECT_EQ(signed_as({"next-token"}), "CakkgjolW3L5QYpUmq2YpEjz5BQ=");
    EXPECT_EQ(signed_as({"missing"}), "");
    EXPECT_NE(signed_as({"wrong"}), signed_as({}));
}

TEST(SignatureModes, CanBeLimitedToOneRequest) {
    EXPECT_EQ(signed_as({"missing:webhook"}), signed_as({}));
    EXPECT_EQ(signed_as({"missing:webhook"}, SignedFor::webhook), "");
}

}  // namespace
}  // namespace holdfast::sim
