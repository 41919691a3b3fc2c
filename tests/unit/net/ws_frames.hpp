// Frames by hand, correct and wrong.
#pragma once

#include <cstdint>
#include <string>

namespace holdfast::net {

constexpr unsigned k_fin = 0x80;
constexpr unsigned k_masked = 0x80;

struct FrameWish {
    unsigned first_byte = k_fin | 0x1;  // FIN, reserved bits, opcode
    bool masked = true;
    std::uint64_t claimed = UINT64_MAX;  // length in the header, when not the payload's
};

inline std::string frame(const std::string& payload, FrameWish wish = {}) {
    const std::uint64_t length = wish.claimed == UINT64_MAX ? payload.size() : wish.claimed;
    const unsigned mask_bit = wish.masked ? k_masked : 0;
    std::string out(1, static_cast<char>(wish.first_byte));
    const auto append_length = [&out, length](int bytes) {
        for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((length >> (8 * i)) & 0xff);
    };
    if (length < 126) {
        out += static_cast<char>(mask_bit | length);
    } else if (length < 65536) {
        out += static_cast<char>(mask_bit | 126);
        append_length(2);
    } else {
        out += static_cast<char>(mask_bit | 127);
        append_length(8);
    }
    const std::string key = "\x11\x22\x33\x44";
    if (wish.masked) out += key;
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out += wish.masked ? static_cast<char>(payload[i] ^ key[i % 4]) : payload[i];
    }
    return out;
}

inline std::string text_frame(const std::string& payload) { return frame(payload); }

inline std::string control_frame(unsigned opcode, const std::string& payload, bool masked = true) {
    FrameWish wish;
    wish.first_byte = k_fin | opcode;
    wish.masked = masked;
    return frame(payload, wish);
}

inline std::string close_payload(unsigned code, const std::string& reason = "") {
    std::string out;
    out += static_cast<char>((code >> 8) & 0xff);
    out += static_cast<char>(code & 0xff);
    return out + reason;
}

// The close code in a string of server frames (unmasked, short), or 0.
inline unsigned close_code_in(const std::string& frames) {
    std::size_t at = 0;
    while (at + 2 <= frames.size()) {
        const auto first = static_cast<unsigned char>(frames[at]);
        std::size_t length = static_cast<unsigned char>(frames[at + 1]) & 0x7f;
        std::size_t header = 2;
        if (length == 126) {
            if (at + 4 > frames.size()) return 0;
            length = static_cast<std::size_t>(static_cast<unsigned char>(frames[at + 2])) * 256 +
                     static_cast<unsigned char>(frames[at + 3]);
            header = 4;
        }
        if ((first & 0x0f) == 0x8 && length >= 2 && at + header + 2 <= frames.size()) {
            return static_cast<unsigned>(static_cast<unsigned char>(frames[at + header])) * 256 +
                   static_cast<unsigned char>(frames[at + header + 1]);
        }
        at += header + length;
    }
    return 0;
}

}  // namespace holdfast::net
