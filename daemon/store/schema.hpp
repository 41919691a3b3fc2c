// The tables of the journal and how an older file becomes a newer one.
#pragma once

#include "store/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::store {

constexpr std::int64_t k_application_id = 0x48464a31;  // "HFJ1": the file says whose it is

// One step of user_version; applied in one transaction with the note of having done it (A11).
struct Migration {
    std::int64_t version;
    const char* sql;
};
const std::vector<Migration>& migrations();

// Brings the database from its user_version to the newest of `steps`. Sticky failure in `db`.
void migrate(Database& db, const std::vector<Migration>& steps, std::int64_t utc_ms);

enum class Identity { fresh, ours, newer, foreign };
// Whose file is it? Needs no more than a readable header. Meaningless when db.failure() is set.
Identity identify(Database& db, std::int64_t newest);

constexpr std::int64_t k_chain_version = 6;  // from here on there are a chain and a guarded schema row

// The row of `schema` under its crc; after every change of it.
void guard_schema_row(Database& db);
bool schema_row_is_whole(Database& db);  // true when there is none

// A table whose rows carry a hash. Every such table starts with
//     seq, call, call_seq, salvaged_from, salvaged_seq
// (`call` has no call and call_seq but base_call_seq and last_call_seq) and ends with crc; between
// them stand the content columns, which alone are hashed: what a row says does not depend on the file
// it stands in.
struct Table {
    const char* name;
    const char* content;  // comma separated; the first one is always call_sid
    // One column that a later version added (it stands behind crc) and that is hashed when it is not 0:
    // the rows from before keep their hash, and a migration never writes every row again.
    const char* added = "";

    // A file of an older version, read before or without its migration, has less.
    enum class Form { absent, first, whole };
    Form form_in(Database& db) const;  // whole when the file cannot say

    // By its letters: the same literal may have two addresses in two files.
    bool is_call() const { return std::string_view(name) == "call"; }
    std::vector<std::string> columns() const;  // content, then what was added
    std::string column_list(Form form = Form::whole) const;  // the same in SQL; 0 for what is not there
    std::string hash_sql(Form form = Form::whole) const;
    // row_sha over `head` (SQL, comma separated) and the content.
    std::string sha_sql(const std::string& head) const;
    std::string insert_sql(std::string_view verb = "INSERT") const;  // binds the five, then the columns
    std::string bad_rows_sql(Form form = Form::whole) const;  // seq of rows whose hash does not fit
};

inline constexpr Table k_call_table{
    "call",
    "call_sid, account_sid, from_number, to_number, direction, attestation, status, rung, decision, stream_sid, "
    "end_reason, started_utc_ms, ended_utc_ms, duration_ms"};
inline constexpr Table k_utterance_table{
    "utterance",
    "call_sid, utc_ms, speaker, text, start_ms, end_ms, provider, item_id, failed, interrupted, played_ms, total_ms, "
    "response_us, vad_us, provider_us, box_us",
    "deferred"};
inline constexpr Table k_seam_table{"seam", "call_sid, utc_ms, offset_ms, kind, from_rung, to_rung, reason"};
inline constexpr Table k_audit_table{"audit", "call_sid, utc_ms, actor, action, detail"};
inline constexpr Table k_recording_table{
    "recording", "call_sid, utc_ms, offset_ms, path, sha256, duration_ms, lost_ms, legs, class"};
inline constexpr Table k_fact_table{
    "fact",
    "call_sid, utc_ms, offset_ms, slot, source, value, normal, kind, known, denied, confidence, turn, text_begin, "
    "text_end"};
inline constexpr Table k_incident_table{
    "incident",
    "call_sid, utc_ms, offset_ms, rev, type, also, priority, place, place_kind, place_known, differ, questions"};
inline constexpr Table k_dispatch_table{
    "dispatch",
    "call_sid, utc_ms, offset_ms, number, state, rule, type, priority, place, incomplete, actor, reason"};
inline constexpr Table k_outbox_table{"outbox", "call_sid, utc_ms, offset_ms, target, key, step, attempts, body"};
inline constexpr Table k_dead_letter_table{
    "dead_letter", "call_sid, utc_ms, offset_ms, target, key, attempts, reason, body", "change"};
inline constexpr const Table* k_tables[] = {&k_call_table,     &k_utterance_table, &k_seam_table,     &k_audit_table,
                                            &k_recording_table, &k_fact_table,     &k_incident_table, &k_dispatch_table,
                                            &k_outbox_table,   &k_dead_letter_table};

}  // namespace holdfast::store
