// The program without its process: arguments in, text and exit code out.
#pragma once

#include "base/error.hpp"
#include "holdfastctl/eleven_agent.hpp"
#include "holdfastctl/text.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace holdfast::ctl {

class Client;

// Exit codes; --help and the manual page say the same.
constexpr int k_exit_ok = 0;
constexpr int k_exit_not_good =
    1;  // the daemon is not ready, the call is unknown, the file has problems, an export is not complete
constexpr int k_exit_unreachable = 2;  // no Holdfast daemon answered
constexpr int k_exit_usage = 64;

// `arguments` without the program's name. Nothing is thrown.
int run(std::vector<std::string> arguments, const Look& look, std::ostream& out, std::ostream& err);

// elevenlabs agent create, show
struct ElevenOptions {
    std::string url = "https://api.elevenlabs.io";
    std::string key_file;
    AgentWishes agent;
    std::string instructions = "/etc/holdfast/instructions.txt";
    bool dry_run = false;
    std::string id;  // show
};

struct Options {
    std::string admin = "http://127.0.0.1:8911";
    std::string ca_file;
    bool json = false;
    bool local = false;
    bool active = false;      // calls
    int limit = 20;           // calls
    std::string call;         // show, tail, transfer
    bool all = false;         // incidents
    std::string dispatch;     // approve, reject
    std::string why;          // reject, sync discard, hold, purge
    bool release = false;     // hold
    bool seen = false;        // losses
    std::string against;      // verify: LINK:HEAD
    std::int64_t letter = 0;  // sync retry, discard
    bool until_end = false;   // tail
    bool everything = false;  // tail
    std::string file;         // check
    ElevenOptions eleven;
};

// One command with its surroundings.
struct Session {
    const Options& options;
    Look look;
    std::ostream& out;
    std::ostream& err;
};

// What commands share. Says `message` on err, and gives `code` back.
int complain(const Session& session, int code, const std::string& message);
int unreachable(const Session& session, const Client& client, const base::Error& why);
// Who works here, for the audit: a claim, as the admin listener has no accounts.
std::string user_name();

int status_command(const Session& session);
int calls_command(const Session& session);
int show_command(const Session& session);
int tail_command(const Session& session);
int transfer_command(const Session& session);
int incidents_command(const Session& session);
int approve_command(const Session& session);
int reject_command(const Session& session);
int sync_status_command(const Session& session);
int dead_letters_command(const Session& session);
int letter_retry_command(const Session& session);
int letter_discard_command(const Session& session);
int hold_command(const Session& session);
int purge_command(const Session& session);
int losses_command(const Session& session);
int verify_command(const Session& session);
int check_command(const Session& session);
int agent_create_command(const Session& session);
int agent_show_command(const Session& session);

}  // namespace holdfast::ctl
