#include "holdfastctl/upgrade.hpp"

#include "config/limits.hpp"
#include "holdfastctl/client.hpp"
#include "holdfastctl/credentials_folder.hpp"
#include "holdfastctl/json.hpp"
#include "holdfastctl/process.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>

namespace holdfast::ctl {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto k_program_most = 30s;        // of --version and --check-config
constexpr auto k_look_every = 200ms;        // while calls are waited for
constexpr auto k_watch_every = 20ms;        // while nobody answers
constexpr auto k_unanswered_most = 10;      // looks in a row without an answer
constexpr auto k_restart_most = 180s;       // of the restart command; systemd's own limits are shorter
constexpr auto k_ready_most = 60s;          // after it

std::string calls_word(std::int64_t calls) { return std::to_string(calls) + (calls == 1 ? " call" : " calls"); }

class Upgrading {
  public:
    Upgrading(const Session& session, const Upgrade& options, const Client& client)
        : session_(session), options_(options), client_(client) {}

    int run() {
        if (const int code = tell_versions()) return code;
        if (const int code = check_configuration()) return code;
        if (const int code = begin()) return code;
        if (const int code = await_calls()) return code;
        if (options_.only_drain) return k_exit_ok;
        return restart();
    }

  private:
    void tell(const Json& event, const std::string& sentence) {
        session_.out << (session_.options.json ? event.dump() : sentence) << "\n" << std::flush;
    }
    // Nothing: it did not answer.
    std::optional<Json> status() const {
        const auto answer = client_.get("/api/v1/status");
        if (!answer || answer->status != 200) return std::nullopt;
        auto document = Json::parse(answer->body, nullptr, false);
        if (!document.is_object()) return std::nullopt;
        return document;
    }

    int tell_versions() {
        const auto answer = client_.get("/api/v1/status");
        if (!answer) {
            unreachable(session_, client_, answer.error());
            session_.err << "No daemon runs that could be upgraded. systemctl start holdfast starts the installed one.\n";
            return k_exit_unreachable;
        }
        const auto running = Json::parse(answer->body, nullptr, false);
        if (!running.is_object()) return complain(session_, k_exit_unreachable, client_.address() + " is not a Holdfast admin listener");
        started_ = number_or(running, "started_utc_ms", 0);
        const auto asked = run_program({options_.daemon, "--version"}, {}, k_program_most);
        if (!asked) return complain(session_, k_exit_not_good, asked.error().detail);
        auto installed = asked->output.substr(0, asked->output.find('\n'));
        installed = printable(installed);
        if (asked->code != 0 || installed.empty()) {
            return complain(session_, k_exit_not_good, options_.daemon + " does not say its version");
        }
        const auto version = word(running, "version");
        tell({{"step", "versions"}, {"running", version}, {"installed", installed}},
             "running " + version + ", installed " + installed + (version == installed ? " (the same; it is restarted all the same)" : ""));
        return 0;
    }

    // By the new program: it may know keys that the old one does not, and refuse some that the old one takes.
    int check_configuration() {
        Variables variables;
        std::optional<CredentialsFolder> folder;
        if (!has_credentials()) {
            auto made = CredentialsFolder::make(options_.etc);
            if (!made) return complain(session_, k_exit_not_good, made.error().detail);
            folder.emplace(std::move(*made));
            variables.emplace_back("CREDENTIALS_DIRECTORY", folder->path());
        }
        const auto checked = run_program({options_.daemon, "--config", options_.config, "--check-config"}, variables, k_program_most);
        if (!checked) return complain(session_, k_exit_not_good, checked.error().detail);
        if (checked->code != 0) {
            session_.err << checked->output;
            return complain(session_, k_exit_not_good, "the installed version refuses the configuration; nothing was changed");
        }
        tell({{"step", "configuration"}, {"good", true}}, "configuration good");
        return 0;
    }

    static std::string said(const Json& body) { return body.dump(-1, ' ', false, Json::error_handler_t::replace); }

    int begin() {
        const Json body{{"by", user_name()}, {"why", options_.why}, {"limit_s", options_.limit_s}};
        const auto answer = client_.post("/api/v1/drain", said(body));
        if (!answer) return unreachable(session_, client_, answer.error());
        // A version from before this route has no drain but that of its stop, which gives calls half a minute.
        if (answer->status == 404) {
            drains_ = false;
            tell({{"step", "drain"}, {"known", false}}, "the running version cannot drain; it gives calls 30 s when it is restarted");
            return 0;
        }
        if (answer->status != 200) return complain(session_, k_exit_not_good, refusal_message(answer->status, answer->body));
        return 0;
    }

    void take_back(const char* why) {
        if (!drains_) return;
        const auto answer = client_.remove("/api/v1/drain", said({{"by", user_name()}, {"why", why}}));
        const bool good = answer && (answer->status == 200 || answer->status == 409);
        session_.err << (good ? "The drain was taken back: callers are taken as before.\n"
                              : "The drain could not be taken back; it ends by itself a minute after its limit.\n");
    }

    int await_calls() {
        if (!drains_) return 0;
        std::int64_t told = -1;
        int unanswered = 0;
        const auto until = Clock::now() + std::chrono::seconds(options_.limit_s) + 5s;  // should the daemon not say it
        for (;;) {
            const auto now = status();
            unanswered = now ? 0 : unanswered + 1;
            if (unanswered > k_unanswered_most || (now && number_or(*now, "started_utc_ms", 0) != started_)) {
                return complain(session_, k_exit_not_good, "the daemon ended meanwhile; see holdfastctl status and journalctl -u holdfast");
            }
            if (now && !member(*now, "drain").is_object()) {
                return complain(session_, k_exit_not_good, "somebody took the drain back; nothing was restarted");
            }
            if (now) {
                const auto calls = number_or(member(*now, "calls"), "active", 0);
                const auto left_ms = number_or(member(*now, "drain"), "left_ms", 0);
                // Before it is in force a call may come that is not counted yet.
                const bool in_force = flag(member(*now, "drain"), "in_force");
                const bool over = (in_force && (calls == 0 || left_ms == 0)) || Clock::now() >= until;
                if ((in_force && calls != told) || over) {
                    told = calls;
                    tell({{"step", "drain"}, {"calls", calls}, {"left_ms", left_ms}, {"over", over}},
                         calls == 0 ? "no call left"
                         : over     ? calls_word(calls) + " left at the limit: the restart hands them to people"
                                    : calls_word(calls) + " left, " + duration(left_ms) + " to go; new callers go to people");
                }
                if (over) return 0;
            }
            if (!signals_.wait(k_look_every)) continue;
            take_back("interrupted");
            return k_exit_not_good;
        }
    }

    int restart() {
        const auto words = options_.restart_program.empty() ? std::vector<std::string>{"systemctl", "restart", "holdfast.service"}
                                                            : std::vector<std::string>{options_.restart_program};
        tell({{"step", "restart"}}, "restarting");
        served_ = Clock::now();
        auto child = Child::start(words);
        if (!child) {
            take_back("restart_failed");
            return complain(session_, k_exit_not_good, child.error().detail);
        }
        auto until = Clock::now() + k_restart_most;
        std::optional<int> code;
        for (;;) {
            if (const auto version = look()) {
                const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - served_).count();
                tell({{"step", "ready"}, {"version", *version}, {"gap_ms", gap}},
                     "ready: " + *version + "; callers waited at most " + duration(gap));
                return k_exit_ok;
            }
            if (!code && (code = child->ended())) until = Clock::now() + k_ready_most;
            if (code && *code != 0) {
                if (same_) take_back("restart_failed");
                return complain(session_, k_exit_not_good, "the restart failed; see systemctl status holdfast and journalctl -u holdfast");
            }
            if (Clock::now() >= until) break;
            if (signals_.wait(k_watch_every)) {
                return complain(session_, k_exit_not_good, "interrupted; the restart goes on, see holdfastctl status");
            }
        }
        if (same_) {
            take_back("not_restarted");
            return complain(session_, k_exit_not_good, "the daemon was not restarted");
        }
        return complain(session_, k_exit_not_good, "the new daemon is not ready; see holdfastctl status and journalctl -u holdfast");
    }

    // The version, once another daemon than before is ready.
    std::optional<std::string> look() {
        const auto now = status();
        if (!now) return std::nullopt;
        same_ = number_or(*now, "started_utc_ms", 0) == started_;
        if (same_ && number_or(member(*now, "public"), "port", 0) != 0) served_ = Clock::now();
        if (same_ || !flag(*now, "ready")) return std::nullopt;
        return word(*now, "version");
    }

    const Session& session_;
    const Upgrade& options_;
    const Client& client_;
    SignalWait signals_;
    std::int64_t started_ = 0;   // which daemon it was
    bool drains_ = true;
    bool same_ = true;           // the one that answered last is the one from before
    Clock::time_point served_{};  // when its public port was last known to be open
};

}  // namespace

CLI::App* declare_upgrade(CLI::App& app, Upgrade& options) {
    auto* upgrade = app.add_subcommand("upgrade", "Restart into the installed version once no call needs this one");
    upgrade->add_option("--limit", options.limit_s, "Seconds for running calls; then they are handed to people")
        ->check(CLI::Range(0, static_cast<int>(limits::drain_limit_max.count())))
        ->capture_default_str();
    upgrade->add_flag("--only-drain", options.only_drain, "Wait until no call is left, and do not restart");
    upgrade->add_option("--why", options.why, "The reason, for the audit")->capture_default_str();
    upgrade->add_option("--config", options.config, "The configuration that the installed version must accept")->capture_default_str();
    upgrade->add_option("--daemon", options.daemon, "The installed program")->capture_default_str();
    upgrade->add_option("--restart-command", options.restart_program)->group("");
    upgrade->add_option("--etc", options.etc)->group("");
    return upgrade;
}

int upgrade_command(const Session& session, const Upgrade& options) {
    const auto client = Client::make(session.options.admin, session.options.ca_file);
    if (!client) return complain(session, k_exit_usage, client.error().detail);
    return Upgrading(session, options, *client).run();
}

}  // namespace holdfast::ctl
