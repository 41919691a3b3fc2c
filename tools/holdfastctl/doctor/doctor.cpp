#include "holdfastctl/doctor/doctor.hpp"

#include "config/problem.hpp"
#include "holdfastctl/doctor/checks.hpp"
#include "holdfastctl/doctor/isolate.hpp"
#include "holdfastctl/doctor/network.hpp"

#include <CLI/CLI.hpp>

#include <iterator>
#include <ostream>
#include <utility>
#include <vector>

namespace holdfast::ctl {
namespace {

using doctor::Check;
using doctor::Finding;
using doctor::Tell;
using doctor::Verdict;

std::vector<Finding> configuration_findings(const doctor::Installed& installed, const doctor::Loaded& loaded) {
    std::vector<Finding> findings;
    for (const auto& problem : loaded.result.problems) {
        findings.push_back({"configuration", problem.key, Verdict::bad, "problem", to_string(problem),
                            problem.expected.empty() ? "Correct it; holdfastctl check shows it again." : "Wanted: " + problem.expected});
    }
    for (const auto& note : loaded.result.notes) {
        findings.push_back({"configuration", "", Verdict::warning, "note", note, "Change it unless it is what you mean."});
    }
    if (!loaded.secrets_seen) {
        findings.push_back({"configuration", "secrets", Verdict::not_checked, "not_root", installed.credentials
                            + " is closed to this user",
                            "Run sudo holdfastctl doctor: keys and what stands behind them are not checked otherwise."});
    }
    if (loaded.result.config) findings.push_back({"configuration", "", Verdict::ok, "good", installed.config + " is good", ""});
    return findings;
}

// The address that the configuration gives, unless the command line gave one.
std::string admin_of(const Session& session, const config::Config* config) {
    if (config == nullptr || session.options.admin != Options().admin) return session.options.admin;
    const auto& admin = config->listen.admin;
    const bool six = admin.address.find(':') != std::string::npos;
    return std::string(admin.tls ? "https://" : "http://") + (six ? "[" + admin.address + "]" : admin.address) + ":"
        + std::to_string(admin.port);
}

std::vector<Check> checks_for(const config::Config& config, const doctor::Place& place) {
    return {
        {"clock", "", doctor::check_clock},
        {"service", "", [&place](const Tell& tell) { check_service(tell, place); }},
        {"disk", "", [&config](const Tell& tell) { check_disk(tell, config); }},
        {"prompts", "", [&config](const Tell& tell) { check_prompts(tell, config); }},
        {"port", "", [&config](const Tell& tell) { check_ports_and_people(tell, config); }},
        {"certificate", "", [&config](const Tell& tell) { check_certificate(tell, config); }},
        {"public_door", "", [&config](const Tell& tell) { check_public_door(tell, config); }},
        {"twilio", "", [&config](const Tell& tell) { check_twilio(tell, config); }},
        {"key", "OpenAI", [&config](const Tell& tell) { check_openai(tell, config); }},
        {"credit", "OpenAI", [&config, &place](const Tell& tell) { check_openai_credit(tell, config, place); }},
        {"key", "ElevenLabs", [&config](const Tell& tell) { check_elevenlabs(tell, config); }},
        {"credit", "ElevenLabs", [&config, &place](const Tell& tell) { check_elevenlabs_credit(tell, config, place); }},
        {"dns", "MongoDB", [&config](const Tell& tell) { check_database(tell, config); }},
        {"dns", "CAD", [&config](const Tell& tell) { check_webhook(tell, config); }},
        {"test_call", "", [&config, &place](const Tell& tell) { check_test_call(tell, config, place); }},
    };
}

std::vector<Check> checks_without_config(const doctor::Place& place) {
    const auto skipped = [](const Tell& tell) {
        tell({"providers", "", Verdict::not_checked, "no_configuration",
              "providers, certificate, disk, prompts and numbers need a good configuration",
              "Correct it first, then run holdfastctl doctor again."});
    };
    return {{"clock", "", doctor::check_clock}, {"service", "", [&place](const Tell& tell) { check_service(tell, place); }},
            {"providers", "", skipped}};
}

}  // namespace

CLI::App* declare_doctor(CLI::App& app, Doctor& options) {
    auto* command = app.add_subcommand("doctor", "Walk the whole installation, and say what to do about what is not well");
    command->add_option("--config", options.installed.config, "The configuration")->capture_default_str();
    command->add_option("--credentials", options.installed.credentials,
                        "Folder with the secrets, as holdfast.NAME")->capture_default_str();
    command->add_option("--daemon", options.daemon, "The daemon that is installed")->capture_default_str();
    command->add_flag("--paid", options.paid, "Also ask OpenAI and ElevenLabs for one short answer each, which costs a little");
    return command;
}

int doctor_command(const Session& session, const Doctor& options) {
    const auto loaded = doctor::load_installed(options.installed);
    const auto* const config = loaded.result.config ? &*loaded.result.config : nullptr;
    const doctor::Place place{admin_of(session, config), session.options.ca_file, options.daemon, options.paid};
    auto findings = configuration_findings(options.installed, loaded);
    auto found = run_checks(config != nullptr ? checks_for(*config, place) : checks_without_config(place), doctor::k_check_limit);
    findings.insert(findings.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    session.out << (session.options.json ? findings_json(findings) : print_findings(findings, session.look)) << std::flush;
    return good(findings) ? k_exit_ok : k_exit_not_good;
}

}  // namespace holdfast::ctl
