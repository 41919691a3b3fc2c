// The provider's end of one socket, as its session sees it.
#pragma once

#include "wire/frames.hpp"

#include <cstdint>
#include <string_view>

namespace holdfast::sim {

class ProviderWire {
  public:
    virtual ~ProviderWire() = default;
    virtual void send(std::string_view text) = 0;
    virtual void send_frame(const FrameShape& shape, std::string_view payload) = 0;
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual void reset() = 0;
    virtual void freeze() = 0;
    virtual void answer_pings(bool answer) = 0;
};

}  // namespace holdfast::sim
