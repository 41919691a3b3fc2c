// `doctor`: walks the whole installation and says what to do about each thing that is not well.
#pragma once

#include "holdfastctl/commands.hpp"
#include "holdfastctl/doctor/installed.hpp"

#include <string>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct Doctor {
    doctor::Installed installed;
    std::string daemon = "/usr/sbin/holdfastd";
    bool paid = false;
};

CLI::App* declare_doctor(CLI::App& app, Doctor& options);
int doctor_command(const Session& session, const Doctor& options);

}  // namespace holdfast::ctl
