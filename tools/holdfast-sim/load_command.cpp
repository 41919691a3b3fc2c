#include "command_line.hpp"
#include "commands.hpp"
#include "document.hpp"
#include "load/load.hpp"
#include "net/asio_loop.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include <iostream>
#include <memory>

namespace holdfast::sim {
namespace {

struct LoadArguments {
    std::string url = "http://127.0.0.1:8080/api/webhooks/voice";
    std::string base, direct, token_file, key_file, ca_file, connect_to, report, times;
    std::string model = "gpt-realtime-2.1";
    bool insecure = false, json = false, quiet = false;
    LoadOptions load;
};

int fail(int code, const std::string& why) {
    std::cerr << "holdfast-sim load: " << why << "\n";
    return code;
}

std::string sentence_of(const nlohmann::ordered_json& r) {
    const auto& t = r["round_trip_us"];
    const auto ms = [](const nlohmann::ordered_json& us) {
        std::string text = std::to_string(us.get<double>() / 1000);
        return text.substr(0, text.find('.') + 3);
    };
    std::string out = std::string(r["good"] == true ? "good" : "NOT good") + ": " +
                      r["frames_sent"].dump() + " frames sent, " + r["lost"].dump() + " lost, " +
                      r["duplicated"].dump() + " twice, " + r["reordered"].dump() +
                      " out of order; " + r["failed"].dump() +
                      " calls failed\n          round trip ms: p50 " + ms(t["p50"]) + ", p99 " +
                      ms(t["p99"]) + ", p99.9 " + ms(t["p999"]) + ", max " + ms(t["max"]);
    for (const auto& e : r["errors"]) out += "\n          " + e.get<std::string>();
    return out;
}

int run_load(LoadArguments& a) {
    auto tls = tls_client({a.ca_file, !a.insecure});
    if (!tls) return fail(k_could_not_run, tls.error().detail);
    a.load.call.tls = *tls;
    a.load.keep_times = !a.times.empty();
    if (a.load.direct) {
        const auto key = secret_from(a.key_file, "OPENAI_API_KEY");
        if (!key) return fail(k_could_not_run, key.error().detail);
        if (!key->empty()) a.load.key = *key;
    } else {
        const auto token = secret_from(a.token_file, "TWILIO_AUTH_TOKEN");
        if (!token) return fail(k_could_not_run, token.error().detail);
        if (token->empty())
            return fail(k_could_not_run,
                        "no auth token: set TWILIO_AUTH_TOKEN or give --token-file");
        a.load.call.token = *token;
    }
    net::AsioLoop loop;
    EventLog events(a.json    ? EventLog::Form::json
                    : a.quiet ? EventLog::Form::none
                              : EventLog::Form::people);
    Load load(loop, a.load, events, [&loop] { loop.stop(); });
    boost::asio::signal_set signals(loop.io(), SIGINT, SIGTERM);
    signals.async_wait([&load](const boost::system::error_code& ec, int) {
        if (!ec) load.stop();
    });
    load.start();
    loop.run();
    const auto report = load.report();
    if (!a.report.empty() && !write_file(a.report, report.dump(2) + "\n"))
        return fail(k_could_not_run, "cannot write " + a.report);
    if (!a.times.empty() && !write_file(a.times, load.frame_times()))
        return fail(k_could_not_run, "cannot write " + a.times);
    events.emit("report", report, sentence_of(report));
    return load.good() ? k_good : k_not_good;
}

int check_and_run(LoadArguments& a) {
    if (!parse_connect_to(a.connect_to, a.load.call.route))
        return fail(k_usage, "--connect-to wants HOST:PORT[,plain]");
    a.load.direct = !a.direct.empty();
    if (a.load.direct) {
        const auto url = net::parse_url(a.direct);
        if (!url || (url->scheme != "ws" && url->scheme != "wss"))
            return fail(k_usage, "--direct wants ws:// or wss://");
        a.load.provider = *url;
        if (url->target.find("model=") == std::string::npos) {
            a.load.provider.target +=
                (url->target.find('?') == std::string::npos ? "?model=" : "&model=") + a.model;
        }
        return run_load(a);
    }
    const auto url = net::parse_url(a.url);
    if (!url || (url->scheme != "http" && url->scheme != "https"))
        return fail(k_usage, "--url wants http:// or https://");
    a.load.call.webhook = *url;
    a.load.call.base = a.base;
    return run_load(a);
}

}  // namespace

Command add_load_command(CLI::App& app) {
    auto a = std::make_shared<LoadArguments>();
    app.add_option("--calls", a->load.calls)->capture_default_str()->check(CLI::Range(1, 60'000));
    app.add_option("--rate", a->load.rate, "calls started per second")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--seconds", a->load.seconds, "of numbered frames, each call")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600));
    app.add_option("--warm-up-ms", a->load.warm_up_ms, "of each call, left out of the round trips")
        ->capture_default_str();
    app.add_option("--url", a->url, "the number's voice webhook")->capture_default_str();
    app.add_option("--base", a->base,
                   "scheme://host[:port] that is signed, when it differs from --url");
    app.add_option("--direct", a->direct,
                   "ws://HOST:PORT/v1/realtime: straight to `provider --echo`, without a daemon");
    app.add_option("--model", a->model, "for --direct")->capture_default_str();
    app.add_option("--connect-to", a->connect_to,
                   "HOST:PORT[,plain]: connect there, whatever the URLs say");
    app.add_option("--ca-file", a->ca_file, "trust this CA as well")->check(CLI::ExistingFile);
    app.add_flag("--insecure", a->insecure, "do not check certificates");
    app.add_option("--token-file", a->token_file, "Twilio auth token; otherwise TWILIO_AUTH_TOKEN");
    app.add_option("--key-file", a->key_file, "API key for --direct; otherwise OPENAI_API_KEY");
    app.add_option("--report", a->report, "file for the JSON report");
    app.add_option("--times", a->times, "file for when each frame was sent and its round trip, both in us");
    app.add_flag("--json", a->json, "one JSON object a line on standard output");
    app.add_flag("--quiet", a->quiet, "no output but errors");
    app.footer(
        "The daemon's provider must be `holdfast-sim provider --echo`. Each call waits for the "
        "greeting to end, then\n"
        "streams 50 numbered frames a second; every frame has to come back once, in order and "
        "unchanged. Subtract a\n"
        "run with --direct to know what the daemon adds.");
    return [a] { return check_and_run(*a); };
}

}  // namespace holdfast::sim
