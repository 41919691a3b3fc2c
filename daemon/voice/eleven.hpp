// What the two live ElevenLabs rungs share: their settings, the addresses below one origin, and what a
// refusal over HTTP means (elevenlabs.md 5.2, failure-matrix.md E01 to E04). Pure.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "base/sensitive.hpp"
#include "net/url.hpp"
#include "voice/voice.hpp"

#include <string>
#include <string_view>

namespace holdfast::voice {

struct ElevenSettings {
    std::string url = "https://api.elevenlabs.io";  // origin; wss:// means the same, http:// for simulators
    base::Secret api_key;
    std::string ca_file;   // adds a private CA
    std::string voice_id;  // an ElevenLabs voice; empty: the model's own (realtime only)
    std::string realtime_model = "eleven_realtime_v1_mini";
    std::string agent_id;        // of `holdfastctl elevenlabs agent create`
    std::string agent_language = "en";  // the language the agent was made for
    std::string instructions;
    base::milliseconds connect_timeout{2500};  // ticket, DNS, TCP, TLS and upgrade together
    base::milliseconds ping_interval{2000};
    base::milliseconds ping_timeout{4000};
};

// The ticket of a session (client secret, signed URL) must be there within this part of the connect
// budget (elevenlabs.md section 8).
constexpr base::milliseconds k_ticket_timeout{1500};
constexpr std::size_t k_ticket_body_bytes_max = 64 * 1024;

// `origin` has no path and no query. Error code: url.
enum class Scheme { http, websocket };
base::Result<net::Url> eleven_url(std::string_view origin, Scheme scheme, std::string_view target);

// Identifiers go into URLs as they stand: letters, digits, '_', '-' and '.', 1 to 128 of them.
bool is_eleven_id(std::string_view text);

// An HTTP answer of the API that is not 2xx.
VoiceLoss judge_eleven_refusal(int status, std::string_view body);

}  // namespace holdfast::voice
