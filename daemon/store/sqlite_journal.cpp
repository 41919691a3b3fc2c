#include "store/sqlite_journal.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "store/backlog.hpp"
#include "store/bytes.hpp"
#include "store/emergency_file.hpp"
#include "store/keeper.hpp"
#include "store/reader.hpp"
#include "store/rows.hpp"
#include "store/verify.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <thread>

namespace holdfast::store {
namespace {

constexpr log::Logger k_log{"store"};
constexpr std::size_t k_rows_saved_at_once = 2'000;
constexpr std::chrono::milliseconds k_opening_word{500};    // somebody waits for a word of us
constexpr int k_guard_looks_per_stall = 4;
constexpr std::chrono::milliseconds k_stop_grace{1000};      // for the last commit and the closing
constexpr std::chrono::milliseconds k_flush_default{2000};

void call_all(Acks& acks, const Committed& committed) {
    for (auto& ack : acks) ack(committed);
}

}  // namespace

// What the two threads share, and the loops they run.
class SqliteJournal::Core {
  public:
    explicit Core(SqliteJournalOptions options)
        : options_(std::move(options)),
          run_(get_u64(base::random_bytes(sizeof run_))),
          backlog_(options_.rows_waiting_max, limits::journal_reads_max),
          emergency_(options_.runtime_path, limits::journal_emergency_bytes_max),
          keeper_(options_, run_, [this] { backlog_.nudge(); }) {}

    base::Result<void> lock();
    static void start(const std::shared_ptr<Core>& core);
    bool append(Record record, Ack ack);
    template <class Rows, class Ask>
    void read(Ask ask, std::function<void(base::Result<Rows>)> done);
    StoreStatus status() const;
    std::vector<Key> recording_keys(const std::string& sid, std::chrono::milliseconds most);
    void remove_set_aside(std::int64_t before_utc_ms);
    const Vault& vault() const { return keeper_.vault(); }
    void stop(std::chrono::milliseconds flush);

  private:
    void store_loop();
    bool store_turn();
    void open_database();
    void write_waiting();
    void acknowledge(std::uint64_t ticket, const std::vector<Written>& written);
    void empty_emergency_file();
    void answer_questions();
    base::TimePoint next_turn(base::TimePoint now) const;
    void guard_loop();
    enum class Saved { nothing, some, failed };
    Saved save_overdue(base::TimePoint overdue);
    bool flush_time_is_over(base::TimePoint now) const;
    void signal(bool Core::*flag);
    bool wait_for(bool Core::*flag, std::chrono::milliseconds most);
    void show_state() const;

    const SqliteJournalOptions options_;
    const std::uint64_t run_;
    Backlog backlog_;
    std::mutex emergency_mutex_;  // before the backlog's own
    EmergencyFile emergency_;     // guarded by emergency_mutex_
    log::RepeatGuard emergency_log_;  // guarded by emergency_mutex_
    log::RepeatGuard saved_log_;      // guarded by emergency_mutex_
    std::atomic<bool> tried_{false};  // to open the database
    bool left_unread_ = false;        // store thread: what earlier runs left could not be read; it must stay
    Keeper keeper_;               // store thread, but for acquire_lock() and state()
    base::TimePoint housekeeping_at_{};

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool first_try_done_ = false;    // guarded by mutex_, as is what follows
    bool store_finished_ = false;
    bool stopped_ = false;
    base::TimePoint flush_until_ = base::TimePoint::max();

    std::thread guard_thread_;
    std::thread store_thread_;
};

// --- any thread ---

base::Result<void> SqliteJournal::Core::lock() {
    if (keeper_.acquire_lock() == LockFile::Outcome::taken) {
        return base::make_error(base::Condition::fatal, "second_instance", options_.path + " is in use");
    }
    const std::lock_guard<std::mutex> lock(emergency_mutex_);
    const auto ready = emergency_.prepare();
    if (ready) return {};
    if (ready.error().condition == base::Condition::fatal) return ready.error();
    k_log.error("no emergency file", {{"detail", ready.error().detail}});
    return {};
}

bool SqliteJournal::Core::append(Record record, Ack ack) {
    if (backlog_.push(std::move(record), std::move(ack))) return true;
    metrics::store_dropped_rows_total.add();
    return false;
}

template <class Rows, class Ask>
void SqliteJournal::Core::read(Ask ask, std::function<void(base::Result<Rows>)> done) {
    const auto answer = [this, ask, done](const base::Error* why) {
        done(why != nullptr ? base::Result<Rows>(*why) : ask(*keeper_.database()));
    };
    if (!backlog_.ask(answer)) done(base::make_error(base::Condition::retry, "store_busy"));
}

StoreStatus SqliteJournal::Core::status() const {
    const auto state = keeper_.state();
    StoreStatus status;
    status.generation = state.generation;
    status.schema_version = state.schema_version;
    status.rows_committed = state.rows_committed;
    status.rows_waiting = static_cast<std::int64_t>(backlog_.rows());
    status.database_bytes = state.database_bytes;
    status.wal_bytes = state.wal_bytes;
    status.free_bytes = state.free_bytes;
    status.total_bytes = state.total_bytes;
    status.losses = state.losses;
    status.lost_rows = state.lost_rows;
    status.loss = state.loss;
    status.verified_utc_ms = state.verified_utc_ms;
    status.encryption = to_string(vault().state());
    status.keys_to_rotate = state.keys_to_rotate;
    status.keys_unreadable = state.keys_unreadable;
    status.files_set_aside = state.files_set_aside;
    status.keys_set_aside = state.keys_set_aside;
    const bool stalled = backlog_.stalled();
    if (state.trouble != Trouble::none) {
        status.reason = to_string(state.trouble);
    } else if (stalled) {
        status.reason = "stalled";
    } else if (!tried_) {
        status.reason = "opening";  // rows wait, and callers do not
    } else if (state.salvaging) {
        status.reason = "quarantined";
    }
    if (!status.reason.empty()) status.health = StoreHealth::degraded;
    if (stalled || state.failed) status.health = StoreHealth::failed;
    return status;
}

std::vector<Key> SqliteJournal::Core::recording_keys(const std::string& sid, std::chrono::milliseconds most) {
    const auto derived = [](const std::vector<Key>& keys) {
        std::vector<Key> out;
        for (const auto& key : keys) out.push_back(key.derived("holdfast recording"));
        return out;
    };
    if (const auto keys = vault().cached(sid); !keys.empty()) return derived(keys);
    auto found = std::make_shared<std::promise<std::vector<Key>>>();
    auto answer = found->get_future();
    const auto look = [this, sid, found](const base::Error* why) {
        found->set_value(why == nullptr ? keeper_.vault().keys_of(sid) : std::vector<Key>());
    };
    if (!backlog_.ask(look) || answer.wait_for(most) != std::future_status::ready) return {};
    return derived(answer.get());
}

void SqliteJournal::Core::remove_set_aside(std::int64_t before_utc_ms) {
    // A queue that is full has better things to do; retention asks again.
    (void)backlog_.ask([this, before_utc_ms](const base::Error* why) {
        if (why == nullptr) keeper_.remove_set_aside(before_utc_ms);
    });
}

void SqliteJournal::Core::show_state() const {
    const auto now = status();
    metrics::store_state.set(static_cast<double>(now.health));
    metrics::store_queue_rows.set(static_cast<double>(now.rows_waiting));
}

void SqliteJournal::Core::signal(bool Core::*flag) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        this->*flag = true;
    }
    changed_.notify_all();
}

bool SqliteJournal::Core::wait_for(bool Core::*flag, std::chrono::milliseconds most) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, most, [this, flag] { return this->*flag; });
}

void SqliteJournal::Core::start(const std::shared_ptr<Core>& core) {
    core->guard_thread_ = std::thread([core] { core->guard_loop(); });
    core->store_thread_ = std::thread([core] { core->store_loop(); });
    const auto until = base::Mono::now() + core->options_.first_open;
    for (bool tried = false; !tried && base::Mono::now() < until;) {
        if (core->options_.while_opening) core->options_.while_opening();
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - base::Mono::now());
        tried = core->wait_for(&Core::first_try_done_, std::clamp(left, std::chrono::milliseconds(1), k_opening_word));
    }
}

void SqliteJournal::Core::stop(std::chrono::milliseconds flush) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stopped_) return;
        stopped_ = true;
        flush_until_ = base::Mono::now() + flush;
    }
    backlog_.close();
    const bool finished = wait_for(&Core::store_finished_, flush + k_stop_grace);
    backlog_.dismiss_guard();
    guard_thread_.join();
    while (save_overdue(base::Mono::now()) == Saved::some) {
    }
    const auto nobody = base::make_error(base::Condition::retry, "store_stopped");
    for (auto& question : backlog_.due_questions(true)) question.answer(&nobody);
    Acks left = backlog_.abandon();
    if (!left.empty()) {
        k_log.error("rows lost at stop", {{"rows", left.size()}});
        metrics::store_dropped_rows_total.add(left.size());
        call_all(left, Committed{});
    }
    if (finished) {
        store_thread_.join();
        const std::lock_guard<std::mutex> lock(emergency_mutex_);
        emergency_.close();
    } else {
        k_log.error("store thread hangs in the disk, left behind");
        store_thread_.detach();
    }
}

// --- store thread ---

void SqliteJournal::Core::store_loop() {
    pthread_setname_np(pthread_self(), "store");
    for (bool more = true; more;) {
        try {
            more = store_turn();
        } catch (const std::exception& e) {  // memory: the connection may be in any state
            keeper_.give_up_connection(e.what());
        }
        show_state();
        signal(&Core::first_try_done_);
    }
    keeper_.close_for_good();
    signal(&Core::store_finished_);
}

bool SqliteJournal::Core::store_turn() {
    auto now = base::Mono::now();
    if (first_try_done_) backlog_.wait(next_turn(now), keeper_.may_write(now));
    now = base::Mono::now();
    if (keeper_.may_open(now)) open_database();
    tried_ = true;
    if (keeper_.may_write(now)) write_waiting();
    answer_questions();
    keeper_.checkpoint();
    keeper_.salvage(now);
    keeper_.wipe(now);
    keeper_.scrub(now);
    if (now >= housekeeping_at_) {
        housekeeping_at_ = now + options_.housekeeping;
        keeper_.housekeeping(now);
        empty_emergency_file();
    }
    if (!backlog_.closed()) return true;
    return backlog_.rows() > 0 && !flush_time_is_over(base::Mono::now());
}

base::TimePoint SqliteJournal::Core::next_turn(base::TimePoint now) const {
    auto next = housekeeping_at_;
    if (!keeper_.may_write(now)) next = std::min(next, keeper_.next_try());
    if (keeper_.may_scrub()) next = std::min(next, std::max(keeper_.next_scrub(), now));
    if (keeper_.salvaging()) next = std::min(next, std::max(keeper_.next_salvage(), now));
    if (keeper_.next_wipe() > now) next = std::min(next, keeper_.next_wipe());
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::min(next, flush_until_);
}

bool SqliteJournal::Core::flush_time_is_over(base::TimePoint now) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return now >= flush_until_;
}

void SqliteJournal::Core::open_database() {
    EmergencyContent left;
    if (!keeper_.taken_over()) {
        const std::lock_guard<std::mutex> lock(emergency_mutex_);
        auto content = emergency_.read();
        left_unread_ = !content;
        if (content) left = std::move(*content);
    }
    if (const auto ticket = keeper_.try_open(backlog_.done_ticket(), &left)) {
        acknowledge(*ticket, {});  // rows of a commit whose outcome was unknown turned out to be in
        empty_emergency_file();
    }
}

void SqliteJournal::Core::write_waiting() {
    const auto rows = backlog_.front(limits::journal_batch_rows_max);
    if (rows.empty()) return;
    std::vector<Written> written;
    switch (keeper_.commit(rows, written)) {
        case Keeper::Commit::done:
            acknowledge(rows[written.size() - 1]->ticket, written);
            empty_emergency_file();
            break;
        case Keeper::Commit::refused:
            metrics::store_dropped_rows_total.add();
            if (const Ack ack = backlog_.refuse_front()) ack(Committed{});
            break;
        case Keeper::Commit::failed: break;
    }
}

void SqliteJournal::Core::acknowledge(std::uint64_t ticket, const std::vector<Written>& written) {
    for (auto& [ack, place] : backlog_.committed(ticket)) {
        const Written row = place < written.size() ? written[place] : Written{};
        ack(Committed{true, false, row.call_seq, row.asides});
    }
}

// The file may go once no row waits that was put into it, and what earlier runs left is in the database.
void SqliteJournal::Core::empty_emergency_file() {
    if (!keeper_.taken_over() || left_unread_ || backlog_.waits_in_emergency_file()) return;
    const std::lock_guard<std::mutex> lock(emergency_mutex_);
    if (emergency_.empty() || backlog_.waits_in_emergency_file()) return;
    if (const auto cleared = emergency_.clear(); !cleared) {
        if (!emergency_log_.should_log(base::Mono::now())) return;
        k_log.error("cannot empty the emergency file", {{"detail", cleared.error().detail}});
    } else {
        k_log.notice("emergency file emptied, its rows are in the journal");
    }
}

void SqliteJournal::Core::answer_questions() {
    const bool cannot_write = !keeper_.may_write(base::Mono::now());
    for (auto& question : backlog_.due_questions(cannot_write || backlog_.closed())) {
        const auto nobody = base::make_error(base::Condition::retry, "store_unavailable");
        question.answer(keeper_.open() ? nullptr : &nobody);
        keeper_.after_read();
    }
}

// --- guard thread ---

void SqliteJournal::Core::guard_loop() {
    pthread_setname_np(pthread_self(), "store-guard");
    const auto pause = std::max(options_.commit_stall / k_guard_looks_per_stall, std::chrono::milliseconds(1));
    for (bool good = true; backlog_.guard_wait(pause, good);) {
        Saved saved = Saved::some;
        while (saved == Saved::some) saved = save_overdue(base::Mono::now() - options_.commit_stall);
        good = saved != Saved::failed;
        show_state();
    }
}

SqliteJournal::Core::Saved SqliteJournal::Core::save_overdue(base::TimePoint overdue) {
    Acks acks;
    {
        const std::lock_guard<std::mutex> lock(emergency_mutex_);
        const auto rows = backlog_.overdue(overdue, k_rows_saved_at_once);
        if (rows.empty()) return Saved::nothing;
        std::string framed;
        for (const auto& row : rows) append_emergency(framed, run_, row->ticket, row->record);
        if (const auto done = emergency_.append(framed); !done) {
            if (emergency_log_.should_log(base::Mono::now())) {
                k_log.error("cannot write the emergency file, rows wait in memory only",
                            {{"detail", done.error().detail}, {"rows", backlog_.rows()}});
            }
            return Saved::failed;
        }
        metrics::store_emergency_rows_total.add(rows.size());
        if (saved_log_.should_log(base::Mono::now())) {
            k_log.error(log::events::journal_emergency, {{"rows", rows.size()}});
        }
        acks = backlog_.saved(rows);
    }
    call_all(acks, Committed{true, true, 0});
    return Saved::some;
}

// --- the journal ---

base::Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(SqliteJournalOptions options) {
    if (options.path.empty()) return base::make_error(base::Condition::fatal, "store_path", "no path");
    auto core = std::make_shared<Core>(std::move(options));
    if (const auto locked = core->lock(); !locked) return locked.error();
    Core::start(core);
    return std::unique_ptr<SqliteJournal>(new SqliteJournal(std::move(core)));
}

SqliteJournal::SqliteJournal(std::shared_ptr<Core> core) : core_(std::move(core)) {}
SqliteJournal::~SqliteJournal() { core_->stop(k_flush_default); }

bool SqliteJournal::append(Record record, Ack ack) { return core_->append(std::move(record), std::move(ack)); }

void SqliteJournal::read_calls(ReadCalls query, std::function<void(base::Result<CallList>)> done) {
    core_->read<CallList>([query](Database& db) { return store::read_calls(db, query); }, std::move(done));
}

void SqliteJournal::read_call(CallSid call, std::function<void(base::Result<CallDetail>)> done) {
    core_->read<CallDetail>([call](Database& db) { return store::read_call(db, call); }, std::move(done));
}

void SqliteJournal::read_dispatches(ReadDispatches query, std::function<void(base::Result<DispatchSteps>)> done) {
    core_->read<DispatchSteps>([query](Database& db) { return store::read_dispatches(db, query); }, std::move(done));
}

void SqliteJournal::read_owed(std::string target, std::function<void(base::Result<Owed>)> done) {
    core_->read<Owed>([target = std::move(target)](Database& db) { return store::read_owed(db, target); }, std::move(done));
}

void SqliteJournal::read_untranscribed(std::int64_t after, std::function<void(base::Result<Untranscribed>)> done) {
    core_->read<Untranscribed>([after](Database& db) { return store::read_untranscribed(db, after); }, std::move(done));
}

void SqliteJournal::read_dead_letters(ReadDeadLetters query, std::function<void(base::Result<DeadLetters>)> done) {
    core_->read<DeadLetters>([query](Database& db) { return store::read_dead_letters(db, query); }, std::move(done));
}

void SqliteJournal::read_changes(ReadChanges query, std::function<void(base::Result<Changes>)> done) {
    core_->read<Changes>([query = std::move(query)](Database& db) { return store::read_changes(db, query); }, std::move(done));
}

void SqliteJournal::read_backlog(std::string sink, std::function<void(base::Result<std::vector<ClassBacklog>>)> done) {
    core_->read<std::vector<ClassBacklog>>([sink = std::move(sink)](Database& db) { return store::read_backlog(db, sink); },
                                           std::move(done));
}

void SqliteJournal::read_purgeable(ReadPurgeable query, std::function<void(base::Result<Purgeable>)> done) {
    core_->read<Purgeable>([query = std::move(query)](Database& db) { return store::read_purgeable(db, query); }, std::move(done));
}

void SqliteJournal::read_chain(ReadChain query, std::function<void(base::Result<ChainBite>)> done) {
    core_->read<ChainBite>(
        [query](Database& db) -> base::Result<ChainBite> {
            auto bite = verify_bite(db, query, db.vault());
            if (!db.ok()) return unreadable(db);
            return bite;
        },
        std::move(done));
}

void SqliteJournal::read_losses(std::function<void(base::Result<std::vector<LossRow>>)> done) {
    core_->read<std::vector<LossRow>>([](Database& db) { return store::read_losses(db); }, std::move(done));
}

std::vector<Key> SqliteJournal::recording_keys(const CallSid& call, std::chrono::milliseconds most) {
    return core_->recording_keys(call.str(), most);
}

void SqliteJournal::remove_set_aside(std::int64_t before_utc_ms) { core_->remove_set_aside(before_utc_ms); }

Vault::State SqliteJournal::encryption() const { return core_->vault().state(); }

StoreStatus SqliteJournal::status() const { return core_->status(); }
void SqliteJournal::stop(std::chrono::milliseconds flush) { core_->stop(flush); }

}  // namespace holdfast::store
