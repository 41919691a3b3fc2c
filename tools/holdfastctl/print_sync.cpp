#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

namespace holdfast::ctl {

std::string print_sync(const Json& status, const Look& look) {
    const Json& sync = member(status, "sync");
    const auto state = word(sync, "state");
    if (state == "off") return "off: there is no mongodb_uri, everything stays on this box\n";
    const auto reason = word(sync, "reason");
    const auto code = number_or(sync, "code", 0);
    auto out = paint(look, state == "good" ? Paint::good : Paint::bad, state);
    if (!reason.empty()) out += ": " + printable(reason) + (code != 0 ? " (code " + std::to_string(code) + ")" : "");
    out += "\n";
    for (const auto& [name, rows] : member(sync, "waiting").items()) {
        if (rows.is_number_integer() && rows.get<std::int64_t>() > 0) {
            out += "  " + printable(name) + ": " + std::to_string(rows.get<std::int64_t>()) + " wait\n";
        }
    }
    if (const auto size = number_or(sync, "bytes_waiting", 0); size > 0) out += "  about " + bytes(size) + " in all\n";
    if (const auto oldest = number(sync, "oldest_utc_ms")) out += "  the oldest since " + iso_time(*oldest, look.zone) + "\n";
    if (const auto last = number(sync, "last_success_utc_ms")) out += "  last success " + iso_time(*last, look.zone) + "\n";
    out += "  since the start: " + std::to_string(number_or(sync, "rows_delivered", 0)) + " delivered, " +
           std::to_string(number_or(sync, "rows_refused", 0)) + " refused\n";
    const Json& audio = member(sync, "audio");
    const auto sound = audio.is_object() ? word(audio, "state") : std::string("off");
    if (sound == "off") return out;
    out += "  audio: " + std::to_string(number_or(audio, "waiting", 0)) + " recordings wait";
    if (const auto oldest = number(audio, "oldest_utc_ms")) out += ", the oldest since " + iso_time(*oldest, look.zone);
    out += "; " + std::to_string(number_or(audio, "delivered", 0)) + " delivered, " + std::to_string(number_or(audio, "refused", 0)) +
           " refused, " + std::to_string(number_or(audio, "purged", 0)) + " purged before";
    const auto trouble = word(audio, "reason");
    const auto its_code = number_or(audio, "code", 0);
    if (!trouble.empty()) {
        out += "; " + paint(look, Paint::bad, sound) + ": " + printable(trouble);
        if (its_code != 0) out += " (code " + std::to_string(its_code) + ")";
    }
    return out + "\n";
}

// The server's reason is not cut: it is all there is to go by.
std::string print_dead_letters(const Json& document, const Look& look) {
    const Json& letters = member(document, "dead_letters");
    if (!letters.is_array() || letters.empty()) return "no dead letters\n";
    std::string out;
    for (const auto& row : letters) {
        out += paint(look, Paint::strong, std::to_string(number_or(row, "id", 0))) + "  " + printable(word(row, "target")) + "  " +
               printable(word(row, "key")) + "\n  " + iso_time(number_or(row, "utc_ms", 0), look.zone) + ", " +
               std::to_string(number_or(row, "attempts", 0)) + " tries: " + printable(word(row, "reason")) + "\n";
    }
    return out;
}

}  // namespace holdfast::ctl
