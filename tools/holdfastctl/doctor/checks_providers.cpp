// Who the box talks to: whether the name is known, TLS holds, the key is good and there is credit.
#include "holdfastctl/doctor/checks.hpp"
#include "holdfastctl/doctor/judge.hpp"
#include "holdfastctl/doctor/network.hpp"
#include "voice/scripted/make.hpp"

#include <algorithm>
#include <ctime>

namespace holdfast::ctl::doctor {
namespace {

std::int64_t now_utc_s() { return static_cast<std::int64_t>(::time(nullptr)); }

// The origin behind a ws(s) or http(s) URL, for an ordinary request.
std::optional<net::Url> origin_of(const std::string& text) {
    auto url = net::parse_url(text);
    if (!url) return std::nullopt;
    url->scheme = url->secure() ? "https" : "http";
    url->explicit_port = url->explicit_port && url->port != (url->secure() ? 443 : 80);
    url->target = "/";
    return url;
}

bool check_name(const Tell& tell, const Peer& peer) {
    const std::string& host = peer.url.host;
    const auto names = resolve(host);
    if (!names.problem.empty()) {
        tell({"dns", peer.name, Verdict::bad, "not_found", host + ": " + names.problem,
              "Check the name servers of this box (resolvectl status, /etc/resolv.conf) and the name in the configuration. "
                  + peer.without_it});
        return false;
    }
    const bool own = peer.ca_file.empty() && peer.url.secure() && !net::is_loopback(host) && host != names.addresses.front();
    const bool led_astray = own && std::all_of(names.addresses.begin(), names.addresses.end(), is_private);
    const auto count = std::to_string(names.addresses.size()) + (names.addresses.size() == 1 ? " address" : " addresses");
    if (led_astray) {
        tell({"dns", peer.name, Verdict::warning, "private", host + " has " + count + ", and only of a local network",
              "A filter or portal answers in place of the name server, or this is a server of your own."});
    } else {
        tell({"dns", peer.name, Verdict::ok, "found", host + " has " + count, ""});
    }
    return true;
}

// False: nothing more can be asked of it.
bool check_peer(const Tell& tell, const Peer& peer) {
    if (!check_name(tell, peer)) {
        tell({"tls", peer.name, Verdict::not_checked, "no_address", "the name has no address", "See the line above."});
        return false;
    }
    if (!peer.url.secure()) {
        tell({"tls", peer.name, Verdict::ok, "not_used", "it is on this machine and spoken to in clear", ""});
        return true;
    }
    const auto finding = judge_tls(peer, look(peer.url, peer.ca_file), now_utc_s());
    tell(finding);
    return finding.verdict != Verdict::bad;
}

net::HttpCall get(const net::Url& origin, const char* target) {
    net::HttpCall call;
    call.url = origin;
    call.url.target = target;
    return call;
}

void no_key(const Tell& tell, const char* check, const std::string& who, const char* credential) {
    tell({check, who, Verdict::not_checked, "no_key", "there is no key", std::string("Put one into /etc/credstore/holdfast.")
          + credential + " if the rungs of " + who + " are wanted."});
}

void behind(const Tell& tell, const std::string& who) {
    tell({"key", who, Verdict::not_checked, "unreachable", "it cannot be asked", "See the lines dns and tls of " + who + "."});
}

net::Url with_model(net::Url url, const std::string& model) {
    url.target += (url.target.find('?') == std::string::npos ? "?model=" : "&model=") + model;
    return url;
}

bool uses_elevenlabs(const config::Config& config) {
    const auto& rungs = config.ladder.rungs;
    return std::any_of(rungs.begin(), rungs.end(), [](const std::string& rung) {
        return rung == "eleven_realtime" || rung == "eleven_agent" || rung == "scripted";
    });
}

bool uses_openai(const config::Config& config) {
    const auto& rungs = config.ladder.rungs;
    return std::find(rungs.begin(), rungs.end(), "openai") != rungs.end();
}

}  // namespace

void check_openai(const Tell& tell, const config::Config& config) {
    const auto origin = origin_of(config.openai.url);
    if (!origin) return;
    if (!uses_openai(config)) return tell({"key", "OpenAI", Verdict::not_checked, "not_used", "ladder.rungs does not have it", ""});
    const Peer peer{"OpenAI", *origin, config.openai.ca_file, "openai.ca_file", "Callers get the next rung meanwhile."};
    const auto& key = config.credentials.openai_api_key.reveal();
    // Without a key nobody talks to it, unless it is a simulator in clear.
    if (key.empty() && origin->secure()) return no_key(tell, "key", "OpenAI", "openai_api_key");
    if (!check_peer(tell, peer)) return behind(tell, "OpenAI");
    if (key.empty()) return no_key(tell, "key", "OpenAI", "openai_api_key");
    auto call = get(*origin, "/v1/models");
    call.headers = {{"Authorization", "Bearer " + key}};
    tell(judge_openai_key(ask(std::move(call), peer.ca_file), config.openai.model));
}

void check_openai_credit(const Tell& tell, const config::Config& config, const Place& place) {
    const auto& key = config.credentials.openai_api_key.reveal();
    const auto url = net::parse_url(config.openai.url);
    if (!uses_openai(config) || key.empty() || !url) return;
    if (!place.paid) {
        return tell({"credit", "OpenAI", Verdict::not_checked, "not_asked", "whether there is credit shows a paid answer only",
                     "holdfastctl doctor --paid asks for one word; it costs less than a cent."});
    }
    tell(judge_paid("OpenAI", one_paid_word(with_model(*url, config.openai.model), config.openai.ca_file, key)));
}

void check_elevenlabs(const Tell& tell, const config::Config& config) {
    const auto origin = origin_of(config.elevenlabs.url);
    if (!origin) return;
    const std::string who = "ElevenLabs";
    if (!uses_elevenlabs(config)) return tell({"key", who, Verdict::not_checked, "not_used", "ladder.rungs does not have it", ""});
    const Peer peer{who, *origin, config.elevenlabs.ca_file, "elevenlabs.ca_file", "Callers get the other rungs meanwhile."};
    const auto& key = config.credentials.elevenlabs_api_key.reveal();
    // Without a key nobody talks to it, unless it is a simulator in clear.
    if (key.empty() && origin->secure()) return no_key(tell, "key", who, "elevenlabs_api_key");
    if (!check_peer(tell, peer)) return behind(tell, who);
    if (key.empty()) return no_key(tell, "key", who, "elevenlabs_api_key");
    auto call = get(*origin, "/v1/models");
    call.headers = {{"xi-api-key", key}};
    tell(judge_eleven_key(ask(std::move(call), peer.ca_file)));
}

void check_elevenlabs_credit(const Tell& tell, const config::Config& config, const Place& place) {
    const auto origin = origin_of(config.elevenlabs.url);
    const auto& key = config.credentials.elevenlabs_api_key.reveal();
    if (!uses_elevenlabs(config) || key.empty() || !origin) return;
    if (!place.paid) {
        auto call = get(*origin, "/v1/user/subscription");
        call.headers = {{"xi-api-key", key}};
        return tell(judge_eleven_credit(ask(std::move(call), config.elevenlabs.ca_file)));
    }
    const auto voice = config.elevenlabs.voice_id.empty() ? voice::scripted::ScriptedSettings().default_voice_id
        : config.elevenlabs.voice_id;
    const auto target = "/v1/text-to-speech/" + voice + "?output_format=ulaw_8000";
    auto call = get(*origin, target.c_str());
    call.method = "POST";
    call.headers = {{"xi-api-key", key}, {"Content-Type", "application/json"}};
    call.body = R"({"text":"Good.","model_id":")" + config.elevenlabs.tts.model + "\"}";
    tell(judge_paid("ElevenLabs", eleven_code(ask(std::move(call), config.elevenlabs.ca_file))));
}

void check_database(const Tell& tell, const config::Config& config) {
    const std::string who = "MongoDB";
    const auto& uri = config.credentials.mongodb_uri.reveal();
    if (uri.empty()) return tell({"dns", who, Verdict::not_checked, "not_used",
                                  "there is no credential mongodb_uri: nothing is sent to a database", ""});
    auto place = mongo_place(uri);
    if (place.hosts.empty()) {
        return tell({"dns", who, Verdict::bad, "bad_uri", "the credential mongodb_uri is no address of a MongoDB",
                     "It begins with mongodb:// or mongodb+srv://; MongoDB's console shows it under Connect."});
    }
    if (place.srv) {
        const auto host = place.hosts.front().host;
        place.hosts = resolve_srv(host);
        if (place.hosts.empty()) {
            return tell({"dns", who, Verdict::bad, "not_found", host + " names no servers",
                         "Check the name servers of this box and the credential mongodb_uri."});
        }
    }
    for (auto& url : place.hosts) {
        if (!place.tls) url.scheme = "http";
        const Peer peer{who, url, config.mongodb.tls_ca_file, "mongodb.tls_ca_file",
                        "What callers said stays in the journal until the database has it."};
        if (place.tls) check_peer(tell, peer);
        else check_name(tell, peer);
    }
}

void check_webhook(const Tell& tell, const config::Config& config) {
    if (config.dispatch.webhook.url.empty()) {
        return tell({"dns", "CAD", Verdict::not_checked, "not_used", "dispatch.webhook.url is not set: dispatches go to no CAD", ""});
    }
    const auto origin = origin_of(config.dispatch.webhook.url);
    if (!origin) return;
    check_peer(tell, {"CAD", *origin, config.dispatch.webhook.ca_file, "dispatch.webhook.ca_file",
                      "Dispatches wait until the CAD can be reached; tell its people."});
}

}  // namespace holdfast::ctl::doctor
