// `selftest`: one synthetic call through the box's own public port, placed as Twilio would place it (the caller of
// tools/holdfast-sim), and the daemon told how it went. `doctor` makes the same call.
#pragma once

#include "base/error.hpp"
#include "config/config.hpp"
#include "holdfastctl/commands.hpp"

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct Selftest {
    std::string config = "/etc/holdfast/holdfast.yaml";
    std::string url;      // of the voice webhook; empty: the box itself
    int timeout_s = 20;   // of the whole call
    std::string etc = "/etc";  // tests
};

// How a call went.
struct SelftestResult {
    bool good = false;
    std::string detail;             // good, or a word of http/admin_drain.cpp
    std::string explanation;        // a sentence for people; no number, no key
    std::int64_t greeting_ms = -1;  // from the stream's start until it was heard
    std::string call_sid;
    // The box sends its callers to people (draining, full): that says nothing about the calls that it takes.
    bool judged() const { return detail != "draining" && detail != "full"; }
};

// Where the call goes. `url` empty: the path of the webhook at the box's own public port on loopback, under the name of base_url.
struct SelftestTarget {
    std::string url;
    std::uint16_t port = 0;   // where the box listens now
    std::string ca_file;      // a private CA that signed its certificate
    std::chrono::seconds timeout{20};
};

// Places the call; at most `timeout` long. Tells nobody. `person` is what a person instead of a stream means just now: "person",
// "draining" or "full".
SelftestResult place_selftest(const config::Config& config, const SelftestTarget& target, const std::string& person);

// A call through the port that the daemon behind `client` listens on, and the daemon told of it. No value: there is no such daemon, or
// its port is closed; the detail says so.
struct OwnCall {
    SelftestResult result;
    std::string not_told;  // why the daemon does not know; empty: it does
};
base::Result<OwnCall> call_own_port(const Client& client, const config::Config& config, SelftestTarget target);

CLI::App* declare_selftest(CLI::App& app, Selftest& options);
int selftest_command(const Session& session, const Selftest& options);

}  // namespace holdfast::ctl
