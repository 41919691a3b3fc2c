// `init`: five questions, and the box has its configuration and its secrets.
#pragma once

#include "holdfastctl/commands.hpp"

#include <string>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct Init {
    std::string site, url, person;                   // empty: asked
    std::string twilio_token_file, openai_key_file;  // never a secret itself: every user sees command lines
    std::string certificate, private_key;            // files to copy
    std::string root;                                // written under another root
    bool force = false;
};

CLI::App* declare_init(CLI::App& app, Init& options);
int init_command(const Session& session, const Init& options);

}  // namespace holdfast::ctl
