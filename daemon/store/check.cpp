#include "store/check.hpp"

#include "store/database.hpp"
#include "store/disk.hpp"
#include "store/rows.hpp"
#include "store/schema.hpp"
#include "store/verify.hpp"

#include <memory>
#include <optional>

namespace holdfast::store {
namespace {

using base::Condition;
using base::make_error;

constexpr int k_problems_shown = 10;

// A log beside the file has to be replayed, in memory; without one the file is read as it is. Neither way
// writes to it.
std::unique_ptr<Database> open_for_reading(const std::string& path) {
    const bool has_log = file_facts(path + "-wal").bytes > 0;
    return std::make_unique<Database>(path, std::string(),
                                      has_log ? Database::Mode::salvage : Database::Mode::immutable);
}

class Checker {
  public:
    Checker(Database& db, CheckReport& report) : db_(db), report_(report) {}

    void run() {
        integrity();
        schema();
        for (const Table* table : k_tables) {
            const auto form = table->form_in(db_);
            if (form == Table::Form::absent) continue;  // the file is older than the table
            count(*table);
            row_hashes(*table, form);
        }
        call_sequences();
        counter();
        salvages();
        holds();
        if (report_.good()) chain();
    }

  private:
    void found(const char* check, std::string detail) { report_.findings.push_back({check, std::move(detail)}); }

    // A failure of SQLite itself is a finding; the next check goes on.
    bool failed(const char* check) {
        if (db_.ok()) return false;
        found(check, db_.failure().text());
        db_.forgive();
        return true;
    }

    void integrity() {
        int shown = 0;
        for (Query q(db_, "PRAGMA integrity_check(100)"); q.step() && shown < k_problems_shown;) {
            if (q.word(0) == "ok") break;
            found("integrity", q.word(0));
            ++shown;
        }
        failed("integrity");
    }

    void schema() {
        report_.schema_version = db_.number("PRAGMA user_version");
        {
            Query q(db_, "SELECT generation, site_id, created_by, created_utc_ms, clean_stop, next_seq FROM schema");
            if (q.step()) {
                report_.generation = q.word(0);
                report_.site_id = q.word(1);
                report_.created_by = q.word(2);
                report_.created_utc_ms = q.number(3);
                report_.stopped_cleanly = q.number(4) != 0;
                next_seq_ = q.number(5);
            } else if (db_.ok()) {
                found("schema", "table schema has no row");
            }
        }
        failed("schema");
        if (!report_.stopped_cleanly) report_.notes.emplace_back("the last run did not stop cleanly");
    }

    void count(const Table& table) {
        const auto rows = db_.number((std::string("SELECT count(*) FROM ") + table.name).c_str());
        if (!failed("integrity")) report_.tables.push_back({table.name, rows});
    }

    void row_hashes(const Table& table, Table::Form form) {
        std::int64_t bad = 0;
        std::int64_t first = 0;
        {
            Query q(db_, table.bad_rows_sql(form));
            while (q.step()) {
                if (bad++ == 0) first = q.number(0);
            }
        }
        if (bad > 0) {
            found("row_hash", std::string(table.name) + " seq " + std::to_string(first) + " is not what was written" +
                                  (bad > 1 ? ", and " + std::to_string(bad - 1) + " more" : ""));
        }
        failed("row_hash");
    }

    // Numbers of a call run from its base without a hole; what was brought back from an earlier
    // generation has its own numbers, and its holes are in the salvage table.
    void call_sequences() {
        // Tables of later versions, as far as the file has them.
        std::string later;
        for (const Table* table : {&k_recording_table, &k_fact_table, &k_incident_table, &k_dispatch_table,
                                   &k_outbox_table, &k_dead_letter_table}) {
            if (table->form_in(db_) == Table::Form::absent) continue;
            later += std::string("UNION ALL SELECT call, call_seq FROM ") + table->name + " WHERE salvaged_from IS NULL AND call IS NOT NULL ";
        }
        // What a purge took is told by the chain.
        const bool chained = db_.number("SELECT count(*) FROM sqlite_schema WHERE name = 'chain'") > 0;
        const std::string not_purged =
            chained ? "WHERE NOT EXISTS (SELECT 1 FROM chain WHERE chain.part > 100 AND chain.call = call.seq) " : "";
        Query q(db_,
                std::string("SELECT call_sid, base_call_seq, last_call_seq, count(n), count(DISTINCT n), min(n), max(n) FROM call "
                "LEFT JOIN (SELECT call, call_seq AS n FROM utterance WHERE salvaged_from IS NULL "
                "UNION ALL SELECT call, call_seq FROM seam WHERE salvaged_from IS NULL "
                "UNION ALL SELECT call, call_seq FROM audit WHERE salvaged_from IS NULL AND call IS NOT NULL ") +
                later +
                ") AS rows "
                "ON rows.call = call.seq " + not_purged + "GROUP BY call.seq");
        while (q.step()) {
            const auto expected = q.number(2) - q.number(1);
            const bool whole = q.number(3) == expected && q.number(4) == expected &&
                               (expected == 0 || (q.number(5) == q.number(1) + 1 && q.number(6) == q.number(2)));
            if (whole) continue;
            found("call_seq", "call " + q.word(0) + " has " + std::to_string(q.number(4)) + " of rows " +
                                  std::to_string(q.number(1) + 1) + " to " + std::to_string(q.number(2)));
            break;
        }
        failed("call_seq");
    }

    void counter() {
        for (const Table* table : k_tables) {
            if (table->form_in(db_) == Table::Form::absent) continue;
            const auto most = db_.number((std::string("SELECT max(seq) FROM ") + table->name).c_str());
            if (failed("counter")) continue;
            if (most >= next_seq_) {
                found("counter", std::string(table->name) + " seq " + std::to_string(most) +
                                     " is not below the counter, " + std::to_string(next_seq_));
            }
        }
    }

    // What somebody changed with care: the hash of the row fits again, its link does not.
    void chain() {
        if (report_.schema_version < k_chain_version) return;
        const auto verified = verify_all(db_, nullptr);
        if (failed("chain")) return;
        for (const auto& each : verified.findings) {
            found("chain", each.table.empty() ? each.detail : each.table + " seq " + std::to_string(each.row) + ": " + each.what + ", " + each.detail);
        }
        if (!verified.heads_checked) report_.notes.emplace_back("the chain is under a key that stands in no file; holdfastctl verify has it");
    }

    void salvages() {
        for (Query q(db_, "SELECT file, done, salvaged_rows, gaps FROM salvage"); q.step();) {
            report_.notes.push_back(q.number(1) == 0
                                        ? "salvage of " + q.word(0) + " is not finished"
                                        : "salvaged " + std::to_string(q.number(2)) + " rows from " + q.word(0) +
                                              ", unreadable spans: " + std::to_string(q.number(3)));
        }
        failed("schema");
    }

    void holds() {
        const auto held = db_.number((std::string("SELECT count(*) FROM call WHERE ") + k_last_hold_sql + " = 'hold'").c_str());
        if (!failed("integrity") && held > 0) report_.notes.push_back("calls on hold: " + std::to_string(held));
    }

    Database& db_;
    CheckReport& report_;
    std::int64_t next_seq_ = 0;
};

}  // namespace

base::Result<CheckReport> check_file(const std::string& path) {
    if (!file_facts(path).exists) return make_error(Condition::reject, "no_such_file", path);
    if (lock_is_taken(path + ".lock")) return make_error(Condition::retry, "in_use", path + " belongs to a running daemon");
    const auto db = open_for_reading(path);
    if (!db->ok()) {
        const bool busy = db->failure().trouble() == Trouble::busy;
        return make_error(Condition::retry, busy ? "in_use" : "unreadable", db->failure().text());
    }
    CheckReport report;
    const Identity identity = identify(*db, migrations().back().version);
    if (!db->ok()) {
        const Failure failure = db->failure();
        if (failure.trouble() == Trouble::busy) return make_error(Condition::retry, "in_use", failure.text());
        if (failure.trouble() != Trouble::corrupt) return make_error(Condition::retry, "unreadable", failure.text());
        report.findings.push_back({"integrity", failure.text()});
        return report;
    }
    if (identity == Identity::foreign || identity == Identity::fresh) {
        return make_error(Condition::reject, "not_a_journal", path);
    }
    if (identity == Identity::newer) {
        report.notes.emplace_back("written by a newer version; only what this one knows is checked");
    }
    Checker(*db, report).run();
    return report;
}

}  // namespace holdfast::store
