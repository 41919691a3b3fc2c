// The last seconds of caller audio as base64 pieces, for a voice that is not ready yet. One block of
// memory, allocated at the first push and freed by clear(); the oldest piece goes when it is full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace holdfast::audio {

class FrameRing {
  public:
    // Holds about `milliseconds_max` of 8 kHz mu-law in 20 ms pieces.
    explicit FrameRing(std::int64_t milliseconds_max);

    void push(std::string_view base64);  // pieces above 64 KiB are refused
    std::int64_t held_ms() const { return held_bytes_ / 8; }
    std::uint64_t dropped() const { return dropped_; }
    bool empty() const { return used_ == 0; }

    // Calls `give(base64)` for each piece, oldest first.
    template <class Give>
    void each(Give give) {
        for (std::size_t left = used_, at = first_; left > 0;) {
            const Piece piece = piece_at(at);
            give(piece.text);
            at = piece.next;
            left -= piece.size;
        }
    }
    // The same, and empties the ring.
    template <class Give>
    void drain(Give give) {
        each(give);
        clear();
    }
    void clear();

  private:
    struct Piece {
        std::string_view text;
        std::size_t size;  // header included
        std::size_t next;
    };
    Piece piece_at(std::size_t at);
    void drop_oldest();
    void copy_in(std::size_t at, const char* data, std::size_t size);
    void copy_out(std::size_t at, char* data, std::size_t size) const;

    const std::int64_t bytes_max_;
    std::vector<char> block_;
    std::vector<char> scratch_;  // a piece that wraps around is put together here
    std::size_t first_ = 0;
    std::size_t used_ = 0;
    std::int64_t held_bytes_ = 0;  // of audio
    std::uint64_t dropped_ = 0;
};

}  // namespace holdfast::audio
