#include "holdfastctl/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace holdfast::ctl {
namespace {

struct Decoded {
    char32_t code = 0;
    std::size_t bytes = 0;  // 0: not UTF-8 here
};

Decoded decode(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = at(0);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xf0 && first < 0xf5 ? 4
                               : first >= 0xe0               ? 3
                               : first >= 0xc2               ? 2
                                                             : 0;
    if (length == 0 || first >= 0xf5 || text.size() < length) return {};
    char32_t code = first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xc0) != 0x80) return {};
        code = (code << 6) | (at(i) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> k_least = {0, 0, 0x80, 0x800, 0x10000};
    if (code < k_least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
    return {code, length};
}

// C1 controls, and what changes the direction of text or cannot be seen: a transcript must not be
// able to fake a line of this program's output.
bool hidden(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f);
}

std::size_t width_of(char32_t c) {
    if ((c >= 0x300 && c < 0x370) || (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0x20d0 && c <= 0x20ff))
        return 0;
    const bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
                      (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
                      (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                      (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
                      (c >= 0x20000 && c <= 0x3fffd);
    return wide ? 2 : 1;
}

// The most leading bytes of `text` that fit into `width` columns; at least one character.
std::size_t fit(std::string_view text, std::size_t width) {
    std::size_t used = 0;
    std::size_t taken = 0;
    while (taken < text.size()) {
        const auto next = decode(text.substr(taken));
        const auto more = width_of(next.code);
        if (used + more > width && taken > 0) break;
        used += more;
        taken += std::max<std::size_t>(next.bytes, 1);
    }
    return taken;
}

template <class... Args>
std::string format(const char* pattern, Args... args) {
    std::array<char, 96> out{};
    std::snprintf(out.data(), out.size(), pattern, args...);
    return out.data();
}

struct Moment {
    std::tm parts{};
    int ms = 0;
};

Moment moment(std::int64_t utc_ms, Zone zone) {
    Moment result;
    const std::int64_t floor = utc_ms >= 0 ? utc_ms / 1000 : -((999 - utc_ms) / 1000);
    const auto seconds = static_cast<std::time_t>(floor);
    result.ms = static_cast<int>(utc_ms - floor * 1000);
    if (zone == Zone::utc) {
        gmtime_r(&seconds, &result.parts);
    } else {
        localtime_r(&seconds, &result.parts);
    }
    return result;
}

std::string zone_suffix(const Moment& when, Zone zone) {
    if (zone == Zone::utc) return "Z";
    const long minutes = when.parts.tm_gmtoff / 60;
    const long size = minutes < 0 ? -minutes : minutes;
    return format("%c%02ld:%02ld", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

std::string iso_until_seconds(const Moment& when) {
    const auto& t = when.parts;
    return format("%04d-%02d-%02dT%02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                  t.tm_hour, t.tm_min, t.tm_sec);
}

}  // namespace

std::string paint(const Look& look, Paint paint, std::string_view text) {
    if (!look.colour || text.empty()) return std::string(text);
    static constexpr std::array<const char*, 7> k_codes = {"1", "2", "32", "33", "31", "36", "35"};
    return std::string("\x1b[") + k_codes[static_cast<std::size_t>(paint)] + "m" +
           std::string(text) + "\x1b[0m";
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto next = decode(text);
        const auto taken = std::max<std::size_t>(next.bytes, 1);
        if (next.bytes == 0) {
            out += format("\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
        } else if (next.code == '\n') {
            out += "\\n";
        } else if (next.code == '\r') {
            out += "\\r";
        } else if (next.code == '\t') {
            out += "\\t";
        } else if (!hidden(next.code)) {
            out += text.substr(0, taken);
        } else if (next.code < 0x80) {
            out += format("\\x%02x", static_cast<unsigned>(next.code));
        } else {
            out += format("\\u{%04x}", static_cast<unsigned>(next.code));
        }
        text.remove_prefix(taken);
    }
    return out;
}

std::size_t columns(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const auto next = decode(text);
        width += next.bytes == 0 ? 1 : width_of(next.code);
        text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
    }
    return width;
}

std::string pad(std::string_view text, std::size_t width) {
    const auto used = columns(text);
    return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
    const auto used = columns(text);
    return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

std::string cut(std::string_view text, std::size_t width) {
    if (columns(text) <= width) return std::string(text);
    return std::string(text.substr(0, width > 1 ? fit(text, width - 1) : 0)) + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    while (columns(text) > width) {
        const auto most = fit(text, width);
        // A blank right behind the last column is as good a place as one inside.
        auto end = text.rfind(' ', most);
        if (end == std::string_view::npos || end == 0) end = most;
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
        while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    }
    if (!text.empty() || lines.empty()) lines.emplace_back(text);
    return lines;
}

std::string iso_time(std::int64_t utc_ms, Zone zone) {
    const auto when = moment(utc_ms, zone);
    return iso_until_seconds(when) + zone_suffix(when, zone);
}

std::string iso_time_ms(std::int64_t utc_ms, Zone zone) {
    const auto when = moment(utc_ms, zone);
    return iso_until_seconds(when) + format(".%03d", when.ms) + zone_suffix(when, zone);
}

std::string clock_time(std::int64_t utc_ms, Zone zone) {
    const auto when = moment(utc_ms, zone);
    return iso_until_seconds(when).substr(11) + format(".%03d", when.ms);
}

std::string date(std::int64_t utc_ms, Zone zone) {
    return iso_until_seconds(moment(utc_ms, zone)).substr(0, 10);
}

std::string offset(std::int64_t ms) {
    const long long whole = std::max<std::int64_t>(ms, 0);
    return format("%lld:%02lld.%03lld", whole / 60'000, whole / 1000 % 60, whole % 1000);
}

std::string duration(std::int64_t ms) {
    const long long s = ms / 1000;
    if (ms < 1000) return format("%lld ms", static_cast<long long>(ms));
    if (s < 60) return format("%lld.%lld s", s, static_cast<long long>(ms / 100 % 10));
    if (s < 3600) return format("%lld min %lld s", s / 60, s % 60);
    if (s < 86'400) return format("%lld h %lld min", s / 3600, s / 60 % 60);
    return format("%lld d %lld h", s / 86'400, s / 3600 % 24);
}

std::string bytes(std::int64_t count) {
    static constexpr std::array<const char*, 5> k_units = {"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(count);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < k_units.size()) {
        value /= 1024;
        ++unit;
    }
    return format(unit == 0 ? "%.0f %s" : "%.1f %s", value, k_units[unit]);
}

}  // namespace holdfast::ctl
