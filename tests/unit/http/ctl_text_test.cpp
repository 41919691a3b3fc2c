#include "holdfastctl/table.hpp"
#include "holdfastctl/text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace holdfast::ctl {
namespace {

// X06: what a caller said is shown, never obeyed.
TEST(Printable, EscapesWhatATerminalWouldObey) {
    EXPECT_EQ(printable("\x1b[2J\x1b]0;owned\x07"), "\\x1b[2J\\x1b]0;owned\\x07");
    EXPECT_EQ(printable("a\r\nb\tc"), "a\\r\\nb\\tc");
    EXPECT_EQ(printable(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\u{009b}31m");
}

TEST(Printable, EscapesWhatReordersOrHidesText) {
    EXPECT_EQ(printable("\xe2\x80\xaegnp.exe"), "\\u{202e}gnp.exe");
    EXPECT_EQ(printable("a\xe2\x80\x8b"
                        "b"),
              "a\\u{200b}b");
    EXPECT_EQ(printable("\xf3\xa0\x81\x81"), "\\u{e0041}");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
    EXPECT_EQ(printable("caf\xe9!"), "caf\\xe9!");
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
    EXPECT_EQ(printable("\xf0\x9f"), "\\xf0\\x9f");
    EXPECT_EQ(printable("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80");
}

TEST(Printable, LeavesWordsOfAnyLanguageAlone) {
    for (const char* text : {"Ayuda, señor", "火事です", "👍 ok", ""})
        EXPECT_EQ(printable(text), text);
}

TEST(Columns, CountWideAndCombiningCharacters) {
    EXPECT_EQ(columns("señor"), 5u);
    EXPECT_EQ(columns("火事"), 4u);
    EXPECT_EQ(columns("e\xcc\x81"), 1u);
    EXPECT_EQ(pad("火", 4), "火  ");
    EXPECT_EQ(pad_left("7", 3), "  7");
    EXPECT_EQ(cut("never_streamed", 6), "never…");
    EXPECT_EQ(cut("火事です", 4), "火…");
    EXPECT_EQ(cut("short", 5), "short");
}

TEST(Wrap, BreaksBetweenWordsAndInsideLongOnes) {
    EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
    EXPECT_EQ(wrap("abcdefghij", 4), (std::vector<std::string>{"abcd", "efgh", "ij"}));
    EXPECT_EQ(wrap("火事です", 5), (std::vector<std::string>{"火事", "です"}));
    EXPECT_EQ(wrap("", 5), std::vector<std::string>{""});
    EXPECT_EQ(wrap(" x", 1), (std::vector<std::string>{" ", "x"}));
}

TEST(Times, AreUtcIso8601) {
    EXPECT_EQ(iso_time(1'790'000'000'123, Zone::utc), "2026-09-21T14:13:20Z");
    EXPECT_EQ(iso_time_ms(1'790'000'000'123, Zone::utc), "2026-09-21T14:13:20.123Z");
    EXPECT_EQ(clock_time(1'790'000'000'007, Zone::utc), "14:13:20.007");
    EXPECT_EQ(date(0, Zone::utc), "1970-01-01");
    EXPECT_EQ(iso_time_ms(-1, Zone::utc), "1969-12-31T23:59:59.999Z");
}

TEST(Times, OfALocalZoneSayItsOffset) {
    setenv("TZ", "XXX+03:30", 1);  // POSIX: west of Greenwich is positive
    tzset();
    EXPECT_EQ(iso_time(1'790'000'000'000, Zone::local), "2026-09-21T10:43:20-03:30");
    unsetenv("TZ");
    tzset();
}

TEST(Durations, AreShort) {
    EXPECT_EQ(duration(850), "850 ms");
    EXPECT_EQ(duration(12'345), "12.3 s");
    EXPECT_EQ(duration(65'000), "1 min 5 s");
    EXPECT_EQ(duration(7'380'000), "2 h 3 min");
    EXPECT_EQ(duration(363'600'000), "4 d 5 h");
    EXPECT_EQ(offset(65'120), "1:05.120");
    EXPECT_EQ(offset(-5), "0:00.000");
    EXPECT_EQ(bytes(1023), "1023 B");
    EXPECT_EQ(bytes(1'258'291), "1.2 MiB");
}

TEST(Table, AlignsAndWrapsTheLastColumn) {
    Table table({"NAME", ">N", "WORDS"}, Last::wrap);
    table.add({"one", "1", std::string(95, 'x')});
    table.add({"three", "20", "short"});
    EXPECT_EQ(table.str(Look{}, "  "),
              "  NAME    N  WORDS\n"
              "  one     1  " +
                  std::string(87, 'x') +
                  "\n"
                  "             " +
                  std::string(8, 'x') +
                  "\n"
                  "  three  20  short\n");
}

}  // namespace
}  // namespace holdfast::ctl
