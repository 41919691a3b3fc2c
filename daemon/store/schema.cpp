#include "store/schema.hpp"

#include "base/version.hpp"

#include <algorithm>

namespace holdfast::store {
namespace {

// schema: one row. `generation` names this life of a journal and stands in every exported id. next_seq
// is our own counter: SQLite would hand out the numbers of deleted rows again. (run, ticket) is the last
// accepted row that is in here, written in the same transaction as the row itself: after a commit whose
// outcome is unknown, and after a crash with an emergency file, it says what is still missing.
//
// salvage: one row for each damaged file whose rows are to be brought over, those below below_seq: what was
// written after the last acknowledged commit is written again by the journal itself. done: 1 when they are here, 2 when the file has no
// key of a call any more either (wipe.hpp), 3 when it was removed. A row brought over
// keeps its old name, (origin, salvaged_seq), beside its new number.
//
// The rows of a call carry its CallSid as well as the number of its row: the text lets a row out of a
// damaged file be understood alone; the number keeps the index compact, so that the entries of the calls
// of one hour stand on few pages and a commit writes few.
constexpr char k_version_1[] = R"sql(
CREATE TABLE schema (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation TEXT NOT NULL,
    site_id TEXT NOT NULL,
    created_utc_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    next_seq INTEGER NOT NULL,
    run INTEGER NOT NULL,
    ticket INTEGER NOT NULL,
    clean_stop INTEGER NOT NULL,
    emergency_file TEXT NOT NULL,
    emergency_bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE migration (
    version INTEGER PRIMARY KEY,
    applied_utc_ms INTEGER NOT NULL,
    applied_by TEXT NOT NULL
) STRICT;
CREATE TABLE salvage (
    id INTEGER PRIMARY KEY,
    file TEXT NOT NULL UNIQUE,
    since_utc_ms INTEGER NOT NULL,
    below_seq INTEGER NOT NULL,
    done INTEGER NOT NULL,
    salvaged_rows INTEGER NOT NULL,
    gaps INTEGER NOT NULL
) STRICT;
CREATE TABLE origin (
    id INTEGER PRIMARY KEY,
    generation TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE call (
    seq INTEGER PRIMARY KEY,
    base_call_seq INTEGER NOT NULL,
    last_call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL UNIQUE,
    account_sid TEXT NOT NULL,
    from_number TEXT NOT NULL,
    to_number TEXT NOT NULL,
    direction TEXT NOT NULL,
    attestation TEXT NOT NULL,
    status TEXT NOT NULL,
    rung TEXT NOT NULL,
    decision TEXT NOT NULL,
    stream_sid TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    started_utc_ms INTEGER NOT NULL,
    ended_utc_ms INTEGER,
    duration_ms INTEGER,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX call_started ON call (started_utc_ms);
CREATE INDEX call_open ON call (started_utc_ms) WHERE ended_utc_ms IS NULL;
CREATE TABLE utterance (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (seq),
    call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    speaker TEXT NOT NULL CHECK (speaker IN ('caller', 'voice')),
    text TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    provider TEXT NOT NULL,
    item_id TEXT NOT NULL,
    failed INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    played_ms INTEGER,
    total_ms INTEGER,
    response_us INTEGER,
    vad_us INTEGER,
    provider_us INTEGER,
    box_us INTEGER,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX utterance_call ON utterance (call, call_seq);
CREATE UNIQUE INDEX utterance_salvaged ON utterance (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
CREATE TABLE seam (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (seq),
    call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    from_rung TEXT NOT NULL,
    to_rung TEXT NOT NULL,
    reason TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX seam_call ON seam (call, call_seq);
CREATE UNIQUE INDEX seam_salvaged ON seam (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    call INTEGER REFERENCES call (seq),
    call_seq INTEGER,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT,
    utc_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_call ON audit (call, call_seq) WHERE call IS NOT NULL;
CREATE UNIQUE INDEX audit_salvaged ON audit (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
)sql";

// recording: what a finished file is. utterance.deferred: transcribed later, out of such a file.
constexpr char k_version_2[] = R"sql(
ALTER TABLE utterance ADD COLUMN deferred INTEGER NOT NULL DEFAULT 0;
CREATE TABLE recording (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (seq),
    call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    lost_ms INTEGER NOT NULL,
    legs TEXT NOT NULL,
    class TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX recording_call ON recording (call, call_seq);
CREATE UNIQUE INDEX recording_salvaged ON recording (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
)sql";

// What is wrong and where, and what came of it. Rows are only ever added: the newest revision of an incident
// and the newest step of a dispatch count.
constexpr char k_version_3[] = R"sql(
CREATE TABLE fact (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (seq),
    call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    slot TEXT NOT NULL,
    source TEXT NOT NULL,
    value TEXT NOT NULL,
    normal TEXT NOT NULL,
    kind TEXT NOT NULL,
    known INTEGER NOT NULL,
    denied INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    turn TEXT NOT NULL,
    text_begin INTEGER NOT NULL,
    text_end INTEGER NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX fact_call ON fact (call, call_seq);
CREATE UNIQUE INDEX fact_salvaged ON fact (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
CREATE TABLE incident (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (seq),
    call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    type TEXT NOT NULL,
    also TEXT NOT NULL,
    priority INTEGER NOT NULL,
    place TEXT NOT NULL,
    place_kind TEXT NOT NULL,
    place_known INTEGER NOT NULL,
    differ INTEGER NOT NULL,
    questions INTEGER NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX incident_call ON incident (call, call_seq);
CREATE UNIQUE INDEX incident_salvaged ON incident (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
CREATE TABLE dispatch (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (seq),
    call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    rule TEXT NOT NULL,
    type TEXT NOT NULL,
    priority INTEGER NOT NULL,
    place TEXT NOT NULL,
    incomplete INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX dispatch_call ON dispatch (call, call_seq);
CREATE UNIQUE INDEX dispatch_salvaged ON dispatch (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
)sql";

// What is owed to other systems, step by step, and what they will not take.
constexpr char k_version_4[] = R"sql(
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (seq),
    call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    target TEXT NOT NULL,
    key TEXT NOT NULL,
    step TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_call ON outbox (call, call_seq);
CREATE INDEX outbox_key ON outbox (key);
CREATE UNIQUE INDEX outbox_salvaged ON outbox (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
CREATE TABLE dead_letter (
    seq INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (seq),
    call_seq INTEGER NOT NULL,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    target TEXT NOT NULL,
    key TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX dead_letter_call ON dead_letter (call, call_seq);
CREATE INDEX dead_letter_key ON dead_letter (key);
CREATE UNIQUE INDEX dead_letter_salvaged ON dead_letter (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
)sql";

// change: what other databases are to be told. `row` is the seq of the row, or of the call it is about (classes 2 and 3).
// cursor: how far they are. What was written before there were notes is noted now.
// outbox and dead_letter may be about no call.
constexpr char k_version_5[] = R"sql(
CREATE TABLE change (
    class INTEGER NOT NULL,
    number INTEGER NOT NULL,
    row INTEGER NOT NULL,
    utc_ms INTEGER NOT NULL,
    PRIMARY KEY (class, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (
    sink TEXT NOT NULL,
    class INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (sink, class)
) STRICT, WITHOUT ROWID;
INSERT INTO change SELECT 1, row_number() OVER (ORDER BY seq), seq, utc_ms FROM dispatch;
INSERT INTO change SELECT 2, row_number() OVER (ORDER BY max(seq)), call, max(utc_ms) FROM incident GROUP BY call;
INSERT INTO change SELECT 3, row_number() OVER (ORDER BY seq), seq, started_utc_ms FROM call;
INSERT INTO change SELECT 4, row_number() OVER (ORDER BY seq), seq, utc_ms FROM utterance;
INSERT INTO change SELECT 5, row_number() OVER (ORDER BY seq), seq, utc_ms FROM recording;
INSERT INTO change SELECT 6, row_number() OVER (ORDER BY seq), seq, utc_ms FROM audit;
ALTER TABLE outbox RENAME TO outbox_4;
DROP INDEX outbox_call;
DROP INDEX outbox_key;
DROP INDEX outbox_salvaged;
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    call INTEGER REFERENCES call (seq),
    call_seq INTEGER,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    target TEXT NOT NULL,
    key TEXT NOT NULL,
    step TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
INSERT INTO outbox SELECT * FROM outbox_4;
DROP TABLE outbox_4;
CREATE INDEX outbox_call ON outbox (call, call_seq) WHERE call IS NOT NULL;
CREATE INDEX outbox_key ON outbox (key);
CREATE UNIQUE INDEX outbox_salvaged ON outbox (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
ALTER TABLE dead_letter RENAME TO dead_letter_4;
DROP INDEX dead_letter_call;
DROP INDEX dead_letter_key;
DROP INDEX dead_letter_salvaged;
CREATE TABLE dead_letter (
    seq INTEGER PRIMARY KEY,
    call INTEGER REFERENCES call (seq),
    call_seq INTEGER,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT,
    utc_ms INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    target TEXT NOT NULL,
    key TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
INSERT INTO dead_letter SELECT * FROM dead_letter_4;
DROP TABLE dead_letter_4;
ALTER TABLE dead_letter ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dead_letter_call ON dead_letter (call, call_seq) WHERE call IS NOT NULL;
CREATE INDEX dead_letter_key ON dead_letter (key);
CREATE UNIQUE INDEX dead_letter_salvaged ON dead_letter (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
)sql";

// chain, chain_segment: what was written, whatever becomes of it (chain.hpp). loss: what was found to be gone or changed.
// call_key: the key that a call's words are sealed with, itself sealed (vault.hpp), twice, because one bad page must not take the
// words of a whole call. audit may name a call that has been purged. A crc guards what no hash of a row does: where sinks are, who a row was, what the schema row says.
// salvage: how many rows are expected, by the watermark; -1: it could not say.
constexpr char k_version_6[] = R"sql(
CREATE TABLE chain (
    n INTEGER PRIMARY KEY,
    part INTEGER NOT NULL,
    row INTEGER NOT NULL,
    call INTEGER NOT NULL,
    hash BLOB NOT NULL,
    head BLOB NOT NULL
) STRICT;
CREATE INDEX chain_row ON chain (part, row);
CREATE INDEX chain_purged ON chain (part, call) WHERE part > 100;
CREATE TABLE chain_segment (
    first INTEGER PRIMARY KEY,
    generation TEXT NOT NULL,
    before BLOB NOT NULL,
    sealed_key TEXT NOT NULL
) STRICT;
CREATE TABLE loss (
    id INTEGER PRIMARY KEY,
    utc_ms INTEGER NOT NULL,
    what TEXT NOT NULL,
    rows INTEGER NOT NULL,
    part INTEGER NOT NULL,
    row INTEGER NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX loss_row ON loss (part, row) WHERE part <> 0;
CREATE TABLE call_key (
    call_sid TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE call_key_copy (
    call_sid TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE audit RENAME TO audit_5;
DROP INDEX audit_call;
DROP INDEX audit_salvaged;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    call INTEGER,
    call_seq INTEGER,
    salvaged_from INTEGER REFERENCES origin (id),
    salvaged_seq INTEGER,
    call_sid TEXT,
    utc_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
INSERT INTO audit SELECT * FROM audit_5;
DROP TABLE audit_5;
CREATE INDEX audit_call ON audit (call, call_seq) WHERE call IS NOT NULL;
CREATE UNIQUE INDEX audit_salvaged ON audit (salvaged_from, salvaged_seq) WHERE salvaged_from IS NOT NULL;
ALTER TABLE salvage ADD COLUMN generation TEXT NOT NULL DEFAULT '';
ALTER TABLE salvage ADD COLUMN expected_rows INTEGER NOT NULL DEFAULT -1;
ALTER TABLE salvage ADD COLUMN lost_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE schema ADD COLUMN rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE schema ADD COLUMN public_key TEXT NOT NULL DEFAULT '';
ALTER TABLE schema ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
ALTER TABLE change ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
UPDATE change SET crc = row_crc(class, number, row, utc_ms);
ALTER TABLE cursor ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
UPDATE cursor SET crc = row_crc(sink, class, number);
ALTER TABLE origin ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
UPDATE origin SET crc = row_crc(id, generation);
)sql";

constexpr int k_head_columns = 5;
constexpr const char* k_schema_crc =
    "row_crc(id, generation, site_id, created_utc_ms, created_by, next_seq, run, ticket, clean_stop, emergency_file, "
    "emergency_bytes, rows, public_key)";

std::string hash_of(const std::string& content, const std::string& added, const std::string& function = "row_crc") {
    const std::string first = function + "(" + content + ")";
    return added.empty() ? first : "iif(" + added + " = 0, " + first + ", " + function + "(" + content + ", " + added + "))";
}

}  // namespace

const std::vector<Migration>& migrations() {
    static const std::vector<Migration> steps{{1, k_version_1}, {2, k_version_2}, {3, k_version_3}, {4, k_version_4}, {5, k_version_5}, {6, k_version_6}};
    return steps;
}

void migrate(Database& db, const std::vector<Migration>& steps, std::int64_t utc_ms) {
    const auto have = db.number("PRAGMA user_version");
    for (const auto& step : steps) {
        if (step.version <= have || !db.ok()) continue;
        Transaction transaction(db);
        db.exec(step.sql);
        Query(db, "INSERT INTO migration (version, applied_utc_ms, applied_by) VALUES (?, ?, ?)", step.version, utc_ms,
              base::version())
            .run();
        db.exec(("PRAGMA application_id=" + std::to_string(k_application_id)).c_str());
        db.exec(("PRAGMA user_version=" + std::to_string(step.version)).c_str());
        transaction.commit();
    }
}

Identity identify(Database& db, std::int64_t newest) {
    const auto tables = db.number("SELECT count(*) FROM sqlite_schema");
    const auto application = db.number("PRAGMA application_id");
    const auto version = db.number("PRAGMA user_version");
    if (tables == 0) return Identity::fresh;
    if (application != k_application_id) return Identity::foreign;
    return version > newest ? Identity::newer : Identity::ours;
}

void guard_schema_row(Database& db) {
    static const std::string sql = std::string("UPDATE schema SET crc = ") + k_schema_crc;
    Query(db, sql).run();
}

bool schema_row_is_whole(Database& db) {
    static const std::string sql = std::string("SELECT crc IS ") + k_schema_crc + " FROM schema";
    Query q(db, sql);
    return !q.step() || q.number(0) != 0;
}

Table::Form Table::form_in(Database& db) const {
    const auto has = [&db](const char* sql, const char* a, const char* b) {
        Query q(db, sql, a, b);
        const bool found = q.step() && q.number(0) > 0;
        const bool told = db.ok();
        db.forgive();
        return found || !told;
    };
    if (!has("SELECT count(*) FROM sqlite_schema WHERE name = ? AND type <> ?", name, "index")) return Form::absent;
    if (added[0] == '\0') return Form::whole;
    return has("SELECT count(*) FROM pragma_table_info(?) WHERE name = ?", name, added) ? Form::whole : Form::first;
}

std::vector<std::string> Table::columns() const {
    std::vector<std::string> names;
    std::string_view rest(content);
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        auto column = rest.substr(0, comma);
        column.remove_prefix(std::min(column.find_first_not_of(' '), column.size()));
        names.emplace_back(column);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (added[0] != '\0') names.emplace_back(added);
    return names;
}

std::string Table::column_list(Form form) const {
    const std::string first(content);
    if (added[0] == '\0') return first;
    return first + ", " + (form == Form::first ? "0" : added);
}

std::string Table::hash_sql(Form form) const { return hash_of(content, form == Form::first ? "" : added); }

std::string Table::sha_sql(const std::string& head) const { return hash_of(head + ", " + content, added, "row_sha"); }

std::string Table::insert_sql(std::string_view verb) const {
    const std::string place = is_call() ? "base_call_seq, last_call_seq" : "call, call_seq";
    std::string content_bound, added_bound;
    int next = k_head_columns + 1;
    for (const auto& column : columns()) {
        const std::string bound = "?" + std::to_string(next++);
        if (column == added) {
            added_bound = bound;
        } else {
            content_bound += (content_bound.empty() ? "" : ", ") + bound;
        }
    }
    const std::string bound = content_bound + (added_bound.empty() ? "" : ", ") + added_bound;
    return std::string(verb) + " INTO " + name + " (seq, " + place + ", salvaged_from, salvaged_seq, " + column_list() +
           ", crc) VALUES (?1, ?2, ?3, ?4, ?5, " + bound + ", " + hash_of(content_bound, added_bound) + ")";
}

std::string Table::bad_rows_sql(Form form) const {
    return std::string("SELECT seq FROM ") + name + " WHERE crc IS NOT " + hash_sql(form) + " ORDER BY seq";
}

}  // namespace holdfast::store
