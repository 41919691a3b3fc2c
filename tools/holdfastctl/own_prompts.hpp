// `prompts import` and `prompts check`: an agency's own recordings in the place of the shipped ones. A set is
// a folder with en/ and es/, each with NAME.wav, NAME.txt (what it says) and SHA256SUMS.
#pragma once

#include "holdfastctl/commands.hpp"
#include "holdfastctl/print.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct PromptsImport {
    std::vector<std::string> sources;  // WAV files, or folders of them; NAME.txt beside NAME.wav when it says other words
    std::string to;
    std::string from = "/usr/share/holdfast/prompts";  // a set that begins here is a copy of this one
    std::string language = "en";
};

CLI::App* declare_prompts_import(CLI::App& prompts, PromptsImport& options);
// All of them or none: the folder of the language is replaced in one step, after every file has been
// converted and checked. Each problem is told with its file.
int prompts_import_command(const Session& session, const PromptsImport& options);

CLI::App* declare_prompts_check(CLI::App& prompts, std::string& folder);
// What the command finds.
Checked check_prompts_folder(const std::string& folder);
int prompts_check_command(const Session& session, const std::string& folder);

}  // namespace holdfast::ctl
