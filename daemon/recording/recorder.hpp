// Recording as a call sees it: start() with the stream, every frame of both legs with its place on the
// call's clock, finish() at the end. The real one is DiskRecorder (disk_recorder.hpp). Media thread; no
// call waits for a disk here, and no trouble of the disk comes back.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::recording {

struct Start {
    base::CallSid call;
    std::int64_t utc_ms = 0;     // of its beginning
    std::int64_t offset_ms = 0;  // on the call's clock: the recording begins here
    std::string retention_class = "live";  // "live", "canned", "unheard": letters of a class in recording.retention_days
    std::int64_t before_ms = 0;  // its beginning lies so long ago: audio from then is still to be given
};

// One recording of one call. Positions are milliseconds on the call's clock. Destroying it finishes it.
class Recording {
  public:
    virtual ~Recording() = default;
    // Where the frame was spoken, by Twilio's timestamp. A hole is silence; a late frame goes where it
    // belongs; of two frames for one place the later one counts.
    virtual void caller(std::string_view base64, std::int64_t position_ms) = 0;
    // When the frame was sent. Twilio plays one after the other, so it is recorded behind the one before.
    virtual void box(std::string_view base64, std::int64_t position_ms) = 0;
    // `clear` was sent: what the box had in flight from here on was not heard.
    virtual void box_cleared(std::int64_t position_ms) = 0;
    virtual void finish() = 0;  // idempotent; frames after it are ignored
};

using RecordingHandle = std::unique_ptr<Recording>;

class Recorder {
  public:
    virtual ~Recorder() = default;
    // Never fails as far as a call can tell; never null.
    virtual RecordingHandle start(const Start& start) = 0;
};

}  // namespace holdfast::recording
