#include "recording/queue.hpp"

#include <utility>

namespace holdfast::recording {

bool Queue::push(Item item) {
    const bool block = std::holds_alternative<Block>(item.what);
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closed_ && !std::holds_alternative<Settled>(item.what)) return false;
        if (block && blocks_ >= blocks_max_) return false;
        if (block) ++blocks_;
        items_.push_back(std::move(item));
    }
    filled_.notify_one();
    return true;
}

void Queue::drain(std::deque<Item>& out, std::chrono::milliseconds wait) {
    out.clear();
    std::unique_lock<std::mutex> lock(mutex_);
    const bool was_closed = closed_;  // then only acknowledgements are waited for
    filled_.wait_for(lock, wait, [this, was_closed] { return closed_ != was_closed || !items_.empty(); });
    out.swap(items_);
    blocks_ = 0;
}

void Queue::close() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
    }
    filled_.notify_all();
}

bool Queue::closed() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return closed_;
}

}  // namespace holdfast::recording
