#include "load/numbered.hpp"

#include "base/base64.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

constexpr std::string_view k_magic = "HFLD";
constexpr std::size_t k_head_bytes = 12;
constexpr std::size_t k_head_text = 16;
constexpr std::size_t k_frame_bytes = 160;

const std::string& tail_bytes() {
    static const std::string k_tail = [] {
        std::string tail(k_frame_bytes - k_head_bytes, '\0');
        for (std::size_t i = 0; i < tail.size(); ++i)
            tail[i] = static_cast<char>((i * 37 + 11) & 0xff);
        return tail;
    }();
    return k_tail;
}

const std::string& tail_text() {
    static const std::string k_text = base::base64_encode(tail_bytes());
    return k_text;
}

std::string head_of(const FrameNumber& n) {
    std::string head(k_magic);
    const auto put = [&head](std::uint32_t value, unsigned width) {
        for (unsigned shift = width * 8; shift > 0; shift -= 8)
            head += static_cast<char>((value >> (shift - 8)) & 0xff);
    };
    put(n.call, 2);
    put(n.sequence, 4);
    put((n.call ^ n.sequence ^ (n.sequence >> 16)) & 0xffff, 2);
    return head;
}

std::optional<FrameNumber> read_head(std::string_view head) {
    const auto get = [&head](std::size_t at, std::size_t width) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < width; ++i)
            value = (value << 8) | static_cast<unsigned char>(head[at + i]);
        return value;
    };
    FrameNumber n{static_cast<std::uint16_t>(get(4, 2)), get(6, 4)};
    if (head != head_of(n)) return std::nullopt;
    return n;
}

// How many bytes at the end of `text` begin a frame.
std::size_t partial_magic(std::string_view text) {
    for (std::size_t n = std::min(text.size(), k_magic.size() - 1); n > 0; --n) {
        if (text.substr(text.size() - n) == k_magic.substr(0, n)) return n;
    }
    return 0;
}

}  // namespace

void append_numbered_frame(std::string& out, const FrameNumber& number) {
    base::base64_append(out, head_of(number));
    out += tail_text();
}

std::optional<FrameNumber> FrameFinder::whole_frame(std::string_view base64) {
    if (base64.size() != k_frame_text_size || base64.substr(k_head_text) != tail_text())
        return std::nullopt;
    const auto head = base::base64_decode(base64.substr(0, k_head_text));
    return head ? read_head(*head) : std::nullopt;
}

void FrameFinder::add(std::string_view base64) {
    if (auto bytes = base::base64_decode(base64)) buffer_ += *bytes;
}

std::optional<FrameNumber> FrameFinder::next() {
    for (;;) {
        const std::size_t at = std::min(buffer_.find(k_magic), buffer_.size());
        const bool found = at < buffer_.size();
        // The last bytes may be the beginning of a frame that is cut here.
        const std::size_t drop = found ? at : buffer_.size() - partial_magic(buffer_);
        foreign_ += drop;
        buffer_.erase(0, drop);
        if (!found || buffer_.size() < k_frame_bytes) return std::nullopt;
        const auto number = read_head(std::string_view(buffer_).substr(0, k_head_bytes));
        const bool whole = number && std::string_view(buffer_).substr(
                                         k_head_bytes, tail_bytes().size()) == tail_bytes();
        buffer_.erase(0, whole ? k_frame_bytes : 1);
        if (whole) return number;
        ++foreign_;
    }
}

}  // namespace holdfast::sim
