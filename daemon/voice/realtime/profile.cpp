#include "voice/realtime/profile.hpp"

#include "base/text.hpp"
#include "config/limits.hpp"
#include "voice/realtime/faults.hpp"
#include "voice/tools.hpp"

#include <array>
#include <charconv>

namespace holdfast::voice::realtime {
namespace {

// The service counts 1 token for 50 ms of speech, so this ends an answer that runs away after 51 s,
// before the call's own limit cancels it. An answer of 20 words needs about 200.
constexpr int k_output_tokens_max = 1024;
static_assert(k_output_tokens_max * std::chrono::milliseconds(50) < limits::playout_waiting_max);

void text(std::string& out, std::string_view value) {
    out += '"';
    base::append_json_escaped(out, value);
    out += '"';
}

void number(std::string& out, double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    out.append(buffer.data(), end);
}

// Every member, because the service's own defaults differ between its pages (T18).
void turn_detection(std::string& out, const Profile& profile, const config::TurnDetection& vad) {
    if (profile.server_vad && vad.type == "server_vad") {
        out += R"({"type":"server_vad","threshold":)";
        number(out, vad.threshold);
        out += R"(,"prefix_padding_ms":)" + std::to_string(vad.prefix_padding_ms);
        out += R"(,"silence_duration_ms":)" + std::to_string(vad.silence_duration_ms);
        out += R"(,"create_response":true,"interrupt_response":true,"idle_timeout_ms":null})";
    } else {
        out += R"({"type":"semantic_vad","eagerness":"auto","create_response":true,)"
               R"("interrupt_response":true})";
    }
}

void transcription(std::string& out, const config::OpenAi& openai) {
    out += R"({"model":)";
    text(out, openai.transcription_model);
    if (!openai.transcription_language.empty()) {
        out += R"(,"language":)";
        text(out, openai.transcription_language);
    }
    out += '}';
}

// No rate with pcmu, no temperature, no stored prompt, no reasoning: each would reject the update, now
// or on another model (sections 1, 4.3, T5).
std::string session_update(const Profile& profile, const config::OpenAi& openai,
                           std::string_view instructions, std::string_view event_id, bool transcribe) {
    std::string out = R"({"type":"session.update","event_id":)";
    text(out, event_id);
    out += R"(,"session":{"type":"realtime","model":)";
    text(out, openai.model);
    out += R"(,"output_modalities":["audio"],"instructions":)";
    text(out, instructions);
    out += R"(,"audio":{"input":{"format":{"type":"audio/pcmu"},"noise_reduction":null,"transcription":)";
    if (transcribe) transcription(out, openai);
    else out += "null";
    out += R"(,"turn_detection":)";
    turn_detection(out, profile, openai.turn_detection);
    out += R"(},"output":{"format":{"type":"audio/pcmu"},"voice":)";
    text(out, openai.voice);
    out += R"(,"speed":1.0}},"tools":)";
    out += tool_definitions();
    out += R"(,"tool_choice":"auto","max_output_tokens":)" + std::to_string(k_output_tokens_max);
    out += R"(,"truncation":{"type":"retention_ratio","retention_ratio":0.8}}})";
    return out;
}

// What elevenlabs.md 1.4 lists and nothing else: no transcription block, no noise reduction, no speed,
// no tool_choice, no truncation. `model` only when minting.
std::string eleven_session(const ElevenSettings& settings, std::string_view model) {
    std::string out = R"({"type":"realtime")";
    if (!model.empty()) {
        out += R"(,"model":)";
        text(out, model);
    }
    out += R"(,"output_modalities":["audio"],"instructions":)";
    text(out, settings.instructions);
    out += R"(,"audio":{"input":{"format":{"type":"audio/pcmu"},"turn_detection":)";
    turn_detection(out, eleven_profile(), config::TurnDetection{});
    out += R"(},"output":{"format":{"type":"audio/pcmu"})";
    if (!settings.voice_id.empty()) {
        out += R"(,"voice":)";
        text(out, settings.voice_id);
    }
    out += R"(}},"tools":)";
    out += tool_definitions();
    out += R"(,"max_output_tokens":)" + std::to_string(k_output_tokens_max) + '}';
    return out;
}

void append_percent_encoded(std::string& out, std::string_view value) {
    static constexpr char k_digits[] = "0123456789ABCDEF";
    for (const char c : value) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += k_digits[byte >> 4];
        out += k_digits[byte & 15];
    }
}

}  // namespace

const Profile& openai_profile() {
    static constexpr Profile k_profile{"openai", true, true, true, false, true, false, false, true, judge};
    return k_profile;
}

const Profile& eleven_profile() {
    static constexpr Profile k_profile{"eleven_realtime", false, false, true,  true,
                                       false,             true,  true,  false, judge_eleven};
    return k_profile;
}

SessionPlan openai_plan(const config::OpenAi& openai, std::string_view instructions) {
    SessionPlan plan;
    plan.profile = openai_profile();
    const bool transcribe = plan.profile.transcription_model && !openai.transcription_model.empty();
    plan.update = session_update(plan.profile, openai, instructions, k_update_id, transcribe);
    if (transcribe) {
        plan.update_without_transcription =
            session_update(plan.profile, openai, instructions, k_update_plain_id, false);
    }
    plan.voice = openai.voice;
    plan.vad = openai.turn_detection.type;
    if (plan.vad == "server_vad") {
        plan.vad_silence = base::milliseconds(openai.turn_detection.silence_duration_ms);
    }
    plan.connect_timeout = openai.connect_timeout;
    plan.ping_interval = openai.ping_interval;
    plan.ping_timeout = openai.ping_timeout;
    return plan;
}

std::string openai_endpoint(const config::OpenAi& openai) {
    std::string out = openai.url;
    out += out.find('?') == std::string::npos ? "?model=" : "&model=";
    append_percent_encoded(out, openai.model);
    return out;
}

std::vector<std::pair<std::string, std::string>> openai_headers(const base::Secret& key) {
    return {{"Authorization", "Bearer " + key.reveal()}};
}

// --- Eleven Realtime ---

SessionPlan eleven_plan(const ElevenSettings& settings) {
    SessionPlan plan;
    plan.profile = eleven_profile();
    plan.update = R"({"type":"session.update","event_id":)";
    text(plan.update, k_update_id);
    plan.update += R"(,"session":)" + eleven_session(settings, {}) + '}';
    plan.voice = settings.voice_id;
    plan.vad = "semantic_vad";
    plan.connect_timeout = settings.connect_timeout;
    plan.ping_interval = settings.ping_interval;
    plan.ping_timeout = settings.ping_timeout;
    return plan;
}

std::string eleven_endpoint_target(const ElevenSettings& settings) {
    return "/v1/convai/realtime?model=" + settings.realtime_model;
}

std::string eleven_mint_body(const ElevenSettings& settings) {
    return R"({"session":)" + eleven_session(settings, settings.realtime_model) +
           R"(,"expires_after":{"anchor":"created_at","seconds":600}})";
}

std::vector<std::string> eleven_subprotocols(const base::Secret& client_secret) {
    return {"realtime", "openai-insecure-api-key." + client_secret.reveal()};
}

}  // namespace holdfast::voice::realtime
