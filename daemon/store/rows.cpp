#include "store/rows.hpp"

namespace holdfast::store {
namespace {

const std::string k_in_order = std::string(" ") + k_rows_in_order;
const std::string k_utterances = "SELECT call_seq, " + utterance_columns() + " FROM utterance" + k_in_order;
const std::string k_seams =
    "SELECT call_seq, utc_ms, offset_ms, kind, from_rung, to_rung, reason FROM seam" + k_in_order;
const std::string k_facts =
    "SELECT call_seq, utc_ms, offset_ms, slot, source, " + reveal_sql("fact", "value") + ", " + reveal_sql("fact", "normal") +
    ", kind, known, denied, confidence, turn, text_begin, "
    "text_end FROM fact" +
    k_in_order;
const std::string k_incidents =
    "SELECT call_seq, utc_ms, offset_ms, rev, type, also, priority, " + reveal_sql("incident", "place") +
    ", place_kind, place_known, differ, questions FROM incident" +
    k_in_order;
const std::string k_dispatches =
    "SELECT call_seq, utc_ms, offset_ms, number, state, rule, type, priority, " + reveal_sql("dispatch", "place") +
    ", incomplete, actor, reason FROM dispatch" +
    k_in_order;

}  // namespace

std::string reveal_sql(const std::string& table, const std::string& column, const std::string& alias) {
    const std::string row = table == "call" ? "0" : "coalesce(" + alias + "salvaged_seq, " + alias + "seq)";
    return "reveal(" + alias + column + ", " + alias + "call_sid, '" + table + "." + column + "', " + row + ")";
}

std::string utterance_columns(const std::string& alias) {
    return alias + "utc_ms, speaker, " + reveal_sql("utterance", "text", alias) +
           ", start_ms, end_ms, provider, item_id, failed, interrupted, played_ms, total_ms, response_us, vad_us, provider_us, box_us, "
           "deferred";
}

std::optional<std::string> sealed_key_in(Database& db, const std::string& sid) {
    for (const char* sql : {"SELECT sealed, crc IS row_crc(call_sid, sealed) FROM call_key WHERE call_sid = ?",
                            "SELECT sealed, crc IS row_crc(call_sid, sealed) FROM call_key_copy WHERE call_sid = ?"}) {
        Query q(db, sql, sid);
        if (q.step() && q.number(1) != 0) return q.word(0);
    }
    return std::nullopt;
}

void save_sealed_key(Database& db, const std::string& sid, const std::string& sealed) {
    for (const char* table : {"call_key", "call_key_copy"}) {
        Query(db, std::string("INSERT OR REPLACE INTO ") + table + " (call_sid, sealed, crc) VALUES (?1, ?2, row_crc(?1, ?2))", sid, sealed).run();
    }
}

// Made when first asked for: other files' constants are made of it.
const std::string& calls_sql() {
    static const std::string sql =
        "SELECT call.seq, call_sid, started_utc_ms, ended_utc_ms, duration_ms, status, rung, end_reason, decision, "
        "stream_sid, attestation, " +
        reveal_sql("call", "from_number", "call.") + ", " + reveal_sql("call", "to_number", "call.") +
        ", last_call_seq, coalesce(origin.generation, (SELECT "
        "generation FROM schema)), (SELECT count(*) FROM utterance WHERE utterance.call = call.seq), "
        "account_sid, " + k_last_hold_sql + " FROM call "
        "LEFT JOIN origin ON origin.id = call.salvaged_from ";
    return sql;
}

const std::string& one_call_sql() {
    static const std::string sql = calls_sql() + "WHERE call_sid = ?";
    return sql;
}

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
    row.held = q.word(17) == k_hold;
    row.unreadable = q.is_null(11) || q.is_null(12);
    return row;
}

Utterance utterance(const Query& q, int first, const CallSid& call) {
    Utterance u;
    u.call = call;
    u.utc_ms = q.number(first);
    u.speaker = q.word(first + 1) == "voice" ? Speaker::voice : Speaker::caller;
    u.text = Text(q.word(first + 2));
    u.start_ms = q.number(first + 3);
    u.end_ms = q.number(first + 4);
    u.provider = q.word(first + 5);
    u.item_id = q.word(first + 6);
    u.failed = q.number(first + 7) != 0;
    u.interrupted = q.number(first + 8) != 0;
    u.played_ms = q.number_or_null(first + 9);
    u.total_ms = q.number_or_null(first + 10);
    u.response_us = q.number_or_null(first + 11);
    u.vad_us = q.number_or_null(first + 12);
    u.provider_us = q.number_or_null(first + 13);
    u.box_us = q.number_or_null(first + 14);
    u.deferred = q.number(first + 15) != 0;
    return u;
}

std::vector<UtteranceRow> CallParts::utterances() const {
    std::vector<UtteranceRow> rows;
    for (Query q(db_, k_utterances, id_); q.step();) {
        rows.push_back({q.number(0), utterance(q, 1, call_), q.is_null(1 + k_text_of_utterance)});
    }
    return rows;
}

std::vector<SeamRow> CallParts::seams() const {
    std::vector<SeamRow> rows;
    for (Query q(db_, k_seams, id_); q.step();) {
        rows.push_back({q.number(0), Seam{call_, q.number(1), q.number(2), q.word(3), q.word(4), q.word(5), q.word(6)}});
    }
    return rows;
}

std::vector<FactRow> CallParts::facts() const {
    std::vector<FactRow> rows;
    for (Query q(db_, k_facts, id_); q.step();) {
        rows.push_back({q.number(0), Fact{call_, q.number(1), q.number(2), q.word(3), q.word(4), Text(q.word(5)),
                                          Text(q.word(6)), q.word(7), q.number(8) != 0, q.number(9) != 0, q.number(10),
                                          q.word(11), q.number(12), q.number(13)}});
    }
    return rows;
}

std::vector<IncidentRow> CallParts::incidents() const {
    std::vector<IncidentRow> rows;
    for (Query q(db_, k_incidents, id_); q.step();) {
        rows.push_back({q.number(0), Incident{call_, q.number(1), q.number(2), q.number(3), q.word(4), q.word(5), q.number(6),
                                              Text(q.word(7)), q.word(8), q.number(9) != 0, q.number(10) != 0, q.number(11)}});
    }
    return rows;
}

std::vector<DispatchRow> CallParts::dispatches() const {
    std::vector<DispatchRow> rows;
    for (Query q(db_, k_dispatches, id_); q.step();) {
        rows.push_back({q.number(0), Dispatch{call_, q.number(1), q.number(2), q.number(3), q.word(4), q.word(5), q.word(6),
                                              q.number(7), Text(q.word(8)), q.number(9) != 0, q.word(10), q.word(11)}});
    }
    return rows;
}

base::Error unreadable(const Database& db) {
    return base::make_error(base::Condition::retry, "store_read", db.failure().text());
}

}  // namespace holdfast::store
