// The ElevenAgents socket as bytes (elevenlabs.md 2.3, 2.4): server messages into a flat struct, client
// messages into text. No state, no decisions. Strict about form, lenient about what is new: unknown types
// and members pass. Audio stays base64 text.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::voice::eleven_agent {

enum class EventType : std::uint8_t {
    unknown,  // not in the protocol as we know it
    ignored,  // known, and of no use to us
    metadata,
    audio,
    user_transcript,
    tentative_transcript,
    agent_response,
    correction,
    response_complete,
    interruption,
    ping,
    tool_call,
    vad_score,
    error,
};

// One decoded message. Which members mean something depends on `type`. Every view lives until the next
// decode() on the same thread.
struct Event {
    EventType type = EventType::unknown;
    std::int64_t event_id = -1;     // -1: not given
    std::string_view text;          // base64 of audio; words of a transcript, response or correction
    std::string_view original;      // of a correction
    std::string_view conversation;  // of metadata
    std::string_view input_format;
    std::string_view output_format;
    std::string_view tool;
    std::string_view tool_call;
    std::string tool_arguments;  // JSON, not looked at; empty: none given
    double vad_score = -1;
    std::string_view error_type;
    std::string_view error_text;  // may quote the caller: never logged
    std::int64_t error_code = 0;
};

// Reads one text frame into `event` (all members set anew). At least 64 bytes after `padded` must be
// readable. Error codes: too_large, json, utf8, depth, not_object, type, repeated_member, field.
base::Result<void> decode(std::string_view padded, Event& event);

struct Initiation {
    std::string_view prompt;         // empty: the agent's own
    std::string_view first_message;  // empty: the agent waits for the caller
    std::string_view language;       // empty: the agent's own
};

// Writers append one client message to `out`. `base64` needs no escaping.
void append_initiation(std::string& out, const Initiation& initiation);
void append_audio(std::string& out, std::string_view base64);
void append_pong(std::string& out, std::int64_t event_id);
void append_tool_result(std::string& out, std::string_view tool_call, std::string_view result, bool is_error);
void append_context(std::string& out, std::string_view text);
void append_user_message(std::string& out, std::string_view text);

}  // namespace holdfast::voice::eleven_agent
