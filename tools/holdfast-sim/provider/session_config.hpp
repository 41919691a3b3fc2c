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

nlohmann::json default_session(const std::string& id, const std::string& model,
                               std::int64_t expires_at);

// The merged session, or why nothing of the update applies. `audio_sent`: the voice is frozen.
std::variant<nlohmann::json, ApiError> apply_session_update(const nlohmann::json& current,
                                                            const nlohmann::json& update,
                                                            bool audio_sent);

// The `response` member of response.create.
std::optional<ApiError> check_response_params(const nlohmann::json& response,
                                              const nlohmann::json& session);

}  // namespace holdfast::sim
