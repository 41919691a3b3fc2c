// holdfastd: arguments and exit codes; everything else is a library (see app/).
#include "app/daemon.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
    CLI::App arguments{"holdfastd: answers emergency calls at the edge"};
    std::string config = "/etc/holdfast/holdfast.yaml";
    bool check = false;
    bool reference = false;
    bool manual = false;
    bool allow_no_prompts = false;
    bool debug_switches = false;
    arguments.add_option("-c,--config", config, "configuration file")->capture_default_str();
    arguments.add_flag("--check-config", check, "report every problem of the configuration and exit");
    arguments.add_flag("--print-config", reference, "print every key with its default and exit");
    arguments.add_flag("--print-config-manual", manual, "the same as the manual page holdfast.yaml(5), in roff");
    arguments.add_flag("--allow-no-prompts", allow_no_prompts, "start without recorded prompts: every call goes to a person");
    arguments.add_flag("--debug-switches", debug_switches, "for tests: SIGUSR1 freezes the media loop for a minute");
    arguments.set_version_flag("--version", holdfast::app::version());
    arguments.footer("Exit codes:\n"
                     "  0   it was stopped; the configuration is good\n"
                     "  64  the command line is wrong\n"
                     "  70  an internal failure\n"
                     "  74  the journal cannot be opened\n"
                     "  78  the configuration, the certificate or the prompts are no good");
    try {
        arguments.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return arguments.exit(e) == 0 ? 0 : 64;
    }
    try {
        if (reference) return holdfast::app::print_reference();
        if (manual) return holdfast::app::print_manual();
        if (check) return holdfast::app::check_config(config);
        using holdfast::app::DebugSwitches;
        using holdfast::app::PromptsNeeded;
        return holdfast::app::run_daemon(config, allow_no_prompts ? PromptsNeeded::no : PromptsNeeded::yes,
                                         debug_switches ? DebugSwitches::on : DebugSwitches::off);
    } catch (const std::exception& e) {
        std::cerr << "holdfastd: " << e.what() << '\n';
        return 70;
    }
}
