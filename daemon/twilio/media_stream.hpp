// Twilio Media Streams messages (twilio.md section 4): a strict decoder for what Twilio sends and
// writers for the three messages we send. Pure; one Decoder per loop, no allocation per frame.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::twilio {

enum class EventKind { connected, start, media, dtmf, mark, stop, unknown };

struct StartInfo {
    base::StreamSid stream;
    base::CallSid call;
    std::string account_sid;
    std::string encoding;  // audio/x-mulaw
    std::int64_t sample_rate = 0;
    std::int64_t channels = 0;
    std::vector<std::pair<std::string, std::string>> parameters;  // at most 32, 1 KiB each
};

// Views live until the next decode().
struct StreamEvent {
    EventKind kind = EventKind::unknown;
    std::int64_t sequence = -1;   // -1: absent. Strings and numbers are both read (twilio.md 4.2).
    std::string_view stream_sid;  // empty: absent
    // media
    std::string_view track;
    std::int64_t chunk = -1;
    std::int64_t timestamp_ms = -1;
    std::string_view payload;     // base64 text, not yet checked
    // dtmf, mark
    std::string_view digit;
    std::string_view mark;
    // start
    StartInfo start;
};

class StreamDecoder {
  public:
    StreamDecoder();
    ~StreamDecoder();
    // `text` must be followed by 64 readable bytes (net::WsListener promises that). Errors are
    // Condition::reject with code "json" (not JSON, not an object, too deep) or "field" (a member that
    // the event needs is missing, of the wrong type or out of range). Unknown events are no error.
    base::Result<const StreamEvent*> decode(std::string_view text);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Each appends exactly the documented keys (an extra key costs a 31951 warning and the message).
// `payload` must be base64 text, `mark` printable ASCII without quotes or backslash.
void append_media(std::string& out, std::string_view stream_sid, std::string_view payload);
void append_mark(std::string& out, std::string_view stream_sid, std::string_view mark);
void append_clear(std::string& out, std::string_view stream_sid);

}  // namespace holdfast::twilio
