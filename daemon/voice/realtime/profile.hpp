// How one provider's dialect of the GA realtime protocol differs, and the one stored configuration
// from which every session.update of a process is made (openai-realtime.md T3). Pure.
#pragma once

#include "base/loop.hpp"
#include "base/sensitive.hpp"
#include "config/config.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::voice::realtime {

struct Profile {
    std::string_view name;   // word of the ladder, the journal and the logs
    bool server_vad;         // false: the service knows semantic_vad only
    bool transcription_model;  // false: transcripts come unasked, and asking is an error
    bool client_truncates;   // the service leaves cutting unheard audio to us (section 8.1)
};

const Profile& openai_profile();

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
constexpr std::string_view k_transfer_tool = "transfer_to_person";

SessionPlan openai_plan(const config::OpenAi& openai, std::string_view instructions);

// openai.url with the model as its query.
std::string openai_endpoint(const config::OpenAi& openai);

// The only header the service wants; OpenAI-Beta would be answered with close 4000 (section 3).
std::vector<std::pair<std::string, std::string>> openai_headers(const base::Secret& key);

}  // namespace holdfast::voice::realtime
