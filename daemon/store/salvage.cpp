#include "store/salvage.hpp"

#include "config/limits.hpp"
#include "log/log.hpp"
#include "store/disk.hpp"
#include "store/schema_text.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

namespace holdfast::store {
namespace {

constexpr log::Logger k_log{"store"};
constexpr int k_lowest_priority = 19;
constexpr int k_tries_max = 4096;  // failed reads per table: bounds the time spent on a hopeless file

// Reads one table; keeps what is needed to name its rows.
class Walk {
  public:
    Walk(Database& db, const Table& table, const std::string& name, const std::string& certain,
         const std::function<bool(Writer::Salvaged)>& sink)
        : db_(db), table_(table), sink_(sink) {
        const bool is_call = table.is_call();
        const auto form = table.form_in(db);  // the file may be older than this program
        columns_ = table.columns().size();
        select_ = std::string("SELECT seq, ") + (is_call ? "last_call_seq" : "call_seq") +
                  ", salvaged_from, salvaged_seq, crc IS " + table.hash_sql(form) + ", " + table.column_list(form) +
                  " FROM " + table.name + " WHERE seq > ? AND seq < ? ORDER BY seq";
        generation_ = certain.empty() ? db.word("SELECT generation FROM schema") : certain;
        if (generation_.empty()) generation_ = name;
        db.forgive();
        for (Query q(db, "SELECT id, generation FROM origin WHERE crc IS row_crc(id, generation)"); q.step();) {
            earlier_[q.number(0)] = q.word(1);
        }
        if (!db.ok()) {  // an older file has no crc there
            db.forgive();
            for (Query q(db, "SELECT id, generation FROM origin"); q.step();) earlier_[q.number(0)] = q.word(1);
            db.forgive();
        }
    }

    // Everything between the two numbers, both excluded.
    void between(std::int64_t low, std::int64_t high) {
        if (one_way(low, high, "", low)) return;
        if (one_way(low, high, " DESC", high)) return;
        if (high - low <= 1) return;
        if (high - low == 2 || tries_ > k_tries_max || stopped_) return lost(low, high);
        const auto middle = low + (high - low) / 2;
        between(low, middle + 1);
        between(middle, high);
    }
    std::int64_t gaps() {
        std::sort(lost_.begin(), lost_.end());
        std::int64_t count = 0;
        std::int64_t reach = 0;
        for (const auto& [low, high] : lost_) {
            if (count == 0 || low >= reach) ++count;  // touching spans are one
            reach = std::max(reach, high);
        }
        return count;
    }

  private:
    // Moves `end` with every row read. True when it came through to the other end.
    bool one_way(std::int64_t low, std::int64_t high, const char* direction, std::int64_t& end) {
        Query q(db_, select_ + direction, low, high);
        while (q.step()) {
            end = q.number(0);
            if (q.number(4) == 0) {
                lost(end - 1, end + 1);  // readable, but not what was written
            } else if (!sink_(row(q))) {
                stopped_ = true;
            }
            if (stopped_) return true;
        }
        if (db_.ok()) return true;
        db_.forgive();
        ++tries_;
        return false;
    }

    Writer::Salvaged row(const Query& q) const {
        Writer::Salvaged row;
        row.table = &table_;
        const auto from = earlier_.find(q.number(2));
        const bool second_time = from != earlier_.end();
        row.generation = second_time ? from->second : generation_;
        row.seq = second_time ? q.number(3) : q.number(0);
        row.call_seq = q.number(1);
        for (std::size_t i = 0; i < columns_; ++i) row.content.push_back(q.cell(static_cast<int>(5 + i)));
        return row;
    }

    void lost(std::int64_t low, std::int64_t high) { lost_.emplace_back(low, high); }

    Database& db_;
    const Table& table_;
    const std::function<bool(Writer::Salvaged)>& sink_;
    std::string select_;
    std::string generation_;
    std::map<std::int64_t, std::string> earlier_;  // origin.id -> generation
    std::size_t columns_ = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> lost_;  // both ends excluded
    int tries_ = 0;
    bool stopped_ = false;
};

}  // namespace

std::int64_t walk_damaged(Database& db, const Table& table, std::int64_t below_seq, const std::string& name,
                          const std::function<bool(Writer::Salvaged)>& sink, const std::string& certain) {
    {
        Query q(db, "SELECT 1 FROM sqlite_schema WHERE name = ?", table.name);
        if (!q.step() && db.ok()) return 0;  // it died before it had tables
    }
    db.forgive();
    Walk walk(db, table, name, certain, sink);
    const bool believed = schema_row_is_whole(db);
    const auto end = believed ? db.number("SELECT next_seq FROM schema") : 0;
    db.forgive();
    walk.between(0, end > 0 ? std::min(end, below_seq) : below_seq);
    return walk.gaps();
}

Salvage::Salvage(SalvageOrder order, std::string vfs, std::function<void()> ready)
    : order_(std::move(order)), vfs_(std::move(vfs)), ready_(std::move(ready)), thread_([this] { run(); }) {}

Salvage::~Salvage() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        cancelled_ = true;
    }
    taken_.notify_all();
    thread_.join();
}

std::optional<Salvage::Batch> Salvage::take() {
    std::optional<Batch> batch;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        batch = std::exchange(offered_, std::nullopt);
    }
    if (batch) taken_.notify_all();
    return batch;
}

bool Salvage::finished() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return done_ && !offered_;
}

void Salvage::run() {
    pthread_setname_np(pthread_self(), "salvage");
    // Linux keeps the nice value per thread; the caller's words come first.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), k_lowest_priority);
    // Without room for a copy, what is readable as it is comes back.
    const bool read_it = (!has_damaged_text() && read(order_.file)) || read_repaired_copy() || read(order_.file);
    if (!read_it) {
        ++gaps_;
        k_log.error("damaged journal cannot be read at all", {{"file", order_.file}});
    }
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        done_ = true;
    }
    ready_();
}

bool Salvage::has_damaged_text() const {
    Database db(order_.file, vfs_, Database::Mode::salvage);
    return db.ok() && schema_text_is_damaged(db);
}

bool Salvage::read(const std::string& path) {
    Database db(path, vfs_, Database::Mode::salvage);
    (void)db.number("SELECT count(*) FROM sqlite_schema");
    if (!db.ok()) return false;
    Batch batch;
    read_keys(db, batch);
    for (const Table* table : k_tables) {
        const auto sink = [this, &batch](Writer::Salvaged row) {
            batch.rows.push_back(std::move(row));
            ++good_rows_;
            return add(batch);
        };
        gaps_ += walk_damaged(db, *table, order_.below_seq, order_.file, sink, order_.generation);
    }
    read_chain(db, batch);
    if (batch.size() > 0) offer(std::move(batch));
    for (Query q(db, "SELECT file, below_seq FROM salvage WHERE done = 0"); q.step();) {
        inherited_.push_back({q.word(0), q.number(1), "", -1});
    }
    return true;
}

// From the front as far as it goes, then from the end: what is found twice is taken once.
template <class Take>
void both_ways(Database& db, const std::string& sql, const std::string& by, Take take) {
    for (const char* way : {"", " DESC"}) {
        for (Query q(db, sql + " ORDER BY " + by + way); q.step();) {
            if (!take(q)) return;
        }
        if (db.ok()) return;
        db.forgive();
    }
}

// A key that is damaged in one table is good in the other.
void Salvage::read_keys(Database& db, Batch& batch) {
    for (const char* table : {"call_key", "call_key_copy"}) {
        both_ways(db, std::string("SELECT call_sid, sealed FROM ") + table + " WHERE crc IS row_crc(call_sid, sealed)", "call_sid",
                  [&](const Query& q) {
                      batch.keys.emplace_back(q.word(0), q.word(1));
                      return add(batch);
                  });
    }
}

void Salvage::read_chain(Database& db, Batch& batch) {
    both_ways(db, "SELECT first, generation, before, sealed_key FROM chain_segment", "first", [&](const Query& q) {
        batch.segments.push_back({q.number(0), q.word(1), q.word(2), q.word(3)});
        return add(batch);
    });
    both_ways(db, "SELECT n, part, row, call, hash, head FROM chain", "n", [&](const Query& q) {
        batch.links.emplace_back(Link{q.number(0), q.number(1), q.number(2), q.number(3), q.word(4)}, q.word(5));
        return add(batch);
    });
}

bool Salvage::add(Batch& batch) {
    return batch.size() < limits::journal_salvage_batch_rows || offer(std::exchange(batch, {}));
}

// Blocks until the store thread has fetched the batch before. False: nobody wants more.
bool Salvage::offer(Batch batch) {
    {
        std::unique_lock<std::mutex> lock(mutex_);
        taken_.wait(lock, [this] { return cancelled_ || !offered_; });
        if (cancelled_) return false;
        offered_ = std::move(batch);
    }
    ready_();
    return true;
}

// The first page begins with a fixed text and the form of the file, all of it known (D08); so is the text of the tables.
bool Salvage::read_repaired_copy() {
    const std::string copy = order_.file + ".repaired";
    const auto replace = std::filesystem::copy_options::overwrite_existing;
    const auto size = file_facts(order_.file).bytes;
    std::error_code ec;
    if (space_at(order_.file).free_bytes < 2 * size) return false;
    std::filesystem::copy_file(order_.file, copy, replace, ec);
    if (!ec && file_facts(order_.file + "-wal").exists) {
        std::filesystem::copy_file(order_.file + "-wal", copy + "-wal", replace, ec);
    }
    bool good = false;
    if (!ec) {
        // 4096-byte pages, WAL for reading and writing, no reserved bytes, the three fixed fractions.
        constexpr char k_header[] = "SQLite format 3\0\x10\x00\x02\x02\x00\x40\x20\x20";
        const int fd = ::open(copy.c_str(), O_WRONLY | O_CLOEXEC);
        good = fd >= 0 && ::pwrite(fd, k_header, sizeof k_header - 1, 0) == sizeof k_header - 1;
        if (fd >= 0) ::close(fd);
        if (good) {
            Database db(copy, vfs_, Database::Mode::repair);
            (void)repair_schema_text(db);
        }
        good = good && read(copy);
    }
    for (const char* end : {"", "-wal", "-journal"}) std::filesystem::remove(copy + end, ec);
    return good;
}

}  // namespace holdfast::store
