// A bounded queue between threads: any thread pushes, one thread drains in batches. Push never
// waits; the pusher is told when the queue is full and applies its own declared policy (fail the
// call down a rung, drop and count). Closing wakes the consumer for good.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace holdfast::base {

template <class T>
class BoundedQueue {
  public:
    explicit BoundedQueue(std::size_t items_max) : items_max_(items_max) {}

    // False, and `value` is untouched, when the queue is full or closed.
    bool push(T&& value) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (closed_ || items_.size() >= items_max_) return false;
            items_.push_back(std::move(value));
        }
        filled_.notify_one();
        return true;
    }

    // Moves everything queued into `out` (cleared first). Waits up to `wait` for a first item.
    // False once the queue is closed and empty.
    template <class Rep, class Period>
    bool drain(std::deque<T>& out, std::chrono::duration<Rep, Period> wait) {
        out.clear();
        std::unique_lock<std::mutex> lock(mutex_);
        filled_.wait_for(lock, wait, [this] { return closed_ || !items_.empty(); });
        out.swap(items_);
        return !(closed_ && out.empty());
    }

    void close() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            closed_ = true;
        }
        filled_.notify_all();
    }

    std::size_t size() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return items_.size();
    }

  private:
    const std::size_t items_max_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<T> items_;  // guarded by mutex_
    bool closed_ = false;  // guarded by mutex_
};

}  // namespace holdfast::base
