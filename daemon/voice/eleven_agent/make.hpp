// Builds the live rung `eleven_agent` from its settings: once at start the parts that all calls share,
// then one Voice for each call.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "voice/eleven.hpp"
#include "voice/voice.hpp"

#include <memory>

namespace holdfast::net {
class AsioLoop;
}

namespace holdfast::voice::eleven_agent {

struct AgentSettings;  // signed-URL request, trust store, instructions

// Reads the trust store (ca_file); not for the media thread. Codes: url, agent_id, api_key, and those of
// TlsClient. Every session asks for its own signed URL, inside the connect budget.
base::Result<std::shared_ptr<const AgentSettings>> agent_settings(const ElevenSettings& settings);

// The loop and the listener must outlive the voice.
std::shared_ptr<Voice> make_agent_voice(net::AsioLoop& loop, std::shared_ptr<const AgentSettings> settings,
                                        const base::CallSid& call, VoiceListener& listener);

}  // namespace holdfast::voice::eleven_agent
