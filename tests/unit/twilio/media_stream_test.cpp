#include "twilio/media_stream.hpp"

#include "base/base64.hpp"
#include "count_allocations.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::twilio {
namespace {

constexpr char k_stream[] = "MZ00000000000000000000000000000001";
constexpr char k_call[] = "CA00000000000000000000000000000911";
constexpr char k_account[] = "AC00000000000000000000000000000001";

std::string payload_20ms() { return base::base64_encode(std::string(160, '\xff')); }

std::string media(const std::string& inside, const std::string& before = R"("sequenceNumber":"4",)") {
    return R"({"event":"media",)" + before + R"("media":{)" + inside + R"(},"streamSid":")" + k_stream + "\"}";
}

std::string start(const std::string& parameters = R"({"token":"abc"})",
                  const std::string& format = R"({"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1})",
                  const std::string& stream = k_stream, const std::string& call = k_call,
                  const std::string& account = k_account) {
    return R"({"event":"start","sequenceNumber":"1","start":{"accountSid":")" + account + R"(","streamSid":")" +
           stream + R"(","callSid":")" + call + R"(","tracks":["inbound"],"mediaFormat":)" + format +
           R"(,"customParameters":)" + parameters + R"(},"streamSid":")" + k_stream + "\"}";
}

class MediaStream : public ::testing::Test {
  protected:
    const StreamEvent& read(const std::string& text) {
        const auto result = decode(text);
        EXPECT_TRUE(result) << text << ": " << (result ? "" : result.error().code);
        static const StreamEvent k_nothing{};
        return result ? **result : k_nothing;
    }
    // "ok", or the code of the refusal.
    std::string verdict(const std::string& text) {
        const auto result = decode(text);
        if (result) return "ok";
        EXPECT_EQ(result.error().condition, base::Condition::reject);
        return result.error().code;
    }

  private:
    base::Result<const StreamEvent*> decode(const std::string& text) {
        // Exactly the promised 64 readable bytes, filled with what would spoil the message if read.
        buffer_ = std::make_unique<char[]>(text.size() + 64);
        std::fill_n(buffer_.get(), text.size() + 64, '}');
        std::copy(text.begin(), text.end(), buffer_.get());
        return decoder_.decode({buffer_.get(), text.size()});
    }
    StreamDecoder decoder_;
    std::unique_ptr<char[]> buffer_;
};

TEST_F(MediaStream, ReadsConnected) {
    const auto& event = read(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
    EXPECT_EQ(event.kind, EventKind::connected);
    EXPECT_EQ(event.sequence, -1);
    EXPECT_TRUE(event.stream_sid.empty());
}

TEST_F(MediaStream, ReadsStart) {
    const auto& event = read(start(R"({"token":"a\/b","from":"+15550100"})"));
    EXPECT_EQ(event.kind, EventKind::start);
    EXPECT_EQ(event.sequence, 1);
    EXPECT_EQ(event.stream_sid, k_stream);
    EXPECT_EQ(event.start.stream.str(), k_stream);
    EXPECT_EQ(event.start.call.str(), k_call);
    EXPECT_EQ(event.start.account_sid, k_account);
    EXPECT_EQ(event.start.encoding, "audio/x-mulaw");
    EXPECT_EQ(event.start.sample_rate, 8000);
    EXPECT_EQ(event.start.channels, 1);
    const decltype(event.start.parameters) wanted{{"token", "a/b"}, {"from", "+15550100"}};
    EXPECT_EQ(event.start.parameters, wanted);
}

TEST_F(MediaStream, ReadsMedia) {
    const auto& event =
        read(media(R"("track":"inbound","chunk":"3","timestamp":"60","payload":")" + payload_20ms() + "\""));
    EXPECT_EQ(event.kind, EventKind::media);
    EXPECT_EQ(event.sequence, 4);
    EXPECT_EQ(event.stream_sid, k_stream);
    EXPECT_EQ(event.track, "inbound");
    EXPECT_EQ(event.chunk, 3);
    EXPECT_EQ(event.timestamp_ms, 60);
    EXPECT_EQ(event.payload, payload_20ms());
}

TEST_F(MediaStream, ReadsDtmfMarkAndStop) {
    const auto& key = read(R"({"event":"dtmf","streamSid":"MZ1","sequenceNumber":"3","dtmf":{"track":"inbound_track","digit":"9"}})");
    EXPECT_EQ(key.kind, EventKind::dtmf);
    EXPECT_EQ(key.digit, "9");
    const auto& mark = read(R"({"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"r7.3"}})");
    EXPECT_EQ(mark.kind, EventKind::mark);
    EXPECT_EQ(mark.mark, "r7.3");
    const auto& stop = read(R"({"event":"stop","sequenceNumber":"5","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}})");
    EXPECT_EQ(stop.kind, EventKind::stop);
    EXPECT_EQ(stop.sequence, 5);
    EXPECT_EQ(stop.stream_sid, "MZ1");
}

TEST_F(MediaStream, ReadsNumbersAsStringsAndAsNumbers) {
    const auto& event = read(media(R"("chunk":7,"timestamp":120,"payload":"AAAA")", R"("sequenceNumber":8,)"));
    EXPECT_EQ(event.chunk, 7);
    EXPECT_EQ(event.timestamp_ms, 120);
    EXPECT_EQ(event.sequence, 8);
    const auto& start_event = read(start("{}", R"({"encoding":"audio/x-mulaw","sampleRate":"8000","channels":"1"})"));
    EXPECT_EQ(start_event.start.sample_rate, 8000);
    EXPECT_EQ(start_event.start.channels, 1);
}

TEST_F(MediaStream, ReadsMembersInAnyOrder) {
    const auto& event = read(R"({"media":{"payload":"AAAA","timestamp":"20"},"streamSid":"MZ1","sequenceNumber":"2","event":"media"})");
    EXPECT_EQ(event.kind, EventKind::media);
    EXPECT_EQ(event.payload, "AAAA");
    EXPECT_EQ(event.timestamp_ms, 20);
    EXPECT_EQ(event.stream_sid, "MZ1");
}

TEST_F(MediaStream, UnescapesSlashesOfBase64AndKeys) {
    EXPECT_EQ(read(media(R"("payload":"\/\/\/\/")")).payload, "////");
    EXPECT_EQ(read(R"({"\u0065vent":"stop"})").kind, EventKind::stop);
}

TEST_F(MediaStream, LeavesAbsentNumbersAtMinusOne) {
    const auto& event = read(R"({"event":"media","media":{"payload":"AAAA"}})");
    EXPECT_EQ(event.sequence, -1);
    EXPECT_EQ(event.chunk, -1);
    EXPECT_EQ(event.timestamp_ms, -1);
}

TEST_F(MediaStream, TakesNullForAbsent) {
    const auto& event = read(R"({"event":"media","streamSid":null,"media":{"payload":"AAAA","chunk":null}})");
    EXPECT_EQ(event.chunk, -1);
    EXPECT_EQ(verdict(R"({"event":"media","media":{"payload":null}})"), "field");
    EXPECT_EQ(verdict(R"({"event":null})"), "field");
}

TEST_F(MediaStream, UnknownEventsAreNoErrorWhateverTheyCarry) {
    for (const char* text : {R"({"event":"weather"})", R"({"event":"","media":7})",
                             R"({"event":"Media","media":{"payload":[1,{"a":null}],"chunk":-5}})",
                             R"({"event":"news","start":"now","sequenceNumber":true,"streamSid":{}})"}) {
        EXPECT_EQ(read(text).kind, EventKind::unknown) << text;
    }
}

TEST_F(MediaStream, UnknownMembersAreSkipped) {
    EXPECT_EQ(verdict(media(R"("payload":"AAAA","extra":{"a":[true,false,null,1.5e3,"x"]})")), "ok");
}

TEST_F(MediaStream, RefusesWhatIsNotOneJsonObject) {
    const std::vector<std::string> texts = {
        "", " ", "[]", "null", "7", "\"media\"", "{", "}", "{}}", "{} {}", "{}x", R"({"event":"stop"} ,)",
        R"({"event":"stop")", R"({"event":"stop",})", R"({"event" "stop"})", R"({"event":"stop" "a":1})",
        R"({'event':'stop'})", R"({event:"stop"})", R"({"event":stop})", R"({"event":"stop","a":tru})",
        R"({"event":"stop","a":nul})", R"({"event":"stop","a":01})", R"({"event":"stop","a":1.})",
        R"({"event":"stop","a":-})", R"({"event":"stop","a":[1,]})", R"({"event":"stop","a":[1 2]})",
        R"({"event":"stop","a":[1})", R"({"event":"stop","a":{"b"}})", R"({"event":"stop","a":"\x"})",
        R"({"event":"stop","a":"\ud800"})", "{\"event\":\"stop\",\"a\":\"\n\"}", "{\"event\":\"stop\",\"a\":\"\xff\"}",
        "{\"event\":\"stop\"}" + std::string(1, '\0'), "\xef\xbb\xbf{\"event\":\"stop\"}", "this is not JSON"};
    for (const auto& text : texts) EXPECT_EQ(verdict(text), "json") << text;
}

TEST_F(MediaStream, FindsGarbageBehindTheLastMemberThatMatters) {
    EXPECT_EQ(verdict(R"({"event":"media","media":{"payload":"AAAA"},"x":{"y":[{"z":tru}]}})"), "json");
    EXPECT_EQ(verdict(R"({"event":"media","media":{"payload":"AAAA"}} garbage)"), "json");
}

TEST_F(MediaStream, RefusesDeepNesting) {
    const auto nested = [](std::size_t levels) {
        return R"({"event":"stop","a":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
    };
    EXPECT_EQ(verdict(nested(15)), "ok");
    EXPECT_EQ(verdict(nested(16)), "json");
    EXPECT_EQ(verdict(nested(30'000)), "json");
    std::string objects = R"({"event":"stop","a":)";
    for (int i = 0; i < 1500; ++i) objects += R"({"a":)";
    EXPECT_EQ(verdict(objects + "1" + std::string(1501, '}')), "json");
}

TEST_F(MediaStream, RefusesMessagesOverTheLimit) {
    const auto filled = [](std::size_t bytes) {
        std::string text = R"({"event":"stop","a":""})";
        return text.insert(text.size() - 2, bytes - text.size(), 'x');
    };
    EXPECT_EQ(verdict(filled(64 * 1024)), "ok");
    EXPECT_EQ(verdict(filled(64 * 1024 + 1)), "json");
    EXPECT_EQ(verdict(R"({"event":"stop"})"), "ok");  // and goes on
}

TEST_F(MediaStream, RefusesRepeatedMembers) {
    for (const char* text :
         {R"({"event":"media","event":"stop","media":{"payload":"AAAA"}})", R"({"event":"stop","event":"stop"})",
          R"({"event":"stop","\u0065vent":"media"})", R"({"event":null,"event":"stop"})",
          R"({"event":"media","media":{"payload":"AAAA"},"media":{"payload":"BBBB"}})",
          R"({"event":"media","media":{"payload":"AAAA","payload":"BBBB"}})",
          R"({"event":"stop","streamSid":"a","streamSid":"b"})"}) {
        EXPECT_EQ(verdict(text), "json") << text;
    }
    EXPECT_EQ(verdict(start(R"({"token":"a","token":"b"})")), "json");
}

TEST_F(MediaStream, RefusesAnEventWithoutName) {
    for (const char* text : {"{}", R"({"media":{"payload":"AAAA"}})", R"({"event":7})", R"({"event":["media"]})"}) {
        EXPECT_EQ(verdict(text), "field") << text;
    }
}

TEST_F(MediaStream, T14_RefusesMediaWithoutAPayload) {
    EXPECT_EQ(verdict(R"({"event":"media"})"), "field");
    EXPECT_EQ(verdict(R"({"event":"media","media":"AAAA"})"), "field");
    EXPECT_EQ(verdict(R"({"event":"media","media":[]})"), "field");
    EXPECT_EQ(verdict(media("")), "field");
    EXPECT_EQ(verdict(media(R"("payload":7)")), "field");
    EXPECT_EQ(verdict(media(R"("payload":{"a":"AAAA"})")), "field");
    EXPECT_EQ(verdict(media(R"("payload":"AAAA","track":1)")), "field");
}

TEST_F(MediaStream, T12_RefusesNegativeAndAbsurdCounters) {
    const std::vector<std::string> bad = {"-1",    "\"-1\"", "1.5",  "\"1.5\"", "\"\"",       "\"12x\"", "true", "[]",
                                          "{}",    "1e3",    "\"+1\"", "\" 1\"", "86400001", "\"86400001\"",
                                          "9223372036854775807", "18446744073709551615", "\"99999999999999999999\""};
    for (const auto& value : bad) {
        EXPECT_EQ(verdict(media(R"("payload":"AAAA","chunk":)" + value)), "field") << value;
        EXPECT_EQ(verdict(media(R"("payload":"AAAA","timestamp":)" + value)), "field") << value;
        EXPECT_EQ(verdict(media(R"("payload":"AAAA")", R"("sequenceNumber":)" + value + ",")), "field") << value;
    }
    EXPECT_EQ(verdict(media(R"("payload":"AAAA","chunk":0,"timestamp":"86400000")")), "ok");
}

TEST_F(MediaStream, RefusesDtmfAndMarkWithoutContent) {
    for (const char* text : {R"({"event":"dtmf"})", R"({"event":"dtmf","dtmf":{}})", R"({"event":"dtmf","dtmf":{"digit":9}})",
                             R"({"event":"mark"})", R"({"event":"mark","mark":{}})", R"({"event":"mark","mark":"a"})",
                             R"({"event":"mark","mark":{"name":null}})"}) {
        EXPECT_EQ(verdict(text), "field") << text;
    }
}

TEST_F(MediaStream, RefusesStartWithMalformedIdentifiers) {
    const std::string format = R"({"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1})";
    EXPECT_EQ(verdict(start("{}", format, "MZ1")), "field");
    EXPECT_EQ(verdict(start("{}", format, k_call)), "field");
    EXPECT_EQ(verdict(start("{}", format, k_stream, k_stream)), "field");
    EXPECT_EQ(verdict(start("{}", format, k_stream, "")), "field");
    EXPECT_EQ(verdict(start("{}", format, k_stream, k_call, "AC-1")), "field");
    EXPECT_EQ(verdict(R"({"event":"start","streamSid":")" + std::string(k_stream) + "\"}"), "field");
    EXPECT_EQ(verdict(R"({"event":"start","start":[]})"), "field");
}

TEST_F(MediaStream, T09_RefusesStartThatNamesTwoStreams) {
    EXPECT_EQ(verdict(start("{}", "{}", "MZ00000000000000000000000000000002")), "field");
}

TEST_F(MediaStream, TakesTheStreamSidFromEitherPlace) {
    const std::string call = std::string(R"("callSid":")") + k_call + "\"";
    const std::string stream = std::string(R"("streamSid":")") + k_stream + "\"";
    EXPECT_EQ(read(R"({"event":"start",)" + stream + R"(,"start":{)" + call + "}}").start.stream.str(), k_stream);
    EXPECT_EQ(read(R"({"event":"start","start":{)" + call + "," + stream + "}}").stream_sid, k_stream);
    EXPECT_EQ(verdict(R"({"event":"start","start":{)" + call + "}}"), "field");
}

TEST_F(MediaStream, T14_LeavesAForeignCodecToTheCall) {
    const auto& event = read(start("{}", R"({"encoding":"audio/l16","sampleRate":16000,"channels":2})"));
    EXPECT_EQ(event.start.encoding, "audio/l16");
    EXPECT_EQ(event.start.sample_rate, 16000);
    EXPECT_EQ(event.start.channels, 2);
    EXPECT_EQ(read(start("{}", "null")).start.encoding, "");
}

TEST_F(MediaStream, RefusesAnUnreadableMediaFormat) {
    for (const char* format : {"7", "[]", R"({"encoding":7})", R"({"sampleRate":"fast"})", R"({"channels":-1})"}) {
        EXPECT_EQ(verdict(start("{}", format)), "field") << format;
    }
    EXPECT_EQ(verdict(start("{}", R"({"encoding":")" + std::string(65, 'x') + "\"}")), "field");
}

TEST_F(MediaStream, BoundsCustomParameters) {
    const auto parameters = [](int count, std::size_t value_bytes) {
        std::string text = "{";
        for (int i = 0; i < count; ++i) {
            text += (i == 0 ? "\"p" : ",\"p") + std::to_string(100 + i) + "\":\"" + std::string(value_bytes, 'v') + "\"";
        }
        return text + "}";
    };
    EXPECT_EQ(read(start(parameters(32, 1020))).start.parameters.size(), 32u);
    EXPECT_EQ(verdict(start(parameters(33, 1))), "field");
    EXPECT_EQ(verdict(start(parameters(1, 1021))), "field");
    EXPECT_EQ(verdict(start(R"({"token":7})")), "field");
    EXPECT_EQ(verdict(start(R"({"token":null})")), "field");
    EXPECT_EQ(verdict(start(R"(["token"])")), "field");
}

TEST_F(MediaStream, ForgetsTheMessageBefore) {
    read(start());
    const auto& event = read(R"({"event":"media","media":{"payload":"AAAA"}})");
    EXPECT_TRUE(event.start.call.empty());
    EXPECT_TRUE(event.start.parameters.empty());
    EXPECT_TRUE(event.stream_sid.empty());
}

TEST_F(MediaStream, DecodesMediaWithoutAllocating) {
    StreamDecoder decoder;
    const std::string text = media(R"("track":"inbound","chunk":"3","timestamp":"60","payload":")" + payload_20ms() + "\"");
    const std::string padded = text + std::string(64, '\0');
    const auto before = test::allocations();
    std::size_t good = 0;
    for (int i = 0; i < 1000; ++i) good += decoder.decode(std::string_view(padded).substr(0, text.size())) ? 1 : 0;
    const auto after = test::allocations();
    EXPECT_EQ(good, 1000u);
    EXPECT_EQ(after - before, 0u);
}

TEST(MediaStreamWriter, WritesExactlyTheDocumentedKeys) {
    std::string out;
    append_media(out, k_stream, "////");
    EXPECT_EQ(out, std::string(R"({"event":"media","streamSid":")") + k_stream + R"(","media":{"payload":"////"}})");
    out.clear();
    append_mark(out, k_stream, "r7.3");
    EXPECT_EQ(out, std::string(R"({"event":"mark","streamSid":")") + k_stream + R"(","mark":{"name":"r7.3"}})");
    out.clear();
    append_clear(out, k_stream);
    EXPECT_EQ(out, std::string(R"({"event":"clear","streamSid":")") + k_stream + "\"}");
}

TEST(MediaStreamWriter, AppendsToWhatIsThere) {
    std::string out = "before";
    append_clear(out, "MZ1");
    EXPECT_EQ(out, R"(before{"event":"clear","streamSid":"MZ1"})");
}

TEST(MediaStreamWriter, APayloadCannotLeaveItsString) {
    const std::string hostile = "AAAA\"}},{\"event\":\"clear\"\\\n\x01";
    std::string out;
    append_media(out, "MZ\"1", hostile);
    const auto read = nlohmann::json::parse(out);
    EXPECT_EQ(read.size(), 3u);
    EXPECT_EQ(read["streamSid"], "MZ\"1");
    EXPECT_EQ(read["media"], (nlohmann::json{{"payload", hostile}}));
}

TEST(MediaStreamWriter, FindsWhatNeedsEscapingAtEveryPlace) {
    for (std::size_t at = 0; at < 100; ++at) {
        for (const char special : {'"', '\\', '\n', '\0'}) {
            std::string payload(100, 'A');
            payload[at] = special;
            std::string out;
            append_media(out, k_stream, payload);
            EXPECT_EQ(nlohmann::json::parse(out)["media"]["payload"], payload) << at;
        }
    }
}

TEST(MediaStreamWriterDeathTest, RefusesMarkNamesThatBreakTheContract) {
    for (const char* name : {"", "a\"b", "a\\b", "a\nb", "\xc3\xa9"}) {
        EXPECT_DEATH(
            {
                std::string out;
                append_mark(out, "MZ1", name);
            },
            "is_mark_name");
    }
}

}  // namespace
}  // namespace holdfast::twilio
