// Builds the live rungs `openai` and `eleven_realtime` from their settings: once at start the parts that
// all calls share, then one Voice for each call.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "config/config.hpp"
#include "voice/eleven.hpp"
#include "voice/voice.hpp"

#include <memory>

namespace holdfast::net {
class AsioLoop;
}

namespace holdfast::voice::realtime {

struct RealtimeSettings;  // endpoint, key, trust store, session.update

// Reads the trust store (openai.ca_file); not for the media thread. Codes: url, and those of TlsClient.
base::Result<std::shared_ptr<const RealtimeSettings>> openai_settings(const config::Config& config);

// Reads the trust store (ca_file); not for the media thread. Codes: url, model, api_key, and those of
// TlsClient. Every session mints its own client secret first, inside the connect budget.
base::Result<std::shared_ptr<const RealtimeSettings>> eleven_settings(const ElevenSettings& settings);

// The loop and the listener must outlive the voice.
std::shared_ptr<Voice> make_realtime_voice(net::AsioLoop& loop,
                                           std::shared_ptr<const RealtimeSettings> settings,
                                           const base::CallSid& call, VoiceListener& listener);

}  // namespace holdfast::voice::realtime
