// Which of the box's own sentences are questions, and how many of them count. Pure.
//
// A question is known by what it means and not by its mark: "tell me the address" is one, "are you still
// there?" is none of those that lead to a dispatch. It counts once its answer has come, or its answer
// time-out has passed, so a caller who cannot speak gets there too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::incident {

bool asks(std::string_view text);

// Times are offsets in the call.
class Questions {
  public:
    explicit Questions(std::int64_t timeout_ms) : timeout_ms_(timeout_ms) {}

    // The box has said something that ended at `end_ms`. A sentence that is no question changes nothing.
    void said(std::string_view text, std::int64_t end_ms);
    // The caller said something that began at `start_ms`. True: it answered a question.
    bool answered(std::int64_t start_ms);
    // True: the open question has waited long enough.
    bool tick(std::int64_t now_ms);

    int counted() const { return counted_; }
    std::optional<std::int64_t> due_ms() const;  // when tick() will count
    const std::string& open() const { return open_; }  // the question that waits; empty: none

  private:
    std::int64_t timeout_ms_;
    std::string open_;
    std::int64_t open_since_ms_ = 0;
    int counted_ = 0;
};

}  // namespace holdfast::incident
