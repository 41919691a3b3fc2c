#include "log/format.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <string>

namespace holdfast::log {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t k_time = 1'795'485'600'123;  // 2026-11-24T02:00:00.123Z

Record record(Fields fields, std::string_view message = "stream started") {
    return {k_time, Level::notice, "call", message, "", fields, ""};
}

std::string text_of(std::string_view value) {
    return format_text(record({{"key", value}}));
}
std::string json_of(std::string_view value) {
    return format_json(record({{"key", value}}));
}

TEST(LogFormat, TextHasTimeLevelRoomSentenceCallAndFields) {
    Record line = record({});
    line.call = "CA0123456789abcdef0123456789abcdef";
    const Fields fields = {{"rung", "openai"}, {"waited_ms", 4000}, {"ratio", 0.5}, {"ok", true}};
    line.fields = fields;
    EXPECT_EQ(
        format_text(line),
        "2026-11-24T02:00:00.123Z notice call: stream started "
        "call=CA0123456789abcdef0123456789abcdef rung=openai waited_ms=4000 ratio=0.5 ok=true");
}

TEST(LogFormat, JsonIsOneObjectWithTypedValues) {
    Record line = record({});
    line.call = "CA0123456789abcdef0123456789abcdef";
    const Fields fields = {{"rung", "openai"}, {"waited_ms", -4}, {"ratio", 0.5}, {"ok", false}};
    line.fields = fields;
    EXPECT_EQ(
        format_json(line),
        R"({"time":"2026-11-24T02:00:00.123Z","level":"notice","room":"call","message":"stream started",)"
        R"("call":"CA0123456789abcdef0123456789abcdef","rung":"openai","waited_ms":-4,"ratio":0.5,"ok":false})");
}

TEST(LogFormat, JournalEntryHasItsOwnFieldsAndAReadableMessage) {
    Record line = record({});
    line.call = "CA0123456789abcdef0123456789abcdef";
    const Fields fields = {{"rung", "openai"}, {"waited_ms", 4}};
    line.fields = fields;
    EXPECT_EQ(format_journald(line),
              "MESSAGE=call: stream started call=CA0123456789abcdef0123456789abcdef rung=openai "
              "waited_ms=4\n"
              "PRIORITY=5\nSYSLOG_IDENTIFIER=holdfastd\nHOLDFAST_ROOM=call\n"
              "HOLDFAST_CALL=CA0123456789abcdef0123456789abcdef\nHOLDFAST_RUNG=openai\nHOLDFAST_"
              "WAITED_MS=4");
}

TEST(LogFormat, AnEventHasItsIdInTheJournalAndInJsonOnly) {
    Record line = record({});
    const Fields fields = {{"message_id", 3}};
    line.fields = fields;
    const std::string plain = format_text(line);
    line.message_id = "0123456789abcdef0123456789abcdef";
    EXPECT_EQ(format_text(line), plain);
    EXPECT_THAT(format_journald(line), HasSubstr("\nMESSAGE_ID=0123456789abcdef0123456789abcdef\n"));
    EXPECT_THAT(format_json(line),
                HasSubstr("\"message\":\"stream started\",\"message_id\":\"0123456789abcdef0123456789abcdef\",\"field_message_id\":3"));
}

TEST(LogFormat, JournalValuesCannotAddAField) {
    const std::string entry = format_journald(record({{"key", "x\nPRIORITY=0"}}));
    EXPECT_THAT(entry, EndsWith("\nHOLDFAST_KEY=x\\nPRIORITY=0"));
    EXPECT_THAT(entry, Not(HasSubstr("\nPRIORITY=0")));
}

TEST(LogFormat, ValuesWithSpacesQuotesOrNothingAreQuoted) {
    EXPECT_THAT(text_of("two words"), EndsWith(" key=\"two words\""));
    EXPECT_THAT(text_of("say \"hi\""), EndsWith(" key=\"say \\\"hi\\\"\""));
    EXPECT_THAT(text_of("a=b"), EndsWith(" key=\"a=b\""));
    EXPECT_THAT(text_of("a\\b"), EndsWith(" key=\"a\\\\b\""));
    EXPECT_THAT(text_of(""), EndsWith(" key=\"\""));
}

TEST(LogFormat, LineBreaksAndTerminalEscapesStayVisibleText) {
    EXPECT_THAT(text_of("a\r\nb\tc"), EndsWith(" key=\"a\\r\\nb\\tc\""));
    EXPECT_THAT(text_of("\x1b[2Jx"), EndsWith(" key=\"\\x1b[2Jx\""));
    EXPECT_THAT(text_of(std::string_view("\0x", 2)), EndsWith(" key=\"\\x00x\""));
    EXPECT_THAT(text_of("a\x7f"), EndsWith(" key=a\\x7f"));
    EXPECT_THAT(text_of("\xc2\x9b"
                        "2J"),
                EndsWith(" key=\\u009b2J"));
    EXPECT_THAT(text_of("a\xe2\x80\xa8z"), EndsWith(" key=a\\u2028z"));
    EXPECT_THAT(text_of("a\xe2\x80\xaez"), EndsWith(" key=a\\u202ez"));
}

TEST(LogFormat, JsonEscapesTheSameCharactersItsOwnWay) {
    EXPECT_THAT(json_of("a\r\nb\x1b\"\\"), EndsWith(R"("key":"a\r\nb\u001b\"\\"})"));
    EXPECT_THAT(json_of("\xc2\x9b"), EndsWith(R"("key":"\u009b"})"));
}

TEST(LogFormat, InvalidUtf8IsShownByteByByte) {
    EXPECT_THAT(text_of("caf\xc3\xa9 \xff\xc3"), EndsWith(" key=\"caf\xc3\xa9 \\xff\\xc3\""));
    EXPECT_THAT(json_of("\xff"), EndsWith(R"("key":"\ufffd"})"));
    EXPECT_THAT(text_of("\xf0\x9f\x9a\x92"), EndsWith(" key=\xf0\x9f\x9a\x92"));
}

TEST(LogFormat, LongValuesAreCutBetweenCharacters) {
    const std::string plain(k_value_bytes_max, 'x');
    EXPECT_THAT(text_of(plain), EndsWith(" key=" + plain));
    EXPECT_THAT(text_of(plain + "y"), EndsWith(" key=" + plain + "..."));
    const std::string wide = plain.substr(1) + "\xc3\xa9";
    EXPECT_THAT(text_of(wide), EndsWith("x..."));
    EXPECT_THAT(text_of(wide), Not(HasSubstr("\\x")));
}

TEST(LogFormat, LongLinesLoseWholeFieldsAndSaySo) {
    const std::string value(k_value_bytes_max, '\x01');  // four times as long once escaped
    const Fields fields = {{"a", value}, {"b", value}, {"c", value}, {"d", value}, {"e", 1}};
    const std::string text = format_text(record(fields));
    EXPECT_LE(text.size(), k_line_bytes_max);
    EXPECT_THAT(text, EndsWith(" cut=true"));
    EXPECT_THAT(text, Not(HasSubstr(" d=")));
    const std::string json = format_json(record(fields));
    EXPECT_LE(json.size(), k_line_bytes_max + 1);
    EXPECT_THAT(json, EndsWith(",\"cut\":true}"));
}

TEST(LogFormat, JsonKeysOfOursAreNotRepeated) {
    EXPECT_THAT(format_json(record({{"level", 3}})), EndsWith(",\"field_level\":3}"));
}

TEST(LogFormat, JsonHasNoBareNotANumber) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THAT(format_json(record({{"key", nan}})), EndsWith("\"key\":\"nan\"}"));
}

TEST(LogFormat, MessagesAreCutAndEscapedToo) {
    EXPECT_THAT(format_text(record({}, "two\nlines")), EndsWith("call: two\\nlines"));
    EXPECT_LT(format_text(record({}, std::string(5'000, 'm'))).size(), 600u);
}

TEST(LogFormat, PrioritiesAreThoseOfSyslog) {
    EXPECT_EQ(syslog_priority(Level::error), 3);
    EXPECT_EQ(syslog_priority(Level::warning), 4);
    EXPECT_EQ(syslog_priority(Level::notice), 5);
    EXPECT_EQ(syslog_priority(Level::info), 6);
    EXPECT_EQ(syslog_priority(Level::debug), 7);
}

}  // namespace
}  // namespace holdfast::log
