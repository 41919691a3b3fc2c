#include "holdfastctl/selftest.hpp"

#include "caller/call.hpp"
#include "config/yaml_loader.hpp"
#include "holdfastctl/client.hpp"
#include "holdfastctl/credentials_folder.hpp"
#include "holdfastctl/json.hpp"
#include "net/asio_loop.hpp"
#include "net/url.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>

namespace holdfast::ctl {
namespace {

constexpr char k_from[] = "client:holdfast-selftest";  // every record shows what it was
constexpr char k_to[] = "client:holdfast";
constexpr char k_voice_path[] = "/api/webhooks/voice";
constexpr char k_status_path[] = "/api/webhooks/status";
constexpr int k_listen_ms = 300;  // to the greeting, once it is heard
constexpr int k_connect_ms = 5'000;
constexpr int k_before_the_end_ms = 500;

sim::CallerScript hear_the_greeting() {
    sim::CallerTurn turn;
    turn.when = sim::CallerTurn::When::answer_began;
    turn.after_ms = k_listen_ms;
    turn.hangup = true;
    turn.expect_answer = false;
    return {turn};
}

SelftestResult result_of(const char* detail, std::string explanation) {
    SelftestResult result;
    result.detail = detail;
    result.good = result.detail == "good";
    result.explanation = std::move(explanation);
    return result;
}

bool begins_with(const std::string& text, std::string_view prefix) { return text.compare(0, prefix.size(), prefix) == 0; }

std::string first_reason(const Json& report) {
    const Json& reasons = member(report, "reasons");
    return reasons.is_array() && !reasons.empty() && reasons[0].is_string() ? printable(reasons[0].get<std::string>()) : std::string();
}

// The webhook brought no TwiML.
SelftestResult webhook_failed(const Json& webhook) {
    const auto detail = word(webhook, "detail");
    const auto status = number_or(webhook, "status", 0);
    if (status == 403) {
        return result_of("refused", "the front door refuses the signature: listen.public.base_url, the auth token and twilio.account_sid "
                                    "of this configuration are not those of the daemon");
    }
    if (status != 0) {
        const bool no_document = word(webhook, "error") == "11200";
        return result_of(no_document ? "no_answer" : "bad_twiml", "the webhook's answer is no good: " + detail);
    }
    if (detail.find("tls") != std::string::npos) return result_of("tls", "no TLS with the public port: " + detail);
    if (detail.find("timeout") != std::string::npos) return result_of("no_answer", "the public port does not answer: " + detail);
    return result_of("unreachable", "the public port cannot be reached: " + detail);
}

SelftestResult person_instead(const std::string& person) {
    if (person == "draining") return result_of("draining", "the box drains: its callers go to people, and nothing was tested");
    if (person == "full") return result_of("full", "every place is taken: callers go to people, and nothing was tested");
    return result_of("person", "the caller was sent to a person at once; see the decision in holdfastctl calls");
}

SelftestResult judge(const Json& report, const std::string& person) {
    const Json& webhook = member(report, "webhook");
    if (!webhook.is_object()) return result_of("no_answer", "the public port did not answer in time");
    if (!word(webhook, "error").empty()) return webhook_failed(webhook);
    const Json& stream = member(report, "stream");
    if (word(stream, "url").empty()) return person_instead(person);
    const auto upgrade = number_or(stream, "upgrade_status", 0);
    if (upgrade != 101) {
        const auto why = upgrade != 0 ? "status " + std::to_string(upgrade) : word(stream, "why");
        if (upgrade == 0 && begins_with(why, "tls")) return result_of("tls", "no TLS for the media socket: " + why);
        return result_of("no_stream", "the media socket could not be opened: " + why);
    }
    const auto heard_ms = number_or(member(report, "greeting"), "heard_ms", -1);
    SelftestResult result;
    if (member(report, "violations").is_array() && !member(report, "violations").empty()) {
        result = result_of("protocol", first_reason(report));
    } else if (heard_ms < 0) {
        result = result_of("no_greeting", "no greeting was heard");
    } else if (!flag(report, "good")) {
        const bool late = first_reason(report).find("greeting came after") != std::string::npos;
        result = result_of(late ? "late" : "not_ended", first_reason(report));
    } else {
        result = result_of("good", "the greeting was heard after " + duration(heard_ms));
    }
    result.greeting_ms = heard_ms;
    return result;
}

// What the caller of the simulator is told.
std::optional<sim::CallOptions> call_options(const config::Config& config, const SelftestTarget& target, SelftestResult& problem) {
    const auto& listen = config.listen.public_;
    sim::CallOptions options;
    const std::string loopback = (listen.tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(target.port);
    const std::string base = listen.base_url.empty() ? loopback : listen.base_url;
    const auto url = net::parse_url(target.url.empty() ? base + k_voice_path : target.url);
    if (!url || (url->scheme != "http" && url->scheme != "https")) {
        problem = result_of("unreachable", "the webhook's URL is no http or https URL");
        return std::nullopt;
    }
    options.webhook = *url;
    options.base = target.url.empty() ? base : std::string();
    if (target.url.empty()) {
        // The name of base_url is verified all the same; only the way there is our own.
        const bool everywhere = listen.address == "0.0.0.0" || listen.address == "::";
        options.route.host = everywhere ? "127.0.0.1" : listen.address;
        options.route.port = target.port;
        options.route.plain = !listen.tls;
    }
    auto tls = sim::tls_client({target.ca_file, true});
    if (!tls) {
        problem = result_of("tls", tls.error().detail);
        return std::nullopt;
    }
    options.tls = *tls;
    options.token = config.credentials.twilio_auth_token.reveal();
    if (!config.twilio.account_sid.empty()) options.account_sid = config.twilio.account_sid;
    options.from = k_from;
    options.to = k_to;
    options.stir.clear();
    options.script = hear_the_greeting();
    options.max_seconds = static_cast<int>(target.timeout.count());
    // Before the call's own end: a request that is still open then would never be let go.
    options.webhook_timeout_ms = std::min(options.webhook_timeout_ms, options.max_seconds * 1000 - k_before_the_end_ms);
    options.connect_timeout_ms = std::min(k_connect_ms, options.webhook_timeout_ms);
    return options;
}

net::Url at(net::Url url, const char* path) {
    url.target = path;
    return url;
}

}  // namespace

SelftestResult place_selftest(const config::Config& config, const SelftestTarget& target, const std::string& person) {
    SelftestResult result;
    auto options = call_options(config, target, result);
    if (!options) return result;
    net::AsioLoop loop;
    sim::EventLog quiet(sim::EventLog::Form::none);
    sim::CallResult ended;
    sim::Call call(loop, *options, quiet, [&](sim::CallResult done) {
        ended = std::move(done);
        loop.stop();
    });
    call.start();
    loop.run();
    const Json report = ended.report;
    result = judge(report, person);
    result.call_sid = word(report, "call_sid");
    if (!member(report, "webhook").is_object() || !word(member(report, "webhook"), "error").empty()) return result;

    // As Twilio says at the end of every call; without it the box would look after a caller who is not there.
    net::AsioLoop last;
    sim::Webhook callback(last, *options, result.call_sid);
    int status = 0;
    callback.post(at(options->webhook, k_status_path), "completed", {{"CallDuration", "1"}}, [&](sim::TwimlAnswer answer) {
        status = answer.http_status;
        last.stop();
    });
    last.run();
    if (result.good && status / 100 != 2) {
        const auto heard_ms = result.greeting_ms;
        result = result_of("not_ended", "the status callback was answered with " + std::to_string(status));
        result.greeting_ms = heard_ms;
        result.call_sid = word(report, "call_sid");
    }
    return result;
}

base::Result<OwnCall> call_own_port(const Client& client, const config::Config& config, SelftestTarget target) {
    const auto answer = client.get("/api/v1/status");
    if (!answer) return answer.error();
    const auto status = Json::parse(answer->body, nullptr, false);
    if (!status.is_object()) {
        return base::make_error(base::Condition::reject, "strange", client.address() + " is not a Holdfast admin listener");
    }
    const auto port = number_or(member(status, "public"), "port", 0);
    if (port <= 0 || port > 65'535) return base::make_error(base::Condition::reject, "closed", "the daemon's public port is closed");
    target.port = static_cast<std::uint16_t>(port);
    const Json& calls = member(status, "calls");
    const bool full = number_or(calls, "active", 0) >= number_or(calls, "max", 1);
    OwnCall own;
    own.result = place_selftest(config, target, flag(status, "draining") ? "draining" : full ? "full" : "person");
    const Json body{{"by", user_name()}, {"good", own.result.good}, {"detail", own.result.detail}, {"greeting_ms", own.result.greeting_ms}};
    const auto told = client.post("/api/v1/selftest", body.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!told) {
        own.not_told = told.error().detail;
    } else if (told->status != 200) {
        own.not_told = refusal_message(told->status, told->body);
    }
    return own;
}

CLI::App* declare_selftest(CLI::App& app, Selftest& options) {
    auto* selftest = app.add_subcommand("selftest", "Place a test call through the box's own public port, and tell the daemon how it went");
    selftest->add_option("--config", options.config, "The daemon's configuration: its name, its port and the token")->capture_default_str();
    selftest->add_option("--url", options.url, "Voice webhook to call instead, as Twilio reaches it");
    selftest->add_option("--timeout", options.timeout_s, "Seconds for the whole call")->check(CLI::Range(5, 120))->capture_default_str();
    selftest->add_option("--etc", options.etc)->group("");
    return selftest;
}

int selftest_command(const Session& session, const Selftest& options) {
    const auto client = Client::make(session.options.admin, session.options.ca_file);
    if (!client) return complain(session, k_exit_usage, client.error().detail);
    // Root's shell has no credentials of the service; then they are looked for where the service gets them.
    std::optional<CredentialsFolder> folder;
    auto environment = config::Environment::process();
    if (!has_credentials()) {
        auto made = CredentialsFolder::make(options.etc);
        if (!made) return complain(session, k_exit_not_good, made.error().detail);
        folder.emplace(std::move(*made));
        environment = environment_with(*folder);
    }
    const auto loaded = config::load_file(options.config, environment);
    if (!loaded.config) {
        for (const auto& problem : loaded.problems) session.err << printable(to_string(problem)) << "\n";
        return complain(session, k_exit_not_good, "no call without a good configuration and its auth token; run it as root");
    }
    SelftestTarget target;
    target.url = options.url;
    target.ca_file = session.options.ca_file;
    target.timeout = std::chrono::seconds(options.timeout_s);
    const auto called = call_own_port(*client, *loaded.config, target);
    if (!called) {
        if (called.error().code == std::string_view("closed")) return complain(session, k_exit_not_good, called.error().detail);
        return unreachable(session, *client, called.error());
    }
    const auto& result = called->result;
    const bool told = called->not_told.empty();
    if (!told) complain(session, k_exit_not_good, "the daemon did not take the result: " + called->not_told);
    if (session.options.json) {
        const Json document{{"good", result.good},           {"detail", result.detail},     {"explanation", result.explanation},
                            {"greeting_ms", result.greeting_ms}, {"call_sid", result.call_sid}, {"told", told}};
        session.out << document.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
    } else {
        const auto look = session.look;
        const auto verdict = result.good ? paint(look, Paint::good, "good") : result.judged() ? paint(look, Paint::bad, "not good")
                                                                                             : paint(look, Paint::warning, "not tested");
        session.out << "test call " << verdict << " (" << result.detail << "): " << printable(result.explanation) << "\n" << std::flush;
    }
    if (!told) return k_exit_unreachable;
    return result.good || !result.judged() ? k_exit_ok : k_exit_not_good;
}

}  // namespace holdfast::ctl
