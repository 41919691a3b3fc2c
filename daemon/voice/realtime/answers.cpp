#include "voice/realtime/answers.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace holdfast::voice::realtime {
namespace {

// A call interrupts at most a few answers before the last of their deltas is through; an hour of
// talk has some 500 items, and only those that may still be playing matter.
constexpr std::size_t k_ids_kept = 32;
constexpr std::size_t k_items_kept = 64;

bool holds(const std::deque<std::string>& ids, std::string_view id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void keep(std::deque<std::string>& ids, std::string_view id) {
    if (holds(ids, id)) return;
    ids.emplace_back(id);
    if (ids.size() > k_ids_kept) ids.pop_front();
}

}  // namespace

void Answers::request(std::string event_id) {
    phase_ = Phase::requested;
    requested_ = std::move(event_id);
}

bool Answers::refuse(std::string_view event_id) {
    if (phase_ != Phase::requested || (!event_id.empty() && event_id != requested_)) return false;
    phase_ = Phase::none;
    return true;
}

bool Answers::known(std::string_view response) const {
    return finished(response) || (phase_ == Phase::active && response == active_);
}

void Answers::start(std::string_view response) {
    if (phase_ == Phase::active) finish(std::string(active_));
    phase_ = Phase::active;
    active_.assign(response);
}

void Answers::discard_active() {
    if (phase_ == Phase::active) keep(discarded_, active_);
}

bool Answers::discarded(std::string_view response) const { return holds(discarded_, response); }
bool Answers::finished(std::string_view response) const { return holds(finished_, response); }

void Answers::finish(std::string_view response) {
    keep(finished_, response);
    if (phase_ == Phase::requested || response == active_) {
        phase_ = Phase::none;
        active_.clear();
    }
}

AnswerItem* Answers::touch(std::string_view response, std::string_view item) {
    if (phase_ != Phase::active || response != active_) return nullptr;
    if (AnswerItem* const known = find(item)) return known->response == response ? known : nullptr;
    if (items_.size() >= k_items_kept) items_.pop_front();
    AnswerItem fresh;
    fresh.id.assign(item);
    fresh.response.assign(response);
    items_.push_back(std::move(fresh));
    return &items_.back();
}

AnswerItem* Answers::find(std::string_view item) {
    for (auto it = items_.rbegin(); it != items_.rend(); ++it) {
        if (it->id == item) return &*it;
    }
    return nullptr;
}

}  // namespace holdfast::voice::realtime
