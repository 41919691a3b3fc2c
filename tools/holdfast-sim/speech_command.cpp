#include "commands.hpp"
#include "document.hpp"
#include "net/asio_loop.hpp"
#include "speech/server.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <iostream>
#include <memory>

namespace holdfast::sim {
namespace {

struct SpeechArguments {
    std::string certificate, private_key, script, report;
    std::vector<std::string> faults;
    bool json = false, quiet = false, strict = false;
    SpeechOptions speech;
};

int could_not(const std::string& why) {
    std::cerr << "holdfast-sim speech: " << why << "\n";
    return k_could_not_run;
}

int run_speech(SpeechArguments& a) {
    for (const auto& text : a.faults) {
        auto fault = parse_fault(text, speech_faults());
        if (!fault) {
            std::cerr << "holdfast-sim speech: " << fault.error().detail << "; known are:\n"
                      << list_faults(speech_faults());
            return k_usage;
        }
        a.speech.faults.add(std::move(*fault));
    }
    if (!a.certificate.empty()) {
        auto tls = tls_server(a.certificate, a.private_key);
        if (!tls) return could_not(tls.error().detail);
        a.speech.tls = *tls;
    }
    if (!a.script.empty()) {
        const auto document = read_document(a.script);
        if (!document) return could_not(document.error().detail);
        auto script = parse_speech_script(*document);
        if (!script) return could_not(script.error().detail);
        a.speech.script = std::move(*script);
    }
    net::AsioLoop loop;
    EventLog events(a.json ? EventLog::Form::json : a.quiet ? EventLog::Form::none : EventLog::Form::people);
    auto server = SpeechServer::open(loop, a.speech, events);
    if (!server) return could_not(server.error().detail);
    std::cout << "listening on " << (*server)->port() << "\n";
    if (a.speech.control_port >= 0) std::cout << "control on " << (*server)->control_port() << "\n";
    std::cout << std::flush;
    boost::asio::signal_set signals(loop.io(), SIGINT, SIGTERM);
    signals.async_wait([&loop](const boost::system::error_code& ec, int) {
        if (!ec) loop.stop();
    });
    loop.run();
    if (!a.report.empty() && !write_file(a.report, (*server)->report().dump(2) + "\n")) {
        return could_not("cannot write " + a.report);
    }
    return a.strict && !(*server)->client_was_right() ? k_not_good : k_good;
}

}  // namespace

Command add_speech_command(CLI::App& app) {
    auto a = std::make_shared<SpeechArguments>();
    auto& s = a->speech;
    app.add_option("--address", s.address)->capture_default_str();
    app.add_option("--port", s.port, "0: any free one; the first line of output says which")->capture_default_str();
    auto* certificate =
        app.add_option("--certificate", a->certificate, "PEM chain: serve https:// and wss://")->check(CLI::ExistingFile);
    auto* key = app.add_option("--private-key", a->private_key, "PEM key")->check(CLI::ExistingFile);
    certificate->needs(key);
    key->needs(certificate);
    app.add_option("--key", s.key, "the only API key that is accepted; default: any");
    app.add_option("--known-voice", s.voices, "a voice id that exists; repeat; default: all");
    app.add_option("--script", a->script, "YAML or JSON: turns: [what is heard, ...]")->check(CLI::ExistingFile);
    app.add_flag("--espeak", s.espeak, "speech by espeak-ng instead of a tone");
    app.add_option("--first-byte", s.first_byte_ms, "ms until the first byte of speech")
        ->capture_default_str()
        ->check(CLI::Range(0, 60'000));
    app.add_option("--speed", s.speed, "speech comes so many times faster than it plays")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--concurrency", s.concurrency, "speech requests at a time; above: 429")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--control", s.control_port,
                   "port on 127.0.0.1 for GET /report, POST /fault, DELETE /fault; 0: any free one");
    app.add_option("--report", a->report, "JSON file, written at the end");
    app.add_flag("--strict", a->strict, "exit 1 when any client did something wrong");
    app.add_flag("--json", a->json, "one JSON object a line on standard output, after the first lines");
    app.add_flag("--quiet", a->quiet, "no events on standard output");
    app.add_option("--fault", a->faults, "switch a fault on; repeat for several");
    app.footer("Faults, as NAME[=VALUE][@MS][:turn=N[-]][:conn=N[-]] (conn counts speech requests, or sessions):\n" +
               list_faults(speech_faults()));
    return [a] { return run_speech(*a); };
}

}  // namespace holdfast::sim
