// The command line: what may be asked, and which command answers.
#include "base/ids.hpp"
#include "holdfastctl/commands.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <ostream>

namespace holdfast::ctl {
namespace {

constexpr char k_footer[] =
    "Exit codes:\n"
    "  0   what was asked about is good\n"
    "  1   it is not: the daemon is not ready, the call is unknown, the file has problems\n"
    "  2   no daemon could be reached at --admin\n"
    "  64  the command line is wrong\n"
    "\n"
    "Environment:\n"
    "  HOLDFAST_ADMIN   the address used without --admin\n"
    "  NO_COLOR         no colours, also on a terminal";

std::string check_sid(const std::string& text) {
    return base::CallSid::parse(text) ? "" : "a CallSid is CA and 32 hexadecimal digits";
}

struct Commands {
    CLI::App* status;
    CLI::App* calls;
    CLI::App* show;
    CLI::App* tail;
    CLI::App* check;
};

Commands declare(CLI::App& app, Options& options) {
    app.footer(k_footer);
    app.require_subcommand(1);
    app.set_version_flag("--version", "holdfastctl " HOLDFAST_VERSION);
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
    commands.tail = app.add_subcommand("tail", "Follow calls as they happen");
    commands.tail->add_option("--call", options.call, "Only this call")->check(check_sid);
    commands.tail->add_flag("--until-end", options.until_end,
                            "Stop when the call (any call without --call) is over");
    commands.tail->add_flag("-v,--verbose", options.everything,
                            "Also speech edges and connection stages");
    commands.check = app.add_subcommand("check", "Check a holdfast.yaml or a journal database");
    commands.check->add_option("FILE", options.file, "The file")->required();
    for (auto* command : app.get_subcommands({})) command->fallthrough();
    return commands;
}

int dispatch(const Commands& commands, const Session& session) {
    if (commands.status->parsed()) return status_command(session);
    if (commands.calls->parsed()) return calls_command(session);
    if (commands.show->parsed()) return show_command(session);
    if (commands.tail->parsed()) return tail_command(session);
    return check_command(session);
}

}  // namespace

int run(std::vector<std::string> arguments, const Look& look, std::ostream& out,
        std::ostream& err) {
    Options options;
    CLI::App app{"Look into a running Holdfast daemon, and check its files", "holdfastctl"};
    try {
        const Commands commands = declare(app, options);
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
        try {
            app.parse(std::move(arguments));
        } catch (const CLI::ParseError& problem) {
            return app.exit(problem, out, err) == 0 ? k_exit_ok : k_exit_usage;
        }
        Session session{options, look, out, err};
        if (options.local) session.look.zone = Zone::local;
        return dispatch(commands, session);
    } catch (const std::exception& problem) {
        err << "holdfastctl: " << problem.what() << "\n";
        return k_exit_not_good;
    }
}

}  // namespace holdfast::ctl
