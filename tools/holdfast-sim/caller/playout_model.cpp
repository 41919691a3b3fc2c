#include "caller/playout_model.hpp"

#include "audio/mulaw.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

constexpr std::size_t k_queue_max = 10u * 60 * 8000;

}  // namespace

void PlayoutModel::advance(base::TimePoint now) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now - start_).count();
    const auto target = static_cast<std::size_t>(std::max<std::int64_t>(0, us) * 8 / 1000);
    if (target > heard_.size()) {
        const std::size_t due = target - heard_.size();
        const std::size_t sounding = std::min(due, queue_.size() - taken_);
        heard_.append(queue_, taken_, sounding);
        heard_.append(due - sounding, audio::k_mulaw_silence);
        taken_ += sounding;
        played_ += sounding;
        if (taken_ == queue_.size()) {
            queue_.clear();
            taken_ = 0;
        } else if (taken_ > 64 * 1024) {
            queue_.erase(0, taken_);
            taken_ = 0;
        }
    }
    for (; !pending_.empty() && pending_.front().position <= played_; pending_.pop_front()) {
        returned_.push_back({std::move(pending_.front().name), false});
    }
}

bool PlayoutModel::add(std::string_view mulaw, base::TimePoint now) {
    advance(now);
    if (queue_.size() - taken_ + mulaw.size() > k_queue_max) return false;
    queue_ += mulaw;
    return true;
}

void PlayoutModel::mark(std::string_view name, base::TimePoint now) {
    pending_.push_back({played_ + (queue_.size() - taken_), std::string(name)});
    advance(now);
}

std::size_t PlayoutModel::clear(base::TimePoint now) {
    advance(now);
    const std::size_t discarded = queue_.size() - taken_;
    queue_.clear();
    taken_ = 0;
    for (auto& pending : pending_) returned_.push_back({std::move(pending.name), true});
    pending_.clear();
    return discarded;
}

std::vector<PlayoutModel::Mark> PlayoutModel::take_marks() {
    std::vector<Mark> out;
    out.swap(returned_);
    return out;
}

}  // namespace holdfast::sim
