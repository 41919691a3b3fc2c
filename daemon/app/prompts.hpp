// Recorded prompts: read once at start, kept in memory for the life of the daemon.
#pragma once

#include "base/error.hpp"
#include "call/call.hpp"
#include "http/front_door.hpp"

#include <string>

namespace holdfast::app {

struct Prompts {
    call::Clips clips;       // for the open stream
    http::PromptFiles files; // for <Play>
};

// Reads NAME.wav (any WAV; kept as 8 kHz mu-law) and NAME.txt (what it says) of every needed prompt.
// An error names the first file that is missing, unreadable, empty or longer than 30 s. Blocks on disk.
base::Result<Prompts> load_prompts(const std::string& folder);

}  // namespace holdfast::app
