// Brings rows out of a damaged database, at low priority on its own thread, in small batches that the
// store thread fetches when it has nothing better to do. The damaged file is only read; when its header or the
// text of a table is destroyed, a copy with these put right is read instead and deleted afterwards.
#pragma once

#include "store/writer.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::store {

// Walks the primary key of `table` from both ends, then halves what lies between two failures, until
// every readable row has been passed to `sink` (false stops) or the tries are used up. Returns the
// number of spans that could not be read. `name` stands for the generation when the file cannot tell it; `certain`, when it is
// not empty, in any case.
std::int64_t walk_damaged(Database& db, const Table& table, std::int64_t below_seq, const std::string& name,
                          const std::function<bool(Writer::Salvaged)>& sink, const std::string& certain = "");

class Salvage {
  public:
    struct Batch {
        std::vector<Writer::Salvaged> rows;
        std::vector<std::pair<Link, std::string>> links;  // with their heads
        std::vector<ChainSegment> segments;
        std::vector<std::pair<std::string, std::string>> keys;  // CallSid, sealed
        std::size_t size() const { return rows.size() + links.size() + segments.size() + keys.size(); }
    };

    // `ready` runs on the salvage thread when there is a batch or an end.
    Salvage(SalvageOrder order, std::string vfs, std::function<void()> ready);
    ~Salvage();  // gives up what is not read yet
    Salvage(const Salvage&) = delete;
    Salvage& operator=(const Salvage&) = delete;

    std::optional<Batch> take();  // store thread
    // --- once it is finished ---
    bool finished() const;  // everything has been taken
    std::int64_t gaps() const { return gaps_; }
    std::int64_t good_rows() const { return good_rows_; }
    // What the damaged journal itself had not finished bringing over.
    const std::vector<SalvageOrder>& inherited() const { return inherited_; }

    const SalvageOrder& order() const { return order_; }

  private:
    void run();
    bool read(const std::string& path);  // false: not a database
    bool has_damaged_text() const;
    bool read_repaired_copy();
    bool add(Batch& batch);
    bool offer(Batch batch);
    void read_keys(Database& db, Batch& batch);
    void read_chain(Database& db, Batch& batch);

    const SalvageOrder order_;
    const std::string vfs_;
    const std::function<void()> ready_;
    std::int64_t gaps_ = 0;                // salvage thread, until it is done
    std::int64_t good_rows_ = 0;           // the same
    std::vector<SalvageOrder> inherited_;  // the same
    mutable std::mutex mutex_;
    std::condition_variable taken_;
    std::optional<Batch> offered_;  // guarded by mutex_
    bool done_ = false;             // guarded by mutex_
    bool cancelled_ = false;        // guarded by mutex_
    std::thread thread_;            // last: starts when everything else is there
};

}  // namespace holdfast::store
