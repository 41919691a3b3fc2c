// Records into rows. Everything here happens inside a transaction of the caller; failures are sticky
// in the Database. Store thread only.
#pragma once

#include "store/chain.hpp"
#include "store/database.hpp"
#include "store/emergency_file.hpp"
#include "store/journal.hpp"
#include "store/schema.hpp"
#include "store/vault.hpp"
#include "store/watermark.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace holdfast::store {

// Calls of this process that have not ended, with their last call_seq. It outlives a database: in the
// fresh one after a quarantine, their numbering goes on.
using LiveCalls = std::unordered_map<std::string, std::int64_t>;

struct Written {
    const Table* table = nullptr;  // where a row was inserted; nullptr when one was changed or nothing
    std::int64_t call_seq = 0;
    std::int64_t asides = 0;       // of a purge: files set aside that may still have words of the call
};

struct SalvageOrder {
    std::string file;
    std::int64_t below_seq = INT64_MAX;
    std::string generation;           // by the watermark, when the file cannot be believed; empty: the file says
    std::int64_t expected_rows = -1;  // the same; -1: nobody knows
};

constexpr std::int64_t k_chain_part = -1;

// Rows that are gone, or are not what was written.
struct Loss {
    std::string what;       // "salvage", "journal_missing", "watermark", "row_changed", "row_missing", "key_missing", "links" ...
    std::int64_t rows = 0;  // 0: how many is not known
    std::int64_t part = 0;  // of one row: its table and seq; of the chain: k_chain_part and the link
    std::int64_t row = 0;
    std::string detail;     // for people; no content
};

// What start-up needs to know and do in one transaction.
struct TakeOver {
    std::uint64_t run = 0;     // of this process
    std::uint64_t ticket = 0;  // its last row that needs no writing any more
    std::string site_id;
    std::int64_t utc_ms = 0;
    const EmergencyContent* emergency = nullptr;
    std::vector<std::string> set_aside;        // files moved aside on the way here
    std::vector<SalvageOrder> to_salvage;      // those of them with rows to bring over
    // How far the run before had come, as read in a file that is to be salvaged: the rows up to there need
    // no replay.
    std::uint64_t salvaged_run = 0;
    std::uint64_t salvaged_ticket = 0;
    ChainHead chain;           // where the chain goes on, when the database has none
    std::vector<Loss> losses;  // found on the way here
};

struct TakenOver {
    std::string generation;
    std::string previous;  // "new", "clean", "unclean", "same"
    std::int64_t interrupted = 0;
    std::int64_t replayed = 0;
    std::int64_t unreadable = 0;  // bytes of the emergency file that were no record
    std::uint64_t ticket = 0;     // rows of this run up to here are in the database
};

class Writer {
  public:
    Writer(Database& db, const LiveCalls& live, Vault& vault) : db_(db), live_(live), vault_(vault), chain_(db) {}

    // Makes the database this run's: creates the schema row, replays what an earlier run left in the
    // emergency file (exactly once), marks its open calls interrupted, notes the start. When the
    // database is this run's already, it only says how far it got.
    TakenOver take_over(const TakeOver& start);
    std::size_t replaying() const { return replaying_; }  // index of the emergency row it stopped at

    Written write(const Record& record);
    void note(std::int64_t utc_ms, std::string_view action, std::string_view detail);  // audit, by the daemon
    void save_progress(std::uint64_t ticket);
    void save_next_seq();
    std::int64_t next_seq() const { return next_seq_; }
    void note_stop(std::int64_t utc_ms);
    // Before a transaction, and after one that was rolled back: the counter is part of it.
    void mark();
    void forget();
    Mark watermark() const;  // where all is now
    // Written down once for each row; true when it is news.
    bool lost(const Loss& loss, std::int64_t utc_ms);

    // One row out of a damaged file: the columns after the head, in the order of the table.
    struct Salvaged {
        const Table* table = nullptr;
        std::string generation;  // it was written under, with ...
        std::int64_t seq = 0;    // ... this number
        std::int64_t call_seq = 0;
        std::vector<Cell> content;
    };
    bool take_back(const Salvaged& row);  // true when it was not there yet
    void take_back(const Link& link, std::string_view head);
    void take_back(const ChainSegment& segment);
    void take_back_key(const std::string& sid, const std::string& sealed);
    // What was purged here is not brought back, nor are its keys kept: known between these two.
    void know_purged();
    void forget_purged();
    void order(const SalvageOrder& order, std::int64_t utc_ms);
    std::vector<SalvageOrder> unfinished_orders();

    // --- files that were set aside, once their rows are here ---
    struct Aside {
        std::int64_t id = 0;
        std::string file;
    };
    bool knows_aside(const std::string& file);
    void know_aside(const std::string& file, std::int64_t utc_ms);  // one that no order names
    // The next one, behind `id`, that may still have keys of calls.
    std::optional<Aside> next_to_wipe(std::int64_t id);
    void wiped(const Aside& aside, bool whole, std::int64_t keys, std::int64_t utc_ms);
    // Whether a key that was found in such a file may go from there: this database has it, or it was purged here.
    bool may_be_wiped(const std::string& sid, const std::string& sealed);
    // Those set aside before. They may still hold words that were not sealed, and rows that nobody could bring over.
    std::vector<Aside> asides_before(std::int64_t utc_ms);
    bool anything_is_held();
    void gone(const Aside& aside);
    void removed(const Aside& aside, std::int64_t utc_ms);  // by us
    // Notes the end of it. Calls it brought back open ended with their run; returns how many.
    std::int64_t finish(const SalvageOrder& order, std::int64_t rows, std::int64_t gaps, std::int64_t lost, std::int64_t utc_ms);

  private:
    struct Call {
        std::int64_t seq = 0;
        std::string status, decision;
        std::int64_t last_call_seq = 0;
        std::int64_t started_utc_ms = 0;
    };
    struct Place {
        std::int64_t call = 0;
        std::int64_t call_seq = 0;
    };

    struct MaybePlace {
        std::optional<std::string> sid;
        std::optional<std::int64_t> call, call_seq;
    };

    Written write(const CallOpened& row);
    Written write(const CallChanged& row);
    Written write(const CallEnded& row);
    Written write(const Utterance& row);
    std::optional<std::int64_t> known_deferred(const Utterance& row);
    Written write(const Seam& row);
    Written write(const Audit& row);
    Written write(const Recording& row);
    Written write(const Fact& row);
    Written write(const Incident& row);
    Written write(const Dispatch& row);
    Written write(const Outbox& row);
    Written write(const DeadLetter& row);
    Written write(const Delivered& row);
    Written write(const Purge& row);
    Written write(const PurgeAudit& row);

    void create_schema_row(const TakeOver& start, TakenOver& done);
    void go_on_with_chain(const TakeOver& start, const std::string& generation);
    void begin_chain_segment(const ChainHead& from, const std::string& generation);
    void inserted(const Table& table, std::int64_t seq);
    std::string stored(const std::string& sid, std::string_view column, std::int64_t row, const Text& text);
    Key key_for(const std::string& sid);
    std::int64_t replay(const TakeOver& start, std::uint64_t run, std::uint64_t ticket);
    std::int64_t mark_interrupted(std::int64_t utc_ms);
    std::optional<Call> find(const std::string& sid);
    Call find_or_recover(const std::string& sid, std::int64_t started_utc_ms);
    Place next_place(const std::string& sid, std::int64_t started_utc_ms);
    MaybePlace place_if_any(const CallSid& call, std::int64_t started_utc_ms);
    void note_again(const Outbox& row);
    bool is_held(std::int64_t call);
    std::int64_t asides_with_words_of(std::int64_t call, bool words_only);
    bool was_purged(const std::string& sid) const;
    void fill(const Call& call, const CallOpened& row, const std::string& from_number, const std::string& to_number);
    void finish(const Call& call, std::string_view status, std::int64_t utc_ms, std::int64_t duration_ms,
                std::string_view reason);
    void rehash(std::int64_t call);
    void changed(ChangeClass change_class, std::int64_t row, std::int64_t utc_ms);
    bool take_back_call(const Salvaged& row, std::int64_t from);
    std::int64_t origin_id(const std::string& generation);

    Database& db_;
    const LiveCalls& live_;
    Vault& vault_;
    Chain chain_;
    std::string generation_;
    std::vector<std::uint64_t> purged_;  // hashes of CallSids, in order; empty but while somebody needs them
    bool knows_purged_ = false;
    std::unordered_set<std::string> has_key_;  // calls whose key is in this database; those seen lately
    std::int64_t next_seq_ = 0;
    std::int64_t rows_ = 0;
    std::int64_t marked_seq_ = 0;
    std::int64_t marked_rows_ = 0;
    std::size_t replaying_ = 0;
};

// The call a record is about, if it is about one.
const CallSid* call_of(const Record& record);

}  // namespace holdfast::store
