// The service, the clock, the disk, the prompts and the ports of this box.
#include "base/wall_clock.hpp"
#include "config/limits.hpp"
#include "holdfastctl/client.hpp"
#include "holdfastctl/doctor/checks.hpp"
#include "holdfastctl/doctor/isolate.hpp"
#include "holdfastctl/doctor/judge.hpp"
#include "holdfastctl/json.hpp"
#include "holdfastctl/own_prompts.hpp"
#include "net/url.hpp"
#include "store/disk.hpp"

#include <linux/magic.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <ctime>

namespace holdfast::ctl::doctor {
namespace {

constexpr std::chrono::milliseconds k_program_limit{4000};
constexpr const char* k_user = "holdfast";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string systemctl(const char* verb, const char* unit) {
    return first_line(run_program({"systemctl", verb, unit}, k_program_limit).out);
}

void check_unit(const Tell& tell) {
    const std::string active = systemctl("is-active", "holdfast.service");
    // Without a running systemd there is no word, or "offline".
    if (active.empty() || active == "offline" || active == "unknown") {
        return tell({"service", "unit", Verdict::not_checked, "no_systemd", "systemd does not say anything about holdfast.service",
                     "Run holdfastctl doctor on the box itself, with systemd in charge."});
    }
    if (active == "active" || active == "reloading") tell({"service", "unit", Verdict::ok, "active", "holdfast.service runs", ""});
    else if (active == "activating") {
        tell({"service", "unit", Verdict::warning, "activating", "holdfast.service is starting",
              "If it stays so: journalctl -u holdfast -n 50 says why."});
    } else {
        tell({"service", "unit", Verdict::bad, "not_active", "holdfast.service does not run",
              "systemctl start holdfast.socket holdfast; journalctl -u holdfast -n 50 says why it ended. It does not start before the "
                  "site is set up (holdfastctl init)."});
    }
    for (const char* unit : {"holdfast.service", "holdfast.socket"}) {
        const std::string enabled = systemctl("is-enabled", unit);
        if (enabled.rfind("enabled", 0) == 0 || enabled == "static" || enabled == "indirect") continue;
        tell({"service", unit, Verdict::bad, "not_enabled", "it is not started at boot", std::string("systemctl enable ") + unit});
    }
}

void check_version(const Tell& tell, const Place& place, const std::string& running) {
    const auto said = run_program({place.daemon, "--version"}, k_program_limit);
    auto installed = first_line(said.out);
    installed.erase(0, installed.rfind(' ') + 1);
    if (said.exit != 0 || installed.empty()) {
        return tell({"service", "version", Verdict::not_checked, "not_installed", "no holdfastd at " + place.daemon,
                     "Reinstall the package holdfast."});
    }
    if (installed == running) return tell({"service", "version", Verdict::ok, "same", "what runs is what is installed: " + installed,
                                           ""});
    tell({"service", "version", Verdict::warning, "other_version", running + " runs, " + installed + " is installed",
          "holdfastctl upgrade ends calls in good order and starts the new one."});
}

void check_daemon(const Tell& tell, const Place& place) {
    const auto client = Client::make(place.admin, place.ca_file);
    const auto answer = client ? client->get("/readyz") : base::Result<net::HttpAnswer>(client.error());
    const Json ready = answer ? Json::parse(answer->body, nullptr, false) : Json();
    const Json& parts = member(ready, "parts");
    if (!parts.is_object()) {
        return tell({"service", "daemon", Verdict::bad, "unreachable", "no daemon of Holdfast answers at " + place.admin,
                     "systemctl status holdfast; journalctl -u holdfast -n 50. With another port in listen.admin, give --admin."});
    }
    if (answer->status == 200) tell({"service", "daemon", Verdict::ok, "ready", "a caller would be served", ""});
    else tell({"service", "daemon", Verdict::bad, "not_ready", "a caller would not be served", "The parts that are down say why."});
    for (const auto& [name, part] : parts.items()) {
        const auto state = word(part, "state");
        if (state != "ok") tell(judge_part(printable(name), state, word(part, "detail")));
    }
    const auto status = client->get("/api/v1/status");
    const auto running = status ? word(Json::parse(status->body, nullptr, false), "version") : std::string();
    if (!running.empty()) check_version(tell, place, running);
}

struct Filesystem {
    bool memory = false;
    bool network = false;
    bool read_only = false;
};

Filesystem filesystem_of(const std::string& folder) {
    Filesystem found;
    struct statfs info {};
    if (::statfs(folder.c_str(), &info) != 0) return found;
    constexpr long k_cifs = 0xFF534D42;
    constexpr long k_smb2 = 0xFE534D42;
    const auto type = static_cast<unsigned int>(info.f_type);
    const auto is = [type](long magic) { return type == static_cast<unsigned int>(magic); };
    found.memory = is(TMPFS_MAGIC) || is(RAMFS_MAGIC);
    found.network = is(NFS_SUPER_MAGIC) || is(SMB_SUPER_MAGIC) || is(k_cifs) || is(k_smb2) || is(CODA_SUPER_MAGIC) || is(AFS_SUPER_MAGIC);
    found.read_only = (static_cast<unsigned long>(info.f_flags) & ST_RDONLY) != 0;
    return found;
}

void check_folder(const Tell& tell, const char* key, const std::string& folder) {
    const auto add = [&tell, key](Verdict verdict, const char* word, std::string seen, std::string advice) {
        tell({"disk", key, verdict, word, std::move(seen), std::move(advice)});
    };
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0) {
        return add(Verdict::warning, "no_folder", "its folder " + folder + " is not there yet",
                   "The daemon makes it when it starts; if it does run, correct the path.");
    }
    const auto* const user = ::getpwnam(k_user);
    if (user != nullptr && info.st_uid != user->pw_uid) {
        add(Verdict::bad, "wrong_owner", folder + " does not belong to the user holdfast", "chown -R holdfast:holdfast " + folder);
    }
    if ((info.st_mode & 077) != 0) add(Verdict::warning, "open_to_others", folder + " is open to others", "chmod 0700 " + folder);
    const auto system = filesystem_of(folder);
    if (system.memory) {
        add(Verdict::bad, "memory", folder + " is in memory: what callers said is gone when the power is",
            "Put it on a disk: mount one there, or change " + std::string(key) + ".");
    }
    if (system.network) {
        add(Verdict::bad, "network", folder + " is on a network share, on which a journal can be damaged",
            "Put it on a disk of this box, or change " + std::string(key) + ".");
    }
    if (system.read_only) add(Verdict::bad, "read_only", "the disk of " + folder + " is mounted read-only",
                              "The system does so after faults: dmesg says which. Replace the disk, or remount it.");
    const auto space = store::space_at(folder + "/x");
    if (space.total_bytes > 0) tell(judge_space(key, static_cast<double>(space.free_bytes) / static_cast<double>(space.total_bytes)));
}

// Of "Listen=[::]:443 (Stream)"; empty: no unit of that name.
std::string socket_port() {
    const auto text = first_line(run_program({"systemctl", "show", "-p", "Listen", "--value", "holdfast.socket"}, k_program_limit).out);
    const auto end = text.find(" (");
    const auto colon = text.rfind(':', end);
    const auto begin = colon == std::string::npos ? 0 : colon + 1;
    return end == std::string::npos ? std::string() : text.substr(begin, end - begin);
}

}  // namespace

void check_service(const Tell& tell, const Place& place) {
    check_unit(tell);
    check_daemon(tell, place);
}

void check_clock(const Tell& tell) {
    const std::int64_t now_utc_ms = static_cast<std::int64_t>(::time(nullptr)) * 1000;
    const char* const advice = "Let the box reach a time server (NTP, port 123) and see timedatectl. With a wrong clock no certificate "
        "holds.";
    if (!base::is_plausible_now(now_utc_ms)) {
        return tell({"clock", "", Verdict::bad, "not_set", "the clock says " + iso_time(now_utc_ms, Zone::utc) + ", which cannot be",
                     advice});
    }
    const auto said = first_line(run_program({"timedatectl", "show", "-p", "NTPSynchronized", "--value"}, k_program_limit).out);
    if (said == "yes" || ::access("/run/systemd/timesync/synchronized", F_OK) == 0) {
        return tell({"clock", "", Verdict::ok, "synchronised", "the clock follows a time server: " + iso_time(now_utc_ms, Zone::utc),
                     ""});
    }
    if (said == "no") {
        return tell({"clock", "", Verdict::warning, "not_synchronised", "the clock follows no time server; it says "
                     + iso_time(now_utc_ms, Zone::utc), advice});
    }
    tell({"clock", "", Verdict::not_checked, "unknown", "nobody says whether the clock is right; it says " +
          iso_time(now_utc_ms, Zone::utc),
          "Compare it with another clock."});
}

void check_disk(const Tell& tell, const config::Config& config) {
    check_folder(tell, "store.path", store::folder_of(config.store.path));
    check_folder(tell, "recording.path", config.recording.path);
}

void check_prompts(const Tell& tell, const config::Config& config) {
    const auto checked = check_prompts_folder(config.prompts.path);
    if (!checked.not_checked.empty()) {
        return tell({"prompts", "", Verdict::bad, "missing", "no prompts in " + config.prompts.path,
                     "Reinstall the package holdfast, or correct prompts.path."});
    }
    if (checked.findings.empty()) return tell({"prompts", "", Verdict::ok, "good", "all prompts are there and whole", ""});
    tell({"prompts", "", Verdict::bad, "damaged", std::to_string(checked.findings.size()) + " problems in " + config.prompts.path,
          "holdfastctl prompts check " + config.prompts.path + " names each; reinstall the package, or run holdfastctl prompts import "
              "again."});
}

void check_ports_and_people(const Tell& tell, const config::Config& config) {
    const auto base = net::parse_url(config.listen.public_.base_url);
    const auto listens = socket_port();
    const auto port = listens.empty() ? std::to_string(config.listen.public_.port) : listens;
    const std::string from = listens.empty() ? "the daemon listens on port " : "holdfast.socket listens on port ";
    if (!base) {
        tell({"port", "", Verdict::not_checked, "no_base_url", "listen.public.base_url is not set",
              "Set it to the address that Twilio calls, such as https://edge.psap.example"});
    } else if (port == std::to_string(base->port)) {
        tell({"port", "", Verdict::ok, "same", from + port + ", as listen.public.base_url says", ""});
    } else {
        tell({"port", "", Verdict::warning, "other_port", from + port + ", and listen.public.base_url names "
              + std::to_string(base->port),
              "Good only if a router or proxy leads one to the other. Else set ListenStream= with systemctl edit holdfast.socket, or "
                  "correct the URL."});
    }
    const bool person = !config.person.number.empty();
    tell({"person", "", person ? Verdict::ok : Verdict::bad, person ? "set" : "not_set",
          person ? "person.number is set: callers reach people" : "person.number is not set: callers reach nobody when all else fails",
          person ? "" : "Set person.number to the telephone or SIP address of the people who answer."});
}

}  // namespace holdfast::ctl::doctor
