// The session object: its defaults, and what a session.update may do to it (openai-realtime.md 4).
// An update is checked whole before any of it applies. Pure.
#pragma once

#include "provider/api_error.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <variant>

namespace holdfast::sim {

enum class WireFormat { pcmu, pcma, pcm16_24k };

WireFormat format_of(const nlohmann::json& format);
unsigned bytes_per_second(WireFormat format);

// Who is played: the differences of Eleven Realtime stand in elevenlabs.md 1.3 to 1.6.
enum class Dialect { openai, eleven };

nlohmann::json default_session(const std::string& id, const std::string& model,
                               std::int64_t expires_at);

// The merged session, or why nothing of the update applies. `audio_sent`: the voice is frozen.
std::variant<nlohmann::json, ApiError> apply_session_update(const nlohmann::json& current,
                                                            const nlohmann::json& update,
                                                            bool audio_sent);

// The same for Eleven Realtime, which knows fewer members and no server_vad.
nlohmann::json default_eleven_session(const std::string& id, const std::string& model);
std::variant<nlohmann::json, ApiError> apply_eleven_update(const nlohmann::json& current,
                                                           const nlohmann::json& update);
// The session that a client secret is minted for: an update that names its model.
std::optional<ApiError> check_eleven_mint(const nlohmann::json& session);

// The `response` member of response.create.
std::optional<ApiError> check_response_params(const nlohmann::json& response,
                                              const nlohmann::json& session);

}  // namespace holdfast::sim
