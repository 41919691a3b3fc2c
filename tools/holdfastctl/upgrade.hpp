// `upgrade`: what an operator runs after a new version was installed. The package never restarts a daemon that has calls; this
// waits until it has none, or until their time is over, and restarts it.
#pragma once

#include "holdfastctl/commands.hpp"

#include <string>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct Upgrade {
    std::string daemon = "/usr/sbin/holdfastd";
    std::string config = "/etc/holdfast/holdfast.yaml";
    int limit_s = 300;
    bool only_drain = false;
    std::string why = "upgrade";
    std::string restart_program;  // tests: instead of systemctl
    std::string etc = "/etc";     // tests
};

CLI::App* declare_upgrade(CLI::App& app, Upgrade& options);
int upgrade_command(const Session& session, const Upgrade& options);

}  // namespace holdfast::ctl
