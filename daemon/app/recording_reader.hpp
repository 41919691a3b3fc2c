// Reads recordings for the admin listener on a thread of its own (`export`), because a disk may take its time.
#pragma once

#include "base/error.hpp"
#include "http/admin_export.hpp"
#include "recording/key.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::app {

class RecordingReader {
  public:
    // At most `bytes` of one recording from `offset` on; may block. Codes: those of http::ReadRecording.
    using Read = std::function<base::Result<http::RecordingPart>(const std::string& path, std::int64_t offset, std::int64_t bytes)>;
    using Answer = std::function<void(base::Result<http::RecordingPart>)>;

    explicit RecordingReader(Read read);
    ~RecordingReader();  // stops, if nobody did

    // `answer` is called once, from the thread or, with "busy", from here; not any more once stopped. Any thread.
    void read(std::string path, std::int64_t offset, std::int64_t bytes, Answer answer);

    // Waits at most `most`; a thread that hangs in the disk is left behind. Idempotent.
    void stop(std::chrono::milliseconds most);

  private:
    class Core;
    std::shared_ptr<Core> core_;  // shared with its thread
};

// Of the files in `folder`, sealed or not. `keys` is asked on the reader's thread; empty: none is sealed.
RecordingReader::Read recordings(std::string folder, recording::FileKeys keys);

}  // namespace holdfast::app
