#include "app/agency_database.hpp"

#include "base/random.hpp"
#include "log/log.hpp"
#include "sync/mongo_sink.hpp"

#include <algorithm>
#include <future>
#include <string_view>
#include <utility>

namespace holdfast::app {
namespace {

constexpr log::Logger k_log{"app"};
constexpr double k_line_poor = 0.5;  // score: below it a call needs all of the line
constexpr double k_bytes_in_kilobit = 125;
constexpr std::chrono::milliseconds k_flush_most{5'000};
constexpr std::chrono::milliseconds k_flush_look{20};
constexpr std::chrono::milliseconds k_stop_most{1'000};  // for what is being sent; it is sent again otherwise
constexpr std::chrono::milliseconds k_gone_wait{2'000};

enum class Gone { purged, lost, unknown };

// Retention says in an audit row what it deletes; with the call itself its rows are gone as well.
Gone why_gone(store::Journal& journal, const store::Recording& recording, std::chrono::milliseconds most) {
    auto found = std::make_shared<std::promise<Gone>>();
    auto answer = found->get_future();
    journal.read_call(recording.call, [found, path = recording.path](const base::Result<store::CallDetail>& detail) {
        if (!detail) return found->set_value(detail.error().code == std::string_view("not_found") ? Gone::purged : Gone::unknown);
        const bool told = std::any_of(detail->audit.begin(), detail->audit.end(), [&path](const store::AuditRow& row) {
            return row.audit.action == "recording_purged" && row.audit.detail == "path=" + path;
        });
        found->set_value(told ? Gone::purged : Gone::lost);
    });
    return answer.wait_for(most) == std::future_status::ready ? answer.get() : Gone::unknown;
}

}  // namespace

void LineShare::set(const ladder::Snapshot& snapshot, std::int64_t calls, const config::Uplink& limits) {
    const double score = std::min(snapshot.uplink_up, snapshot.uplink_down);
    std::int64_t share = k_no_cap;
    if (calls > 0 && score < k_line_poor) {
        share = 0;
    } else if (limits.up_kbps > 0) {
        const double whole = limits.up_kbps * k_bytes_in_kilobit;
        share = std::max<std::int64_t>(1, static_cast<std::int64_t>(calls > 0 ? whole * score / 2 : whole));
    }
    bytes_per_second_.store(share, std::memory_order_relaxed);
}

sync::Allowance LineShare::now() const {
    const auto share = bytes_per_second_.load(std::memory_order_relaxed);
    if (share == k_no_cap) return {};
    return {share == 0, share};
}

std::unique_ptr<sync::Worker> start_sync(const config::Config& config, const base::Loop& clock, store::Journal& journal,
                                         const LineShare& share, RecordingReader::Read recordings) {
    if (config.credentials.mongodb_uri.reveal().empty()) return nullptr;
    sync::MongoSettings settings;
    settings.uri = config.credentials.mongodb_uri;
    settings.database = config.mongodb.database;
    settings.tls_ca_file = config.mongodb.tls_ca_file;
    settings.site_id = config.site.id;
    sync::WorkerParts parts{journal, {}, [&share] { return share.now(); },
                             [&clock] { return clock.utc_ms(); }, base::random_u32};
    if (config.mongodb.audio) parts.read_audio = read_audio(std::move(recordings), journal, k_gone_wait);
    parts.make_sink = [settings = std::move(settings)]() -> std::unique_ptr<sync::Sink> {
        auto sink = sync::make_mongo_sink(settings);
        if (sink) return std::move(*sink);
        k_log.error("mongodb_uri is no URI that the driver takes, nothing is sent", {{"code", sink.error().code}});
        return nullptr;
    };
    return std::make_unique<sync::Worker>(std::move(parts));
}

sync::ReadAudio read_audio(RecordingReader::Read recordings, store::Journal& journal, std::chrono::milliseconds most) {
    return [recordings = std::move(recordings), &journal, most](const store::Recording& recording, std::int64_t at,
                                                                std::int64_t bytes) -> base::Result<sync::AudioPiece> {
        auto part = recordings(recording.path, at, bytes);
        if (part) return sync::AudioPiece{part->total, std::move(part->bytes)};
        if (part.error().code != std::string_view("missing")) return part.error();
        switch (why_gone(journal, recording, most)) {
            case Gone::purged: return base::make_error(base::Condition::reject, "purged");
            case Gone::lost: return part.error();
            case Gone::unknown: break;
        }
        return base::make_error(base::Condition::retry, "journal");
    };
}

void flush_sync(sync::Worker* worker, base::TimePoint until, const std::function<bool(std::chrono::milliseconds)>& wait) {
    if (worker == nullptr) return;
    const auto began = base::Mono::now();
    until = std::min(until, began + k_flush_most);
    worker->flush();
    while (worker->flushing() && base::Mono::now() < until && wait(k_flush_look)) {}
    const bool all = !worker->flushing() && worker->status().state == sync::State::good;
    k_log.notice(all ? "the agency's database has all rows" : "rows for the agency's database wait until the next start",
                 {{"took_ms", base::to_ms(base::Mono::now() - began)}});
}

SyncEnd stop_sync(sync::Worker* worker) {
    if (worker == nullptr || worker->stop(k_stop_most)) return SyncEnd::done;
    k_log.notice("the agency's database does not answer, the stop does not wait for it");
    return SyncEnd::left;
}

void end_sync(std::unique_ptr<sync::Worker> worker, SyncEnd end) {
    if (worker == nullptr) return;
    if (end == SyncEnd::left) {
        static_cast<void>(worker.release());  // its destructor would wait for the driver
        return;
    }
    worker.reset();
    sync::end_mongo();
}

http::SyncStatus sync_status(const sync::Worker* worker) {
    http::SyncStatus out;
    if (worker == nullptr) return out;
    const auto status = worker->status();
    out.state = sync::to_string(status.state);
    out.reason = status.why;
    out.code = status.code;
    out.as_of_utc_ms = status.looked_utc_ms;
    out.rows_waiting = status.rows_waiting;
    out.bytes_waiting = status.bytes_waiting;
    out.oldest_utc_ms = status.oldest_utc_ms;
    out.last_success_utc_ms = status.last_success_utc_ms;
    out.rows_delivered = status.rows_delivered;
    out.rows_refused = status.rows_refused;
    const auto& audio = status.audio;
    out.audio = {sync::to_string(audio.state), audio.why,     audio.code, audio.waiting, audio.oldest_utc_ms, audio.delivered,
                 audio.refused,                audio.purged};
    for (std::size_t i = 0; i < status.waiting.size(); ++i) {
        out.waiting.emplace_back(store::to_string(store::k_change_classes[i]), status.waiting[i]);
    }
    return out;
}

}  // namespace holdfast::app
