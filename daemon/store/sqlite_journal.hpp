// The journal on SQLite. One thread (`store`) owns the only connection: it writes what is queued in
// group commits, answers questions between them, and does every checkpoint. A second thread (`guard`)
// does nothing but watch the age of the oldest waiting row: when no commit was possible for
// `commit_stall`, it appends the waiting rows to the emergency file, whatever the disk of the
// database is doing to the first thread.
//
// Trouble with the disk never reaches the caller of append(): rows wait (bounded) and are written in
// their order, exactly once, when the database works again.
#pragma once

#include "base/error.hpp"
#include "config/limits.hpp"
#include "store/journal.hpp"
#include "store/vault.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::store {

struct SqliteJournalOptions {
    std::string path;          // the database file; its folder is created when the parent allows
    std::string runtime_path;  // folder of the emergency file
    std::string site_id;

    std::chrono::milliseconds commit_stall{2000};      // no commit for so long: emergency file
    std::chrono::milliseconds reopen{5000};            // between tries to open the database again
    std::chrono::milliseconds full_retry{1000};        // between commits on a full disk
    std::chrono::milliseconds io_failure_window{600'000};  // a second I/O error within: wait `reopen`
    std::chrono::milliseconds first_open{2000};        // open() waits so long for the database
    std::function<void()> while_opening;               // called by open() at least once a second while it waits
    std::chrono::milliseconds housekeeping{1000};      // sizes, ballast, emptying the emergency file
    std::chrono::milliseconds file_check{10'000};      // is the file we write still the one at `path`?
    std::size_t ballast_bytes = limits::journal_ballast_bytes;
    std::size_t rows_waiting_max = limits::journal_queue_rows_max;
    std::optional<MasterKeys> master_keys;  // none: see Vault
    bool master_key_unreadable = false;     // there should be one
    std::string vfs;           // name of a registered SQLite VFS; empty: the default one
};

class SqliteJournal : public Journal {
  public:
    // Never refuses because of the disk: without a usable database the journal runs on the emergency
    // file and keeps trying. The only errors are a second instance ("second_instance", fatal) and an
    // empty path ("store_path", fatal).
    static base::Result<std::unique_ptr<SqliteJournal>> open(SqliteJournalOptions options);
    ~SqliteJournal() override;  // stops, if nobody did

    bool append(Record record, Ack ack = {}) override;
    void read_calls(ReadCalls query, std::function<void(base::Result<CallList>)> done) override;
    void read_call(CallSid call, std::function<void(base::Result<CallDetail>)> done) override;
    void read_dispatches(ReadDispatches query, std::function<void(base::Result<DispatchSteps>)> done) override;
    void read_owed(std::string target, std::function<void(base::Result<Owed>)> done) override;
    void read_untranscribed(std::int64_t after, std::function<void(base::Result<Untranscribed>)> done) override;
    void read_dead_letters(ReadDeadLetters query, std::function<void(base::Result<DeadLetters>)> done) override;
    void read_changes(ReadChanges query, std::function<void(base::Result<Changes>)> done) override;
    void read_backlog(std::string sink, std::function<void(base::Result<std::vector<ClassBacklog>>)> done) override;
    void read_purgeable(ReadPurgeable query, std::function<void(base::Result<Purgeable>)> done) override;
    void read_chain(ReadChain query, std::function<void(base::Result<ChainBite>)> done) override;
    void read_losses(std::function<void(base::Result<std::vector<LossRow>>)> done) override;
    StoreStatus status() const override;
    // The keys that recordings of the call are sealed with, oldest first, nearly always one. Any thread but the store's; waits at
    // most `most` when they have to be looked up. Empty: encryption is off, there is none (yet), or the journal cannot say now.
    std::vector<Key> recording_keys(const CallSid& call, std::chrono::milliseconds most);
    Vault::State encryption() const;
    // Removes damaged files that were set aside before, once their rows have been brought over; not while a call is held. Any thread.
    void remove_set_aside(std::int64_t before_utc_ms);

    // Takes no more rows, writes what waits for at most `flush`, then puts the rest into the
    // emergency file, notes the stop and closes. Idempotent. Acknowledgements that are still open
    // have run when it returns; a store thread that hangs in the disk is left behind.
    void stop(std::chrono::milliseconds flush);

  private:
    class Core;
    explicit SqliteJournal(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;  // shared with its threads: one of them may hang in the disk for ever
};

}  // namespace holdfast::store
