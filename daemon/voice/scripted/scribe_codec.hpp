// Scribe's realtime socket as bytes (elevenlabs.md 4.1): server messages into a flat struct, caller audio
// into the one message that clients send. No state, no decisions. Strict about form and size, lenient
// about content: unknown members and types are nothing, and any message with an `error` is an error.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::voice::scripted {

// The largest real message is a commit with a time for each word of 90 s: below 64 KiB.
constexpr std::size_t k_scribe_message_bytes_max = 256 * 1024;
constexpr std::size_t k_transcript_bytes_max = 8 * 1024;  // 90 s of the fastest speech is below 3 KB

enum class ScribeType : std::uint8_t { unknown, ignored, started, partial, committed, warning, error };

struct ScribeEvent {
    ScribeType type = ScribeType::unknown;
    std::string_view name;  // message_type; of an error, what it is called
    std::string_view text;  // of a transcript, cut to k_transcript_bytes_max; may be the caller's: never logged
    // Of `started`. Empty or 0: not told.
    std::string_view session_id;
    std::string_view audio_format;
    std::string_view commit_strategy;
    std::string_view model;
    std::int64_t sample_rate = 0;
};

// Reads one text frame. At least 64 bytes after `padded` must be readable, as net::WsListener promises.
// Every view lives until the next decode on the same thread. Error codes: too_large, json, utf8, depth,
// not_object, type, repeated_member.
base::Result<void> decode_scribe(std::string_view padded, ScribeEvent& event);

// `base64` needs no escaping.
void append_audio_chunk(std::string& out, std::string_view base64);

}  // namespace holdfast::voice::scripted
