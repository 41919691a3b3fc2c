#include "audio/frame_ring.hpp"

#include "base/base64.hpp"

#include <algorithm>
#include <cstring>

namespace holdfast::audio {
namespace {

constexpr std::size_t k_header_bytes = 4;
constexpr std::size_t k_piece_bytes_max = 64 * 1024;
constexpr std::int64_t k_frame_bytes = 160;        // 20 ms
constexpr std::int64_t k_frame_base64 = 216;

}  // namespace

FrameRing::FrameRing(std::int64_t milliseconds_max) : bytes_max_(milliseconds_max * 8) {}

void FrameRing::push(std::string_view base64) {
    if (base64.empty() || base64.size() > k_piece_bytes_max) return;
    if (block_.empty()) {
        const auto frames = static_cast<std::size_t>(bytes_max_ / k_frame_bytes + 1);
        block_.resize(std::max(frames * (static_cast<std::size_t>(k_frame_base64) + k_header_bytes),
                               k_piece_bytes_max + k_header_bytes));
    }
    const auto bytes = static_cast<std::int64_t>(base::base64_decoded_bytes(base64));
    const std::size_t size = base64.size() + k_header_bytes;
    while (used_ > 0 && (held_bytes_ + bytes > bytes_max_ || used_ + size > block_.size())) drop_oldest();
    const auto length = static_cast<std::uint32_t>(base64.size());
    const std::size_t at = (first_ + used_) % block_.size();
    copy_in(at, reinterpret_cast<const char*>(&length), k_header_bytes);
    copy_in((at + k_header_bytes) % block_.size(), base64.data(), base64.size());
    used_ += size;
    held_bytes_ += bytes;
}

void FrameRing::copy_in(std::size_t at, const char* data, std::size_t size) {
    const std::size_t straight = std::min(size, block_.size() - at);
    std::memcpy(block_.data() + at, data, straight);
    std::memcpy(block_.data(), data + straight, size - straight);
}

void FrameRing::copy_out(std::size_t at, char* data, std::size_t size) const {
    const std::size_t straight = std::min(size, block_.size() - at);
    std::memcpy(data, block_.data() + at, straight);
    std::memcpy(data + straight, block_.data(), size - straight);
}

FrameRing::Piece FrameRing::piece_at(std::size_t at) {
    std::uint32_t length = 0;
    copy_out(at, reinterpret_cast<char*>(&length), k_header_bytes);
    const std::size_t text_at = (at + k_header_bytes) % block_.size();
    const std::size_t next = (text_at + length) % block_.size();
    if (text_at + length <= block_.size()) {
        return Piece{{block_.data() + text_at, length}, length + k_header_bytes, next};
    }
    scratch_.resize(length);
    copy_out(text_at, scratch_.data(), length);
    return Piece{{scratch_.data(), length}, length + k_header_bytes, next};
}

void FrameRing::drop_oldest() {
    const Piece piece = piece_at(first_);
    held_bytes_ -= static_cast<std::int64_t>(base::base64_decoded_bytes(piece.text));
    used_ -= piece.size;
    first_ = piece.next;
    ++dropped_;
}

void FrameRing::clear() {
    std::vector<char>().swap(block_);
    std::vector<char>().swap(scratch_);
    first_ = used_ = 0;
    held_bytes_ = 0;
}

}  // namespace holdfast::audio
