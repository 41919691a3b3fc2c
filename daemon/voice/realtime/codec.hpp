// The GA realtime protocol as bytes: server events into a flat struct, client events into text. No
// state, no decisions. Events are read whole and strictly (size, depth, UTF-8, repeated members), and
// leniently where the service is known to vary (null for any member, unknown members and types;
// openai-realtime.md section 6 and T21). Audio stays base64 text.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::voice::realtime {

enum class EventType : std::uint8_t {
    unknown,  // not in the protocol as we know it
    ignored,  // known, and of no use to a relay
    session_created,
    session_updated,
    error,
    speech_started,
    speech_stopped,
    committed,
    transcription_delta,
    transcription_completed,
    transcription_failed,
    response_created,
    output_item_added,
    output_item_done,
    audio_delta,
    audio_done,
    transcript_delta,
    transcript_done,
    arguments_done,
    response_done,
    rate_limits,
};

enum class Status : std::uint8_t { none, in_progress, completed, cancelled, failed, incomplete };
const char* to_string(Status status);

struct ProviderError {
    std::string_view type;
    std::string_view code;
    std::string_view message;  // may quote the caller: never logged
    std::string_view param;
    std::string_view event_id;  // of the client event that caused it
};

// One item of a response: spoken words, or a call of a function.
struct OutputItem {
    std::string_view id;
    std::string_view type;  // message, function_call, ...
    Status status = Status::none;
    std::string_view transcript;  // of all content parts that have one; the last wins
    std::string_view call_id;
    std::string_view name;
    std::string_view arguments;
};

// What is in force, as session.created and session.updated echo it.
struct SessionFacts {
    std::string_view id;
    std::string_view input_format;
    std::string_view output_format;
    std::string_view voice;
    std::string_view vad;
    bool transcription = false;
    std::int64_t expires_at_s = 0;  // 0: not given
};

// rate_limits.updated, the entry "tokens"; a limit of 0: not given.
struct RateLimitFacts {
    double limit = 0;
    double remaining = 0;
    double reset_seconds = 0;
};

// One decoded event. Which members mean something depends on `type`. Every view lives until the
// next decode() on the same thread.
struct Event {
    EventType type = EventType::unknown;
    std::string_view item_id;
    std::string_view response_id;
    std::string_view text;  // delta, transcript or arguments
    std::string_view call_id;
    std::string_view name;
    std::int64_t audio_start_ms = -1;
    std::int64_t audio_end_ms = -1;
    Status status = Status::none;   // of the response
    std::string_view reason;        // status_details.reason
    ProviderError error;            // of `error`, a failed transcription or a failed response
    SessionFacts session;
    RateLimitFacts tokens;
    std::vector<OutputItem> items;  // output of response.done; the one item of output_item.*
};

// Reads one text frame into `event` (all members set anew; its memory is reused). At least 64 bytes
// after `padded` must be readable, as net::WsListener promises. Error codes: too_large, json, utf8,
// depth, not_object, type, repeated_member, field.
base::Result<void> decode(std::string_view padded, Event& event);

// The error object of a refused upgrade's body; empty when the body is something else.
ProviderError decode_error_body(std::string_view body);

enum class Role { user, assistant, system };

// Writers append one client event to `out`. `base64` and the ids we mint need no escaping; everything
// that came from outside is escaped.
void append_audio(std::string& out, std::string_view base64);
void append_message(std::string& out, std::string_view event_id, Role role, std::string_view text);
void append_function_output(std::string& out, std::string_view event_id, std::string_view call_id,
                            std::string_view output);
// A call that the model did not make itself: what it is to learn comes as the output of one.
void append_function_call(std::string& out, std::string_view event_id, std::string_view call_id, std::string_view name);
void append_truncate(std::string& out, std::string_view event_id, std::string_view item_id,
                     std::int64_t audio_end_ms);
void append_delete(std::string& out, std::string_view event_id, std::string_view item_id);
void append_response_create(std::string& out, std::string_view event_id);
void append_response_cancel(std::string& out, std::string_view event_id,
                            std::string_view response_id);

}  // namespace holdfast::voice::realtime
