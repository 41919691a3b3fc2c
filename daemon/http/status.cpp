#include "http/status.hpp"

#include "base/wall_clock.hpp"
#include "config/limits.hpp"

namespace holdfast::http {
namespace {

Part certificate_part(const PublicStatus& listener, std::int64_t now_utc_ms) {
    Part part{"certificate", PartState::ok, "good"};
    if (!listener.tls) {
        part.detail = "not_used";
        return part;
    }
    // P13: by such a clock nothing expires, and nothing has expired.
    if (!base::is_plausible_now(now_utc_ms)) {
        part.detail = "clock_not_set";
        return part;
    }
    const auto left =
        std::chrono::seconds(listener.certificate_not_after_utc_s - now_utc_ms / 1000);
    if (left.count() <= 0) {
        part.state = PartState::down;
        part.detail = "expired";
    } else if (left < limits::certificate_warning) {
        part.state = PartState::degraded;
        part.detail = "expires_soon";
    }
    return part;
}

Part store_part(const store::StoreStatus& status) {
    Part part{"store", PartState::ok, status.reason};
    if (status.health != store::StoreHealth::good) part.state = PartState::degraded;
    // The marks of D01.
    const double free = status.total_bytes > 0 ? static_cast<double>(status.free_bytes) / static_cast<double>(status.total_bytes) : 1;
    if (part.detail.empty() && free < limits::disk_filling) {
        part.state = PartState::degraded;
        part.detail = free < limits::disk_nearly_full ? "disk_nearly_full" : "disk_filling";
    }
    if (part.detail.empty()) part.detail = store::to_string(status.health);
    return part;
}

// Stands until a person has seen it: holdfastctl losses --seen.
Part losses_part(const store::StoreStatus& status) {
    if (status.losses == 0) return {"losses", PartState::ok, "none"};
    return {"losses", PartState::degraded, status.loss};
}

Part encryption_part(const store::StoreStatus& status) {
    if (status.encryption == "on" && status.keys_unreadable > 0) return {"encryption", PartState::degraded, "keys_unreadable"};
    return {"encryption", status.encryption == "key_missing" ? PartState::degraded : PartState::ok,
            status.encryption.empty() ? "off" : status.encryption};
}

Part voice_part(const VoiceStatus& voice) {
    if (!voice.configured) return {"voice", PartState::degraded, "not_configured"};
    return {"voice", voice.state == "failing" ? PartState::degraded : PartState::ok, voice.state};
}

// Alarm: people have to do something, a document was refused, or the oldest change waits for an hour (M01). Sound may wait longer:
// how long it takes is a matter of the line.
Part sync_part(const SyncStatus& sync, std::int64_t now_utc_ms) {
    Part part{"sync", PartState::ok, sync.reason.empty() ? sync.state : sync.reason};
    const bool late = sync.oldest_utc_ms && now_utc_ms - *sync.oldest_utc_ms > std::chrono::milliseconds(limits::sync_late).count();
    const bool refused = sync.rows_refused > 0 || sync.audio.refused > 0;
    const bool audio_for_people = sync.state != "not_allowed" && sync.audio.state == "not_allowed";
    if (audio_for_people) part.detail = "audio_not_allowed";
    if (refused) part.detail = "refused_documents";
    if (sync.state == "not_allowed" || audio_for_people || refused || (sync.state != "off" && late)) part.state = PartState::degraded;
    return part;
}

// "unknown" is no fault of the box: another time service, a disk that does not say.
Part clock_part(const BoxStatus& box) {
    const bool doubtful = box.clock == "not_set" || box.clock == "unsynchronised";
    return {"clock", doubtful ? PartState::degraded : PartState::ok, box.clock};
}

Part disk_part(const BoxStatus& box) {
    const bool well = box.disk == "good" || box.disk == "unknown";
    return {"disk", well ? PartState::ok : PartState::degraded, box.disk};
}

// Never down: what is wrong with it stands in other parts too, or is the tester's own line.
Part selftest_part(const SelftestStatus& last) {
    if (last.utc_ms == 0) return {"selftest", PartState::ok, "never"};
    return {"selftest", last.good ? PartState::ok : PartState::degraded, last.detail};
}

// Somebody wants something else than what runs.
Part configuration_part(const ReloadStatus& reload) {
    if (reload.result == "rejected") return {"configuration", PartState::degraded, "rejected"};
    if (!reload.needs_restart.empty()) return {"configuration", PartState::degraded, "restart_needed"};
    return {"configuration", PartState::ok, "good"};
}

}  // namespace

std::string_view to_string(PartState state) {
    switch (state) {
        case PartState::ok:
            return "ok";
        case PartState::degraded:
            return "degraded";
        case PartState::down:
            return "down";
    }
    return "down";
}

std::vector<Part> parts_of(const DaemonStatus& status, std::int64_t now_utc_ms) {
    const bool listening = status.public_.port != 0;
    const bool prompts = status.prompts_loaded > 0;
    return {
        {"front_door", listening ? PartState::ok : PartState::down,
         listening ? "listening" : "closed"},
        {"prompts", prompts ? PartState::ok : PartState::down, prompts ? "loaded" : "missing"},
        store_part(status.store),
        losses_part(status.store),
        encryption_part(status.store),
        voice_part(status.voice),
        certificate_part(status.public_, now_utc_ms),
        sync_part(status.sync, now_utc_ms),
        configuration_part(status.reload),
        selftest_part(status.selftest),
        clock_part(status.box),
        disk_part(status.box),
        {"safe_mode", status.box.safe_mode ? PartState::degraded : PartState::ok, status.box.safe_mode ? "on" : "off"},
        {"draining", status.draining ? PartState::down : PartState::ok,
         status.draining ? "yes" : "no"},
    };
}

void decide_ready(DaemonStatus& status, std::int64_t now_utc_ms) {
    status.reasons.clear();
    for (const Part& part : parts_of(status, now_utc_ms)) {
        if (part.state == PartState::down) status.reasons.emplace_back(part.name);
    }
    status.ready = status.reasons.empty();
}

}  // namespace holdfast::http
