// holdfastctl streets import, check: on files only, without a daemon.
#pragma once

#include "holdfastctl/commands.hpp"

#include <string>

namespace holdfast::ctl {

struct Streets {
    std::string from;
    std::string to = "/var/lib/holdfast/streets.db";
    std::string place;
};

int streets_import_command(const Session& session, const Streets& streets);
int streets_check_command(const Session& session, const Streets& streets);

}  // namespace holdfast::ctl
