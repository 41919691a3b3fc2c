// What the caller is given to hear, in order: cut into messages, paced so that at most
// `ahead_max` of audio is in flight at Twilio, and tracked per item by marks, so that an interruption
// knows what was really played (openai-realtime.md 8.2). Pure: time comes in as an argument, messages
// go out through the sink; no timer, no socket, no decoding (base64 text is cut between its groups).
#pragma once

#include "base/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::audio {

// Where messages go. A false return means the socket is closing: the playout goes on as if played.
class PlayoutSink {
  public:
    virtual ~PlayoutSink() = default;
    virtual bool send_media(std::string_view base64) = 0;
    virtual bool send_mark(std::string_view name) = 0;
    virtual bool send_clear() = 0;
    // Around several messages, which may leave as one write.
    virtual void hold() {}
    virtual void release() {}
};

struct PlayoutLimits {
    base::milliseconds ahead_max{1000};
    base::milliseconds waiting_max{60'000};
    base::milliseconds mark_every{180};
    base::milliseconds mark_timeout{5'000};
    std::size_t message_base64_max = 640;
    static PlayoutLimits defaults();  // config/limits.hpp
};

class Playout {
  public:
    // What became of one item: all of it was heard, or the caller cut it.
    struct Outcome {
        std::string item;
        std::int64_t played_ms = 0;
        std::int64_t received_ms = 0;
        bool clip = false;
    };

    Playout(PlayoutSink& sink, PlayoutLimits limits) : sink_(sink), limits_(limits) {}

    // Appends audio of `item` (well-formed base64, any length). False, and nothing is queued, when more
    // than waiting_max would wait: the caller of add cancels the response.
    bool add(std::string_view item, std::string_view base64, base::TimePoint now);
    // No more audio for the item.
    void finish(std::string_view item, base::TimePoint now);
    // A whole recorded clip. `base64` must outlive the playout.
    void play_clip(std::string_view name, std::string_view base64, base::TimePoint now);

    // Sends what is due. Returns when to call again, if anything waits or is unconfirmed.
    std::optional<base::TimePoint> pump(base::TimePoint now);

    // A mark came back. Marks of an earlier generation (returned by a clear) do not count as heard.
    void on_mark(std::string_view name, base::TimePoint now);

    // The caller speaks: clears Twilio's buffer and ours. Returns every item that was not wholly heard,
    // in order of playing. Empty when nothing was playing (and then nothing is sent).
    std::vector<Outcome> interrupt(base::TimePoint now);

    // Items wholly heard since the last call.
    std::vector<Outcome> take_finished();

    // Audio is playing or waiting.
    bool busy() const { return !items_.empty(); }
    base::milliseconds waiting() const;
    // When all that was given so far will have sounded, by the clock; `now` or earlier: it has.
    base::TimePoint sounds_until(base::TimePoint now) const;
    // By how much the mark that came back last was later than the quickest of this call: audio that waits somewhere
    // on the line (N14). nullopt: none came lately, and who returns none tells nothing.
    std::optional<base::milliseconds> mark_lag(base::TimePoint now) const;
    std::uint64_t marks_timed_out() const { return marks_timed_out_; }
    std::uint64_t messages_sent() const { return messages_sent_; }

  private:
    struct Mark {
        std::int64_t position_bytes;  // of the item, heard when the mark returns
        base::TimePoint expected;
    };
    struct Item {
        std::string id;
        std::uint64_t number = 0;
        bool clip = false;
        bool done = false;
        std::int64_t received_bytes = 0;
        std::int64_t sent_bytes = 0;
        std::int64_t marked_bytes = 0;
        std::int64_t heard_bytes = 0;           // confirmed by marks
        std::optional<base::TimePoint> heard_at;  // when; before: when its first byte should sound
        std::deque<Mark> marks;
        bool heard_all() const { return done && heard_bytes >= received_bytes; }
    };
    struct Piece {
        std::uint64_t item = 0;
        std::string owned;
        std::string_view text;  // into `owned` or into a clip
        std::size_t offset = 0;
    };

    Item& item_for(std::string_view id, bool clip);
    Item* find(std::uint64_t number);
    bool can_send(std::int64_t bytes, base::TimePoint now) const;
    void send_piece(Item& item, std::string_view base64, base::TimePoint now);
    void send_due_mark(Item& item, base::TimePoint now);
    void retire_heard();
    void expire_marks(base::TimePoint now);
    std::int64_t played_bytes(const Item& item, base::TimePoint now) const;

    PlayoutSink& sink_;
    const PlayoutLimits limits_;
    std::deque<Item> items_;    // in order of playing; gone when wholly heard
    std::deque<Piece> pieces_;  // waiting to be sent
    std::int64_t waiting_bytes_ = 0;
    std::vector<Outcome> finished_;
    std::uint64_t generation_ = 1;
    std::uint64_t next_number_ = 1;
    base::TimePoint playing_until_{};  // when everything sent so far will have sounded
    std::optional<base::Mono::duration> least_lag_;  // of a mark behind its expected time: the length of the line
    base::Mono::duration last_lag_{};                // the newest mark's, above that
    base::TimePoint last_mark_at_{};
    std::uint64_t marks_timed_out_ = 0;
    std::uint64_t messages_sent_ = 0;
};

}  // namespace holdfast::audio
