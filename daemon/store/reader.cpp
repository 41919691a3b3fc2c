#include "store/reader.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace holdfast::store {
namespace {

const std::string k_calls =
    "SELECT call.seq, call_sid, started_utc_ms, ended_utc_ms, duration_ms, status, rung, end_reason, decision, "
    "stream_sid, attestation, from_number, to_number, last_call_seq, coalesce(origin.generation, (SELECT "
    "generation FROM schema)), (SELECT count(*) FROM utterance WHERE utterance.call = call.seq), "
    "account_sid FROM call "
    "LEFT JOIN origin ON origin.id = call.salvaged_from ";
const std::string k_newest_calls = k_calls + "WHERE started_utc_ms < ? ORDER BY started_utc_ms DESC LIMIT ?";
const std::string k_open_calls =
    k_calls + "WHERE ended_utc_ms IS NULL AND started_utc_ms < ? ORDER BY started_utc_ms DESC LIMIT ?";
const std::string k_one_call = k_calls + "WHERE call_sid = ?";

// Rows brought back from an earlier generation come first: they happened before.
const std::string k_in_order = " WHERE call = ? ORDER BY salvaged_from IS NULL, salvaged_from, call_seq";
const std::string k_utterances =
    "SELECT call_seq, utc_ms, speaker, text, start_ms, end_ms, provider, item_id, failed, interrupted, played_ms, "
    "total_ms, response_us, vad_us, provider_us, box_us, deferred FROM utterance" +
    k_in_order;
const std::string k_seams =
    "SELECT call_seq, utc_ms, offset_ms, kind, from_rung, to_rung, reason FROM seam" + k_in_order;
const std::string k_recordings =
    "SELECT call_seq, utc_ms, offset_ms, path, sha256, duration_ms, lost_ms, legs, class FROM recording" + k_in_order;
const std::string k_facts =
    "SELECT call_seq, utc_ms, offset_ms, slot, source, value, normal, kind, known, denied, confidence, turn, text_begin, "
    "text_end FROM fact" +
    k_in_order;
const std::string k_incidents =
    "SELECT call_seq, utc_ms, offset_ms, rev, type, also, priority, place, place_kind, place_known, differ, questions FROM "
    "incident" +
    k_in_order;
const std::string k_dispatches =
    "SELECT call_seq, utc_ms, offset_ms, number, state, rule, type, priority, place, incomplete, actor, reason FROM "
    "dispatch" +
    k_in_order;
const std::string k_dead_letters =
    "SELECT call_seq, utc_ms, offset_ms, target, key, attempts, reason FROM dead_letter" + k_in_order;
// The newest steps, then in the order they were written.
const std::string k_dispatch_steps =
    "SELECT * FROM (SELECT seq, call_sid, utc_ms, offset_ms, number, state, rule, type, priority, place, incomplete, actor, "
    "reason FROM dispatch WHERE utc_ms >= ? ORDER BY seq DESC LIMIT ?) ORDER BY seq";
const std::string k_owed =
    "SELECT call_sid, utc_ms, offset_ms, target, key, step, attempts, body FROM outbox AS q WHERE target = ? AND step = "
    "'queued' AND NOT EXISTS (SELECT 1 FROM outbox AS d WHERE d.key = q.key AND d.step <> 'queued') AND NOT EXISTS (SELECT 1 "
    "FROM dead_letter AS l WHERE l.key = q.key) GROUP BY key ORDER BY min(seq) LIMIT ?";
const std::string k_audit = "SELECT seq, utc_ms, actor, action, detail FROM audit" + k_in_order;

const std::string k_recordings_after =
    "SELECT r.seq, c.call_sid, c.ended_utc_ms, r.utc_ms, r.offset_ms, r.path, r.sha256, r.duration_ms, r.lost_ms, "
    "r.legs, r.class, (r.class IN ('canned', 'unheard') OR c.rung = 'canned' OR EXISTS (SELECT 1 FROM seam WHERE seam.call = r.call "
    "AND (from_rung = 'canned' OR to_rung = 'canned'))) AND NOT EXISTS (SELECT 1 FROM audit WHERE audit.call = r.call "
    "AND action = ?1 AND substr(detail, 1, length(r.path) + 6) = 'path=' || r.path || ' ') FROM recording AS r JOIN "
    "call AS c ON c.seq = r.call WHERE r.seq > ?2 ORDER BY r.seq LIMIT ?3";

CallRow call_row(const Query& q) {
    CallRow row;
    if (const auto sid = CallSid::parse(q.word(1))) row.call = *sid;
    row.started_utc_ms = q.number(2);
    row.ended_utc_ms = q.number_or_null(3);
    row.duration_ms = q.number_or_null(4);
    row.status = q.word(5);
    row.rung = q.word(6);
    row.end_reason = q.word(7);
    row.decision = q.word(8);
    row.stream_sid = q.word(9);
    row.attestation = q.word(10);
    row.from = Text(q.word(11));
    row.to = Text(q.word(12));
    row.last_seq = q.number(13);
    row.generation = q.word(14);
    row.utterances = q.number(15);
    row.account_sid = q.word(16);
    return row;
}

UtteranceRow utterance_row(const Query& q, const CallSid& call) {
    UtteranceRow row;
    row.seq = q.number(0);
    Utterance& u = row.utterance;
    u.call = call;
    u.utc_ms = q.number(1);
    u.speaker = q.word(2) == "voice" ? Speaker::voice : Speaker::caller;
    u.text = Text(q.word(3));
    u.start_ms = q.number(4);
    u.end_ms = q.number(5);
    u.provider = q.word(6);
    u.item_id = q.word(7);
    u.failed = q.number(8) != 0;
    u.interrupted = q.number(9) != 0;
    u.played_ms = q.number_or_null(10);
    u.total_ms = q.number_or_null(11);
    u.response_us = q.number_or_null(12);
    u.vad_us = q.number_or_null(13);
    u.provider_us = q.number_or_null(14);
    u.box_us = q.number_or_null(15);
    u.deferred = q.number(16) != 0;
    return row;
}

base::Error unreadable(const Database& db) {
    return base::make_error(base::Condition::retry, "store_read", db.failure().text());
}

}  // namespace

base::Result<CallList> read_calls(Database& db, const ReadCalls& query) {
    const auto limit = std::clamp<std::int64_t>(query.limit, 1, k_calls_per_answer_max);
    const auto before = query.before_utc_ms.value_or(INT64_MAX);
    CallList list;
    Query q(db, query.active_only ? k_open_calls : k_newest_calls, before, limit);
    while (q.step()) list.calls.push_back(call_row(q));
    if (!db.ok()) return unreadable(db);
    return list;
}

base::Result<Untranscribed> read_untranscribed(Database& db, std::int64_t after) {
    Untranscribed answer;
    answer.next = after;
    std::int64_t looked_at = 0;
    for (Query q(db, k_recordings_after, k_transcribed, after, k_recordings_per_look); q.step(); ++looked_at) {
        answer.next = q.number(0);
        const auto call = CallSid::parse(q.word(1));
        if (q.number(11) == 0 || !call) continue;
        answer.recordings.push_back({q.number(0), q.number_or_null(2),
                                     Recording{*call, q.number(3), q.number(4), q.word(5), q.word(6), q.number(7),
                                               q.number(8), q.word(9), q.word(10)}});
    }
    if (!db.ok()) return unreadable(db);
    answer.more = looked_at == k_recordings_per_look;
    return answer;
}

base::Result<DispatchSteps> read_dispatches(Database& db, const ReadDispatches& query) {
    DispatchSteps steps;
    const auto limit = std::clamp<std::int64_t>(query.limit, 1, k_dispatch_steps_per_answer_max);
    for (Query q(db, k_dispatch_steps, query.since_utc_ms, limit); q.step();) {
        const auto call = CallSid::parse(q.word(1));
        if (!call) continue;
        steps.rows.push_back({q.number(0), Dispatch{*call, q.number(2), q.number(3), q.number(4), q.word(5), q.word(6),
                                                    q.word(7), q.number(8), Text(q.word(9)), q.number(10) != 0, q.word(11),
                                                    q.word(12)}});
    }
    if (!db.ok()) return unreadable(db);
    return steps;
}

base::Result<Owed> read_owed(Database& db, const std::string& target) {
    Owed owed;
    for (Query q(db, k_owed, target, k_owed_per_answer_max); q.step();) {
        const auto call = CallSid::parse(q.word(0));
        if (!call) continue;
        owed.documents.push_back(
            Outbox{*call, q.number(1), q.number(2), q.word(3), q.word(4), q.word(5), q.number(6), Text(q.word(7))});
    }
    if (!db.ok()) return unreadable(db);
    return owed;
}

base::Result<CallDetail> read_call(Database& db, const CallSid& call) {
    CallDetail detail;
    std::int64_t id = 0;
    {
        Query q(db, k_one_call, call.str());
        if (!q.step()) {
            if (!db.ok()) return unreadable(db);
            return base::make_error(base::Condition::reject, "not_found");
        }
        id = q.number(0);
        detail.call = call_row(q);
    }
    for (Query q(db, k_utterances, id); q.step();) detail.utterances.push_back(utterance_row(q, call));
    for (Query q(db, k_seams, id); q.step();) {
        detail.seams.push_back(
            {q.number(0), Seam{call, q.number(1), q.number(2), q.word(3), q.word(4), q.word(5), q.word(6)}});
    }
    for (Query q(db, k_recordings, id); q.step();) {
        detail.recordings.push_back({q.number(0), Recording{call, q.number(1), q.number(2), q.word(3), q.word(4),
                                                            q.number(5), q.number(6), q.word(7), q.word(8)}});
    }
    for (Query q(db, k_audit, id); q.step();) {
        detail.audit.push_back({q.number(0), Audit{q.number(1), q.word(2), q.word(3), q.word(4), call}});
    }
    for (Query q(db, k_facts, id); q.step();) {
        detail.facts.push_back({q.number(0), Fact{call, q.number(1), q.number(2), q.word(3), q.word(4), Text(q.word(5)),
                                                  Text(q.word(6)), q.word(7), q.number(8) != 0, q.number(9) != 0,
                                                  q.number(10), q.word(11), q.number(12), q.number(13)}});
    }
    for (Query q(db, k_incidents, id); q.step();) {
        detail.incidents.push_back({q.number(0), Incident{call, q.number(1), q.number(2), q.number(3), q.word(4), q.word(5),
                                                          q.number(6), Text(q.word(7)), q.word(8), q.number(9) != 0,
                                                          q.number(10) != 0, q.number(11)}});
    }
    for (Query q(db, k_dispatches, id); q.step();) {
        detail.dispatches.push_back({q.number(0), Dispatch{call, q.number(1), q.number(2), q.number(3), q.word(4), q.word(5),
                                                           q.word(6), q.number(7), Text(q.word(8)), q.number(9) != 0,
                                                           q.word(10), q.word(11)}});
    }
    for (Query q(db, k_dead_letters, id); q.step();) {
        detail.dead_letters.push_back(
            DeadLetter{call, q.number(1), q.number(2), q.word(3), q.word(4), q.number(5), q.word(6), Text()});
    }
    if (!db.ok()) return unreadable(db);
    return detail;
}

}  // namespace holdfast::store
