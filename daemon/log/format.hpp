// One log line as bytes. Pure: the same record gives the same line. Nothing a peer sent can break a
// line in two or move a terminal's cursor: control characters, invalid UTF-8, line separators and
// text-direction overrides come out escaped, long values cut.
#pragma once

#include "log/log.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::log {

constexpr std::size_t k_message_bytes_max = 512;
constexpr std::size_t k_value_bytes_max = 256;   // before escaping
constexpr std::size_t k_line_bytes_max = 3'900;  // below PIPE_BUF: a pipe takes the line whole

struct Record {
    std::int64_t utc_ms = 0;
    Level level = Level::info;
    std::string_view room;
    std::string_view message;
    std::string_view call;  // empty: no call
    Fields fields;
    std::string_view message_id;  // of an event (log/events.hpp); empty: none
};

const char* to_string(Level level);
int syslog_priority(Level level);

// text: `2026-11-24T02:00:00.123Z notice call: message call=CA.. key=value`
std::string format_text(const Record& record);

// json: one object; a field whose key collides with one of ours is named field_<key>.
std::string format_json(const Record& record);

// journald: NAME=value separated by newlines, which no value can contain. MESSAGE repeats the
// fields after the sentence, because that is all that plain `journalctl -u holdfast` shows.
std::string format_journald(const Record& record);

std::string format(Format format, const Record& record);

}  // namespace holdfast::log
