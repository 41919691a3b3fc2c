// holdfast-sim: plays Twilio, plays the voice provider, loads a daemon with many calls, or spoils a line. Needs
// nothing but the loopback interface and, for spoken text, espeak-ng.
#include "base/version.hpp"
#include "commands.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <utility>
#include <vector>

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app{
        "Simulators for Holdfast: a caller who arrives as Twilio would bring them, a realtime "
        "voice\n"
        "provider, and a load of many calls. Exit codes: 0 good, 1 not good, 2 could not run, 64 "
        "usage.",
        "holdfast-sim"};
    app.set_version_flag("--version", "holdfast-sim " + std::string(holdfast::base::version()));
    app.require_subcommand(1);
    std::vector<std::pair<CLI::App*, holdfast::sim::Command>> commands;
    const auto add = [&](const char* name, const char* what, auto make) {
        CLI::App* sub = app.add_subcommand(name, what);
        commands.emplace_back(sub, make(*sub));
    };
    add("call", "place one call as Twilio does and judge what the caller heard",
        holdfast::sim::add_call_command);
    add("provider", "act as OpenAI Realtime (GA), Eleven Realtime and ElevenAgents",
        holdfast::sim::add_provider_command);
    add("speech", "act as ElevenLabs' text to speech and Scribe realtime",
        holdfast::sim::add_speech_command);
    add("load", "place many calls and measure frame loss and round trip",
        holdfast::sim::add_load_command);
    add("relay", "stand between two parts and spoil the line: delay, stall, reset and more",
        holdfast::sim::add_relay_command);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        return code == 0 ? holdfast::sim::k_good : holdfast::sim::k_usage;
    }
    try {
        for (const auto& [sub, command] : commands) {
            if (sub->parsed()) return command();
        }
    } catch (const std::exception& e) {
        std::cerr << "holdfast-sim: " << e.what() << "\n";
    }
    return holdfast::sim::k_could_not_run;
}
