#include "store/reader.hpp"

#include "store/chain.hpp"
#include "store/rows.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace holdfast::store {
namespace {

const std::string k_newest_calls = calls_sql() + "WHERE started_utc_ms < ? ORDER BY started_utc_ms DESC LIMIT ?";
const std::string k_open_calls =
    calls_sql() + "WHERE ended_utc_ms IS NULL AND started_utc_ms < ? ORDER BY started_utc_ms DESC LIMIT ?";
const std::string k_in_order = std::string(" ") + k_rows_in_order;
const std::string k_recordings =
    "SELECT call_seq, utc_ms, offset_ms, path, sha256, duration_ms, lost_ms, legs, class FROM recording" + k_in_order;
const std::string k_dead_letters =
    "SELECT call_seq, utc_ms, offset_ms, target, key, attempts, " + reveal_sql("dead_letter", "reason") + " FROM dead_letter" + k_in_order;
// The newest steps, then in the order they were written.
const std::string k_dispatch_steps =
    "SELECT * FROM (SELECT seq, call_sid, utc_ms, offset_ms, number, state, rule, type, priority, " + reveal_sql("dispatch", "place") +
    ", incomplete, actor, reason FROM dispatch WHERE utc_ms >= ? ORDER BY seq DESC LIMIT ?) ORDER BY seq";
const std::string k_owed =
    "SELECT call_sid, coalesce((SELECT max(utc_ms) FROM outbox AS r WHERE r.key = q.key AND r.step = 'retried'), utc_ms), "
    "offset_ms, target, key, step, attempts, " + reveal_sql("outbox", "body", "q.") + " FROM outbox AS q WHERE target = ? AND step = 'queued' AND NOT EXISTS (SELECT 1 "
    "FROM outbox AS d WHERE d.key = q.key AND d.step NOT IN ('queued', 'retried')) AND NOT EXISTS (SELECT 1 FROM dead_letter AS l "
    "WHERE l.key = q.key AND NOT EXISTS (SELECT 1 FROM outbox AS r WHERE r.key = l.key AND r.step = 'retried' AND r.seq > l.seq)) "
    "GROUP BY key ORDER BY min(seq) LIMIT ?";
const std::string k_open_letters =
    "SELECT seq, call_sid, utc_ms, offset_ms, target, key, attempts, " + reveal_sql("dead_letter", "reason", "l.") +
    ", change FROM dead_letter AS l WHERE (?1 IS NULL OR seq = "
    "?1) AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.key = l.key AND o.seq > l.seq AND o.step IN ('retried', 'discarded')) AND "
    "NOT EXISTS (SELECT 1 FROM dead_letter AS n WHERE n.key = l.key AND n.seq > l.seq) ORDER BY seq DESC LIMIT ?2";
const std::string k_audit = "SELECT seq, utc_ms, actor, action, detail FROM audit" + k_in_order;

const std::string k_recordings_after =
    "SELECT r.seq, c.call_sid, c.ended_utc_ms, r.utc_ms, r.offset_ms, r.path, r.sha256, r.duration_ms, r.lost_ms, "
    "r.legs, r.class, (r.class IN ('canned', 'unheard') OR c.rung = 'canned' OR EXISTS (SELECT 1 FROM seam WHERE seam.call = r.call "
    "AND (from_rung = 'canned' OR to_rung = 'canned'))) AND NOT EXISTS (SELECT 1 FROM audit WHERE audit.call = r.call "
    "AND action = ?1 AND substr(detail, 1, length(r.path) + 6) = 'path=' || r.path || ' ') FROM recording AS r JOIN "
    "call AS c ON c.seq = r.call WHERE r.seq > ?2 ORDER BY r.seq LIMIT ?3";

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

base::Result<Purgeable> read_purgeable(Database& db, const ReadPurgeable& query) {
    Purgeable answer;
    const auto limit = std::clamp<std::int64_t>(query.limit, 1, k_calls_per_answer_max);
    const auto wait_for = [&](const std::string& sink, ChangeClass change_class) {
        if (sink.empty()) return;
        // Rows of one class go in their order: with the class behind, a call may lack something.
        Query q(db,
                "SELECT count(*) FROM change WHERE class = ?1 AND utc_ms < ?2 AND number > coalesce((SELECT number FROM cursor WHERE sink "
                "= ?3 AND class = ?1), 0)",
                static_cast<std::int64_t>(change_class), query.before_utc_ms, sink);
        if (q.step()) answer.waiting_for_sink += q.number(0);
    };
    for (const auto change_class : k_change_classes) wait_for(query.sink, change_class);
    wait_for(query.audio_sink, ChangeClass::recording);
    if (answer.waiting_for_sink > 0) return answer;
    const std::string sql =
        std::string("SELECT call_sid FROM call WHERE ended_utc_ms < ?1 AND ") + k_last_hold_sql +
        " <> 'hold' AND NOT EXISTS (SELECT 1 FROM salvage WHERE done = 0)" +
        (query.words_only ? " AND (EXISTS (SELECT 1 FROM utterance WHERE utterance.call = call.seq) OR EXISTS (SELECT 1 FROM fact WHERE "
                            "fact.call = call.seq))"
                          : "") +
        " ORDER BY ended_utc_ms LIMIT ?2";
    for (Query q(db, sql, query.before_utc_ms, limit); q.step();) {
        if (const auto call = CallSid::parse(q.word(0))) answer.calls.push_back(*call);
    }
    if (!db.ok()) return unreadable(db);
    return answer;
}

base::Result<std::vector<LossRow>> read_losses(Database& db) {
    std::vector<LossRow> losses;
    for (Query q(db,
                 "SELECT id, utc_ms, what, rows, part, row, detail, utc_ms <= coalesce((SELECT max(utc_ms) FROM audit WHERE action = ?), 0), "
                 "(SELECT call_sid FROM call WHERE seq = (SELECT call FROM chain WHERE chain.part = loss.part AND chain.row = loss.row LIMIT "
                 "1)) FROM loss ORDER BY id DESC LIMIT ?",
                 k_losses_seen, k_losses_per_answer_max);
         q.step();) {
        const Table* table = table_of(q.number(4));
        losses.push_back({q.number(0), q.number(1), q.word(2), q.number(3), table == nullptr ? "" : table->name, q.number(5), q.word(6),
                          q.number(7) != 0, q.word(8)});
    }
    if (!db.ok()) return unreadable(db);
    return losses;
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
        if (!call || q.is_null(7)) continue;  // without its key nothing is sent
        owed.documents.push_back(
            Outbox{*call, q.number(1), q.number(2), q.word(3), q.word(4), q.word(5), q.number(6), Text(q.word(7))});
    }
    if (!db.ok()) return unreadable(db);
    return owed;
}

base::Result<DeadLetters> read_dead_letters(Database& db, const ReadDeadLetters& query) {
    DeadLetters letters;
    const auto limit = std::clamp<std::int64_t>(query.limit, 1, k_dead_letters_per_answer_max);
    for (Query q(db, k_open_letters, query.seq, limit); q.step();) {
        DeadLetter letter;
        if (const auto call = CallSid::parse(q.word(1))) letter.call = *call;
        letter.utc_ms = q.number(2);
        letter.offset_ms = q.number(3);
        letter.target = q.word(4);
        letter.key = q.word(5);
        letter.attempts = q.number(6);
        letter.reason = q.word(7);
        letter.change = q.number(8);
        letters.rows.push_back({q.number(0), std::move(letter)});
    }
    if (!db.ok()) return unreadable(db);
    return letters;
}

base::Result<CallDetail> read_call(Database& db, const CallSid& call) {
    CallDetail detail;
    std::int64_t id = 0;
    {
        Query q(db, one_call_sql(), call.str());
        if (!q.step()) {
            if (!db.ok()) return unreadable(db);
            return base::make_error(base::Condition::reject, "not_found");
        }
        id = q.number(0);
        detail.call = call_row(q);
    }
    const CallParts parts(db, id, call);
    detail.utterances = parts.utterances();
    detail.seams = parts.seams();
    for (Query q(db, k_recordings, id); q.step();) {
        detail.recordings.push_back({q.number(0), Recording{call, q.number(1), q.number(2), q.word(3), q.word(4),
                                                            q.number(5), q.number(6), q.word(7), q.word(8)}});
    }
    for (Query q(db, k_audit, id); q.step();) {
        detail.audit.push_back({q.number(0), Audit{q.number(1), q.word(2), q.word(3), q.word(4), call}});
    }
    detail.facts = parts.facts();
    detail.incidents = parts.incidents();
    detail.dispatches = parts.dispatches();
    for (Query q(db, k_dead_letters, id); q.step();) {
        detail.dead_letters.push_back(
            DeadLetter{call, q.number(1), q.number(2), q.word(3), q.word(4), q.number(5), q.word(6), Text()});
    }
    if (!db.ok()) return unreadable(db);
    return detail;
}

}  // namespace holdfast::store
