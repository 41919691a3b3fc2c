// Keeps a usable database: opens it, finds out what is wrong with it, moves a damaged one aside, gives
// room back on a full disk, opens again what failed. All decisions of the failure matrix about the disk
// are made here. Store thread only, but for acquire_lock() and the published state.
#pragma once

#include "base/loop.hpp"
#include "log/log.hpp"
#include "log/repeat.hpp"
#include "store/backlog.hpp"
#include "store/database.hpp"
#include "store/disk.hpp"
#include "store/salvage.hpp"
#include "store/schema.hpp"
#include "store/sqlite_journal.hpp"
#include "store/vault.hpp"
#include "store/watermark.hpp"
#include "store/wipe.hpp"
#include "store/writer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::store {

class Keeper {
  public:
    Keeper(const SqliteJournalOptions& options, std::uint64_t run, std::function<void()> nudge);

    LockFile::Outcome acquire_lock();

    // --- the connection ---
    bool open() const { return db_ != nullptr; }
    bool may_write(base::TimePoint now) const { return open() && now >= retry_at_; }
    bool may_open(base::TimePoint now) const { return !open() && now >= reopen_at_; }
    base::TimePoint next_try() const { return open() ? retry_at_ : reopen_at_; }
    // One try. Rows of this run up to `done_ticket` need no writing. `emergency`: what earlier runs left.
    // Returns the last ticket found in the database, when it worked.
    std::optional<std::uint64_t> try_open(std::uint64_t done_ticket, EmergencyContent* emergency);
    bool taken_over() const { return taken_over_; }

    // --- work ---
    enum class Commit { done, failed, refused };  // refused: the first row can never be written
    // Writes the longest prefix that goes: `written` has one entry for each row that is in.
    Commit commit(const std::vector<WaitingRowPtr>& rows, std::vector<Written>& written);
    void checkpoint();
    Database* database() { return db_.get(); }
    void after_read();  // treats the failure a question met
    void housekeeping(base::TimePoint now);
    // One batch of salvaged rows. True when something was done.
    bool salvage(base::TimePoint now);
    // Wipes the keys of calls from files that were set aside: those that are here, or whose call was purged.
    void wipe(base::TimePoint now);
    base::TimePoint next_wipe() const { return wipe_at_; }
    // Removes what was set aside before, once its rows are here, unless somebody holds a call.
    void remove_set_aside(std::int64_t before_utc_ms);
    // Follows the chain, a bite at a time, from its start to its end, and again each day; writes down what is not as it was.
    void scrub(base::TimePoint now);
    bool may_scrub() const { return open() && !salvaging() && trouble_ == Trouble::none; }
    base::TimePoint next_scrub() const { return scrub_at_; }
    Vault& vault() { return vault_; }
    const Vault& vault() const { return vault_; }
    bool salvaging() const { return salvage_ != nullptr; }
    base::TimePoint next_salvage() const { return salvage_at_; }
    void close_for_good();
    void give_up_connection(const char* why);  // the thread met an exception

    // --- published ---
    struct State {
        Trouble trouble = Trouble::none;
        bool failed = false;  // a second I/O error in short time: emergency file only
        bool salvaging = false;
        std::string generation;
        std::int64_t schema_version = 0;
        std::int64_t rows_committed = 0;
        std::int64_t database_bytes = 0;
        std::int64_t wal_bytes = 0;
        std::int64_t free_bytes = 0;
        std::int64_t total_bytes = 0;
        std::int64_t losses = 0;
        std::int64_t lost_rows = 0;
        std::string loss;
        std::optional<std::int64_t> verified_utc_ms;
        std::int64_t keys_to_rotate = 0;
        std::int64_t keys_unreadable = 0;
        std::int64_t files_set_aside = 0;
        std::int64_t keys_set_aside = 0;
    };
    State state() const;  // any thread

  private:
    enum class Step { opened, moved_aside, failed };
    Step open_once(std::uint64_t done_ticket, EmergencyContent* emergency);
    bool prepare_files();
    Step settle_identity();
    bool agrees_with_watermark(Identity identity);
    void read_watermark();
    void write_watermark();
    void remember_losses();
    void begin_looking();
    void scrub_bite();
    void rotate_keys();
    bool take_over(std::uint64_t done_ticket, EmergencyContent* emergency);
    void read_progress();
    void announce(const TakenOver& taken);
    void set_log_aside();
    void remember(const Record& record, const Written& written);
    void suffer(const Failure& failure);
    void suffer_full();
    void suffer_io();
    void close();
    bool set_aside(const char* word, const log::Event& event);
    void recovered();
    void start_salvage();
    void finish_salvage();
    void begin_wipe();
    void answer_wipe(const std::vector<Wipe::Found>& found);
    void finish_wipe();
    bool note_asides(const std::vector<std::string>& files);
    bool removed_from_disk(const Writer::Aside& aside);
    template <class Change>
    bool in_transaction(Change change);
    void check_file();
    void copy_back();
    void measure();
    template <class Change>
    void publish(Change change);

    const SqliteJournalOptions& options_;
    const std::uint64_t run_;
    const std::function<void()> nudge_;
    LockFile lock_;
    Ballast ballast_;
    LiveCalls live_;
    std::unique_ptr<Database> db_;
    std::optional<Writer> writer_;
    std::unique_ptr<Salvage> salvage_;
    std::int64_t salvaged_rows_ = 0;
    std::vector<std::string> set_aside_;   // to be noted in the next database
    bool moved_aside_ = false;             // that is why there is no database
    std::vector<SalvageOrder> to_salvage_;
    std::unique_ptr<Wipe> wipe_;
    Writer::Aside wiping_;               // what it is at
    bool wipe_due_ = true;               // something came, or went, that a file set aside may still have
    bool wipe_going_ = false;            // through all of them
    std::int64_t keys_left_ = 0;         // in those it has been through
    std::int64_t keys_left_told_ = 0;
    Vault vault_;
    Watermark watermark_;
    std::optional<Mark> mark_;           // the newest: read at the start, then what was written
    bool mark_read_ = false;
    bool mark_damaged_ = false;
    bool mark_checked_ = false;          // against the first database
    bool mark_failed_ = false;           // said once
    std::vector<Loss> losses_;           // to be noted in the next database
    ReadChain scrub_from_;
    base::TimePoint scrub_at_{};
    bool purged_ = false;                // the log still has what went
    bool losses_changed_ = true;
    bool keys_rotated_ = false;          // every key that can be opened is under the newest master key
    std::string rotate_after_;           // the call that was reached; empty: begins
    std::int64_t keys_to_rotate_ = 0;    // behind it
    std::int64_t keys_unreadable_ = 0;   // before it
    std::int64_t keys_unreadable_told_ = 0;
    std::int64_t acknowledged_below_seq_ = INT64_MAX;  // of the open database; unknown while it is opened
    std::uint64_t salvaged_run_ = 0;                   // how far the run before had come in it
    std::uint64_t salvaged_ticket_ = 0;
    FileFacts file_;                       // of the open database
    std::uint64_t taken_ticket_ = 0;
    bool taken_over_ = false;
    Trouble trouble_ = Trouble::none;
    base::TimePoint retry_at_{};
    base::TimePoint reopen_at_{};
    base::TimePoint salvage_at_{};
    base::TimePoint wipe_at_{};
    base::TimePoint remove_aside_at_{};
    base::TimePoint check_file_at_{};
    std::optional<base::TimePoint> last_io_failure_;
    log::RepeatGuard failure_log_;
    log::RepeatGuard space_log_{std::chrono::minutes(1)};

    mutable std::mutex mutex_;
    State state_;  // guarded by mutex_
};

}  // namespace holdfast::store
