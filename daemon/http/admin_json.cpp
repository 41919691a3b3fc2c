#include "http/admin_json.hpp"

#include "base/base64.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace holdfast::http {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& document) {
    // Stored words are not ours: what is not UTF-8 becomes U+FFFD instead of an exception, and all
    // that is not ASCII an escape, so that a document shown raw cannot drive a terminal.
    return document.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}

Json or_null_when_zero(std::int64_t value) {
    return value != 0 ? Json(value) : Json();
}

Json store_object(const store::StoreStatus& status) {
    return {{"health", store::to_string(status.health)},
            {"reason", status.reason},
            {"generation", status.generation},
            {"schema_version", status.schema_version},
            {"rows_committed", status.rows_committed},
            {"rows_waiting", status.rows_waiting},
            {"database_bytes", status.database_bytes},
            {"wal_bytes", status.wal_bytes},
            {"free_bytes", status.free_bytes},
            {"total_bytes", status.total_bytes},
            {"losses", status.losses},
            {"lost_rows", status.lost_rows},
            {"loss", status.loss},
            {"verified_utc_ms", or_null(status.verified_utc_ms)},
            {"encryption", status.encryption},
            {"keys_to_rotate", status.keys_to_rotate},
            {"keys_unreadable", status.keys_unreadable},
            {"files_set_aside", status.files_set_aside},
            {"keys_set_aside", status.keys_set_aside}};
}

Json line(const LineStatus& status) {
    Json out{{"up", status.up}, {"down", status.down}, {"is_down", status.is_down}};
    out["calls_max"] = status.calls_max ? Json(*status.calls_max) : Json();
    return out;
}

Json sync_object(const SyncStatus& status) {
    Json waiting = Json::object();
    for (const auto& [name, rows] : status.waiting) waiting[name] = rows;
    const auto& a = status.audio;
    const Json audio{{"state", a.state},         {"reason", a.reason},   {"code", a.code},       {"waiting", a.waiting},
                     {"oldest_utc_ms", or_null(a.oldest_utc_ms)}, {"delivered", a.delivered}, {"refused", a.refused}, {"purged", a.purged}};
    return {{"state", status.state},
            {"reason", status.reason},
            {"code", status.code},
            {"as_of_utc_ms", or_null(status.as_of_utc_ms)},
            {"rows_waiting", status.rows_waiting},
            {"bytes_waiting", status.bytes_waiting},
            {"waiting", waiting},
            {"oldest_utc_ms", or_null(status.oldest_utc_ms)},
            {"last_success_utc_ms", or_null(status.last_success_utc_ms)},
            {"rows_delivered", status.rows_delivered},
            {"rows_refused", status.rows_refused},
            {"audio", audio}};
}

Json rung_list(const std::vector<RungStatus>& rungs) {
    Json list = Json::array();
    for (const auto& rung : rungs) {
        list.push_back({{"rung", rung.name},
                        {"configured", rung.configured},
                        {"usable", rung.usable},
                        {"state", rung.state},
                        {"reason", rung.reason},
                        {"connect_ms", rung.connect_ms},
                        {"first_audio_ms", rung.first_audio_ms},
                        {"ping_ms", rung.ping_ms},
                        {"ping_loss", rung.ping_loss},
                        {"tokens_left", rung.tokens_left},
                        {"retry_in_ms", rung.retry_in_ms}});
    }
    return list;
}

Json voice_object(const VoiceStatus& voice) {
    return {{"provider", voice.provider},
            {"configured", voice.configured},
            {"state", voice.configured ? voice.state : "not_configured"},
            {"last_error_code", voice.last_error_code}};
}

Json box_object(const BoxStatus& box) {
    return {{"clock", box.clock},
            {"disk", box.disk},
            {"disk_life_used", box.disk_life_used < 0 ? Json() : Json(box.disk_life_used)},
            {"safe_mode", box.safe_mode}};
}

Json reload_object(const ReloadStatus& reload) {
    return {{"utc_ms", or_null(reload.utc_ms)},
            {"result", reload.result},
            {"problem", reload.problem},
            {"problems", reload.problems},
            {"needs_restart", reload.needs_restart}};
}

Json public_object(const PublicStatus& listener) {
    return {
        {"address", listener.address},
        {"port", listener.port},
        {"tls", listener.tls},
        {"base_url", listener.base_url},
        {"certificate_not_after_utc_s", or_null_when_zero(listener.certificate_not_after_utc_s)}};
}

Json call_object(const store::CallRow& row) {
    return {{"call", row.call.str()},
            {"status", row.status},
            {"rung", row.rung},
            {"decision", row.decision},
            {"started_utc_ms", row.started_utc_ms},
            {"ended_utc_ms", or_null(row.ended_utc_ms)},
            {"duration_ms", or_null(row.duration_ms)},
            {"end_reason", row.end_reason},
            {"utterances", row.utterances},
            {"last_seq", row.last_seq},
            {"generation", row.generation},
            {"held", row.held},
            {"unreadable", row.unreadable}};
}

Json utterance_object(const store::UtteranceRow& row) {
    const auto& said = row.utterance;
    return {{"seq", row.seq},
            {"utc_ms", said.utc_ms},
            {"speaker", said.speaker == store::Speaker::caller ? "caller" : "voice"},
            {"text", said.text.reveal()},
            {"unreadable", row.unreadable},
            {"start_ms", said.start_ms},
            {"end_ms", said.end_ms},
            {"provider", said.provider},
            {"item_id", said.item_id},
            {"failed", said.failed},
            {"deferred", said.deferred},
            {"interrupted", said.interrupted},
            {"played_ms", or_null(said.played_ms)},
            {"total_ms", or_null(said.total_ms)},
            {"response_us", or_null(said.response_us)},
            {"vad_us", or_null(said.vad_us)},
            {"provider_us", or_null(said.provider_us)},
            {"box_us", or_null(said.box_us)}};
}

Json seam_object(const store::SeamRow& row) {
    return {{"seq", row.seq},
            {"utc_ms", row.seam.utc_ms},
            {"offset_ms", row.seam.offset_ms},
            {"kind", row.seam.kind},
            {"from_rung", row.seam.from_rung},
            {"to_rung", row.seam.to_rung},
            {"reason", row.seam.reason}};
}

Json recording_object(const store::RecordingRow& row) {
    const auto& file = row.recording;
    return {{"seq", row.seq},
            {"utc_ms", file.utc_ms},
            {"offset_ms", file.offset_ms},
            {"path", file.path},
            {"sha256", file.sha256},
            {"duration_ms", file.duration_ms},
            {"lost_ms", file.lost_ms},
            {"legs", file.legs},
            {"class", file.retention_class}};
}

Json fact_object(const store::FactRow& row) {
    const auto& fact = row.fact;
    return {{"seq", row.seq},
            {"utc_ms", fact.utc_ms},
            {"offset_ms", fact.offset_ms},
            {"slot", fact.slot},
            {"source", fact.source},
            {"value", fact.value.reveal()},
            {"normal", fact.normal.reveal()},
            {"kind", fact.kind},
            {"known", fact.known},
            {"denied", fact.denied},
            {"confidence", fact.confidence},
            {"turn", fact.turn},
            {"begin", fact.begin},
            {"end", fact.end}};
}

Json incident_object(const store::IncidentRow& row) {
    const auto& incident = row.incident;
    return {{"seq", row.seq},
            {"utc_ms", incident.utc_ms},
            {"offset_ms", incident.offset_ms},
            {"rev", incident.rev},
            {"type", incident.type},
            {"also", incident.also},
            {"priority", incident.priority},
            {"place", incident.place.reveal()},
            {"place_kind", incident.place_kind},
            {"place_known", incident.place_known},
            {"differ", incident.differ},
            {"questions", incident.questions}};
}

Json dispatch_object(const store::DispatchRow& row) {
    const auto& dispatch = row.dispatch;
    return {{"seq", row.seq},
            {"utc_ms", dispatch.utc_ms},
            {"offset_ms", dispatch.offset_ms},
            {"number", dispatch.number},
            {"state", dispatch.state},
            {"rule", dispatch.rule},
            {"type", dispatch.type},
            {"priority", dispatch.priority},
            {"place", dispatch.place.reveal()},
            {"incomplete", dispatch.incomplete},
            {"actor", dispatch.actor},
            {"reason", dispatch.reason}};
}

Json life_object(const dispatch::Life& life) {
    const auto& proposal = life.proposal;
    return {{"id", life.id().str()},
            {"call", proposal.call.str()},
            {"state", life.state()},
            {"open", life.open()},
            {"type", proposal.type},
            {"priority", proposal.priority},
            {"place", proposal.place.reveal()},
            {"incomplete", proposal.incomplete},
            {"rule", proposal.rule},
            {"proposed_utc_ms", proposal.utc_ms},
            {"changed_utc_ms", life.changed_utc_ms},
            {"approved", life.approved},
            {"acknowledged", life.acknowledged},
            {"by", life.by},
            {"reason", life.reason}};
}

Json audit_object(const store::AuditRow& row) {
    return {{"seq", row.seq},
            {"utc_ms", row.audit.utc_ms},
            {"actor", row.audit.actor},
            {"action", row.audit.action},
            {"detail", row.audit.detail}};
}

// Null: none was asked for.
Json drain_object(const DrainStatus& drain) {
    if (!drain.active) return nullptr;
    return {{"by", drain.by},
            {"in_force", drain.in_force},
            {"limit_utc_ms", drain.limit_utc_ms},
            {"left_ms", drain.left_ms},
            {"ends_utc_ms", drain.ends_utc_ms}};
}

// Null: there was none since the start.
Json selftest_object(const SelftestStatus& last) {
    if (last.utc_ms == 0) return nullptr;
    return {{"utc_ms", last.utc_ms},
            {"good", last.good},
            {"detail", last.detail},
            {"greeting_ms", last.greeting_ms < 0 ? Json(nullptr) : Json(last.greeting_ms)}};
}

}  // namespace

std::string error_json(std::string_view code, std::string_view message) {
    return dump({{"error", {{"code", code}, {"message", message}}}});
}

std::string transfer_json(const base::CallSid& call) {
    return dump({{"call_sid", call.str()}, {"transfer", "asked"}});
}

std::string drain_json(const DrainStatus& drain) { return dump({{"draining", drain.active}, {"drain", drain_object(drain)}}); }

std::string selftest_json(const SelftestStatus& last) { return dump({{"selftest", selftest_object(last)}}); }

std::string status_json(const DaemonStatus& status, std::int64_t now_utc_ms) {
    return dump({{"version", status.version},
                 {"site_id", status.site_id},
                 {"ready", status.ready},
                 {"reasons", status.reasons},
                 {"draining", status.draining},
                 {"drain", drain_object(status.drain)},
                 {"selftest", selftest_object(status.selftest)},
                 {"now_utc_ms", now_utc_ms},
                 {"started_utc_ms", status.started_utc_ms},
                 {"calls", {{"active", status.calls_active}, {"max", status.calls_max}}},
                 {"voice", voice_object(status.voice)},
                 {"rungs", rung_list(status.rungs)},
                 {"line", line(status.line)},
                 {"store", store_object(status.store)},
                 {"sync", sync_object(status.sync)},
                 {"box", box_object(status.box)},
                 {"prompts_loaded", status.prompts_loaded},
                 {"public", public_object(status.public_)},
                 {"reload", reload_object(status.reload)}});
}

std::string ready_json(const DaemonStatus& status, std::int64_t now_utc_ms) {
    Json parts = Json::object();
    bool degraded = false;
    for (const Part& part : parts_of(status, now_utc_ms)) {
        parts[std::string(part.name)] = {{"state", to_string(part.state)}, {"detail", part.detail}};
        degraded = degraded || part.state != PartState::ok;
    }
    return dump({{"ready", status.ready},
                 {"degraded", degraded},
                 {"reasons", status.reasons},
                 {"parts", std::move(parts)}});
}

std::string calls_json(const store::CallList& list) {
    Json calls = Json::array();
    for (const auto& row : list.calls) calls.push_back(call_object(row));
    return dump({{"calls", std::move(calls)}});
}

namespace {

Json call_document(const store::CallDetail& detail) {
    Json call = call_object(detail.call);
    call["account_sid"] = detail.call.account_sid;
    call["from"] = detail.call.from.reveal();
    call["to"] = detail.call.to.reveal();
    call["attestation"] = detail.call.attestation;
    call["stream_sid"] = detail.call.stream_sid;

    auto by_seq = detail.utterances;
    std::stable_sort(by_seq.begin(), by_seq.end(),
                     [](const auto& a, const auto& b) { return a.seq < b.seq; });
    Json utterances = Json::array();
    for (const auto& row : by_seq) utterances.push_back(utterance_object(row));
    Json seams = Json::array();
    for (const auto& row : detail.seams) seams.push_back(seam_object(row));
    Json recordings = Json::array();
    for (const auto& row : detail.recordings) recordings.push_back(recording_object(row));
    Json facts = Json::array();
    for (const auto& row : detail.facts) facts.push_back(fact_object(row));
    Json incidents = Json::array();
    for (const auto& row : detail.incidents) incidents.push_back(incident_object(row));
    Json dead = Json::array();
    for (const auto& letter : detail.dead_letters) {
        dead.push_back({{"utc_ms", letter.utc_ms}, {"offset_ms", letter.offset_ms}, {"target", letter.target}, {"key", letter.key},
                        {"attempts", letter.attempts}, {"reason", letter.reason}});
    }
    Json dispatches = Json::array();
    for (const auto& row : detail.dispatches) dispatches.push_back(dispatch_object(row));
    Json audit = Json::array();
    for (const auto& row : detail.audit) audit.push_back(audit_object(row));
    return {{"call", std::move(call)},
            {"utterances", std::move(utterances)},
            {"seams", std::move(seams)},
            {"recordings", std::move(recordings)},
            {"facts", std::move(facts)},
            {"incidents", std::move(incidents)},
            {"dispatches", std::move(dispatches)},
            {"dead_letters", std::move(dead)},
            {"audit", std::move(audit)}};
}

}  // namespace

std::string call_json(const store::CallDetail& detail) { return dump(call_document(detail)); }

std::string export_json(const ExportAbout& about, const store::CallDetail& detail) {
    Json head{{"id", about.id},
              {"call", detail.call.call.str()},
              {"site_id", about.site_id},
              {"version", about.version},
              {"generation", about.generation},
              {"exported_utc_ms", about.utc_ms},
              {"by", about.by},
              {"why", about.why}};
    return dump({{"export", std::move(head)}, {"detail", call_document(detail)}});
}

std::string chain_json(const store::ChainBite& bite) {
    Json findings = Json::array();
    for (const auto& each : bite.findings) {
        findings.push_back({{"link", each.n}, {"what", each.what}, {"table", each.table}, {"row", each.row}, {"detail", each.detail}});
    }
    Json purges = Json::array();
    for (const auto& each : bite.purges) {
        purges.push_back({{"audit_seq", each.audit_seq}, {"rows", each.rows}, {"utc_ms", each.utc_ms}, {"audit", each.line}});
    }
    return dump({{"done", bite.done},
                 {"next_part", bite.next_part},
                 {"next", bite.next},
                 {"links", bite.links},
                 {"rows", bite.rows},
                 {"purged", bite.purged},
                 {"heads_checked", bite.heads_checked},
                 {"newest", bite.newest},
                 {"head", base::hex_encode(bite.newest_head)},
                 {"link_head", base::hex_encode(bite.link_head)},
                 {"findings", std::move(findings)},
                 {"purges", std::move(purges)}});
}

std::string losses_json(const std::vector<store::LossRow>& losses) {
    Json list = Json::array();
    for (const auto& each : losses) {
        list.push_back({{"id", each.id},
                        {"utc_ms", each.utc_ms},
                        {"what", each.what},
                        {"rows", each.rows},
                        {"table", each.table},
                        {"row", each.row},
                        {"call", each.call},
                        {"detail", each.detail},
                        {"seen", each.seen}});
    }
    return dump({{"losses", std::move(list)}});
}

std::string dispatch_json(const dispatch::Life& life) { return dump({{"dispatch", life_object(life)}}); }

std::string dead_letters_json(const store::DeadLetters& letters) {
    Json list = Json::array();
    for (const auto& [seq, letter] : letters.rows) {
        list.push_back({{"id", seq},
                        {"utc_ms", letter.utc_ms},
                        {"target", letter.target},
                        {"key", letter.key},
                        {"attempts", letter.attempts},
                        {"reason", letter.reason},
                        {"call", letter.call.str().empty() ? Json() : Json(letter.call.str())}});
    }
    return dump({{"dead_letters", list}});
}

std::string dispatches_json(const std::vector<dispatch::Life>& lives) {
    Json list = Json::array();
    for (const auto& life : lives) list.push_back(life_object(life));
    return dump({{"dispatches", std::move(list)}});
}

}  // namespace holdfast::http
