#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

#include <array>
#include <optional>

namespace holdfast::ctl {
namespace {

struct Line {
    std::string label;  // who or what, one word
    Paint paint = Paint::dim;
    std::string text;
    bool detail = false;  // only when everything is asked for
};

std::string quoted(const Json& event) {
    return "\"" + word(event, "text") + "\"";
}

// "850 of 3400 ms", or nothing when the event does not say.
std::string heard(const Json& event) {
    const auto played = number(event, "played_ms");
    const auto total = number(event, "total_ms");
    if (!played || !total) return {};
    return std::to_string(*played) + " of " + std::to_string(*total) + " ms";
}

Line utterance(const Json& event) {
    const bool caller = word(event, "speaker") == "caller";
    Line line{caller ? "caller" : "voice", caller ? Paint::caller : Paint::voice, quoted(event),
              false};
    if (word(event, "detail") == "keypad") line.text += " (keypad)";
    const auto played = number(event, "played_ms");
    const auto total = number(event, "total_ms");
    if (played && total && *played < *total) line.text += " (" + heard(event) + " heard)";
    if (const auto after = number(event, "response_ms"))
        line.text += " (after " + std::to_string(*after) + " ms)";
    return line;
}

Line interruption(const Json& event) {
    const auto part = heard(event);
    return {"cut", Paint::warning,
            "caller spoke into the answer" + (part.empty() ? "" : ": " + part + " heard"), false};
}

Line ended(const Json& event) {
    return {"ended", Paint::strong,
            word(event, "detail") + " after " + duration(number_or(event, "offset_ms", 0)), false};
}

// Kinds that need no more than a few words and one member.
struct Plain {
    std::string_view kind;
    const char* label;
    const char* words;
    const char* member;
    Paint paint;
    bool detail;
};

constexpr std::array<Plain, 12> k_plain = {{
    {"ringing", "ringing", "on rung ", "rung", Paint::strong, false},
    {"stream_connected", "stream", "connected", "", Paint::dim, true},
    {"stream_started", "stream", "started ", "detail", Paint::dim, false},
    {"greeting", "greeting", "from memory", "", Paint::voice, false},
    {"sentence", "sentence", "from memory: ", "detail", Paint::voice, false},
    {"voice", "session", "", "detail", Paint::dim, true},
    {"speech_started", "speech", "begins", "", Paint::dim, true},
    {"speech_stopped", "speech", "stops", "", Paint::dim, true},
    {"mark_timeout", "mark", "never came back ", "detail", Paint::warning, true},
    {"seam", "seam", "", "detail", Paint::warning, false},
    {"voice_lost", "lost", "", "detail", Paint::bad, false},
    {"transfer", "person", "", "detail", Paint::warning, false},
}};

Line line_of(const Json& event) {
    const auto kind = word(event, "kind");
    if (kind == "utterance") return utterance(event);
    if (kind == "interruption") return interruption(event);
    if (kind == "ended") return ended(event);
    if (kind == "dtmf") return {"key", Paint::caller, quoted(event), false};
    for (const auto& plain : k_plain) {
        if (plain.kind != kind) continue;
        return {plain.label, plain.paint, plain.words + word(event, plain.member), plain.detail};
    }
    return {kind, Paint::dim, word(event, "detail"), true};  // a newer daemon's
}

std::string short_sid(const std::string& sid) {
    return sid.size() < 6 ? sid : sid.substr(0, 2) + "…" + sid.substr(sid.size() - 4);
}

// The text is wrapped under itself.
std::string lines_of(const Line& line, const std::string& lead, const Look& look) {
    constexpr std::size_t k_label = 8;
    const std::string margin(columns(lead) + k_label + 1, ' ');
    std::string before =
        lead + paint(look, line.paint, pad(cut(line.label, k_label), k_label)) + " ";
    std::string out;
    for (auto part : wrap(line.text, k_columns - margin.size())) {
        part.erase(part.find_last_not_of(' ') + 1);
        out += before + part + "\n";
        before = margin;
    }
    return out;
}

}  // namespace

std::string FeedPrinter::print(const Json& event) {
    const auto kind = word(event, "kind");
    if (kind == "hello") {
        const auto who = word(event, "version") + " at " + word(event, "site_id");
        return paint(look_, Paint::dim, "following holdfastd " + who) + "\n";
    }
    if (kind == "missed") {
        const auto count = std::to_string(number_or(event, "count", 0));
        return paint(look_, Paint::warning, count + " events missed: this reader is too slow") +
               "\n";
    }
    const Line line = line_of(event);
    if (line.detail && detail_ == Detail::normal) return {};

    const auto at = number_or(event, "utc_ms", 0);
    const auto sid = pad(short_sid(word(event, "call")), 7);
    auto out = lines_of(line, clock_time(at, look_.zone) + "  " + sid + "  ", look_);
    const auto day = date(at, look_.zone) + (look_.zone == Zone::utc ? " UTC" : " local time");
    if (day == day_) return out;
    day_ = day;
    return paint(look_, Paint::dim, day) + "\n" + out;
}

}  // namespace holdfast::ctl
