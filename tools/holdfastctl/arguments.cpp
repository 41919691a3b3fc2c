// The command line: what may be asked, and which command answers.
#include "base/ids.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "holdfastctl/commands.hpp"
#include "holdfastctl/doctor/doctor.hpp"
#include "holdfastctl/doctor/explain.hpp"
#include "holdfastctl/export.hpp"
#include "holdfastctl/init.hpp"
#include "holdfastctl/own_prompts.hpp"
#include "holdfastctl/prompts_build.hpp"
#include "holdfastctl/selftest.hpp"
#include "holdfastctl/streets.hpp"
#include "holdfastctl/twiml_fallback.hpp"
#include "holdfastctl/upgrade.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <ostream>

namespace holdfast::ctl {
namespace {

constexpr char k_footer[] =
    "Exit codes:\n"
    "  0   what was asked about is good\n"
    "  1   it is not: the daemon is not ready, the call is unknown, the file has problems, an export is not complete,\n"
    "      a finding of doctor is bad\n"
    "  2   no daemon could be reached at --admin\n"
    "  64  the command line is wrong\n"
    "\n"
    "Environment:\n"
    "  HOLDFAST_ADMIN      the address used without --admin\n"
    "  ELEVENLABS_API_KEY  the key of elevenlabs, without --key-file\n"
    "  NO_COLOR            no colours, also on a terminal";

std::string check_sid(const std::string& text) {
    return base::CallSid::parse(text) ? "" : "a CallSid is CA and 32 hexadecimal digits";
}

std::string check_dispatch(const std::string& text) {
    const auto colon = text.find(':');
    const bool named = colon != std::string::npos && base::CallSid::parse(text.substr(0, colon)) &&
                       text.compare(colon, 10, ":dispatch:") == 0 && text.size() > colon + 10 &&
                       text.find_first_not_of("0123456789", colon + 10) == std::string::npos;
    return named ? "" : "a dispatch is named like CA...:dispatch:1";
}

std::string check_anchor(const std::string& text) {
    const auto colon = text.find(':');
    const bool good = colon != std::string::npos && base::parse_decimal(text.substr(0, colon)) && text.size() == colon + 65 &&
                      text.find_first_not_of("0123456789abcdef", colon + 1) == std::string::npos;
    return good ? "" : "a link and its head are told like 4711:0a1b..., with 64 hexadecimal digits";
}

struct Commands {
    CLI::App* status;
    CLI::App* calls;
    CLI::App* show;
    CLI::App* export_call;
    CLI::App* tail;
    CLI::App* transfer;
    CLI::App* incidents;
    CLI::App* approve;
    CLI::App* reject;
    CLI::App* hold;
    CLI::App* purge;
    CLI::App* verify;
    CLI::App* losses;
    CLI::App* check;
    CLI::App* doctor;
    CLI::App* sync_status;
    CLI::App* dead_letters;
    CLI::App* letter_retry;
    CLI::App* letter_discard;
    CLI::App* prompts_build;
    CLI::App* prompts_import;
    CLI::App* prompts_check;
    CLI::App* twiml_fallback;
    CLI::App* streets_import;
    CLI::App* streets_check;
    CLI::App* agent_create;
    CLI::App* agent_show;
    CLI::App* init;
    CLI::App* upgrade;
    CLI::App* selftest;
};

std::string check_agent_id(const std::string& text) {
    const bool plain = !text.empty() && text.size() <= 128 &&
                       text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                           std::string::npos;
    return plain ? "" : "an agent's id is letters, digits, '_' and '-'";
}

void declare_eleven(CLI::App& app, ElevenOptions& options, Commands& commands) {
    auto* eleven = app.add_subcommand("elevenlabs", "Set up what the ElevenLabs rungs need");
    eleven->require_subcommand(1);
    eleven->add_option("--url", options.url, "Origin of the API; a region's own host has its own keys")
        ->capture_default_str();
    eleven->add_option("--key-file", options.key_file, "File with the API key");
    auto* agent = eleven->add_subcommand("agent", "The agent behind the rung eleven_agent");
    agent->require_subcommand(1);
    commands.agent_create = agent->add_subcommand("create", "Make one with the settings Holdfast needs; prints its id");
    commands.agent_create->add_option("--name", options.agent.name)->capture_default_str();
    commands.agent_create->add_option("--language", options.agent.language)
        ->check(CLI::IsMember({"en", "es"}))
        ->capture_default_str();
    commands.agent_create->add_option("--llm", options.agent.llm, "Not one of OpenAI's")->capture_default_str();
    commands.agent_create->add_option("--tts-model", options.agent.tts_model, "Default: the one for the language");
    commands.agent_create->add_option("--voice", options.agent.voice_id, "Id of an ElevenLabs voice");
    commands.agent_create->add_option("--instructions", options.instructions)->capture_default_str();
    commands.agent_create->add_option("--max-minutes", options.agent.max_minutes, "Longest call")
        ->check(CLI::Range(60, 1440))
        ->capture_default_str();
    commands.agent_create->add_flag("--dry-run", options.dry_run, "Print what would be sent, and send nothing");
    commands.agent_show = agent->add_subcommand("show", "Check the settings of one, as they are now");
    commands.agent_show->add_option("ID", options.id, "elevenlabs.agent.id")->required()->check(check_agent_id);
    for (auto* command : {agent, commands.agent_create, commands.agent_show}) command->fallthrough();
}

// Options of the commands that work on files.
struct FileOptions {
    Export export_call;
    PromptsBuild prompts_build;
    PromptsImport prompts_import;
    std::string prompts_folder;
    TwimlFallback twiml_fallback;
    Streets streets;
    Init init;
    Upgrade upgrade;
    Selftest selftest;
    Doctor doctor;
    doctor::Installed installed;  // check without a file
};

Commands declare(CLI::App& app, Options& options, FileOptions& files) {
    app.footer(k_footer);
    app.require_subcommand(1);
    app.set_version_flag("--version", "holdfastctl " + std::string(base::version()));
    app.add_option("--admin", options.admin, "Address of the daemon's admin listener")
        ->envname("HOLDFAST_ADMIN")
        ->capture_default_str();
    app.add_option("--ca", options.ca_file, "Certificate authority for an https address")
        ->check(CLI::ExistingFile);
    app.add_flag("--json", options.json, "The daemon's documents as they are, for scripts");
    app.add_flag("--local", options.local, "Times of this machine's zone instead of UTC");

    Commands commands{};
    commands.status =
        app.add_subcommand("status", "Show whether the daemon serves callers, and each part of it");
    commands.calls = app.add_subcommand("calls", "List calls, newest first");
    commands.calls->add_flag("--active", options.active, "Only calls that are not over");
    commands.calls->add_option("--limit", options.limit, "At most so many")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    commands.show = app.add_subcommand("show", "Show one call: numbers, every word, seams, audit");
    commands.show->add_option("SID", options.call, "The call's CallSid")
        ->required()
        ->check(check_sid);
    commands.export_call = declare_export(app, files.export_call);
    commands.tail = app.add_subcommand("tail", "Follow calls as they happen");
    commands.tail->add_option("--call", options.call, "Only this call")->check(check_sid);
    commands.tail->add_flag("--until-end", options.until_end,
                            "Stop when the call (any call without --call) is over");
    commands.tail->add_flag("-v,--verbose", options.everything,
                            "Also speech edges and connection stages");
    commands.transfer = app.add_subcommand("transfer", "Hand a running call to a person");
    commands.transfer->add_option("SID", options.call, "The call's CallSid")->required()->check(check_sid);
    commands.incidents = app.add_subcommand("incidents", "List dispatches that wait for somebody, newest first");
    commands.incidents->add_flag("--all", options.all, "Also those that are decided");
    commands.incidents->add_option("--limit", options.limit, "At most so many")->check(CLI::Range(1, 1000))->capture_default_str();
    commands.approve = app.add_subcommand("approve", "Approve a dispatch: help is sent");
    commands.approve->add_option("ID", options.dispatch, "As holdfastctl incidents lists it")->required()->check(check_dispatch);
    commands.reject = app.add_subcommand("reject", "Reject a dispatch: nobody is sent for it");
    commands.reject->add_option("ID", options.dispatch, "As holdfastctl incidents lists it")->required()->check(check_dispatch);
    commands.reject->add_option("--why", options.why, "The reason, for the journal and the CAD")->required();
    auto* sync = app.add_subcommand("sync", "What the agency's database and the CAD have, and what they refused");
    sync->require_subcommand(1);
    commands.sync_status = sync->add_subcommand("status", "Show how far the agency's database is");
    commands.dead_letters = sync->add_subcommand("dead-letters", "List documents that were refused, newest first");
    commands.dead_letters->add_option("--limit", options.limit, "At most so many")->check(CLI::Range(1, 1000))->capture_default_str();
    commands.letter_retry = sync->add_subcommand("retry", "Send a refused document again");
    commands.letter_discard = sync->add_subcommand("discard", "Give a refused document up");
    for (auto* command : {commands.letter_retry, commands.letter_discard}) {
        command->add_option("ID", options.letter, "As holdfastctl sync dead-letters lists it")->required()->check(CLI::PositiveNumber);
    }
    commands.letter_discard->add_option("--why", options.why, "The reason, for the audit")->required();
    for (auto* command : sync->get_subcommands({})) command->fallthrough();
    commands.hold = app.add_subcommand("hold", "Keep a call from every purge");
    commands.hold->add_flag("--release", options.release, "Do not keep it any longer");
    commands.purge = app.add_subcommand("purge", "Remove a call: its rows, its recordings, its key");
    for (auto* command : {commands.hold, commands.purge}) {
        command->add_option("SID", options.call, "The call's CallSid")->required()->check(check_sid);
        command->add_option("--why", options.why, "The reason, for the audit")->required();
    }
    commands.verify = app.add_subcommand("verify", "Show whether everything that was written is there as it was written");
    commands.verify->add_option("--against", options.against, "LINK:HEAD that the box told before, from the log or the agency's database")
        ->check(check_anchor);
    commands.losses = app.add_subcommand("losses", "List what was found to be gone or changed, newest first");
    commands.losses->add_flag("--seen", options.seen, "Say that you have seen them: they leave /readyz");
    commands.check = app.add_subcommand("check", "Check a holdfast.yaml or a journal database, or explain what is installed");
    commands.check->add_option("FILE", options.file, "The file; without one the installed configuration is checked and explained");
    declare_explain(*commands.check, files.installed);
    commands.doctor = declare_doctor(app, files.doctor);
    declare_eleven(app, options.eleven, commands);
    auto* prompts = app.add_subcommand("prompts", "Make, replace and check the sentences that the box speaks");
    prompts->require_subcommand(1);
    commands.prompts_build = declare_prompts_build(*prompts, files.prompts_build);
    commands.prompts_import = declare_prompts_import(*prompts, files.prompts_import);
    commands.prompts_check = declare_prompts_check(*prompts, files.prompts_folder);
    auto* streets = app.add_subcommand("streets", "The agency's own streets");
    streets->require_subcommand(1);
    commands.streets_import = streets->add_subcommand("import", "Read street data into the list that the daemon checks places against");
    commands.streets_import->add_option("FILE", files.streets.from, "CSV, or a GeoPackage with the layers of NENA-STA-006")
        ->required()
        ->check(CLI::ExistingFile);
    commands.streets_import->add_option("--to", files.streets.to, "streets.path of the configuration")->capture_default_str();
    commands.streets_check = streets->add_subcommand("check", "Ask the list for a place");
    commands.streets_check->add_option("PLACE", files.streets.place, "Such as \"1234 N OAK ST, SPRINGFIELD\" or \"OAK ST & 5TH AVE\"")->required();
    commands.streets_check->add_option("--list", files.streets.to, "streets.path of the configuration")->capture_default_str();
    for (auto* command : {commands.streets_import, commands.streets_check}) command->fallthrough();
    commands.init = declare_init(app, files.init);
    commands.upgrade = declare_upgrade(app, files.upgrade);
    commands.selftest = declare_selftest(app, files.selftest);
    auto* twiml = app.add_subcommand("twiml", "Documents for Twilio");
    twiml->require_subcommand(1);
    commands.twiml_fallback = declare_twiml_fallback(*twiml, files.twiml_fallback);
    for (auto* command : app.get_subcommands({})) command->fallthrough();
    return commands;
}

int dispatch(const Commands& commands, const Session& session, const FileOptions& files) {
    if (commands.doctor->parsed()) return doctor_command(session, files.doctor);
    if (commands.prompts_build->parsed()) return prompts_build_command(session, files.prompts_build);
    if (commands.prompts_import->parsed()) return prompts_import_command(session, files.prompts_import);
    if (commands.prompts_check->parsed()) return prompts_check_command(session, files.prompts_folder);
    if (commands.twiml_fallback->parsed()) return twiml_fallback_command(session, files.twiml_fallback);
    if (commands.streets_import->parsed()) return streets_import_command(session, files.streets);
    if (commands.streets_check->parsed()) return streets_check_command(session, files.streets);
    if (commands.init->parsed()) return init_command(session, files.init);
    if (commands.selftest->parsed()) return selftest_command(session, files.selftest);
    if (commands.upgrade->parsed()) return upgrade_command(session, files.upgrade);
    if (commands.status->parsed()) return status_command(session);
    if (commands.calls->parsed()) return calls_command(session);
    if (commands.show->parsed()) return show_command(session);
    if (commands.incidents->parsed()) return incidents_command(session);
    if (commands.approve->parsed()) return approve_command(session);
    if (commands.reject->parsed()) return reject_command(session);
    if (commands.transfer->parsed()) return transfer_command(session);
    if (commands.hold->parsed()) return hold_command(session);
    if (commands.purge->parsed()) return purge_command(session);
    if (commands.verify->parsed()) return verify_command(session);
    if (commands.losses->parsed()) return losses_command(session);
    if (commands.sync_status->parsed()) return sync_status_command(session);
    if (commands.dead_letters->parsed()) return dead_letters_command(session);
    if (commands.letter_retry->parsed()) return letter_retry_command(session);
    if (commands.letter_discard->parsed()) return letter_discard_command(session);
    if (commands.export_call->parsed()) return export_command(session, files.export_call);
    if (commands.tail->parsed()) return tail_command(session);
    if (commands.agent_create->parsed()) return agent_create_command(session);
    if (commands.agent_show->parsed()) return agent_show_command(session);
    if (session.options.file.empty()) return explain_command(session, files.installed);
    return check_command(session);
}

}  // namespace

int run(std::vector<std::string> arguments, const Look& look, std::ostream& out,
        std::ostream& err) {
    Options options;
    FileOptions files;
    CLI::App app{"Look into a running Holdfast daemon, and check its files", "holdfastctl"};
    try {
        const Commands commands = declare(app, options, files);
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
        try {
            app.parse(std::move(arguments));
        } catch (const CLI::ParseError& problem) {
            return app.exit(problem, out, err) == 0 ? k_exit_ok : k_exit_usage;
        }
        Session session{options, look, out, err};
        if (options.local) session.look.zone = Zone::local;
        return dispatch(commands, session, files);
    } catch (const std::exception& problem) {
        err << "holdfastctl: " << problem.what() << "\n";
        return k_exit_not_good;
    }
}

}  // namespace holdfast::ctl
