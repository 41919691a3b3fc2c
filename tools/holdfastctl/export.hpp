// `export`: one call of a running daemon as a ZIP. What it gives away is an audit row of the daemon's journal first.
#pragma once

#include "holdfastctl/commands.hpp"

#include <string>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct Export {
    std::string call;
    std::string to;  // empty: CALLSID.zip in the working folder
    std::string by;  // empty: the name of the user
    std::string why;
    bool force = false;
};

CLI::App* declare_export(CLI::App& app, Export& options);
int export_command(const Session& session, const Export& options);

}  // namespace holdfast::ctl
