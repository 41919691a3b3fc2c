#include "store/keeper.hpp"

#include "base/random.hpp"
#include "config/limits.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "store/rows.hpp"
#include "store/verify.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <utility>

namespace holdfast::store {
namespace {

constexpr log::Logger k_log{"store"};
constexpr int k_opens_in_a_row_max = 3;  // damaged, fresh one damaged too, and one more
// Share of its time that salvage may take from the store thread: one part in five.
constexpr int k_salvage_pause_factor = 4;
constexpr int k_scrub_pause_factor = 4;  // the same for following the chain
constexpr int k_wipe_pause_factor = 4;   // and for saying which keys may go
constexpr auto k_held_again = std::chrono::hours(24);
constexpr std::int64_t k_scrub_links = 100;  // a millisecond or two: a commit waits for no more
constexpr auto k_scrub_again = std::chrono::hours(24);
constexpr std::int64_t k_keys_rotated_at_once = 50;
// Up to this size an index is compared with its table at each start; beyond, only by following the chain.
constexpr std::int64_t k_whole_check_bytes = 64 << 20;

std::int64_t utc_now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Failure system_failure(int code, int number, const char* during) { return {code, number, during}; }

// One sentence, but each kind of trouble asks for something else of people.
const log::Event& event_of(Trouble trouble) {
    switch (trouble) {
        case Trouble::full: return log::events::journal_full;
        case Trouble::readonly: return log::events::journal_read_only;
        case Trouble::io: return log::events::journal_io;
        default: return log::events::journal_trouble;
    }
}

}  // namespace

Keeper::Keeper(const SqliteJournalOptions& options, std::uint64_t run, std::function<void()> nudge)
    : options_(options), run_(run), nudge_(std::move(nudge)),
      ballast_(options.path + ".ballast", options.ballast_bytes),
      vault_(options.master_keys, options.master_key_unreadable),
      watermark_(options.path + ".watermark") {}

LockFile::Outcome Keeper::acquire_lock() {
    make_private_folder(folder_of(options_.path));
    return lock_.acquire(options_.path + ".lock");
}

template <class Change>
void Keeper::publish(Change change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    change(state_);
    state_.trouble = trouble_;
    state_.salvaging = salvaging();
}

Keeper::State Keeper::state() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return state_;
}

// --- opening ---

std::optional<std::uint64_t> Keeper::try_open(std::uint64_t done_ticket, EmergencyContent* emergency) {
    for (int i = 0; i < k_opens_in_a_row_max; ++i) {
        const Step step = open_once(done_ticket, emergency);
        if (step == Step::opened) return taken_ticket_;
        if (step == Step::failed) {
            close();
            return std::nullopt;
        }
    }
    close();
    reopen_at_ = base::Mono::now() + options_.reopen;
    return std::nullopt;
}

Keeper::Step Keeper::open_once(std::uint64_t done_ticket, EmergencyContent* emergency) {
    close();
    if (!prepare_files()) return Step::failed;
    read_watermark();
    db_ = std::make_unique<Database>(options_.path, options_.vfs, Database::Mode::owner);
    db_->use_vault(&vault_);
    vault_.look_up_with([db = db_.get()](const std::string& sid) { return sealed_key_in(*db, sid); });
    const Step step = settle_identity();
    if (step != Step::opened) return step;
    db_->own();
    migrate(*db_, migrations(), utc_now_ms());
    // After a commit of unknown outcome the log may be readable without being on the disk. What is copied
    // from it into the database and synced there is.
    db_->checkpoint_and_cut();
    if (db_->ok() && take_over(done_ticket, emergency)) return Step::opened;
    const Failure failure = db_->failure();
    suffer(failure);
    return failure.trouble() == Trouble::corrupt && !db_ && reopen_at_ <= base::Mono::now() ? Step::moved_aside
                                                                                           : Step::failed;
}

bool Keeper::prepare_files() {
    const std::string& path = options_.path;
    if (!make_private_folder(folder_of(path))) {
        suffer(system_failure(SQLITE_CANTOPEN, errno, "create folder"));
        return false;
    }
    if (acquire_lock() == LockFile::Outcome::taken) {
        suffer(system_failure(SQLITE_BUSY, 0, "lock file"));
        return false;
    }
    if (file_facts(path + "-wal").bytes > 0 && file_facts(path).bytes == 0) {
        // SQLite would delete a log without its database, and these rows have been acknowledged.
        k_log.error("write-ahead log without a database, moved aside", {{"file", path}});
        set_log_aside();
    }
    bool tightened = false;
    if (const int number = make_private_file(path, tightened); number != 0) {
        suffer(system_failure(SQLITE_CANTOPEN, number, "create database"));
        return false;
    }
    if (tightened) k_log.warning("journal was readable by others, rights taken away", {{"file", path}});
    return true;
}

void Keeper::set_log_aside() {
    const std::string target = options_.path + "-wal.orphan-" + std::to_string(utc_now_ms());
    if (std::rename((options_.path + "-wal").c_str(), target.c_str()) == 0) set_aside_.push_back(target);
}

// Whose file is it, and is it whole? Anything that is not a whole journal of ours goes aside.
Keeper::Step Keeper::settle_identity() {
    const Identity identity = identify(*db_, migrations().back().version);
    if (db_->ok() && agrees_with_watermark(identity)) {
        if (identity == Identity::newer) {
            return set_aside("newer", log::events::journal_newer) ? Step::moved_aside : Step::failed;
        }
        if (identity == Identity::foreign) {
            return set_aside("foreign", log::events::journal_foreign) ? Step::moved_aside : Step::failed;
        }
        const bool small = file_facts(options_.path).bytes <= k_whole_check_bytes;
        if (identity == Identity::ours && db_->word(small ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)") != "ok") {
            db_->fail_corrupt("integrity_check");
        }
    }
    if (db_->ok()) return Step::opened;
    const Failure failure = db_->failure();
    const bool corrupt = failure.trouble() == Trouble::corrupt;
    if (corrupt) read_progress();
    suffer(failure);
    return corrupt && reopen_at_ <= base::Mono::now() ? Step::moved_aside : Step::failed;
}

// A log that lost its end, a file that was put back or a damaged header look healthy to SQLite (D11, D12, D13). Such a file goes
// the way of a damaged one: its numbers may be in the world already, so no new row may get them again.
bool Keeper::agrees_with_watermark(Identity identity) {
    const bool first_look = !std::exchange(mark_checked_, true);
    const bool chained = first_look && !mark_ && identity == Identity::ours && db_->number("PRAGMA user_version") >= k_chain_version &&
                         db_->number("SELECT count(*) FROM (SELECT 1 FROM chain LIMIT 1)") > 0;
    if (chained && !mark_damaged_) {
        k_log.error("watermark gone: whether the journal lost its end cannot be said");
        losses_.push_back({"watermark", 0, 0, 0, "gone"});
    }
    if (!mark_ || mark_->rows == 0) return true;
    if (identity == Identity::fresh) {
        if (!moved_aside_) {
            // It died between moving a damaged one aside and starting the next.
            const auto aside = newest_aside(options_.path, "damaged");
            if (!aside.empty()) {
                to_salvage_.push_back({aside, INT64_MAX, "", mark_->rows});
                return true;
            }
            k_log.error("the journal is gone that the watermark knows", {{"rows", mark_->rows}});
            losses_.push_back({"journal_missing", mark_->rows, 0, 0, "generation=" + mark_->generation});
        }
        return true;
    }
    const auto version = db_->number("PRAGMA user_version");
    const auto generation = db_->word("SELECT generation FROM schema");
    if (!db_->ok() || generation.empty()) {
        // Somebody else's database stands here, or nothing of ours can be read in it.
        const bool foreign = identity == Identity::foreign && db_->failure().trouble() != Trouble::corrupt;
        if (!foreign) {
            db_->forgive();
            db_->fail_corrupt("schema row");
            return false;
        }
        db_->forgive();
        losses_.push_back({"journal_missing", mark_->rows, 0, 0, "generation=" + mark_->generation});
        return true;
    }
    const auto contradicts = [this](const char* what) {
        k_log.error("journal and watermark contradict each other", {{"what", what}});
        db_->fail_corrupt(what);
        return false;
    };
    if (identity == Identity::foreign) return contradicts("application id");
    if (version != mark_->schema_version) {
        if (identity == Identity::newer && mark_->schema_version > migrations().back().version) return true;
        return contradicts("schema version");
    }
    if (generation != mark_->generation) return contradicts("generation");
    if (version < k_chain_version) return true;
    if (!schema_row_is_whole(*db_)) return contradicts("schema row");
    if (db_->number("SELECT count(*) FROM origin WHERE crc IS NOT row_crc(id, generation)") > 0) return contradicts("origin");
    Query q(*db_, "SELECT (SELECT max(n) FROM chain), (SELECT head FROM chain WHERE n = ?)", mark_->chain.n);
    if (!q.step()) return db_->ok();
    if (q.number(0) < mark_->chain.n) return contradicts("end of the log");
    if (q.word(1) != mark_->chain.head) return contradicts("chain");
    return true;
}

// Once, before anything else is asked: even a file that cannot be read at all has a number of rows then.
void Keeper::read_watermark() {
    if (std::exchange(mark_read_, true)) return;
    const auto found = watermark_.read();
    mark_ = found.content.mark;
    mark_damaged_ = found.content.damaged;
    if (mark_) vault_.learn_public_half(mark_->public_half);
    if (!mark_damaged_) return;
    k_log.error("watermark damaged: whether the journal lost its end cannot be said");
    losses_.push_back({"watermark", 0, 0, 0, "damaged"});
}

void Keeper::write_watermark() {
    mark_ = writer_->watermark();
    if (watermark_.write(*mark_)) {
        mark_failed_ = false;
        return;
    }
    if (std::exchange(mark_failed_, true)) return;
    k_log.error("cannot write the watermark", {{"failure", errno_text(errno)}});
}

// A damaged file may still tell how far the run that wrote it had come. What it has need not be replayed
// from the emergency file: it will be salvaged.
void Keeper::read_progress() {
    db_->forgive();
    Query q(*db_, "SELECT run, ticket FROM schema");
    if (!q.step()) return;
    salvaged_run_ = static_cast<std::uint64_t>(q.number(0));
    salvaged_ticket_ = static_cast<std::uint64_t>(q.number(1));
}

bool Keeper::take_over(std::uint64_t done_ticket, EmergencyContent* emergency) {
    TakeOver start;
    start.run = run_;
    start.ticket = done_ticket;
    start.site_id = options_.site_id;
    start.utc_ms = utc_now_ms();
    start.emergency = taken_over_ ? nullptr : emergency;
    start.set_aside = set_aside_;
    start.to_salvage = to_salvage_;
    start.salvaged_run = salvaged_run_;
    start.salvaged_ticket = salvaged_ticket_;
    // Without a watermark nobody knows where the chain was: it goes on behind every number that it can have had.
    start.chain = mark_ ? mark_->chain : ChainHead{to_salvage_.empty() ? 0 : start.utc_ms, {}};
    start.losses = losses_;
    if (const auto known = db_->word("SELECT public_key FROM schema"); !known.empty()) vault_.learn_public_half(known);
    writer_.emplace(*db_, live_, vault_);
    TakenOver taken;
    for (;;) {
        Transaction transaction(*db_);
        taken = writer_->take_over(start);
        if (transaction.commit()) break;
        if (db_->failure().trouble() != Trouble::row || start.emergency == nullptr || emergency->rows.empty()) {
            return false;
        }
        k_log.error("row of the emergency file refused by the database", {{"failure", db_->failure().text()}});
        metrics::store_dropped_rows_total.add();
        emergency->rows.erase(emergency->rows.begin() + static_cast<std::ptrdiff_t>(writer_->replaying()));
        db_->forgive();
    }
    taken_over_ = true;
    taken_ticket_ = taken.ticket;
    acknowledged_below_seq_ = writer_->next_seq();
    write_watermark();
    set_aside_.clear();
    moved_aside_ = false;
    to_salvage_.clear();
    losses_.clear();
    losses_changed_ = true;
    begin_looking();
    wipe_due_ = true;
    file_ = file_facts(options_.path);
    check_file_at_ = base::Mono::now() + options_.file_check;
    announce(taken);
    recovered();
    ballast_.restore();
    start_salvage();
    measure();
    return true;
}

void Keeper::announce(const TakenOver& taken) {
    metrics::calls_interrupted_total.add(static_cast<std::uint64_t>(taken.interrupted));
    k_log.notice("journal opened", {{"generation", taken.generation},
                                    {"previous", taken.previous},
                                    {"interrupted_calls", taken.interrupted},
                                    {"replayed_rows", taken.replayed},
                                    {"emergency_bad_bytes", taken.unreadable},
                                    {"sqlite", sqlite3_libversion()}});
    if (taken.previous == "unclean") k_log.warning(log::events::ended_unclean);
    if (taken.interrupted > 0) k_log.warning(log::events::calls_interrupted, {{"calls", taken.interrupted}});
    publish([&](State& s) {
        s.generation = taken.generation;
        s.schema_version = migrations().back().version;
        s.verified_utc_ms.reset();
    });
}

// --- writing ---

Keeper::Commit Keeper::commit(const std::vector<WaitingRowPtr>& rows, std::vector<Written>& written) {
    const auto started = base::Mono::now();
    written.clear();
    writer_->mark();
    Failure failure;
    {
        Transaction transaction(*db_);
        for (const auto& row : rows) {
            written.push_back(writer_->write(row->record));
            if (!db_->ok()) break;
        }
        writer_->save_progress(rows.back()->ticket);
        transaction.commit();
        failure = db_->failure();
    }
    metrics::commit_seconds.observe(std::chrono::duration<double>(base::Mono::now() - started).count());
    if (failure.code == 0) {
        acknowledged_below_seq_ = writer_->next_seq();
        write_watermark();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            metrics::journal_rows_total.add(written[i].table != nullptr ? written[i].table->name : "other");
            remember(rows[i]->record, written[i]);
        }
        if (trouble_ != Trouble::none) recovered();
        publish([&](State& s) { s.rows_committed += static_cast<std::int64_t>(rows.size()); });
        return Commit::done;
    }
    writer_->forget();
    if (failure.trouble() == Trouble::row) {
        db_->forgive();
        if (written.size() == 1) {
            k_log.error("row refused by the database", {{"failure", failure.text()}});
            return Commit::refused;
        }
        // All rows before the bad one are good: write them alone, the bad one will then be the first.
        return commit({rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(written.size()) - 1}, written);
    }
    written.clear();
    suffer(failure);
    return Commit::failed;
}

void Keeper::remember(const Record& record, const Written& written) {
    if (std::holds_alternative<Purge>(record) || std::holds_alternative<PurgeAudit>(record)) purged_ = true;
    if (std::holds_alternative<Purge>(record)) wipe_due_ = true;
    const auto* audit = std::get_if<Audit>(&record);
    if (audit != nullptr && audit->action == k_losses_seen) losses_changed_ = true;
    const CallSid* call = call_of(record);
    if (call == nullptr) return;
    if (std::holds_alternative<CallEnded>(record)) {
        live_.erase(call->str());
    } else if (std::holds_alternative<CallOpened>(record)) {
        live_.insert_or_assign(call->str(), written.call_seq);
    } else if (const auto live = live_.find(call->str()); live != live_.end()) {
        live->second = written.call_seq;
    }
}

void Keeper::checkpoint() {
    // What was purged is zero in the database and still stands in the log.
    if (db_ && std::exchange(purged_, false) && !db_->checkpoint_and_cut()) return suffer(Failure(db_->failure()));
    if (db_ && !db_->checkpoint_when(limits::journal_checkpoint_pages)) suffer(Failure(db_->failure()));
}

void Keeper::after_read() {
    if (db_ && !db_->ok()) suffer(Failure(db_->failure()));
}

// --- trouble ---

void Keeper::suffer(const Failure& failure) {
    trouble_ = failure.trouble();
    if (failure_log_.should_log(base::Mono::now())) {
        k_log.error(event_of(trouble_), {{"trouble", to_string(trouble_)},
                                         {"failure", failure.text()},
                                         {"suppressed", failure_log_.suppressed()}});
    }
    switch (trouble_) {
        case Trouble::full: suffer_full(); break;
        case Trouble::io: suffer_io(); break;
        case Trouble::corrupt: set_aside("damaged", log::events::journal_damaged); break;
        default:
            close();
            reopen_at_ = base::Mono::now() + options_.reopen;
    }
    publish([](State&) {});
}

// Reading goes on. Even a checkpoint needs room: the ballast is that room (D01, D02).
void Keeper::suffer_full() {
    const auto now = base::Mono::now();
    retry_at_ = reopen_at_ = now + options_.full_retry;
    if (db_) db_->forgive();
    if (!ballast_.release()) return;
    k_log.error("disk full, ballast released", {{"ballast_bytes", ballast_.bytes()}});
    retry_at_ = reopen_at_ = now;
    if (!db_) return;
    db_->checkpoint_and_cut();
    db_->forgive();
}

// Whether the transaction is on the disk is not known, and a second fsync on the same descriptor would
// report success without having written anything. Only a new connection can tell (D05, D06).
void Keeper::suffer_io() {
    metrics::store_io_error_total.add();
    const auto now = base::Mono::now();
    const bool again = last_io_failure_ && now - *last_io_failure_ < options_.io_failure_window;
    last_io_failure_ = now;
    close();
    reopen_at_ = again ? now + options_.reopen : now;
    if (again) publish([](State& s) { s.failed = true; });
}

void Keeper::close() {
    writer_.reset();
    vault_.look_up_with({});
    if (db_ && !db_->ok()) db_->poison();
    db_.reset();
}

bool Keeper::set_aside(const char* word, const log::Event& event) {
    if (db_) db_->poison();
    writer_.reset();
    db_.reset();
    salvage_.reset();  // its file stays on the list of the database that goes
    wipe_.reset();
    wipe_going_ = false;
    const auto name = move_aside(options_.path, word, utc_now_ms());
    if (!name) {
        k_log.error("cannot move the journal aside", {{"detail", name.error().detail}});
        trouble_ = Trouble::readonly;
        reopen_at_ = base::Mono::now() + options_.reopen;
        return false;
    }
    k_log.error(event, {{"file", *name}});
    metrics::store_quarantined_total.add();
    set_aside_.push_back(*name);
    moved_aside_ = true;
    if (std::string_view(word) == "damaged") {
        const auto expected = mark_ ? mark_->rows : std::int64_t{-1};
        to_salvage_.push_back({*name, acknowledged_below_seq_, mark_ ? mark_->generation : std::string(), expected});
    }
    acknowledged_below_seq_ = INT64_MAX;
    reopen_at_ = base::Mono::now();
    return true;
}

void Keeper::recovered() {
    if (trouble_ != Trouble::none) {
        k_log.notice(log::events::journal_recovered, {{"trouble", to_string(trouble_)}});
        failure_log_.reset();
    }
    trouble_ = Trouble::none;
    retry_at_ = {};
    publish([](State& s) { s.failed = false; });
}

void Keeper::give_up_connection(const char* why) {
    k_log.error("store thread met an exception, starting over", {{"what", why}});
    writer_.reset();
    if (db_) db_->poison();
    db_.reset();
    trouble_ = Trouble::io;
    reopen_at_ = base::Mono::now() + options_.full_retry;
    publish([](State&) {});
}

void Keeper::close_for_good() {
    salvage_.reset();
    wipe_.reset();
    if (db_ && db_->ok()) {
        bool noted = false;
        {
            Transaction transaction(*db_);
            writer_->note_stop(utc_now_ms());
            noted = transaction.commit();
        }
        if (noted) write_watermark();
        watermark_.sync();
        if (noted && db_->checkpoint_and_cut()) k_log.notice("journal closed");
        if (!db_->ok()) k_log.error("journal closed with a failure", {{"failure", db_->failure().text()}});
    }
    close();
    lock_.release();
}

// --- salvage ---

void Keeper::start_salvage() {
    if (salvage_ || !writer_) return;
    const auto orders = writer_->unfinished_orders();
    if (!orders.empty()) {
        k_log.notice("salvage started", {{"file", orders.front().file}});
        salvaged_rows_ = 0;
        salvage_ = std::make_unique<Salvage>(orders.front(), options_.vfs, nudge_);
    }
    publish([](State&) {});
}

bool Keeper::salvage(base::TimePoint now) {
    if (!salvage_ || !open() || trouble_ != Trouble::none || now < salvage_at_) return false;
    auto batch = salvage_->take();
    if (!batch) {
        if (salvage_->finished()) finish_salvage();
        return false;
    }
    writer_->know_purged();
    writer_->mark();
    std::int64_t brought = 0;
    {
        Transaction transaction(*db_);
        for (const auto& [sid, sealed] : batch->keys) writer_->take_back_key(sid, sealed);
        for (const auto& row : batch->rows) brought += writer_->take_back(row) ? 1 : 0;
        for (const auto& segment : batch->segments) writer_->take_back(segment);
        for (const auto& [link, head] : batch->links) writer_->take_back(link, head);
        writer_->save_next_seq();
        transaction.commit();
    }
    if (!db_->ok()) {
        const Failure failure = db_->failure();
        writer_->forget();
        // The next start of it begins from the front; rows that are here already are recognised.
        salvage_.reset();
        suffer(failure);
        return true;
    }
    acknowledged_below_seq_ = writer_->next_seq();
    write_watermark();
    salvaged_rows_ += brought;
    const auto took = base::Mono::now() - now;
    salvage_at_ = base::Mono::now() + k_salvage_pause_factor * took;
    return true;
}

void Keeper::finish_salvage() {
    std::int64_t interrupted = 0;
    const auto expected = salvage_->order().expected_rows;
    const auto lost = expected < 0 ? 0 : std::max<std::int64_t>(expected - salvage_->good_rows(), 0);
    writer_->mark();
    {
        Transaction transaction(*db_);
        interrupted = writer_->finish(salvage_->order(), salvaged_rows_, salvage_->gaps(), lost, utc_now_ms());
        for (const auto& order : salvage_->inherited()) writer_->order(order, utc_now_ms());
        writer_->save_next_seq();
        transaction.commit();
    }
    if (!db_->ok()) {
        writer_->forget();
        salvage_.reset();
        return suffer(Failure(db_->failure()));
    }
    acknowledged_below_seq_ = writer_->next_seq();
    write_watermark();
    losses_changed_ = true;
    begin_looking();
    metrics::calls_interrupted_total.add(static_cast<std::uint64_t>(interrupted));
    k_log.notice(log::events::journal_salvaged, {{"file", salvage_->order().file},
                                      {"rows", salvaged_rows_},
                                      {"gaps", salvage_->gaps()},
                                      {"lost_rows", lost},
                                      {"interrupted_calls", interrupted}});
    salvage_.reset();
    wipe_due_ = true;
    start_salvage();
}

// --- files set aside ---

// Once their rows are here. What they say of keys is then here as well, and is wiped there, so that a purge needs to reach one file only.
void Keeper::wipe(base::TimePoint now) {
    if (!open() || trouble_ != Trouble::none || salvaging() || now < wipe_at_) return;
    if (!wipe_) return begin_wipe();
    if (const auto found = wipe_->take()) {
        answer_wipe(*found);
        wipe_at_ = base::Mono::now() + k_wipe_pause_factor * (base::Mono::now() - now);
    } else if (wipe_->finished()) {
        finish_wipe();
    }
    if (db_ && !db_->ok()) suffer(Failure(db_->failure()));
}

void Keeper::begin_wipe() {
    if (!wipe_going_) {
        if (!std::exchange(wipe_due_, false)) return;
        const auto files = files_aside(options_.path);
        if (!note_asides(files)) return;
        wipe_going_ = true;
        wiping_ = {};
        keys_left_ = 0;
        publish([&](State& s) { s.files_set_aside = static_cast<std::int64_t>(files.size()); });
    }
    while (const auto next = writer_->next_to_wipe(wiping_.id)) {
        wiping_ = *next;
        if (!file_facts(wiping_.file).exists && !file_facts(wiping_.file + "-wal").exists) {
            if (!in_transaction([&] { writer_->gone(wiping_); })) return;  // somebody took it away
            continue;
        }
        // Left behind when a salvage was killed.
        for (const char* end : {".repaired", ".repaired-wal", ".repaired-journal"}) ::unlink((wiping_.file + end).c_str());
        wipe_ = std::make_unique<Wipe>(wiping_.file, nudge_);
        return;
    }
    if (!db_->ok()) return suffer(Failure(db_->failure()));
    wipe_going_ = false;
    writer_->forget_purged();
    if (keys_left_ > 0 && keys_left_ != keys_left_told_) {
        k_log.warning("files moved aside have keys of calls that are not in the journal: they stay there", {{"keys", keys_left_}});
    }
    keys_left_told_ = keys_left_;
    publish([&](State& s) { s.keys_set_aside = keys_left_; });
}

bool Keeper::note_asides(const std::vector<std::string>& files) {
    std::vector<std::string> news;
    const auto unknown = [this](const std::string& file) { return !writer_->knows_aside(file); };
    std::copy_if(files.begin(), files.end(), std::back_inserter(news), unknown);
    if (news.empty() && db_->ok()) return true;
    return in_transaction([&] {
        for (const auto& file : news) writer_->know_aside(file, utc_now_ms());
    });
}

void Keeper::answer_wipe(const std::vector<Wipe::Found>& found) {
    writer_->know_purged();
    std::vector<bool> may_go;
    for (const auto& each : found) may_go.push_back(writer_->may_be_wiped(each.sid, each.sealed));
    // Of a database that fails no answer counts.
    if (!db_->ok()) may_go.assign(found.size(), false);
    wipe_->answer(std::move(may_go));
}

void Keeper::finish_wipe() {
    const auto done = std::move(wipe_);
    keys_left_ += done->left();
    const bool whole = done->left() == 0 && !done->failed();
    if (done->failed()) k_log.error("keys of calls cannot be wiped from a file moved aside", {{"file", done->file()}});
    if (done->wiped() > 0) k_log.notice("keys of calls wiped from a file moved aside", {{"file", done->file()}, {"keys", done->wiped()}});
    if (whole || done->wiped() > 0) {
        if (!in_transaction([&] { writer_->wiped(wiping_, whole, done->wiped(), utc_now_ms()); })) return;
    }
    begin_wipe();
}

// False: it was rolled back, and the failure treated.
template <class Change>
bool Keeper::in_transaction(Change change) {
    writer_->mark();
    {
        Transaction transaction(*db_);
        change();
        writer_->save_next_seq();
        transaction.commit();
    }
    if (!db_->ok()) {
        writer_->forget();
        wipe_due_ = true;
        suffer(Failure(db_->failure()));
        return false;
    }
    acknowledged_below_seq_ = writer_->next_seq();
    write_watermark();
    return true;
}

// A held call may lack rows that only such a file still has.
void Keeper::remove_set_aside(std::int64_t before_utc_ms) {
    if (!open() || trouble_ != Trouble::none || salvaging() || wipe_ || base::Mono::now() < remove_aside_at_) return;
    const auto old = writer_->asides_before(before_utc_ms);
    if (old.empty() || !db_->ok()) return;
    if (writer_->anything_is_held()) {
        k_log.notice("files moved aside stay while a call is held", {{"files", old.size()}});
        remove_aside_at_ = base::Mono::now() + k_held_again;
        return;
    }
    for (const auto& aside : old) {
        if (!removed_from_disk(aside)) continue;
        if (!in_transaction([&] { writer_->removed(aside, utc_now_ms()); })) return;
        k_log.notice("file moved aside removed, its time is over", {{"file", aside.file}});
    }
    wipe_due_ = true;  // counts what is left
}

bool Keeper::removed_from_disk(const Writer::Aside& aside) {
    bool gone = true;
    for (const char* end : {"", "-wal", "-journal"}) gone = (::unlink((aside.file + end).c_str()) == 0 || errno == ENOENT) && gone;
    sync_folder_of(aside.file);
    if (!gone) k_log.error("file moved aside cannot be removed", {{"file", aside.file}});
    return gone;
}

// --- the chain ---

// Other rows, links and keys are there than before.
void Keeper::begin_looking() {
    scrub_from_ = {0, 0, k_scrub_links, {}};
    scrub_at_ = base::Mono::now();
    keys_rotated_ = false;
    rotate_after_.clear();
}

void Keeper::scrub(base::TimePoint now) {
    if (!may_scrub() || now < scrub_at_) return;
    scrub_bite();
    scrub_at_ = std::max(scrub_at_, base::Mono::now() + k_scrub_pause_factor * (base::Mono::now() - now));
}

void Keeper::scrub_bite() {
    const auto bite = verify_bite(*db_, scrub_from_, &vault_);
    if (!db_->ok()) return suffer(Failure(db_->failure()));
    // Whole tables may be hidden by a damaged index: such a file is read by its rows, into a new one.
    for (const auto& finding : bite.findings) {
        if (finding.what != "index") continue;
        db_->fail_corrupt("index");
        return suffer(Failure(db_->failure()));
    }
    bool news = false;
    if (!bite.findings.empty()) {
        writer_->mark();
        Transaction transaction(*db_);
        for (const auto& finding : bite.findings) {
            const bool of_a_row = finding.part > 0;
            const Loss loss{finding.what, of_a_row && finding.what != "unrecorded" ? 1 : 0, of_a_row ? finding.part : k_chain_part,
                            of_a_row ? finding.row : finding.n, finding.detail};
            const bool first = writer_->lost(loss, utc_now_ms());
            if (!first) continue;
            news = true;
            k_log.error(log::events::journal_loss,
                        {{"what", finding.what}, {"table", finding.table}, {"row", finding.row}, {"detail", finding.detail}});
        }
        writer_->save_next_seq();
        transaction.commit();
    }
    if (!db_->ok()) {
        writer_->forget();
        return suffer(Failure(db_->failure()));
    }
    if (news) {
        acknowledged_below_seq_ = writer_->next_seq();
        write_watermark();
        losses_changed_ = true;
        remember_losses();
    }
    scrub_from_.part = bite.next_part;
    scrub_from_.after = bite.next;
    if (!bite.done) return;
    remember_losses();
    scrub_from_ = {0, 0, k_scrub_links, {}};
    scrub_at_ = base::Mono::now() + k_scrub_again;
    wipe_due_ = true;
    keys_rotated_ = false;
    publish([](State& s) { s.verified_utc_ms = utc_now_ms(); });
}

void Keeper::remember_losses() {
    if (!std::exchange(losses_changed_, false)) return;
    Query q(*db_,
            "SELECT count(*), coalesce(sum(rows), 0), coalesce((SELECT what FROM loss ORDER BY id DESC LIMIT 1), '') FROM loss WHERE "
            "utc_ms > coalesce((SELECT max(utc_ms) FROM audit WHERE action = ?), 0)",
            k_losses_seen);
    if (!q.step()) return;
    metrics::store_lost_rows.set(static_cast<double>(q.number(1)));
    publish([&](State& s) {
        s.losses = q.number(0);
        s.lost_rows = q.number(1);
        s.loss = s.losses > 0 ? q.word(2) : std::string();
    });
}

// A bounded number each second, by their calls, once through all of them: those that no master key opens hold nobody up.
void Keeper::rotate_keys() {
    if (salvaging() || wipe_going_) return;  // a file set aside tells keys best by the texts that they have there
    if (keys_rotated_ || vault_.state() != Vault::State::on) return;
    // Old: a word of it is not under the newest. No other part of a sealed key has a colon.
    static const std::string old = "length(sealed) - length(replace(sealed, ?1, '')) < length(?1) * (1 + length(sealed) - "
                                   "length(replace(sealed, ' ', '')))";
    const auto half = vault_.public_half();
    const std::string newest = "m1:" + half.substr(0, half.find(':')) + ":";
    if (rotate_after_.empty()) {
        Query count(*db_, "SELECT count(*) FROM call_key WHERE " + old, newest);
        keys_to_rotate_ = count.step() ? count.number(0) : 0;
        keys_unreadable_ = 0;
    }
    std::vector<std::pair<std::string, std::string>> found;
    for (Query q(*db_, "SELECT call_sid, sealed FROM call_key WHERE " + old + " AND call_sid > ?2 ORDER BY call_sid LIMIT ?3", newest,
                 rotate_after_, k_keys_rotated_at_once);
         q.step();) {
        found.emplace_back(q.word(0), q.word(1));
    }
    if (!db_->ok()) return;
    std::int64_t unreadable = 0;
    if (!found.empty()) {
        Transaction transaction(*db_);
        for (const auto& [sid, sealed] : found) {
            const auto anew = vault_.sealed_anew(sid, sealed);
            unreadable += anew.whole ? 0 : 1;
            if (anew.sealed != sealed) save_sealed_key(*db_, sid, anew.sealed);
        }
        if (!transaction.commit()) return;
        rotate_after_ = found.back().first;
    }
    keys_unreadable_ += unreadable;
    keys_to_rotate_ = std::max<std::int64_t>(keys_to_rotate_ - static_cast<std::int64_t>(found.size()), 0);
    const bool more = static_cast<std::int64_t>(found.size()) == k_keys_rotated_at_once;
    if (more) return publish([&](State& s) { s.keys_to_rotate = keys_to_rotate_; });
    keys_rotated_ = true;  // new ones begin under it: the table need not be read each second
    rotate_after_.clear();
    if (std::exchange(keys_unreadable_told_, keys_unreadable_) != keys_unreadable_ && keys_unreadable_ > 0) {
        k_log.error("no master key that was given opens the keys of some calls", {{"keys", keys_unreadable_}});
    }
    publish([&](State& s) {
        s.keys_to_rotate = 0;
        s.keys_unreadable = keys_unreadable_;
    });
}

// --- housekeeping ---

void Keeper::housekeeping(base::TimePoint now) {
    measure();
    if (!open()) return;
    watermark_.sync();
    if (trouble_ == Trouble::none) {
        ballast_.restore();
        remember_losses();
        rotate_keys();
        if (!db_->ok()) suffer(Failure(db_->failure()));
        if (!open()) return;
    }
    if (now >= check_file_at_) {
        check_file_at_ = now + options_.file_check;
        check_file();
    }
}

void Keeper::measure() {
    const auto database = file_facts(options_.path).bytes;
    const auto log = file_facts(options_.path + "-wal").bytes;
    const auto space = space_at(options_.path);
    metrics::store_wal_bytes.set(static_cast<double>(log));
    metrics::store_free_bytes.set(static_cast<double>(space.free_bytes));
    publish([&](State& s) {
        s.database_bytes = database;
        s.wal_bytes = log;
        s.free_bytes = space.free_bytes;
        s.total_bytes = space.total_bytes;
    });
    const double share = space.total_bytes > 0 ? static_cast<double>(space.free_bytes) / static_cast<double>(space.total_bytes) : 1;
    if (share >= limits::disk_filling) return space_log_.reset();
    if (!space_log_.should_log(base::Mono::now())) return;
    if (share < limits::disk_nearly_full) {
        k_log.error(log::events::disk_nearly_full, {{"free_bytes", space.free_bytes}});
    } else {
        k_log.warning(log::events::disk_filling, {{"free_bytes", space.free_bytes}});
    }
}

// Somebody deleted or replaced the file we write to: our rows have no name any more (A16).
void Keeper::check_file() {
    const FileFacts now = file_facts(options_.path);
    if (now.exists && now.inode == file_.inode && now.device == file_.device) return;
    k_log.error(log::events::journal_gone, {{"file", options_.path}});
    copy_back();
}

void Keeper::copy_back() {
    const std::string copy = options_.path + ".copy";
    ::unlink(copy.c_str());
    bool tightened = false;
    make_private_file(copy, tightened);
    Query(*db_, "VACUUM INTO ?", copy).run();
    if (!db_->ok()) return suffer(Failure(db_->failure()));
    const int fd = ::open(copy.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    if (fd >= 0) ::close(fd);
    if (!synced) return suffer(system_failure(SQLITE_IOERR_FSYNC, errno, "copy back"));
    db_->poison();
    writer_.reset();
    db_.reset();
    // Our old log goes aside first: beside any other database it would be replayed into it.
    set_log_aside();
    if (file_facts(options_.path).exists) (void)move_aside(options_.path, "foreign", utc_now_ms());
    if (std::rename(copy.c_str(), options_.path.c_str()) != 0) {
        suffer(system_failure(SQLITE_CANTOPEN, errno, "copy back"));
        return;
    }
    sync_folder_of(options_.path);
    reopen_at_ = {};
}

}  // namespace holdfast::store
