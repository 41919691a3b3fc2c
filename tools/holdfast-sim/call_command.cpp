#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "caller/call.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "document.hpp"
#include "net/asio_loop.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include <filesystem>
#include <iostream>
#include <memory>

namespace holdfast::sim {
namespace {

struct CallArguments {
    std::string url = "http://127.0.0.1:8080/api/webhooks/voice";
    std::string base, fallback, token_file, next_token_file, ca_file, connect_to, script, record,
        report, person;
    std::vector<std::string> say, wav, faults;
    double silence_s = 0;
    bool insecure = false, json = false, quiet = false;
    Voice voice;
    CallOptions call;
};

int could_not(const std::string& why) {
    std::cerr << "holdfast-sim call: " << why << "\n";
    return k_could_not_run;
}

int usage(const std::string& why) {
    std::cerr << "holdfast-sim call: " << why << "\n";
    return k_usage;
}

base::Result<CallerScript> script_from(const CallArguments& a) {
    Speech speech(a.voice);
    if (!a.script.empty()) {
        const auto document = read_document(a.script);
        if (!document) return document.error();
        return parse_caller_script(*document,
                                   std::filesystem::path(a.script).parent_path().string(), speech);
    }
    if (a.silence_s > 0) {
        CallerTurn turn;
        turn.when = CallerTurn::When::at;
        turn.after_ms = static_cast<int>(a.silence_s * 1000);
        turn.hangup = true;
        turn.expect_answer = false;
        return CallerScript{turn};
    }
    if (!a.say.empty() || !a.wav.empty()) return caller_script_of(a.say, a.wav, speech);
    return default_caller_script(speech);
}

void write_recording(const std::string& folder, const CallResult& result) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    const auto put = [&](const char* name, const std::string& bytes) {
        const std::string path = (fs::path(folder) / name).string();
        if (!write_file(path, bytes))
            std::cerr << "holdfast-sim call: cannot write " << path << "\n";
    };
    put("heard.wav", audio::write_wav_mulaw(result.heard));
    put("said.wav", audio::write_wav_mulaw(result.said));
    const std::size_t length = std::max(result.heard.size(), result.said.size());
    std::vector<std::int16_t> both(2 * length,
                                   0);  // left: the caller; right: what the caller hears
    for (std::size_t i = 0; i < length; ++i) {
        if (i < result.said.size())
            both[2 * i] = audio::mulaw_decode(static_cast<std::uint8_t>(result.said[i]));
        if (i < result.heard.size())
            both[2 * i + 1] = audio::mulaw_decode(static_cast<std::uint8_t>(result.heard[i]));
    }
    put("both.wav", audio::write_wav_pcm16(both, audio::k_mulaw_rate, 2));
    put("report.json", result.report.dump(2) + "\n");
}

void tell_result(const CallArguments& a, EventLog& events, const CallResult& result) {
    if (!a.record.empty()) write_recording(a.record, result);
    if (!a.report.empty() && !write_file(a.report, result.report.dump(2) + "\n")) {
        std::cerr << "holdfast-sim call: cannot write " << a.report << "\n";
    }
    std::string sentence = result.good ? "good call" : "NOT a good call";
    for (const auto& reason : result.report["reasons"])
        sentence += "\n            - " + reason.get<std::string>();
    events.emit("report", result.report, sentence);
}

int run_call(CallArguments& a) {
    if (a.insecure && a.call.webhook.secure() && !net::is_loopback(a.call.webhook.host) &&
        a.call.route.host.empty()) {
        std::cerr << "holdfast-sim call: --insecure: the server's certificate is not checked\n";
    }
    auto tls = tls_client({a.ca_file, !a.insecure});
    if (!tls) return could_not(tls.error().detail);
    a.call.tls = *tls;
    const auto token = secret_from(a.token_file, "TWILIO_AUTH_TOKEN");
    if (!token) return could_not(token.error().detail);
    const auto next = secret_from(a.next_token_file, "TWILIO_AUTH_TOKEN_NEXT");
    if (!next) return could_not(next.error().detail);
    a.call.token = *token;
    a.call.next_token = *next;
    if (token->empty())
        return could_not("no auth token: set TWILIO_AUTH_TOKEN or give --token-file");
    const auto secret = secret_from({}, "TWILIO_API_KEY_SECRET");
    if (!secret) return could_not(secret.error().detail);
    a.call.rest_key_secret = *secret;
    auto script = script_from(a);
    if (!script) return could_not(script.error().detail);
    a.call.script = std::move(*script);

    net::AsioLoop loop;
    EventLog events(a.json    ? EventLog::Form::json
                    : a.quiet ? EventLog::Form::none
                              : EventLog::Form::people);
    CallResult result;
    Call call(loop, a.call, events, [&](CallResult done) {
        result = std::move(done);
        loop.stop();
    });
    boost::asio::signal_set signals(loop.io(), SIGINT, SIGTERM);
    signals.async_wait([&call](const boost::system::error_code& ec, int) {
        if (!ec) call.hang_up("interrupted");
    });
    call.start();
    loop.run();
    tell_result(a, events, result);
    return result.good ? k_good : k_not_good;
}

int check_and_run(CallArguments& a) {
    const auto url = net::parse_url(a.url);
    if (!url || (url->scheme != "http" && url->scheme != "https"))
        return usage("--url wants http:// or https://");
    a.call.webhook = *url;
    a.call.base = a.base;
    a.call.fallback = a.fallback;
    if (!parse_connect_to(a.connect_to, a.call.route))
        return usage("--connect-to wants HOST:PORT[,plain]");
    a.call.expect_person = a.person == "person";
    for (const auto& text : a.faults) {
        auto fault = parse_fault(text, caller_faults());
        if (!fault)
            return usage(fault.error().detail + "; known are:\n" + list_faults(caller_faults()));
        a.call.faults.add(std::move(*fault));
    }
    for (const auto& mode : a.call.signature) {
        const auto known = parse_fault(mode.substr(0, mode.find(':')), signature_modes());
        const std::string where =
            mode.find(':') == std::string::npos ? "" : mode.substr(mode.find(':') + 1);
        if (!known || (!where.empty() && where != "webhook" && where != "upgrade")) {
            return usage("--signature wants MODE[:webhook|:upgrade]; modes are:\n" +
                         list_faults(signature_modes()));
        }
    }
    return run_call(a);
}

}  // namespace

Command add_call_command(CLI::App& app) {
    auto a = std::make_shared<CallArguments>();
    app.add_option("--url", a->url, "the number's voice webhook")->capture_default_str();
    app.add_option(
        "--base", a->base,
        "scheme://host[:port] that is signed, when it differs from --url (listen.public.base_url)");
    app.add_option("--connect-to", a->connect_to,
                   "HOST:PORT[,plain]: connect there, whatever the URLs say; plain: without TLS");
    app.add_option("--ca-file", a->ca_file, "trust this CA as well")->check(CLI::ExistingFile);
    app.add_flag("--insecure", a->insecure, "do not check the server's certificate");
    app.add_option("--token-file", a->token_file, "auth token; otherwise TWILIO_AUTH_TOKEN");
    app.add_option("--next-token-file", a->next_token_file,
                   "second token; otherwise TWILIO_AUTH_TOKEN_NEXT");
    app.add_option("--fallback-url", a->fallback, "asked when the webhook fails");
    app.add_option("--from", a->call.from, "caller's number")->capture_default_str();
    app.add_option("--to", a->call.to, "number called")->capture_default_str();
    app.add_option("--account-sid", a->call.account_sid)->capture_default_str();
    app.add_option("--call-sid", a->call.call_sid, "default: a new one");
    app.add_option("--say,--text", a->say,
                   "say this after the greeting, then after each answer; repeatable")
        ->allow_extra_args(false);
    app.add_option("--wav", a->wav,
                   "play this WAV (mu-law or 16-bit PCM, any rate), after the texts; repeatable")
        ->allow_extra_args(false);
    app.add_option("--script", a->script, "YAML or JSON file of turns, see README")
        ->check(CLI::ExistingFile);
    app.add_option("--silence", a->silence_s, "say nothing, hang up after so many seconds");
    app.add_option("--voice", a->voice.name, "espeak-ng voice of the caller")
        ->capture_default_str();
    app.add_option("--record", a->record, "folder for heard.wav, said.wav, both.wav, report.json");
    app.add_option("--report", a->report, "file for the JSON report alone");
    app.add_flag("--json", a->json, "one JSON object a line on standard output");
    app.add_flag("--quiet", a->quiet, "no output but errors");
    app.add_option("--expect", a->person,
                   "caller: a good call is ended by the caller (default); person: by the box, at "
                   "the human queue")
        ->check(CLI::IsMember({"caller", "person"}));
    app.add_option("--dial-status", a->call.dial_status, "how a <Dial> ends")
        ->check(CLI::IsMember({"completed", "answered", "busy", "no-answer", "failed", "canceled"}))
        ->capture_default_str();
    app.add_option("--rest-port", a->call.rest_port,
                   "port on 127.0.0.1 of Twilio's REST interface to this call, 0: any free one; the key's secret is "
                   "TWILIO_API_KEY_SECRET");
    app.add_option("--rest-key-sid", a->call.rest_key_sid)->capture_default_str();
    app.add_option("--patience-ms", a->call.patience_ms, "how long the caller waits for an answer")
        ->capture_default_str();
    app.add_option("--connect-timeout-ms", a->call.connect_timeout_ms)->capture_default_str();
    app.add_option("--webhook-timeout-ms", a->call.webhook_timeout_ms)->capture_default_str();
    app.add_option("--max-seconds", a->call.max_seconds)->capture_default_str();
    app.add_option("--seed", a->call.seed, "of everything random")->capture_default_str();
    app.add_option("--signature", a->call.signature,
                   "sign in another way, MODE[:webhook|:upgrade], see below; repeatable")
        ->allow_extra_args(false);
    app.add_option("--fault", a->faults, "NAME[=VALUE][@MS after start], see below; repeatable")
        ->allow_extra_args(false);
    app.footer(
        "Without --say, --wav, --script or --silence the caller reports a fire, interrupts once "
        "and hangs up.\n"
        "A call is good when the greeting is heard within 1 s, every turn gets an audible answer, "
        "nothing is\n"
        "silent for more than 4 s, every interruption clears the playout, no message breaks the "
        "protocol and the\n"
        "end is clean.\n\nSignature modes:\n" +
        list_faults(signature_modes()) + "\nFaults:\n" + list_faults(caller_faults()));
    return [a] { return check_and_run(*a); };
}

}  // namespace holdfast::sim
