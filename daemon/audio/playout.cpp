#include "audio/playout.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"
#include "config/limits.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>

namespace holdfast::audio {
namespace {

constexpr base::milliseconds k_mark_fresh{2000};

constexpr std::int64_t k_bytes_per_ms = 8;  // mu-law, 8 kHz

base::Mono::duration duration_of(std::int64_t bytes) {
    return std::chrono::microseconds(bytes * 1000 / k_bytes_per_ms);
}

std::int64_t bytes_in(base::Mono::duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count() * k_bytes_per_ms / 1000;
}

// "<generation>.<item number>.<byte position>": everything needed to judge a returned mark.
struct MarkName {
    std::uint64_t generation = 0;
    std::uint64_t item = 0;
    std::int64_t position = 0;
};

std::optional<MarkName> parse_mark(std::string_view name) {
    std::array<std::int64_t, 3> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t dot = i + 1 < parts.size() ? name.find('.') : name.size();
        if (dot == std::string_view::npos) return std::nullopt;
        const auto value = base::parse_decimal(name.substr(0, dot));
        if (!value) return std::nullopt;
        parts[i] = *value;
        name.remove_prefix(std::min(name.size(), dot + 1));
    }
    return MarkName{static_cast<std::uint64_t>(parts[0]), static_cast<std::uint64_t>(parts[1]), parts[2]};
}

std::string_view write_mark(std::array<char, 64>& buffer, const MarkName& mark) {
    const int size = std::snprintf(buffer.data(), buffer.size(), "%" PRIu64 ".%" PRIu64 ".%" PRId64, mark.generation,
                                   mark.item, mark.position);
    static_assert(3 * 20 + 3 <= 64, "three numbers of 64 bits, two dots and the end");
    return {buffer.data(), static_cast<std::size_t>(size)};
}

}  // namespace

PlayoutLimits PlayoutLimits::defaults() {
    PlayoutLimits l;
    l.ahead_max = limits::playout_ahead;
    l.waiting_max = limits::playout_waiting_max;
    l.mark_every = limits::mark_every;
    l.mark_timeout = limits::mark_timeout;
    l.message_base64_max = limits::out_message_base64;
    return l;
}

Playout::Item& Playout::item_for(std::string_view id, bool clip) {
    // A response has few items and the newest is the likely one.
    for (auto it = items_.rbegin(); it != items_.rend(); ++it) {
        if (it->clip == clip && !it->done && it->id == id) return *it;
    }
    Item item;
    item.id.assign(id);
    item.number = next_number_++;
    item.clip = clip;
    items_.push_back(std::move(item));
    return items_.back();
}

Playout::Item* Playout::find(std::uint64_t number) {
    for (auto& item : items_) {
        if (item.number == number) return &item;
    }
    return nullptr;
}

base::TimePoint Playout::sounds_until(base::TimePoint now) const {
    if (waiting_bytes_ == 0) return playing_until_;
    return std::max(playing_until_, now) + duration_of(waiting_bytes_);
}

base::milliseconds Playout::waiting() const { return base::milliseconds(waiting_bytes_ / k_bytes_per_ms); }

bool Playout::can_send(std::int64_t bytes, base::TimePoint now) const {
    return std::max(playing_until_, now) + duration_of(bytes) <= now + limits_.ahead_max;
}

bool Playout::add(std::string_view item_id, std::string_view base64, base::TimePoint now) {
    const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(base64));
    if (bytes == 0) return true;
    if (duration_of(waiting_bytes_ + bytes) > limits_.waiting_max) return false;
    Item& item = item_for(item_id, false);
    item.received_bytes += bytes;
    // The usual short delta with nothing before it goes straight out, without a copy.
    if (pieces_.empty() && base64.size() <= limits_.message_base64_max && can_send(bytes, now)) {
        sink_.hold();
        send_piece(item, base64, now);
        send_due_mark(item, now);
        sink_.release();
        return true;
    }
    pieces_.emplace_back();
    Piece& piece = pieces_.back();
    piece.item = item.number;
    piece.owned.assign(base64);
    piece.text = piece.owned;
    waiting_bytes_ += bytes;
    pump(now);
    return true;
}

void Playout::play_clip(std::string_view name, std::string_view base64, base::TimePoint now) {
    const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(base64));
    if (bytes == 0) return;
    Item& item = item_for(name, true);
    item.received_bytes = bytes;
    item.done = true;
    Piece piece;
    piece.item = item.number;
    piece.text = base64;
    pieces_.push_back(std::move(piece));
    waiting_bytes_ += bytes;
    pump(now);
}

void Playout::finish(std::string_view item_id, base::TimePoint now) {
    for (auto& item : items_) {
        if (item.clip || item.done || item.id != item_id) continue;
        item.done = true;
        send_due_mark(item, now);
    }
    retire_heard();
}

std::optional<base::TimePoint> Playout::pump(base::TimePoint now) {
    sink_.hold();
    while (!pieces_.empty()) {
        Piece& piece = pieces_.front();
        Item* item = find(piece.item);
        const auto text = piece.text.substr(piece.offset, limits_.message_base64_max);
        const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(text));
        if (!can_send(bytes, now)) break;
        waiting_bytes_ -= bytes;
        piece.offset += text.size();
        if (item != nullptr) send_piece(*item, text, now);
        const bool piece_sent = piece.offset >= piece.text.size();
        if (piece_sent) pieces_.pop_front();
        if (item != nullptr) send_due_mark(*item, now);
    }
    sink_.release();
    expire_marks(now);
    retire_heard();
    if (!pieces_.empty()) {
        // As much as has one mark behind it, so that messages and mark leave as one write.
        const auto room = std::min(duration_of(waiting_bytes_), base::Mono::duration(limits_.mark_every));
        return std::max(playing_until_ + room - limits_.ahead_max, now + std::chrono::milliseconds(1));
    }
    if (!items_.empty() && !items_.front().marks.empty()) {
        return items_.front().marks.front().expected + limits_.mark_timeout;
    }
    return std::nullopt;
}

void Playout::send_piece(Item& item, std::string_view base64, base::TimePoint now) {
    const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(base64));
    const auto begins = std::max(playing_until_, now);
    if (!item.heard_at) item.heard_at = begins;
    playing_until_ = begins + duration_of(bytes);
    item.sent_bytes += bytes;
    ++messages_sent_;
    sink_.send_media(base64);
}

// A mark behind every mark_every of audio, and behind the last byte of an item.
void Playout::send_due_mark(Item& item, base::TimePoint now) {
    const std::int64_t unmarked = item.sent_bytes - item.marked_bytes;
    const bool all_sent = item.done && item.sent_bytes == item.received_bytes;
    if (unmarked == 0 || (!all_sent && duration_of(unmarked) < limits_.mark_every)) return;
    item.marked_bytes = item.sent_bytes;
    item.marks.push_back(Mark{item.sent_bytes, std::max(playing_until_, now)});
    std::array<char, 64> buffer;
    sink_.send_mark(write_mark(buffer, MarkName{generation_, item.number, item.sent_bytes}));
}

void Playout::on_mark(std::string_view name, base::TimePoint now) {
    const auto mark = parse_mark(name);
    if (!mark || mark->generation != generation_) return;
    Item* item = find(mark->item);
    if (item == nullptr || mark->position <= item->heard_bytes || mark->position > item->sent_bytes) return;
    item->heard_bytes = mark->position;
    item->heard_at = now;
    while (!item->marks.empty() && item->marks.front().position_bytes <= mark->position) {
        const auto lag = now - item->marks.front().expected;
        if (!least_lag_ || lag < *least_lag_) least_lag_ = lag;
        last_lag_ = lag - *least_lag_;
        last_mark_at_ = now;
        item->marks.pop_front();
    }
    // Twilio played later than the clock said (network, a stall): do not run further ahead of it.
    std::int64_t unheard = 0;
    for (const auto& i : items_) unheard += i.sent_bytes - i.heard_bytes;
    playing_until_ = std::max(playing_until_, now + duration_of(unheard));
    retire_heard();
}

std::optional<base::milliseconds> Playout::mark_lag(base::TimePoint now) const {
    if (!least_lag_ || now - last_mark_at_ > k_mark_fresh) return std::nullopt;
    return std::chrono::duration_cast<base::milliseconds>(last_lag_);
}

// Marks are hints (T20): one that never returns counts as heard after its time-out.
void Playout::expire_marks(base::TimePoint now) {
    for (auto& item : items_) {
        while (!item.marks.empty() && item.marks.front().expected + limits_.mark_timeout <= now) {
            item.heard_bytes = std::max(item.heard_bytes, item.marks.front().position_bytes);
            item.heard_at = now;
            item.marks.pop_front();
            ++marks_timed_out_;
        }
    }
}

void Playout::retire_heard() {
    while (!items_.empty() && items_.front().heard_all()) {
        const Item& item = items_.front();
        finished_.push_back(Outcome{item.id, item.received_bytes / k_bytes_per_ms,
                                    item.received_bytes / k_bytes_per_ms, item.clip});
        items_.pop_front();
    }
}

// Confirmed by marks, plus the time since, but never past the next mark that is still out.
std::int64_t Playout::played_bytes(const Item& item, base::TimePoint now) const {
    if (!item.heard_at || now <= *item.heard_at) return item.heard_bytes;
    const std::int64_t next = item.marks.empty() ? item.sent_bytes : item.marks.front().position_bytes;
    return std::min({item.heard_bytes + bytes_in(now - *item.heard_at), next, item.received_bytes});
}

std::vector<Playout::Outcome> Playout::interrupt(base::TimePoint now) {
    std::vector<Outcome> cut;
    if (items_.empty()) return cut;
    for (const auto& item : items_) {
        cut.push_back(Outcome{item.id, played_bytes(item, now) / k_bytes_per_ms,
                              item.received_bytes / k_bytes_per_ms, item.clip});
    }
    items_.clear();
    pieces_.clear();
    waiting_bytes_ = 0;
    playing_until_ = now;
    ++generation_;  // marks that the clear returns are of the old one
    sink_.send_clear();
    return cut;
}

std::vector<Playout::Outcome> Playout::take_finished() {
    std::vector<Outcome> out;
    out.swap(finished_);
    return out;
}

}  // namespace holdfast::audio
