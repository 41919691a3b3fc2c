// How one provider's dialect of the GA realtime protocol differs, and the one stored configuration
// from which every session.update of a process is made (openai-realtime.md T3). Pure.
#pragma once

#include "base/loop.hpp"
#include "base/sensitive.hpp"
#include "config/config.hpp"
#include "net/ws.hpp"
#include "voice/eleven.hpp"
#include "voice/voice.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::voice::realtime {

struct Profile {
    std::string_view name;     // word of the ladder, the journal and the logs
    bool server_vad;           // false: the service knows semantic_vad only
    bool transcription_model;  // false: transcripts come unasked, and asking is an error
    bool client_truncates;     // the service leaves cutting unheard audio to us (section 8.1)
    bool input_echo_counts;    // the input format in session.updated is what is in force
    bool commits_turns;        // input_audio_buffer.committed ends a turn; else speech_stopped does
    bool tools_when_done;      // calls of functions count only as items of response.done
    bool truncates_when_done;  // a truncate has to wait for the response.done of its response
    bool full_items;           // knows items of the assistant, deleting, and cancelling by id
    VoiceLoss (*judge_end)(const net::WsClose&);
};

const Profile& openai_profile();
const Profile& eleven_profile();  // differences: elevenlabs.md 1.6

// What every session of a rung shares: built once, from the configuration, and never changed.
struct SessionPlan {
    Profile profile;
    std::string update;                        // session.update, event id k_update_id
    std::string update_without_transcription;  // id k_update_plain_id; empty when none was asked for
    std::string voice;
    std::string vad;
    base::milliseconds vad_silence{0};  // what the detector waits for; 0 when it does not say
    base::milliseconds connect_timeout{2500};
    base::milliseconds ping_interval{2000};
    base::milliseconds ping_timeout{4000};
};

constexpr std::string_view k_update_id = "cfg-1";
constexpr std::string_view k_update_plain_id = "cfg-2";

SessionPlan openai_plan(const config::OpenAi& openai, std::string_view instructions);

// openai.url with the model as its query.
std::string openai_endpoint(const config::OpenAi& openai);

// The only header the service wants; OpenAI-Beta would be answered with close 4000 (section 3).
std::vector<std::pair<std::string, std::string>> openai_headers(const base::Secret& key);

// --- Eleven Realtime ---

// Only the members that elevenlabs.md 1.4 names; the model stands in the minted secret.
SessionPlan eleven_plan(const ElevenSettings& settings);
std::string eleven_endpoint_target(const ElevenSettings& settings);  // path and query

// What a client secret is minted with: the whole session, so that it is the same before and after our
// session.update, whichever of the two the service prefers.
constexpr std::string_view k_eleven_mint_target = "/v1/convai/realtime/client_secrets";
std::string eleven_mint_body(const ElevenSettings& settings);

// The two subprotocols that open the socket. The second one is the secret.
std::vector<std::string> eleven_subprotocols(const base::Secret& client_secret);

}  // namespace holdfast::voice::realtime
