// RFC 6455 frames as bytes. The writer can also produce frames that the RFC forbids; the reader
// says what was wrong with the ones it gets. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::sim {

enum Opcode : std::uint8_t {
    k_continuation = 0,
    k_text = 1,
    k_binary = 2,
    k_close = 8,
    k_ping = 9,
    k_pong = 10
};

struct FrameShape {
    std::uint8_t opcode = k_text;
    bool fin = true;
    std::uint8_t reserved = 0;  // 4: RSV1, the mark of a compressed message
    bool masked = false;        // required from clients, forbidden from servers
};

void append_frame(std::string& out, const FrameShape& shape, std::uint32_t mask,
                  std::string_view payload);

struct Frame {
    FrameShape shape;
    std::string_view payload;  // unmasked; valid until the next call of the reader
};

class FrameReader {
  public:
    explicit FrameReader(std::size_t payload_max) : payload_max_(payload_max) {}
    void feed(std::string_view bytes);
    // False when no whole frame is there, or after a problem.
    bool next(Frame& frame);
    bool too_big() const { return too_big_; }

  private:
    std::size_t payload_max_;
    std::string buffer_;
    std::size_t used_ = 0;
    bool too_big_ = false;
};

}  // namespace holdfast::sim
