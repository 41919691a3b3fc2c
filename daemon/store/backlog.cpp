#include "store/backlog.hpp"

#include <algorithm>

namespace holdfast::store {

using Lock = std::unique_lock<std::mutex>;

bool Backlog::push(Record record, Ack ack) {
    auto row = std::make_shared<WaitingRow>();
    row->record = std::move(record);
    row->ack = std::move(ack);
    row->since = base::Mono::now();
    bool stalled = false;
    {
        const Lock lock(mutex_);
        if (closed_ || waiting_.size() >= rows_max_) return false;
        row->ticket = ++last_ticket_;
        waiting_.push_back(std::move(row));
        stalled = stalled_;
    }
    store_wakes_.notify_one();
    if (stalled) guard_wakes_.notify_one();
    return true;
}

bool Backlog::ask(std::function<void(const base::Error*)> answer) {
    {
        const Lock lock(mutex_);
        if (closed_ || questions_.size() >= questions_max_) return false;
        questions_.push_back({std::move(answer), last_ticket_});
    }
    store_wakes_.notify_one();
    return true;
}

void Backlog::close() {
    {
        const Lock lock(mutex_);
        closed_ = true;
        nudged_ = true;
    }
    store_wakes_.notify_one();
}

bool Backlog::closed() const {
    const Lock lock(mutex_);
    return closed_;
}

void Backlog::wait(base::TimePoint until, bool rows_wanted) {
    Lock lock(mutex_);
    store_wakes_.wait_until(lock, until, [this, rows_wanted] {
        return nudged_ || !questions_.empty() || (rows_wanted && !waiting_.empty());
    });
    nudged_ = false;
}

void Backlog::nudge() {
    {
        const Lock lock(mutex_);
        nudged_ = true;
    }
    store_wakes_.notify_one();
}

std::vector<WaitingRowPtr> Backlog::front(std::size_t rows_max) const {
    const Lock lock(mutex_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(rows_max, waiting_.size()));
    return {waiting_.begin(), waiting_.begin() + count};
}

std::vector<std::pair<Ack, std::size_t>> Backlog::committed(std::uint64_t ticket) {
    std::vector<std::pair<Ack, std::size_t>> acks;
    std::vector<WaitingRowPtr> gone;  // freed without the lock: a batch of texts takes a while
    {
        const Lock lock(mutex_);
        stalled_ = false;
        while (!waiting_.empty() && waiting_.front()->ticket <= ticket) {
            auto& row = waiting_.front();
            if (row->ack) acks.emplace_back(std::exchange(row->ack, {}), gone.size());
            gone.push_back(std::move(row));
            waiting_.pop_front();
        }
    }
    return acks;
}

Ack Backlog::refuse_front() {
    WaitingRowPtr gone;
    const Lock lock(mutex_);
    if (waiting_.empty()) return {};
    gone = std::move(waiting_.front());
    waiting_.pop_front();
    return std::exchange(gone->ack, {});
}

std::vector<Question> Backlog::due_questions(bool regardless) {
    std::vector<Question> due;
    const Lock lock(mutex_);
    const auto done = waiting_.empty() ? last_ticket_ : waiting_.front()->ticket - 1;
    while (!questions_.empty() && (regardless || questions_.front().after_ticket <= done)) {
        due.push_back(std::move(questions_.front()));
        questions_.pop_front();
    }
    return due;
}

bool Backlog::guard_wait(std::chrono::milliseconds most, bool eager) {
    Lock lock(mutex_);
    guard_wakes_.wait_for(lock, most, [this, eager] {
        return dismissed_ || (eager && stalled_ && !waiting_.empty() && saved_ticket_ < last_ticket_);
    });
    return !dismissed_;
}

void Backlog::dismiss_guard() {
    {
        const Lock lock(mutex_);
        dismissed_ = true;
    }
    guard_wakes_.notify_one();
}

std::vector<WaitingRowPtr> Backlog::overdue(base::TimePoint overdue, std::size_t rows_max) {
    std::vector<WaitingRowPtr> rows;
    const Lock lock(mutex_);
    if (waiting_.empty()) return rows;
    stalled_ = stalled_ || waiting_.front()->since <= overdue;
    if (!stalled_) return rows;
    // Tickets of waiting rows have no gaps, and rows are saved in order.
    const auto first = waiting_.front()->ticket;
    std::size_t at = saved_ticket_ < first ? 0 : static_cast<std::size_t>(saved_ticket_ - first + 1);
    for (; at < waiting_.size() && rows.size() < rows_max; ++at) rows.push_back(waiting_[at]);
    return rows;
}

Acks Backlog::saved(const std::vector<WaitingRowPtr>& rows) {
    Acks acks;
    const Lock lock(mutex_);
    for (const auto& row : rows) {
        row->in_emergency_file = true;
        saved_ticket_ = std::max(saved_ticket_, row->ticket);
        if (row->ack) acks.push_back(std::exchange(row->ack, {}));
    }
    return acks;
}

Acks Backlog::abandon() {
    Acks acks;
    const Lock lock(mutex_);
    for (const auto& row : waiting_) {
        if (row->ack) acks.push_back(std::exchange(row->ack, {}));
    }
    return acks;
}

std::size_t Backlog::rows() const {
    const Lock lock(mutex_);
    return waiting_.size();
}

std::uint64_t Backlog::done_ticket() const {
    const Lock lock(mutex_);
    return waiting_.empty() ? last_ticket_ : waiting_.front()->ticket - 1;
}

bool Backlog::stalled() const {
    const Lock lock(mutex_);
    return stalled_;
}

bool Backlog::waits_in_emergency_file() const {
    const Lock lock(mutex_);
    // Rows are saved and committed in order, so the first one knows.
    return !waiting_.empty() && waiting_.front()->in_emergency_file;
}

}  // namespace holdfast::store
