// What an error, a close or a refused upgrade of the provider means for us: tables of
// openai-realtime.md sections 9.1, 9.2 and 9.4, elevenlabs.md 1.3 and 5.2. Pure.
#pragma once

#include "net/ws.hpp"
#include "voice/realtime/codec.hpp"
#include "voice/voice.hpp"

namespace holdfast::voice::realtime {

enum class ErrorClass {
    harmless,  // a race between us and the service; nothing to do
    config,    // our request was wrong; a configured session stays usable
    retry,     // may work again on a new response or a new socket
    fatal,     // this key, account or model will not work; do not come back in a loop
};
const char* to_string(ErrorClass error_class);

struct Verdict {
    ErrorClass error_class = ErrorClass::config;
    std::string_view reason;  // word of holdfast_upstream_lost_total, should the session be given up
    const char* code = "";    // static, for base::Error
};

// For `error` events and for the error of a failed response.
Verdict judge(const ProviderError& error);

// For a socket that the provider or the network ended, or never let us open.
VoiceLoss judge(const net::WsClose& close);
// The same for Eleven Realtime, whose refusals have another form and which has close codes of its own.
VoiceLoss judge_eleven(const net::WsClose& close);

base::Condition condition_of(ErrorClass error_class);

}  // namespace holdfast::voice::realtime
