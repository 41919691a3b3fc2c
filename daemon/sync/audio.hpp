// The sound of recordings, for a sink that keeps it: last in the order of sending, one bounded write at a time.
#pragma once

#include "base/error.hpp"
#include "store/journal.hpp"
#include "sync/sink.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace holdfast::sync {

// One write is at most what GridFS usually calls a chunk. On a narrow line it is an eighth: that much goes in front of a caller's
// voice, and has to be through before the socket's time-out. Half-sent files are continued after a restart: a version with another
// size would have to look at what is there.
inline constexpr std::int64_t k_audio_chunk_bytes = 261'120 / 8;
inline constexpr std::int64_t k_audio_chunks_most = 8;

struct AudioPiece {
    std::int64_t total = 0;  // of the whole WAV
    std::string bytes;
};

// At most `bytes` of a recording's WAV from `at` on, and less only at its end. Codes: "purged" (reject: the file was to go),
// "missing" (reject: it was not); any other with condition reject: it will never be read; with retry: not now.
// Sync thread; may block on the disk, also after a stop has given the thread up.
using ReadAudio = std::function<base::Result<AudioPiece>(const store::Recording& recording, std::int64_t at, std::int64_t bytes)>;

// Sync thread; may block, for as long as its time-outs say. Everything may be said any number of times, with the same result.
// `row` of what is refused says nothing, and its key is key_of().
class AudioSink {
  public:
    virtual ~AudioSink() = default;
    virtual const char* name() const = 0;                                  // of its cursor
    virtual std::string key_of(const store::Change& recording) const = 0;  // as in DeadLetter
    struct There {
        bool whole = false;
        std::int64_t chunks = 0;  // up to the last one; of the last k_audio_chunks_most some may be missing
    };
    virtual Outcome look(const store::Change& recording, There& there) = 0;
    // `at`: where a chunk begins. All before it is there.
    virtual Outcome send_chunks(const store::Change& recording, std::int64_t at, const std::string& bytes) = 0;
    // Every chunk is there: whoever looks may see the file now.
    virtual Outcome finish(const store::Change& recording, std::int64_t total, std::int64_t utc_ms) = 0;
};

}  // namespace holdfast::sync
