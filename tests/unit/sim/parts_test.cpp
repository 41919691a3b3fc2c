// The small parts: faults, scripts, frames on the wire, HTTP, numbered frames.
#include "base/base64.hpp"
#include "caller/script.hpp"
#include "document.hpp"
#include "faults.hpp"
#include "load/numbered.hpp"
#include "provider/script.hpp"
#include "provider/session.hpp"
#include "wire/frames.hpp"
#include "wire/http.hpp"

#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

TEST(Faults, ReadTheWholeNotation) {
    const auto f = parse_fault("close=1011@2000:turn=2-:conn=1", provider_faults());
    ASSERT_TRUE(f) << f.error().detail;
    EXPECT_EQ(f->name, "close");
    EXPECT_EQ(f->number(0), 1011);
    EXPECT_EQ(f->at_ms, 2000);
    EXPECT_TRUE(f->turn.covers(3) && f->turn.covers(2) && !f->turn.covers(1));
    EXPECT_TRUE(f->connection.covers(1) && !f->connection.covers(2));
    EXPECT_EQ(parse_fault("burst=60s", provider_faults())->number(0), 60'000);
    EXPECT_EQ(parse_fault("reject-update=session.audio.output.voice", provider_faults())->value,
              "session.audio.output.voice");
}

TEST(Faults, RefuseWhatTheyDoNotKnow) {
    EXPECT_NE(
        parse_fault("clse=1011", provider_faults()).error().detail.find("did you mean 'close'"),
        std::string::npos);
    for (const char* wrong : {"", "close@soon", "close:turn=0", "close:turn=x", "close@-1"})
        EXPECT_FALSE(parse_fault(wrong, provider_faults())) << wrong;
}

TEST(Document, ReadsYamlAndJsonAlike) {
    const auto yaml = parse_document("a: 1\nb: [x, '2', true, 1.5, ~]\n");
    const auto json = parse_document(R"({"a": 1, "b": ["x", "2", true, 1.5, null]})");
    ASSERT_TRUE(yaml && json);
    EXPECT_EQ(*yaml, *json);
    EXPECT_FALSE(parse_document("a: [1"));
    EXPECT_FALSE(parse_document("a: 1\na: 2\n"));
}

TEST(CallerScript, ReadsTurns) {
    Speech speech;
    const auto script =
        parse_caller_script(*parse_document("turns:\n- {when: answer began, after_ms: 700, dtmf: "
                                            "'1#'}\n- {when: at, after_ms: 9000, hangup: true}\n"),
                            ".", speech);
    ASSERT_TRUE(script) << script.error().detail;
    ASSERT_EQ(script->size(), 2u);
    EXPECT_EQ((*script)[0].dtmf, "1#");
    EXPECT_FALSE((*script)[0].expect_answer);
    EXPECT_TRUE((*script)[1].hangup);
}

TEST(CallerScript, SaysWhatIsWrong) {
    Speech speech;
    const auto problem = [&](const char* text) {
        const auto script = parse_caller_script(*parse_document(text), ".", speech);
        return script ? std::string() : script.error().detail;
    };
    EXPECT_NE(problem("turns: [{sya: hello}]").find("did you mean 'say'"), std::string::npos);
    EXPECT_NE(problem("turns: [{when: later, hangup: true}]").find("turn 1: when 'later'"),
              std::string::npos);
    EXPECT_NE(problem("turns: [{after_ms: 5}]").find("nothing to do"), std::string::npos);
    EXPECT_NE(problem("turns: [{dtmf: '1x'}]"), "");
    EXPECT_NE(problem("turns: [{hangup: 7}]"), "");
    EXPECT_NE(problem("turns: [{wav: missing.wav}]").find("missing.wav"), std::string::npos);
}

TEST(Speech, SpeaksThroughEspeak) {
    Speech speech;
    const auto audio = speech.say("hello");
    if (!audio && audio.error().detail.find("cannot be started") != std::string::npos)
        GTEST_SKIP() << "no espeak-ng here";
    ASSERT_TRUE(audio) << audio.error().detail;
    EXPECT_GT(audio->size(), 2000u);
    EXPECT_LT(audio->size(), 16'000u);
}

TEST(Frames, ComeBackAsTheyWereWritten) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{125}, std::size_t{126},
                                   std::size_t{65'535}, std::size_t{65'536}}) {
        for (const bool masked : {false, true}) {
            std::string wire;
            const std::string payload(size, 'p');
            append_frame(wire, {k_text, true, 0, masked}, 0x12345678, payload);
            FrameReader reader(1 << 20);
            Frame frame;
            for (std::size_t at = 0; at < wire.size(); at += 1000) {
                EXPECT_FALSE(reader.next(frame));
                reader.feed(std::string_view(wire).substr(at, 1000));
            }
            ASSERT_TRUE(reader.next(frame));
            EXPECT_EQ(frame.payload, payload);
            EXPECT_EQ(frame.shape.masked, masked);
        }
    }
}

TEST(Frames, AreRefusedAboveTheLimit) {
    std::string wire;
    append_frame(wire, {}, 0, std::string(101, 'x'));
    FrameReader reader(100);
    reader.feed(wire);
    Frame frame;
    EXPECT_FALSE(reader.next(frame));
    EXPECT_TRUE(reader.too_big());
}

TEST(Http, ReadsMessagesInPieces) {
    const std::string text =
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\ncontent-length: 5\r\n\r\nhelloREST";
    HttpReader reader(HttpReader::Kind::response);
    auto state = HttpReader::State::need_more;
    for (const char c : text) {
        if (state == HttpReader::State::done)
            reader.feed({&c, 1});
        else
            state = reader.feed({&c, 1});
    }
    EXPECT_EQ(state, HttpReader::State::done);
    EXPECT_EQ(reader.message().body, "hello");
    EXPECT_EQ(reader.message().header("CONTENT-TYPE"), "text/xml");
    EXPECT_EQ(reader.rest(), "REST");
}

TEST(Http, ReadsChunksAndRefusesNonsense) {
    HttpReader chunked(HttpReader::Kind::response);
    EXPECT_EQ(
        chunked.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        HttpReader::State::done);
    EXPECT_EQ(chunked.message().body, "abc");
    for (const char* wrong :
         {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}) {
        HttpReader reader(HttpReader::Kind::response);
        EXPECT_EQ(reader.feed(wrong), HttpReader::State::bad) << wrong;
    }
}

std::vector<std::uint32_t> found_in(FrameFinder& finder, const std::string& base64) {
    std::vector<std::uint32_t> out;
    finder.read(base64, [&](const FrameNumber& n) { out.push_back(n.sequence); });
    return out;
}

TEST(NumberedFrames, AreFoundWholeOrCutAnywhere) {
    std::string one, two;
    append_numbered_frame(one, {7, 1});
    append_numbered_frame(two, {7, 2});
    ASSERT_EQ(one.size(), k_frame_text_size);
    FrameFinder finder;
    EXPECT_EQ(found_in(finder, one), std::vector<std::uint32_t>{1});
    const std::string bytes =
        *base::base64_decode(one) + std::string(77, '\xff') + *base::base64_decode(two);
    std::vector<std::uint32_t> all;
    for (std::size_t at = 0; at < bytes.size(); at += 31) {
        for (const auto n : found_in(finder, base::base64_encode(bytes.substr(at, 31))))
            all.push_back(n);
    }
    EXPECT_EQ(all, (std::vector<std::uint32_t>{1, 2}));
    EXPECT_EQ(finder.foreign_bytes(), 77u);
}

TEST(NumberedFrames, AreNotTakenWhenAByteChanged) {
    std::string text;
    append_numbered_frame(text, {7, 1});
    std::string bytes = *base::base64_decode(text);
    bytes[100] = static_cast<char>(bytes[100] ^ 1);
    FrameFinder finder;
    EXPECT_TRUE(found_in(finder, base::base64_encode(bytes)).empty());
    EXPECT_GT(finder.foreign_bytes(), 100u);
}

}  // namespace
}  // namespace holdfast::sim
