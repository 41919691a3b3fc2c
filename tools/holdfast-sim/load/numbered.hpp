// Frames that can be recognised on their way back: 160 bytes of which the first twelve say call and
// number and the rest is the same for all, so that base64 text can be made and checked without
// decoding.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::sim {

constexpr std::size_t k_frame_text_size = 216;  // base64 of 160 bytes

struct FrameNumber {
    std::uint16_t call = 0;
    std::uint32_t sequence = 0;
};

// Appends the base64 text of a frame.
void append_numbered_frame(std::string& out, const FrameNumber& number);

// Takes audio as it comes back, whole frames or cut anywhere, and finds the numbered frames in it.
class FrameFinder {
  public:
    template <class Found>
    void read(std::string_view base64, Found found) {
        if (buffer_.empty()) {
            if (const auto number = whole_frame(base64)) return found(*number);
        }
        add(base64);
        while (const auto number = next()) found(*number);
    }
    std::uint64_t foreign_bytes() const {
        return foreign_;
    }  // audio that is no numbered frame (the greeting)

  private:
    static std::optional<FrameNumber> whole_frame(std::string_view base64);
    void add(std::string_view base64);
    std::optional<FrameNumber> next();

    std::string buffer_;
    std::uint64_t foreign_ = 0;
};

}  // namespace holdfast::sim
