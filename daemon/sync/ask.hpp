// A question to the journal, from a thread that may wait for the answer.
#pragma once

#include "base/error.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace holdfast::sync {

inline constexpr std::chrono::seconds k_answer_most{30};

// `ask` hands on what is called with the answer. None: an error, or no answer in time.
template <class Rows, class Ask>
std::optional<Rows> ask(Ask ask) {
    struct Answer {
        std::mutex mutex;
        std::condition_variable came;
        std::optional<base::Result<Rows>> rows;
    };
    const auto answer = std::make_shared<Answer>();
    ask([answer](base::Result<Rows> rows) {
        {
            const std::lock_guard<std::mutex> lock(answer->mutex);
            answer->rows = std::move(rows);
        }
        answer->came.notify_all();
    });
    std::unique_lock<std::mutex> lock(answer->mutex);
    if (!answer->came.wait_for(lock, k_answer_most, [&] { return answer->rows.has_value(); })) return std::nullopt;
    if (!*answer->rows) return std::nullopt;
    return std::move(**answer->rows);
}

}  // namespace holdfast::sync
