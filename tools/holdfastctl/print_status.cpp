#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

namespace holdfast::ctl {
namespace {

std::string line(std::string_view name, const std::string& value) {
    constexpr std::size_t k_name = 12;
    const std::string margin(2 + k_name, ' ');
    std::string out;
    for (const auto& part : wrap(value, k_columns - margin.size())) {
        out += (out.empty() ? "  " + pad(name, k_name) : margin) + part + "\n";
    }
    return out;
}

std::string reasons(const Json& status) {
    std::string out;
    const Json& list = member(status, "reasons");
    if (!list.is_array()) return out;
    for (const auto& reason : list) {
        if (!reason.is_string()) continue;
        out += (out.empty() ? "" : ", ") + printable(reason.get_ref<const std::string&>());
    }
    return out;
}

// "openai: good (412 ms)"; rungs that the configuration leaves out are named last.
std::string ladder(const Json& rungs) {
    std::string out, skipped;
    if (!rungs.is_array()) return out;
    for (const auto& rung : rungs) {
        if (!flag(rung, "configured")) {
            skipped += (skipped.empty() ? "" : ", ") + word(rung, "rung") + " (" + word(rung, "reason") + ")";
            continue;
        }
        out += (out.empty() ? "" : ", ") + word(rung, "rung") + ": " + word(rung, "state");
        const auto first_audio_ms = number_or(rung, "first_audio_ms", -1);
        if (first_audio_ms >= 0) out += " (" + std::to_string(first_audio_ms) + " ms)";
        const auto retry_in_ms = number_or(rung, "retry_in_ms", 0);
        if (retry_in_ms > 0) out += " (tried again in " + std::to_string((retry_in_ms + 999) / 1000) + " s)";
    }
    return skipped.empty() ? out : out + "; not here: " + skipped;
}

// "up 100 %, down 82 %, carries 3 calls"
std::string uplink(const Json& line) {
    const auto percent = [&line](std::string_view key) {
        const auto& value = member(line, key);
        return value.is_number() ? std::to_string(static_cast<int>(100 * value.get<double>() + 0.5)) + " %" : std::string("unknown");
    };
    std::string out = "up " + percent("up") + ", down " + percent("down");
    if (flag(line, "is_down")) out += ", no talk possible";
    if (const auto calls = number(line, "calls_max")) out += ", carries " + std::to_string(*calls) + " calls";
    return out;
}

std::string journal(const Json& store) {
    auto out = word(store, "health");
    const auto reason = word(store, "reason");
    if (!reason.empty()) out += " (" + reason + ")";
    out += ", " + std::to_string(number_or(store, "rows_committed", 0)) + " rows";
    out += ", " + std::to_string(number_or(store, "rows_waiting", 0)) + " waiting";
    out += ", " + bytes(number_or(store, "database_bytes", 0) + number_or(store, "wal_bytes", 0));
    out += ", " + bytes(number_or(store, "free_bytes", 0)) + " free";
    const auto encryption = word(store, "encryption");
    if (encryption == "on") out += ", sealed";
    if (encryption == "key_missing") out += ", MASTER KEY MISSING: what was sealed cannot be read";
    const auto to_rotate = number_or(store, "keys_to_rotate", 0);
    if (to_rotate > 0) out += ", " + std::to_string(to_rotate) + " keys still under an older master key";
    const auto unreadable = number_or(store, "keys_unreadable", 0);
    if (unreadable > 0) out += ", " + std::to_string(unreadable) + " KEYS THAT NO MASTER KEY OPENS: give the older ones as well";
    const auto aside = number_or(store, "files_set_aside", 0);
    if (aside > 0) out += ", " + std::to_string(aside) + " damaged files set aside";
    const auto keys_aside = number_or(store, "keys_set_aside", 0);
    if (keys_aside > 0) out += " with " + std::to_string(keys_aside) + " keys that the journal does not have";
    if (number_or(store, "losses", 0) > 0) {
        out += "; LOSS (" + word(store, "loss") + "), " + std::to_string(number_or(store, "lost_rows", 0)) +
               " rows known to be gone: holdfastctl losses";
    }
    return out;
}

// "behind (unreachable), 1200 rows wait, the oldest since 2026-01-31T23:59:59Z"
std::string sync(const Json& status, Zone zone) {
    auto out = word(status, "state");
    if (out == "off") return "off: no mongodb_uri, everything stays here";
    const auto reason = word(status, "reason");
    if (!reason.empty()) out += " (" + reason + ")";
    const auto waiting = number_or(status, "rows_waiting", 0);
    out += ", " + std::to_string(waiting) + " rows wait";
    if (const auto size = number_or(status, "bytes_waiting", 0); size > 0) out += " (about " + bytes(size) + ")";
    if (const auto oldest = number(status, "oldest_utc_ms"); oldest && waiting > 0) out += ", the oldest since " + iso_time(*oldest, zone);
    if (const auto last = number(status, "last_success_utc_ms")) out += "; last success " + iso_time(*last, zone);
    const auto refused = number_or(status, "rows_refused", 0);
    if (refused > 0) out += "; " + std::to_string(refused) + " documents refused";
    const Json& audio = member(status, "audio");
    const auto sound = audio.is_object() ? number_or(audio, "waiting", 0) : 0;
    if (sound > 0) out += "; the sound of " + std::to_string(sound) + " recordings waits";
    return out;
}

// "clock good, disk worn (90 % of its life used)"
std::string box(const Json& status, const Look& look) {
    const auto mark = [&look](const std::string& text, bool well) { return well ? text : paint(look, Paint::bad, text); };
    const auto clock = word(status, "clock"), disk = word(status, "disk");
    auto out = mark("clock " + clock, clock == "good" || clock == "unknown");
    out += ", " + mark("disk " + disk, disk == "good" || disk == "unknown");
    const auto& used = member(status, "disk_life_used");
    if (used.is_number()) out += " (" + std::to_string(static_cast<int>(100 * used.get<double>() + 0.5)) + " % of its life used)";
    if (flag(status, "safe_mode")) out += ", " + mark("SAFE MODE after crashes: recorded prompts and people only, no sync", false);
    return out;
}

std::string front_door(const Json& listener, Zone zone) {
    const auto port = number_or(listener, "port", 0);
    if (port == 0) return "closed";
    auto out = word(listener, "address") + " port " + std::to_string(port);
    out += flag(listener, "tls") ? ", TLS" : ", plain HTTP";
    const auto base_url = word(listener, "base_url");
    if (!base_url.empty()) out += ", " + base_url;
    if (const auto until = number(listener, "certificate_not_after_utc_s")) {
        out += ", certificate until " + iso_time(*until * 1000, zone);
    }
    return out;
}

// A drain before a restart; its end, should nobody restart.
std::string draining(const Json& status, Zone zone) {
    if (!flag(status, "draining")) return {};
    const auto until = number(member(status, "drain"), "ends_utc_ms");
    return ", draining: new calls go to people" + (until ? " until a restart, or " + iso_time(*until, zone) : std::string());
}

// "reloaded 2026-01-31T23:59:59Z; restart holdfast for: store.path"
std::string configuration(const Json& reload, Zone zone) {
    const auto result = word(reload, "result");
    const auto at = number(reload, "utc_ms");
    const std::string when = at ? " " + iso_time(*at, zone) : "";
    std::string out = result == "rejected" ? "REFUSED" + when + ", the old one stays in force: " + word(reload, "problem")
                      : at                 ? "reloaded" + when
                                           : "as started";
    const auto problems = number_or(reload, "problems", 0);
    if (problems > 1) out += ", and " + std::to_string(problems - 1) + " more: holdfastctl check";
    const Json& keys = member(reload, "needs_restart");
    std::string list;
    if (keys.is_array()) {
        for (const auto& key : keys) {
            if (key.is_string()) list += (list.empty() ? "" : ", ") + printable(key.get_ref<const std::string&>());
        }
    }
    return list.empty() ? out : out + "; restart holdfast for: " + list;
}

}  // namespace

std::string print_status(const Json& status, const Look& look) {
    const bool ready = flag(status, "ready");
    const auto why = reasons(status);
    const auto& calls = member(status, "calls");
    const auto started = number_or(status, "started_utc_ms", 0);
    auto out = "holdfastd " + word(status, "version") + " at " + word(status, "site_id") + ": ";
    out += ready ? paint(look, Paint::good, "ready")
                 : paint(look, Paint::bad, "not ready" + (why.empty() ? "" : ": " + why));
    out += "\n";
    out += line("running", iso_time(started, look.zone) + " (" +
                               duration(number_or(status, "now_utc_ms", started) - started) + ")");
    out +=
        line("calls", std::to_string(number_or(calls, "active", 0)) + " of " +
                          std::to_string(number_or(calls, "max", 0)) +
                          draining(status, look.zone));
    out += line("ladder", ladder(member(status, "rungs")));
    if (member(status, "line").is_object()) out += line("line", uplink(member(status, "line")));
    out += line("journal", journal(member(status, "store")));
    if (member(status, "sync").is_object()) out += line("sync", sync(member(status, "sync"), look.zone));
    if (member(status, "box").is_object()) out += line("box", box(member(status, "box"), look));
    out += line("front door", front_door(member(status, "public"), look.zone));
    if (const Json& test = member(status, "selftest"); test.is_object()) {
        out += line("test call", word(test, "detail") + ", " + iso_time(number_or(test, "utc_ms", 0), look.zone));
    }
    if (member(status, "reload").is_object()) out += line("config", configuration(member(status, "reload"), look.zone));
    out += line("prompts", std::to_string(number_or(status, "prompts_loaded", 0)) + " loaded");
    return out;
}

}  // namespace holdfast::ctl
