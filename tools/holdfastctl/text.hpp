// Text for a terminal: what was stored is shown, never obeyed (control characters and direction
// marks are escaped), and lines fit into k_columns. Times, sizes and durations as people read them.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::ctl {

constexpr std::size_t k_columns = 100;

enum class Zone { utc, local };

// How output looks; decided once in main.
struct Look {
    bool colour = false;
    Zone zone = Zone::utc;
};

enum class Paint { strong, dim, good, warning, bad, caller, voice };

// `text` in a colour, or as it is when colours are off. Zero columns wide beyond the text.
std::string paint(const Look& look, Paint paint, std::string_view text);

// Safe to print: control characters, bytes that are not UTF-8 and characters that reorder or hide
// text come out as \n, \t, \xNN or \u{NNNN}.
std::string printable(std::string_view text);

// Columns that printable text takes on a terminal.
std::size_t columns(std::string_view text);
std::string pad(std::string_view text, std::size_t width);       // to the right with blanks
std::string pad_left(std::string_view text, std::size_t width);  // numbers
std::string cut(std::string_view text, std::size_t width);       // with an ellipsis

// Breaks printable text between words, or inside a word that is too long. At least one line.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

std::string iso_time(std::int64_t utc_ms, Zone zone);     // 2026-11-24T02:13:05Z
std::string iso_time_ms(std::int64_t utc_ms, Zone zone);  // 2026-11-24T02:13:05.120Z
std::string clock_time(std::int64_t utc_ms, Zone zone);   // 02:13:05.120
std::string date(std::int64_t utc_ms, Zone zone);         // 2026-11-24
std::string offset(std::int64_t ms);                      // 1:05.120, since the call began
std::string duration(std::int64_t ms);  // 850 ms, 12.3 s, 1 min 5 s, 2 h 3 min, 4 d 5 h
std::string bytes(std::int64_t count);  // 1.2 MiB

}  // namespace holdfast::ctl
