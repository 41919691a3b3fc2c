#include "wire/frames.hpp"

#include <array>
#include <cstring>

namespace holdfast::sim {
namespace {

void apply_mask(char* data, std::size_t size, std::uint32_t mask) {
    std::array<char, 8> key{};
    std::memcpy(key.data(), &mask, 4);
    std::memcpy(key.data() + 4, &mask, 4);
    std::uint64_t wide = 0;
    std::memcpy(&wide, key.data(), 8);
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        std::uint64_t block = 0;
        std::memcpy(&block, data + i, 8);
        block ^= wide;
        std::memcpy(data + i, &block, 8);
    }
    for (; i < size; ++i) data[i] = static_cast<char>(data[i] ^ key[i % 4]);
}

}  // namespace

void append_frame(std::string& out, const FrameShape& shape, std::uint32_t mask,
                  std::string_view payload) {
    const auto put = [&out](std::size_t byte) {
        out += static_cast<char>(static_cast<unsigned char>(byte & 0xff));
    };
    put((shape.fin ? 0x80u : 0u) | static_cast<unsigned>(shape.reserved << 4) | shape.opcode);
    const unsigned mask_bit = shape.masked ? 0x80 : 0;
    if (payload.size() < 126) {
        put(mask_bit | payload.size());
    } else if (payload.size() < 65536) {
        put(mask_bit | 126);
        put(payload.size() >> 8);
        put(payload.size());
    } else {
        put(mask_bit | 127);
        for (unsigned shift = 64; shift > 0; shift -= 8) put(payload.size() >> (shift - 8));
    }
    if (shape.masked) out.append(reinterpret_cast<const char*>(&mask), 4);
    const std::size_t at = out.size();
    out += payload;
    if (shape.masked) apply_mask(out.data() + at, payload.size(), mask);
}

void FrameReader::feed(std::string_view bytes) {
    if (used_ == buffer_.size()) {
        buffer_.clear();
        used_ = 0;
    } else if (used_ > 64 * 1024) {
        buffer_.erase(0, used_);
        used_ = 0;
    }
    buffer_ += bytes;
}

bool FrameReader::next(Frame& frame) {
    const auto at = [this](std::size_t i) -> std::size_t {
        return static_cast<unsigned char>(buffer_[used_ + i]);
    };
    const std::size_t have = buffer_.size() - used_;
    if (too_big_ || have < 2) return false;
    const bool masked = (at(1) & 0x80) != 0;
    std::size_t length = at(1) & 0x7f;
    std::size_t head = 2;
    if (length >= 126) {
        const std::size_t width = length == 126 ? 2 : 8;
        if (have < 2 + width) return false;
        length = 0;
        for (std::size_t i = 0; i < width; ++i) length = (length << 8) | at(2 + i);
        head += width;
    }
    if (length > payload_max_) {
        too_big_ = true;
        return false;
    }
    const std::size_t mask_at = head;
    if (masked) head += 4;
    if (have < head + length) return false;
    frame.shape.fin = (at(0) & 0x80) != 0;
    frame.shape.reserved = static_cast<std::uint8_t>((at(0) >> 4) & 7);
    frame.shape.opcode = static_cast<std::uint8_t>(at(0) & 15);
    frame.shape.masked = masked;
    if (masked) {
        std::uint32_t mask = 0;
        std::memcpy(&mask, buffer_.data() + used_ + mask_at, 4);
        apply_mask(buffer_.data() + used_ + head, length, mask);
    }
    frame.payload = std::string_view(buffer_).substr(used_ + head, length);
    used_ += head + length;
    return true;
}

}  // namespace holdfast::sim
