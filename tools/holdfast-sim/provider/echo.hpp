// The provider for load tests: no hearing, no speech; once the session is configured every append
// comes straight back as audio of one endless response. Strings, not JSON trees: this runs 10,000
// times a second.
#pragma once

#include "provider/record.hpp"
#include "provider/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::sim {

class EchoSession {
  public:
    EchoSession(ProviderWire& wire, ConnectionRecord& record, std::int64_t expires_at);
    void open();
    void on_text(std::string_view text);

  private:
    void on_other(std::string_view text);
    void begin_response();

    ProviderWire& wire_;
    ConnectionRecord& record_;
    std::int64_t expires_at_;
    std::string head_;  // of a delta, up to the audio
    std::string scratch_;
    bool responding_ = false;
};

}  // namespace holdfast::sim
