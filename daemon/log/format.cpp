#include "log/format.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace holdfast::log {
namespace {

// The character at the front of `text`: its bytes and code point. An invalid byte is bytes == 0.
struct Rune {
    std::size_t bytes = 0;
    std::uint32_t code = 0;
};

Rune rune_at(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {1, lead};
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (text.size() < bytes || !base::is_utf8(text.substr(0, bytes))) return {};
    std::uint32_t code = lead & (0xffu >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3fu);
    }
    return {bytes, code};
}

// C0, DEL, C1 (a terminal reads U+009B as an escape sequence), line and paragraph separators, and
// the overrides that make a line read backwards.
bool is_unsafe(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f || code == 0xfeff;
}

std::string_view cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end == 0 ? bytes_max : end);
}

void append_hex(std::string& out, const char* form, unsigned value) {
    std::array<char, 16> buffer{};
    std::snprintf(buffer.data(), buffer.size(), form, value);
    out += buffer.data();
}

void append_unsafe(std::string& out, std::uint32_t code, bool json) {
    if (code == '\n')
        out += "\\n";
    else if (code == '\r')
        out += "\\r";
    else if (code == '\t')
        out += "\\t";
    else
        append_hex(out, code < 0x80 && !json ? "\\x%02x" : "\\u%04x", code);
}

// Escapes up to `bytes_max` bytes of `text`; longer text ends in "...". Quotes and backslashes are
// escaped where the result stands between quotes.
void append_escaped(std::string& out, std::string_view text, std::size_t bytes_max, bool json,
                    bool quoted) {
    const std::string_view kept = cut(text, bytes_max);
    for (std::size_t i = 0; i < kept.size();) {
        const Rune rune = rune_at(kept.substr(i));
        if (rune.bytes == 0) {
            if (json)
                out += "\\ufffd";
            else
                append_hex(out, "\\x%02x", static_cast<unsigned char>(kept[i]));
            ++i;
            continue;
        }
        if (is_unsafe(rune.code)) {
            append_unsafe(out, rune.code, json);
        } else {
            if (rune.code == '\\' || (quoted && rune.code == '"')) out += '\\';
            out.append(kept, i, rune.bytes);
        }
        i += rune.bytes;
    }
    if (kept.size() < text.size()) out += "...";
}

bool needs_quotes(std::string_view text) {
    return text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
               return c == ' ' || c == '"' || c == '=' || c == '\\' ||
                      static_cast<unsigned char>(c) < 0x20;
           });
}

void append_number(std::string& out, std::int64_t value) {
    out += std::to_string(value);
}

void append_number(std::string& out, double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), end.ptr);
}

enum class Style { text, json, journald };

void append_value(std::string& out, const Value& value, Style style) {
    if (const auto* text = std::get_if<std::string_view>(&value.value)) {
        const bool quoted = style == Style::json || (style == Style::text && needs_quotes(*text));
        if (quoted) out += '"';
        append_escaped(out, *text, k_value_bytes_max, style == Style::json, quoted);
        if (quoted) out += '"';
    } else if (const auto* truth = std::get_if<bool>(&value.value)) {
        out += *truth ? "true" : "false";
    } else if (const auto* real = std::get_if<double>(&value.value)) {
        const bool quoted = style == Style::json && !std::isfinite(*real);
        if (quoted) out += '"';
        append_number(out, *real);
        if (quoted) out += '"';
    } else {
        append_number(out, std::get<std::int64_t>(value.value));
    }
}

// Adds fields one by one; the first that would make the line too long ends it with `tail` instead.
template <class Append>
void append_fields(std::string& out, const Fields& fields, std::string_view tail, Append append) {
    for (const Field& field : fields) {
        const std::size_t before = out.size();
        append(field);
        if (out.size() + tail.size() <= k_line_bytes_max) continue;
        out.resize(before);
        out += tail;
        return;
    }
}

void append_sentence(std::string& out, const Record& record) {
    append_escaped(out, record.message, k_message_bytes_max, false, false);
    if (!record.call.empty()) {
        out += " call=";
        append_escaped(out, record.call, k_value_bytes_max, false, false);
    }
    append_fields(out, record.fields, " cut=true", [&](const Field& field) {
        out += ' ';
        append_escaped(out, field.key, k_value_bytes_max, false, false);
        out += '=';
        append_value(out, field.value, Style::text);
    });
}

std::string journal_name(std::string_view key) {
    std::string name = "HOLDFAST_";
    for (const char c : key.substr(0, 64 - name.size())) {  // journald's limit for a name is 64
        const bool lower = c >= 'a' && c <= 'z';
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name += lower ? static_cast<char>(c - 'a' + 'A') : plain ? c : '_';
    }
    return name;
}

}  // namespace

const char* to_string(Level level) {
    switch (level) {
        case Level::error:
            return "error";
        case Level::warning:
            return "warning";
        case Level::notice:
            return "notice";
        case Level::info:
            return "info";
        case Level::debug:
            return "debug";
    }
    return "unknown";
}

int syslog_priority(Level level) {
    return 3 + static_cast<int>(level);
}  // LOG_ERR .. LOG_DEBUG

std::string format_text(const Record& record) {
    std::string out;
    out.reserve(256);
    base::append_iso_utc(out, record.utc_ms);
    out.append(" ").append(to_string(record.level)).append(" ").append(record.room).append(": ");
    append_sentence(out, record);
    return out;
}

std::string format_json(const Record& record) {
    static constexpr std::array<std::string_view, 6> k_ours{"time", "level", "room", "message", "message_id",
                                                            "call"};
    std::string out = "{\"time\":\"";
    out.reserve(256);
    base::append_iso_utc(out, record.utc_ms);
    out.append("\",\"level\":\"").append(to_string(record.level));
    out.append("\",\"room\":\"").append(record.room).append("\",\"message\":\"");
    append_escaped(out, record.message, k_message_bytes_max, true, true);
    out += '"';
    if (!record.message_id.empty()) out.append(",\"message_id\":\"").append(record.message_id).append("\"");
    if (!record.call.empty()) {
        out += ",\"call\":\"";
        append_escaped(out, record.call, k_value_bytes_max, true, true);
        out += '"';
    }
    append_fields(out, record.fields, ",\"cut\":true", [&](const Field& field) {
        const bool taken = std::find(k_ours.begin(), k_ours.end(), field.key) != k_ours.end();
        out += taken ? ",\"field_" : ",\"";
        append_escaped(out, field.key, k_value_bytes_max, true, true);
        out += "\":";
        append_value(out, field.value, Style::json);
    });
    out += '}';
    return out;
}

std::string format_journald(const Record& record) {
    std::string out = "MESSAGE=";
    out.reserve(512);
    out.append(record.room).append(": ");
    append_sentence(out, record);
    out += "\nPRIORITY=" + std::to_string(syslog_priority(record.level));
    if (!record.message_id.empty()) out.append("\nMESSAGE_ID=").append(record.message_id);
    out += "\nSYSLOG_IDENTIFIER=holdfastd";
    out.append("\nHOLDFAST_ROOM=").append(record.room);
    if (!record.call.empty()) {
        out += "\nHOLDFAST_CALL=";
        append_escaped(out, record.call, k_value_bytes_max, false, false);
    }
    for (const Field& field : record.fields) {
        out.append("\n").append(journal_name(field.key)).append("=");
        append_value(out, field.value, Style::journald);
    }
    return out;
}

std::string format(Format format, const Record& record) {
    switch (format) {
        case Format::json:
            return format_json(record);
        case Format::journald:
            return format_journald(record);
        case Format::text:
            break;
    }
    return format_text(record);
}

}  // namespace holdfast::log
