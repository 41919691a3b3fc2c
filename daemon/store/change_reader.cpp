// What a sink does not have yet: the notes in `change` behind its cursor, and the rows they are about.
#include "store/reader.hpp"
#include "store/rows.hpp"
#include "store/schema.hpp"
#include "store/vault.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace holdfast::store {
namespace {

const std::string k_name = "coalesce(o.generation, (SELECT generation FROM schema)), coalesce(r.salvaged_seq, r.seq), r.call_sid";

std::string whole(const Table& table) {
    return "(SELECT *, crc IS " + table.hash_sql() + " AS whole FROM " + table.name + ")";
}

// number, utc_ms, generation, seq, call_sid, then the row. A note whose row was purged gives none.
// Nor does one that is not what was written (D10): what became of it stands in `loss`.
std::string row_sql(const Table& table, const std::string& columns) {
    return "SELECT c.number, c.utc_ms, " + k_name + ", " + columns + " FROM change AS c JOIN " + whole(table) +
           " AS r ON r.seq = c.row AND r.whole LEFT JOIN origin AS o ON o.id = r.salvaged_from WHERE c.class = ? AND c.number > ? AND "
           "c.number <= ? ORDER BY c.number";
}

// The columns are r's; their names stand in no other table of the join but utc_ms.
const std::string k_transcripts = row_sql(k_utterance_table, utterance_columns("r."));
const std::string k_recordings = row_sql(k_recording_table, "r.utc_ms, offset_ms, path, sha256, duration_ms, lost_ms, legs, r.class");
const std::string k_audits = row_sql(k_audit_table, "r.utc_ms, actor, action, detail");
// Only the newest note of each call or dispatch.
const std::string k_calls =
    "SELECT max(c.number), max(c.utc_ms), call.seq, call.call_sid FROM change AS c JOIN " + whole(k_call_table) +
    " AS call ON call.seq = c.row AND call.whole WHERE c.class = ? AND c.number > ? AND c.number <= ? GROUP BY call.seq ORDER BY 1";
const std::string k_dispatches =
    "SELECT max(c.number), max(c.utc_ms), d.call, d.call_sid, d.number FROM change AS c JOIN dispatch AS d ON d.seq = c.row WHERE "
    "c.class = ? AND c.number > ? AND c.number <= ? GROUP BY d.call, d.number ORDER BY 1";

std::int64_t delivered(Database& db, const std::string& sink, std::int64_t change_class) {
    Query q(db, "SELECT number, crc IS row_crc(sink, class, number) FROM cursor WHERE sink = ? AND class = ?", sink, change_class);
    if (!q.step()) return 0;
    if (q.number(1) == 0) db.fail_corrupt("cursor");
    return q.number(0);
}

std::int64_t newest(Database& db, std::int64_t change_class) {
    Query q(db, "SELECT max(number) FROM change WHERE class = ?", change_class);
    return q.step() ? q.number(0) : 0;
}

class ChangeReader {
  public:
    ChangeReader(Database& db, const ReadChanges& query, Changes& changes)
        : db_(db), query_(query), changes_(changes), class_(static_cast<std::int64_t>(query.change_class)) {}

    void read() {
        changes_.generation = db_.word("SELECT generation FROM schema");
        after_ = delivered(db_, query_.sink, class_);
        changes_.next = after_;
        changes_.waiting = std::max<std::int64_t>(newest(db_, class_) - after_, 0);
        const auto limit = std::clamp<std::int64_t>(query_.limit, 1, k_changes_per_answer_max);
        {
            Query q(db_, "SELECT max(number) FROM (SELECT number FROM change WHERE class = ? AND number > ? ORDER BY number LIMIT ?)",
                    class_, after_, limit);
            if (q.step()) changes_.next = std::max(after_, q.number(0));
        }
        if (changes_.next == after_) return;
        check_notes();
        switch (query_.change_class) {
            case ChangeClass::dispatch: return read_dispatches();
            case ChangeClass::incident:
            case ChangeClass::call: return read_calls();
            case ChangeClass::transcript: return read_transcripts();
            case ChangeClass::recording: return read_recordings();
            case ChangeClass::audit: return read_audits();
        }
    }

    // A row cannot be read for want of its key: nothing is passed over, the sink waits until the key is back (D16).
    bool key_is_missing(std::int64_t unrevealed_before) const {
        return db_.unrevealed() > unrevealed_before && db_.vault() != nullptr && db_.vault()->state() == Vault::State::missing;
    }

  private:
    // A note that is damaged or gone would be a row that nobody is told of. The rows are all noted anew when the file is salvaged.
    void check_notes() {
        Query q(db_,
                "SELECT count(*), min(crc IS row_crc(class, number, row, utc_ms)) FROM change WHERE class = ? AND number > ? AND number <= ?",
                class_, after_, changes_.next);
        if (q.step() && (q.number(0) != changes_.next - after_ || q.number(1) == 0)) db_.fail_corrupt("change");
    }

    Change change(const Query& q) const { return {q.number(0), q.number(1), q.word(2), q.number(3), {}}; }
    // False: enough for one answer; the rest is asked for again.
    bool add(Change change, std::size_t bytes) {
        bytes_ += static_cast<std::int64_t>(bytes);
        if (!changes_.rows.empty() && bytes_ > query_.bytes_max) {
            changes_.next = change.number - 1;
            return false;
        }
        changes_.rows.push_back(std::move(change));
        return true;
    }

    void read_transcripts() {
        for (Query q(db_, k_transcripts, class_, after_, changes_.next); q.step();) {
            const auto sid = CallSid::parse(q.word(4));
            if (!sid || q.is_null(5 + k_text_of_utterance)) continue;
            Change row = change(q);
            Utterance said = utterance(q, 5, *sid);
            const auto bytes = said.text.reveal().size();
            row.what = std::move(said);
            if (!add(std::move(row), bytes)) return;
        }
    }

    void read_recordings() {
        for (Query q(db_, k_recordings, class_, after_, changes_.next); q.step();) {
            const auto sid = CallSid::parse(q.word(4));
            if (!sid) continue;
            Change row = change(q);
            row.what = Recording{*sid,       q.number(5), q.number(6), q.word(7), q.word(8),
                                 q.number(9), q.number(10), q.word(11), q.word(12)};
            if (!add(std::move(row), 0)) return;
        }
    }

    void read_audits() {
        for (Query q(db_, k_audits, class_, after_, changes_.next); q.step();) {
            Change row = change(q);
            std::optional<CallSid> call;
            if (const auto sid = CallSid::parse(q.word(4))) call = *sid;
            Audit audit{q.number(5), q.word(6), q.word(7), q.word(8), call};
            const auto bytes = audit.detail.size();
            row.what = std::move(audit);
            if (!add(std::move(row), bytes)) return;
        }
    }

    struct Told {
        std::int64_t number, utc_ms, id;
        std::string sid;
        std::int64_t dispatch;
    };
    std::vector<Told> told(const std::string& sql, bool dispatches) {
        std::vector<Told> all;
        for (Query q(db_, sql, class_, after_, changes_.next); q.step();) {
            all.push_back({q.number(0), q.number(1), q.number(2), q.word(3), dispatches ? q.number(4) : 0});
        }
        return all;
    }

    void read_calls() {
        for (const auto& note : told(k_calls, false)) {
            const auto sid = CallSid::parse(note.sid);
            if (!sid) continue;
            const CallParts parts(db_, note.id, *sid);
            Change row{note.number, note.utc_ms, changes_.generation, 0, {}};
            auto incidents = parts.incidents();
            if (query_.change_class == ChangeClass::incident) {
                if (incidents.empty()) continue;
                row.what = IncidentState{std::move(incidents.back()), parts.facts()};
            } else {
                CallState state;
                Query q(db_, one_call_sql(), note.sid);
                if (!q.step()) continue;
                state.call = call_row(q);
                state.seams = parts.seams();
                if (!incidents.empty()) state.incident = std::move(incidents.back());
                std::map<std::int64_t, DispatchRow> newest_steps;
                for (auto& step : parts.dispatches()) newest_steps.insert_or_assign(step.dispatch.number, std::move(step));
                for (auto& [number, step] : newest_steps) state.dispatches.push_back(std::move(step));
                row.what = std::move(state);
            }
            changes_.rows.push_back(std::move(row));
        }
    }

    void read_dispatches() {
        for (const auto& note : told(k_dispatches, true)) {
            const auto sid = CallSid::parse(note.sid);
            if (!sid) continue;
            DispatchState state;
            for (auto& step : CallParts(db_, note.id, *sid).dispatches()) {
                if (step.dispatch.number == note.dispatch) state.steps.push_back(std::move(step));
            }
            if (!state.steps.empty()) changes_.rows.push_back({note.number, note.utc_ms, changes_.generation, 0, std::move(state)});
        }
    }

    Database& db_;
    const ReadChanges& query_;
    Changes& changes_;
    const std::int64_t class_;
    std::int64_t after_ = 0;
    std::int64_t bytes_ = 0;
};

}  // namespace

base::Result<Changes> read_changes(Database& db, const ReadChanges& query) {
    Changes changes;
    const auto unrevealed = db.unrevealed();
    ChangeReader reader(db, query, changes);
    reader.read();
    if (!db.ok()) return unreadable(db);
    if (reader.key_is_missing(unrevealed)) return base::make_error(base::Condition::retry, "key_missing");
    return changes;
}

base::Result<std::vector<ClassBacklog>> read_backlog(Database& db, const std::string& sink) {
    std::vector<ClassBacklog> all;
    for (const auto change_class : k_change_classes) {
        const auto number = static_cast<std::int64_t>(change_class);
        const auto after = delivered(db, sink, number);
        ClassBacklog one{change_class, std::max<std::int64_t>(newest(db, number) - after, 0), std::nullopt};
        Query q(db, "SELECT utc_ms FROM change WHERE class = ? AND number > ? ORDER BY number LIMIT 1", number, after);
        if (q.step()) one.oldest_utc_ms = q.number(0);
        all.push_back(one);
    }
    if (!db.ok()) return unreadable(db);
    return all;
}

}  // namespace holdfast::store
