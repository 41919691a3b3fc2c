// `prompts build`: every fixed sentence of the scripted voice, spoken by ElevenLabs into a folder.
#pragma once

#include "holdfastctl/commands.hpp"

#include <string>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct PromptsBuild {
    std::string to;
    std::string url = "https://api.elevenlabs.io";
    std::string voice_id;
    std::string model = "eleven_flash_v2_5";
    std::string key_file;
    bool again = false;
};

// Adds `build` to the `prompts` command.
CLI::App* declare_prompts_build(CLI::App& prompts, PromptsBuild& options);

// Makes what is missing, damaged or of other words; what is good stays, so a run that broke off goes on
// where it stopped. Writes WAV files, and after each one the list of hashes that the daemon checks.
int prompts_build_command(const Session& session, const PromptsBuild& options);

}  // namespace holdfast::ctl
