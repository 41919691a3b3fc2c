// What waits for the store thread: rows in the order of their tickets, and questions. The rows stay in
// here until they are in the database, so that the guard can see and save them while a commit hangs.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "store/journal.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace holdfast::store {

struct WaitingRow {
    Record record;  // constant once it waits: two threads read it
    std::uint64_t ticket = 0;
    base::TimePoint since;
    // Guarded by the backlog's mutex.
    Ack ack;
    bool in_emergency_file = false;
};
using WaitingRowPtr = std::shared_ptr<WaitingRow>;

struct Question {
    std::function<void(const base::Error*)> answer;  // with an error: there is no database to ask
    std::uint64_t after_ticket = 0;
};

using Acks = std::vector<Ack>;  // to be called without any lock held

// Every member may be called from any thread.
class Backlog {
  public:
    Backlog(std::size_t rows_max, std::size_t questions_max) : rows_max_(rows_max), questions_max_(questions_max) {}

    bool push(Record record, Ack ack);
    bool ask(std::function<void(const base::Error*)> answer);
    // From now on nothing more is taken.
    void close();
    bool closed() const;

    // --- store thread ---
    // Waits for a row (when `rows_wanted`), a question, a nudge or the end of `until`.
    void wait(base::TimePoint until, bool rows_wanted);
    void nudge();
    std::vector<WaitingRowPtr> front(std::size_t rows_max) const;
    // The rows up to `ticket` are in the database. Returns acknowledgements that have not run yet; the
    // second is the row's place in the batch that starts at the first waiting row.
    std::vector<std::pair<Ack, std::size_t>> committed(std::uint64_t ticket);
    Ack refuse_front();  // the first row can never be written
    // Questions whose earlier rows are all in; all of them when `regardless`.
    std::vector<Question> due_questions(bool regardless);

    // --- guard ---
    // Sleeps `most`, less when it is eager and there are rows to save. False: the guard is dismissed.
    bool guard_wait(std::chrono::milliseconds most, bool eager);
    void dismiss_guard();
    // Rows in no safe place, once the first of them has waited since before `overdue`; from then on and
    // until the next commit, every new row is overdue at once.
    std::vector<WaitingRowPtr> overdue(base::TimePoint overdue, std::size_t rows_max);
    Acks saved(const std::vector<WaitingRowPtr>& rows);
    Acks abandon();  // takes what acknowledgements are left

    std::size_t rows() const;
    std::uint64_t done_ticket() const;
    bool stalled() const;  // rows go to the emergency file
    bool waits_in_emergency_file() const;

  private:
    const std::size_t rows_max_;
    const std::size_t questions_max_;
    mutable std::mutex mutex_;
    std::condition_variable store_wakes_;
    std::condition_variable guard_wakes_;
    // Everything below is guarded by mutex_.
    std::deque<WaitingRowPtr> waiting_;
    std::deque<Question> questions_;
    std::uint64_t last_ticket_ = 0;
    std::uint64_t saved_ticket_ = 0;  // the guard has saved up to here
    bool closed_ = false;
    bool nudged_ = false;
    bool dismissed_ = false;
    bool stalled_ = false;
};

}  // namespace holdfast::store
