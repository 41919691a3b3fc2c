// One Scribe session against everything its socket may do.
#include "voice/scripted/ears.hpp"

#include "../fake_provider.hpp"

#include <gtest/gtest.h>

namespace holdfast::voice::scripted {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class Notes : public EarsListener {
  public:
    void on_ears_connected(Ears&) override { lines.push_back("connected"); }
    void on_ears_started(Ears&) override { lines.push_back("started"); }
    void on_ears_partial(Ears&) override { lines.push_back("partial"); }
    void on_ears_words(Ears&, const std::string& text) override { lines.push_back("words " + text); }
    void on_ears_lost(Ears&, const VoiceLoss& loss) override {
        lines.push_back("lost " + std::string(loss.reason) + " " + base::to_string(loss.error.condition) + " " +
                        loss.error.code);
    }
    std::vector<std::string> lines;
};

json started(const json& more = json::object()) {
    json config{{"sample_rate", 8000}, {"audio_format", "ulaw_8000"}, {"commit_strategy", "vad"},
                {"model_id", "scribe_v2_realtime"}};
    config.update(more);
    return {{"message_type", "session_started"}, {"session_id", "s1"}, {"config", config}};
}
json message(const char* type, const char* text) { return {{"message_type", type}, {"text", text}}; }

class EarsTest : public testing::Test {
  protected:
    void open() {
        ears = std::make_shared<Ears>(loop, test::call_sid(), 1, notes);
        ears->open([this](net::WsListener& listener) {
            socket = std::make_shared<test::FakeSocket>(loop, listener);
            return socket;
        });
    }
    void start() {
        open();
        socket->accept();
        socket->say(started());
        notes.lines.clear();
    }
    test::FakeLoop loop;
    Notes notes;
    std::shared_ptr<test::FakeSocket> socket;
    std::shared_ptr<Ears> ears;
};

TEST_F(EarsTest, SendsAudioUnchangedOnceStarted) {
    open();
    ears->append_audio("AAAA");
    socket->accept();
    ears->append_audio("AAAA");
    socket->say(started());
    EXPECT_EQ(notes.lines, (std::vector<std::string>{"connected", "started"}));
    EXPECT_TRUE(socket->sent.empty());
    ears->append_audio("////");
    EXPECT_EQ(socket->sent.back(), (json{{"message_type", "input_audio_chunk"}, {"audio_base_64", "////"},
                                         {"commit", false}, {"sample_rate", 8000}}));
}

TEST_F(EarsTest, RefusesASessionThatIsNotAsAsked) {
    struct Row {
        json more;
        const char* lost;
    };
    const Row rows[] = {{{{"audio_format", "pcm_16000"}}, "lost format fatal audio_format"},
                        {{{"sample_rate", 16000}}, "lost format fatal audio_format"},
                        {{{"commit_strategy", "manual"}}, "lost config fatal commit_strategy"}};
    for (const Row& row : rows) {
        notes.lines.clear();
        open();
        socket->accept();
        socket->say(started(row.more));
        EXPECT_EQ(notes.lines.back(), row.lost);
    }
}

TEST_F(EarsTest, AcceptsASessionThatDoesNotSayItsSettings) {
    open();
    socket->accept();
    socket->say({{"message_type", "session_started"}, {"session_id", "s1"}});
    EXPECT_EQ(notes.lines.back(), "started");
}

TEST_F(EarsTest, ReportsSpeechAndWords) {
    start();
    socket->say(message("partial_transcript", "there is"));
    socket->say(message("partial_transcript", "there is a fire"));
    socket->say(message("final_transcript", "There is a fire."));
    socket->say(message("committed_transcript", "There is a fire."));
    socket->say(message("committed_transcript_with_timestamps", "There is a fire."));
    EXPECT_EQ(notes.lines, (std::vector<std::string>{"partial", "partial", "words There is a fire."}));
}

TEST_F(EarsTest, GivesWordsThatNobodyCommits) {
    start();
    socket->say(message("partial_transcript", "there is a fire"));
    loop.advance(k_ears_settled);
    EXPECT_EQ(notes.lines.back(), "words there is a fire");
    socket->say(message("partial_transcript", "there is a fire in the kitchen"));
    loop.advance(k_ears_settled);
    EXPECT_EQ(notes.lines.back(), "words  in the kitchen");
    const auto so_far = notes.lines.size();
    socket->say(message("committed_transcript", "There is a fire in the kitchen."));
    EXPECT_EQ(notes.lines.size(), so_far) << "all of it was given";
    socket->say(message("committed_transcript", "Hurry!"));
    EXPECT_EQ(notes.lines.back(), "words Hurry!");
}

TEST_F(EarsTest, SortsEveryErrorType) {
    struct Row {
        const char* type;
        const char* lost;  // empty: the session goes on
    };
    const Row rows[] = {
        {"error", "lost server_error retry error"},
        {"auth_error", "lost auth fatal auth_error"},
        {"quota_exceeded", "lost quota fatal quota_exceeded"},
        {"quota_exceeded_error", "lost quota fatal quota_exceeded"},
        {"commit_throttled", ""},
        {"transcriber_error", "lost server_error retry transcriber_error"},
        {"unaccepted_terms", "lost auth fatal unaccepted_terms"},
        {"rate_limited", "lost quota retry rate_limited"},
        {"input_error", ""},
        {"invalid_request", "lost config fatal invalid_request"},
        {"queue_overflow", "lost server_error retry queue_overflow"},
        {"resource_exhausted", "lost server_error retry resource_exhausted"},
        {"session_time_limit_exceeded", "lost expired retry session_time_limit"},
        {"chunk_size_exceeded", "lost config fatal chunk_size_exceeded"},
        {"insufficient_audio_activity", ""},
        {"something_new", "lost server_error retry unknown_error"},
    };
    for (const Row& row : rows) {
        start();
        socket->say({{"message_type", row.type}, {"error", "no"}});
        std::vector<std::string> expected;
        if (row.lost[0] != '\0') expected.emplace_back(row.lost);
        EXPECT_EQ(notes.lines, expected) << row.type;
    }
}

// Bad query parameters: the socket is accepted, then told off, then closed.
TEST_F(EarsTest, KnowsAnAcceptedSocketThatIsRefused) {
    open();
    socket->accept();
    socket->say({{"message_type", "invalid_request"}, {"error", "bad audio_format"}});
    socket->end(1008);
    EXPECT_EQ(notes.lines, (std::vector<std::string>{"connected", "lost config fatal invalid_request"}));
}

TEST_F(EarsTest, KnowsRefusedUpgrades) {
    struct Row {
        int status;
        const char* body;
        const char* lost;
    };
    const Row rows[] = {{401, "", "lost auth fatal unauthorized"},
                        {401, R"({"detail":{"status":"quota_exceeded"}})", "lost quota fatal quota_exceeded"},
                        {403, "", "lost auth fatal forbidden"},
                        {404, "", "lost model fatal not_found"},
                        {429, "", "lost quota retry rate_limited"},
                        {503, "", "lost server_error retry unavailable"},
                        {302, "", "lost network fall_back captive_portal"},
                        {400, "", "lost config fatal upgrade_refused"}};
    for (const Row& row : rows) {
        notes.lines.clear();
        open();
        net::WsClose close;
        close.http_status = row.status;
        close.http_body = row.body;
        socket->finish(close);
        EXPECT_EQ(notes.lines, std::vector<std::string>{row.lost}) << row.status;
    }
}

TEST_F(EarsTest, GivesUpOnSlowStepsAndDeadLines) {
    open();
    loop.advance(k_ears_connect);
    EXPECT_EQ(notes.lines.back(), "lost timeout retry connect_budget");
    open();
    socket->accept();
    loop.advance(k_ears_start);
    EXPECT_EQ(notes.lines.back(), "lost timeout retry session_started");
    start();
    socket->answers_pings = false;
    loop.advance(10s);
    EXPECT_EQ(notes.lines, std::vector<std::string>{"lost ping retry no_pong"});
    start();
    socket->full = true;
    ears->append_audio("AAAA");
    EXPECT_TRUE(notes.lines.empty()) << "never inside the call";
    loop.run_posted();
    EXPECT_EQ(notes.lines, std::vector<std::string>{"lost network retry queue_full"});
    start();
    socket->end(1006);
    EXPECT_EQ(notes.lines, std::vector<std::string>{"lost network retry connection_lost"});
}

TEST_F(EarsTest, LivesThroughTwoBadMessagesAndNotThree) {
    start();
    socket->raw("{");
    socket->raw(R"({"message_type":"partial_transcript","message_type":"error","text":"x"})");
    EXPECT_TRUE(notes.lines.empty());
    socket->binary();
    EXPECT_EQ(notes.lines, std::vector<std::string>{"lost protocol retry bad_frames"});
}

TEST_F(EarsTest, IgnoresWhatItDoesNotKnow) {
    start();
    socket->say({{"message_type", "brand_new"}, {"x", 1}});
    socket->say({{"message_type", "warning"}, {"warning", "slow"}});
    socket->say({{"message_type", "partial_transcript"}, {"text", nullptr}});
    socket->say({{"message_type", "committed_transcript_entities"}, {"text", "x"}, {"entities", json::array()}});
    EXPECT_TRUE(notes.lines.empty());
}

TEST(DecodeScribe, CutsTextsAndRefusesBadForm) {
    const auto decode = [](std::string text, ScribeEvent& event) {
        text.append(64, '\0');
        static std::string kept;
        kept = std::move(text);
        return decode_scribe(std::string_view(kept.data(), kept.size() - 64), event);
    };
    ScribeEvent event;
    ASSERT_TRUE(decode(json{{"message_type", "committed_transcript"}, {"text", std::string(20'000, 'a')}}.dump(), event));
    EXPECT_EQ(event.text.size(), k_transcript_bytes_max);
    EXPECT_STREQ(decode("[]", event).error().code, "not_object");
    EXPECT_STREQ(decode("{}", event).error().code, "type");
    EXPECT_STREQ(decode("{\"message_type\":\"a\xff\"}", event).error().code, "utf8");
    EXPECT_STREQ(decode(std::string(40, '[') + std::string(40, ']'), event).error().code, "depth");
    EXPECT_STREQ(decode(std::string(k_scribe_message_bytes_max + 10, ' '), event).error().code, "too_large");
    ASSERT_TRUE(decode(R"({"error":"no type at all"})", event));
    EXPECT_EQ(event.type, ScribeType::error);
}

TEST(ScribeTarget, AsksForMulawAndServerCommits) {
    EXPECT_EQ(scribe_target("scribe_v2_realtime"),
              "/v1/speech-to-text/realtime?model_id=scribe_v2_realtime&audio_format=ulaw_8000&commit_strategy=vad"
              "&vad_silence_threshold_secs=0.8");
}

}  // namespace
}  // namespace holdfast::voice::scripted
