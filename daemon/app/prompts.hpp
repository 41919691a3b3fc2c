// Recorded prompts: read once at start, kept in memory for the life of the daemon.
#pragma once

#include "base/error.hpp"
#include "http/front_door.hpp"
#include "voice/clips.hpp"

#include <string>
#include <vector>

namespace holdfast::app {

struct Prompts {
    voice::Clips clips;       // for the open stream
    http::PromptFiles files;  // for <Play>: ID.wav in English, es-ID.wav
    std::vector<std::string> problems;  // files that were passed over; the other language stands in
};

// Reads en/ and es/ below `folder`: NAME.wav (any WAV; kept as 8 kHz mu-law) with NAME.txt (what it says),
// each checked against the hashes of the shipped set, which are built in, and SHA256SUMS of its folder, which an
// agency's own prompts come with. A damaged file is named and passed over (E09). Errors: "no_prompts", not
// one is there (E10), and "prompt", one that every call may need is there in no language. Blocks on disk.
base::Result<Prompts> load_prompts(const std::string& folder);

}  // namespace holdfast::app
