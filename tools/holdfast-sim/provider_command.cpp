#include "commands.hpp"
#include "document.hpp"
#include "net/asio_loop.hpp"
#include "provider/server.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

namespace holdfast::sim {
namespace {

struct ProviderArguments {
    std::string certificate, private_key, script, report;
    std::vector<std::string> faults;
    bool json = false, quiet = false, strict = false;
    Voice voice{"en-us+f3", 165};
    ProviderOptions provider;
};

int could_not(const std::string& why) {
    std::cerr << "holdfast-sim provider: " << why << "\n";
    return k_could_not_run;
}

base::Result<ProviderScript> script_from(const ProviderArguments& a) {
    Speech speech(a.voice);
    if (a.provider.echo) return ProviderScript{};
    if (a.script.empty()) return default_provider_script(speech);
    const auto document = read_document(a.script);
    if (!document) return document.error();
    return parse_provider_script(*document, std::filesystem::path(a.script).parent_path().string(),
                                 speech);
}

class SignalHandling {
  public:
    SignalHandling(net::AsioLoop& loop, ProviderServer& server, const std::string& report)
        : loop_(loop),
          server_(server),
          report_(report),
          signals_(loop.io(), SIGINT, SIGTERM, SIGUSR1) {
        wait();
    }
    void write() const {
        if (!report_.empty() && !write_file(report_, server_.report().dump(2) + "\n"))
            std::cerr << "holdfast-sim provider: cannot write " << report_ << "\n";
    }

  private:
    void wait() {
        signals_.async_wait([this](const boost::system::error_code& ec, int signal) {
            if (ec) return;
            write();
            if (signal != SIGUSR1) return loop_.stop();
            wait();
        });
    }
    net::AsioLoop& loop_;
    ProviderServer& server_;
    std::string report_;
    boost::asio::signal_set signals_;
};

int run_provider(ProviderArguments& a) {
    for (const auto& text : a.faults) {
        auto fault = parse_fault(text, provider_faults());
        if (!fault) {
            std::cerr << "holdfast-sim provider: " << fault.error().detail << "; known are:\n"
                      << list_faults(provider_faults());
            return k_usage;
        }
        a.provider.settings.faults.add(std::move(*fault));
    }
    if (!a.certificate.empty()) {
        auto tls = tls_server(a.certificate, a.private_key);
        if (!tls) return could_not(tls.error().detail);
        a.provider.tls = *tls;
    }
    auto script = script_from(a);
    if (!script) return could_not(script.error().detail);
    a.provider.settings.script = std::move(*script);

    net::AsioLoop loop;
    EventLog events(a.json    ? EventLog::Form::json
                    : a.quiet ? EventLog::Form::none
                              : EventLog::Form::people);
    auto server = ProviderServer::open(loop, a.provider, events);
    if (!server) return could_not(server.error().detail);
    std::cout << "listening on " << (*server)->port() << "\n";
    if (a.provider.control_port >= 0)
        std::cout << "control on " << (*server)->control_port() << "\n";
    std::cout << std::flush;
    const SignalHandling signals(loop, **server, a.report);
    loop.run();
    return a.strict && !(*server)->client_was_right() ? k_not_good : k_good;
}

}  // namespace

Command add_provider_command(CLI::App& app) {
    auto a = std::make_shared<ProviderArguments>();
    auto& p = a->provider;
    app.add_option("--address", p.address)->capture_default_str();
    app.add_option("--port", p.port, "0: any free one; the first line of output says which")
        ->capture_default_str();
    auto* certificate = app.add_option("--certificate", a->certificate, "PEM chain: serve wss://")
                            ->check(CLI::ExistingFile);
    auto* key =
        app.add_option("--private-key", a->private_key, "PEM key")->check(CLI::ExistingFile);
    certificate->needs(key);
    key->needs(certificate);
    app.add_option("--key", p.key, "the only API key that is accepted; default: any");
    app.add_option("--script", a->script, "YAML or JSON file of turns, see README")
        ->check(CLI::ExistingFile);
    app.add_option("--voice", a->voice.name, "espeak-ng voice of the answers")
        ->capture_default_str();
    app.add_option("--session-life", p.settings.session_life_s, "seconds until a session expires")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--speed", p.settings.speed,
                   "audio is generated so many times faster than it plays")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--seed", p.settings.seed, "of delta sizes and delays")->capture_default_str();
    app.add_option(
        "--control", p.control_port,
        "port on 127.0.0.1 for GET /report, POST /fault, DELETE /fault; 0: any free one");
    app.add_option("--report", a->report, "JSON file, written at the end and on SIGUSR1");
    app.add_flag("--strict", a->strict, "exit 1 when any client did something wrong");
    app.add_flag("--echo", p.echo, "for load: every append comes straight back");
    app.add_flag("--json", a->json,
                 "one JSON object a line on standard output, after the first lines");
    app.add_flag("--quiet", a->quiet, "nothing after the first lines");
    app.add_option("--fault", a->faults,
                   "NAME[=VALUE][@MS][:turn=N[-]][:conn=N[-]], see below; repeatable")
        ->allow_extra_args(false);
    app.footer(
        "Point the daemon at it with openai.url: ws://127.0.0.1:PORT/v1/realtime, and with\n"
        "elevenlabs.url: http://127.0.0.1:PORT. Ends on SIGINT or SIGTERM.\n"
        "@MS counts from session.updated, or with :turn=N from the beginning of that "
        "answer.\n\nFaults:\n" +
        list_faults(provider_faults()));
    return [a] { return run_provider(*a); };
}

}  // namespace holdfast::sim
