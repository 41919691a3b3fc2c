#include "holdfastctl/doctor/judge.hpp"

#include "config/limits.hpp"
#include "holdfastctl/json.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace holdfast::ctl::doctor {
namespace {

constexpr std::int64_t k_day_s = 24 * 60 * 60;
constexpr std::int64_t k_provider_days_min = 3;  // providers renew theirs weeks ahead
constexpr const char* k_look_at_clock =
    "Look at the line of the clock first: with a wrong clock every certificate looks like that.";

std::string days(std::int64_t count) { return std::to_string(count) + (count == 1 ? " day" : " days"); }

// Names that a peer wrote, short and in quotes.
std::string quoted(const std::string& text) { return "'" + cut(printable(text), 60) + "'"; }

std::string phase_text(const std::string& phase) {
    if (phase == "dns") return "the name is looked up";
    if (phase == "connect") return "a connection is tried";
    if (phase == "tls") return "TLS is agreed on";
    return "the answer is waited for";
}

bool is_json(const std::string& body) { return !Json::parse(body, nullptr, false).is_discarded(); }

// What is the same for each service: nothing came, or something that is not of it. nullopt: its own answer.
std::optional<Finding> not_its_answer(const char* check, const std::string& who, const base::Result<net::HttpAnswer>& answer) {
    if (!answer) {
        const std::string code = answer.error().code;
        if (code == "timeout") {
            return Finding{check, who, Verdict::bad, "timeout", "no answer within 5 s, while " + phase_text(answer.error().detail),
                           "The line or " + who + " is slow or down: look at the lines dns and tls, at the status page of " + who +
                               ", and try again in a few minutes."};
        }
        return Finding{check, who, Verdict::bad, "unreachable", "no answer could be had (" + code + ")",
                       "Look at the lines dns and tls of " + who + "; a firewall must let this box out to it."};
    }
    const int status = answer->status;
    const bool odd = status < 200 || (status >= 300 && status < 400) || (status < 400 && !is_json(answer->body));
    if (odd) {
        return Finding{check, who, Verdict::bad, "intercepted", "what answers is not " + who + " (status " + std::to_string(status) + ")",
                       "A portal that wants a login, a filter or a proxy stands between this box and " + who
                           + ". Have the box exempted from it."};
    }
    if (status >= 500) {
        return Finding{check, who, Verdict::warning, "provider_trouble", who + " has trouble of its own (status "
                       + std::to_string(status) + ")",
                       "Look at the status page of " + who + ". Callers get the next rung meanwhile; nothing is to be done here."};
    }
    return std::nullopt;
}

std::string openai_code(const net::HttpAnswer& answer) { return word(member(Json::parse(answer.body, nullptr, false), "error"), "code"); }

std::string place_of(std::string_view url) { return std::string(url.substr(0, url.find('#'))); }

// The host of a URL that somebody else wrote; it may carry a password.
std::string host_of(const std::string& text) {
    const auto url = net::parse_url(place_of(text));
    return url ? quoted(url->host) : "an address that cannot be shown";
}

// Fills in what is said of the finding, and gives it.
auto sayer(Finding& finding) {
    return [&finding](const char* word, std::string text, std::string advice) {
        finding.word = word;
        finding.seen = std::move(text);
        finding.advice = std::move(advice);
        return finding;
    };
}

}  // namespace

Finding judge_tls(const Peer& peer, const base::Result<net::CertificateLook>& seen, std::int64_t now_utc_s) {
    Finding finding{"tls", peer.name, Verdict::bad, {}, {}, {}};
    const std::string& host = peer.url.host;
    const auto say = sayer(finding);
    if (!seen) {
        const std::string code = seen.error().code;
        if (code == "timeout") {
            return say("timeout", host + " does not answer within 5 s, while " + phase_text(seen.error().detail),
                       "Let port " + std::to_string(peer.url.port) + " out through the firewall, and see whether other services answer. "
                           + peer.without_it);
        }
        if (code == "tls_ca_file") return say("bad_ca_file", "the file of " + peer.ca_key + " cannot be used",
                                              "Put a PEM file with the authority there.");
        if (code == "tls") {
            return say("no_tls", "what answers at " + host + " does not speak TLS as it should",
                       "A portal or a proxy answers in its place, or the port is wrong. " + peer.without_it);
        }
        return say("unreachable", host + " cannot be reached (" + code + ")",
                   "Let port " + std::to_string(peer.url.port) + " out through the firewall. " + peer.without_it);
    }
    const std::string& failure = seen->failure;
    if (failure == "expired") {
        return say("expired", "the certificate of " + host + " has expired",
                   std::string(k_look_at_clock) + " With a right clock it is for the owner of " + host + " to renew it. "
                       + peer.without_it);
    }
    if (failure == "not_yet_valid") {
        return say("not_yet_valid", "the certificate of " + host + " is not valid yet", std::string(k_look_at_clock) + " "
                   + peer.without_it);
    }
    if (failure == "host_mismatch") {
        return say("wrong_name", "what answers at " + host + " shows a certificate for another name",
                   "Another server answers in its place: a portal that wants a login, a filter, or a wrong entry in DNS or /etc/hosts. "
                       + peer.without_it);
    }
    if (failure == "self_signed" || failure == "unknown_ca") {
        std::string advice = "Something between this box and " + host +
                             " opens TLS: a firewall that inspects it, or a portal. Have this box exempted from that; keys and calls "
                                 "would be read.";
        if (!peer.ca_key.empty()) advice += " If the server is your own, name its authority in " + peer.ca_key + ".";
        return say("intercepted", "the certificate that is shown for " + host + " was issued by " + quoted(seen->issuer)
                   + ", whom this box does not trust",
                   advice);
    }
    if (!failure.empty()) return say("not_trusted", "the certificate of " + host + " does not hold", peer.without_it);
    const auto left = (seen->not_after_utc_s - now_utc_s) / k_day_s;
    const auto least = peer.ca_file.empty() ? k_provider_days_min
                                            : std::chrono::duration_cast<std::chrono::hours>(limits::certificate_warning).count() / 24;
    finding.verdict = left < least ? Verdict::warning : Verdict::ok;
    if (left < least) return say("expires_soon", "the certificate of " + host + " is good for " + days(left),
                                 "Its owner should renew it now.");
    return say("good", host + " is who it says it is, for " + days(left), "");
}

Finding judge_openai_key(const base::Result<net::HttpAnswer>& answer, const std::string& model) {
    const std::string who = "OpenAI";
    if (auto finding = not_its_answer("key", who, answer)) return *finding;
    switch (answer->status) {
        case 401:
            return {"key", who, Verdict::bad, "refused", "OpenAI does not know the key",
                    "Make a new key in the project's settings at OpenAI, put it into /etc/credstore/holdfast.openai_api_key and run "
                        "holdfastctl upgrade, "
                    "or systemctl restart holdfast."};
        case 403:
            return {"key", who, Verdict::bad, "forbidden", "OpenAI knows the key, and does not let it in from here",
                    "Look at the project's limits of addresses, countries and permissions at OpenAI: the key needs Models (read) and "
                        "Realtime."};
        case 429:
            if (openai_code(*answer) == "insufficient_quota") {
                return {"key", who, Verdict::bad, "insufficient_quota", "the account at OpenAI has no credit left",
                        "Add credit or raise the limit under Billing at OpenAI. Until then no call gets OpenAI."};
            }
            return {"key", who, Verdict::warning, "rate_limited", "OpenAI asks to wait: too many requests",
                    "If it stays so, ask OpenAI for a higher limit, or give this box a project of its own."};
        default: break;
    }
    if (answer->status >= 300) {
        return {"key", who, Verdict::bad, "unexpected", "OpenAI answers with status " + std::to_string(answer->status),
                "Check openai.url: its host must be that of OpenAI's API."};
    }
    const Json document = Json::parse(answer->body, nullptr, false);
    const Json& models = member(document, "data");
    if (!models.is_array()) {
        return {"key", who, Verdict::bad, "intercepted", "what answers is not OpenAI",
                "Check openai.url, and what stands between this box and it."};
    }
    const auto found = std::find_if(models.begin(), models.end(), [&model](const Json& one) { return word(one, "id") == model; });
    if (found == models.end()) {
        return {"key", who, Verdict::warning, "no_model", "the key is good, but the list of its models has no " + model,
                "Allow the model for the project at OpenAI, or choose another in openai.model."};
    }
    const auto ends = word(*found, "shutdown_date");
    if (!ends.empty()) {
        return {"key", who, Verdict::warning, "model_ends", "the key is good; OpenAI ends " + model + " on " + cut(ends, 20),
                "Choose its successor in openai.model before that day."};
    }
    return {"key", who, Verdict::ok, "good", "the key is good and may use " + model, ""};
}

std::string eleven_code(const base::Result<net::HttpAnswer>& answer) {
    if (!answer) return answer.error().code;
    if (answer->status >= 200 && answer->status < 300) return {};
    const Json document = Json::parse(answer->body, nullptr, false);
    const auto status = word(member(document, "detail"), "status");
    // Only what is known: a word of a stranger is not repeated.
    static constexpr std::array<std::string_view, 6> k_known{"quota_exceeded",  "invalid_api_key",   "voice_not_found",
                                                             "missing_permissions", "max_character_limit_exceeded", "system_busy"};
    for (const auto known : k_known) {
        if (status == known) return status;
    }
    return "http_" + std::to_string(answer->status);
}

Finding judge_eleven_key(const base::Result<net::HttpAnswer>& answer) {
    const std::string who = "ElevenLabs";
    if (auto finding = not_its_answer("key", who, answer)) return *finding;
    const auto code = eleven_code(answer);
    if (code.empty()) return {"key", who, Verdict::ok, "good", "the key is good", ""};
    if (code == "quota_exceeded") {
        return {"key", who, Verdict::bad, "insufficient_quota", "the workspace at ElevenLabs has no credit left",
                "Raise the plan or the usage limit of the key at ElevenLabs. Until then the rungs of ElevenLabs fail."};
    }
    if (answer->status == 403 || code == "missing_permissions") {
        return {"key", who, Verdict::bad, "forbidden", "ElevenLabs knows the key, and does not allow it to do this",
                "Give the key the permissions text to speech, speech to text, models and agents in its settings at ElevenLabs."};
    }
    if (answer->status == 429) {
        return {"key", who, Verdict::warning, "rate_limited", "ElevenLabs asks to wait: too many requests",
                "If it stays so, a larger plan at ElevenLabs carries more at a time."};
    }
    if (answer->status == 401 || code == "invalid_api_key") {
        return {"key", who, Verdict::bad, "refused", "ElevenLabs does not know the key",
                "Make a new key at ElevenLabs, put it into /etc/credstore/holdfast.elevenlabs_api_key and run holdfastctl upgrade, or "
                    "systemctl restart "
                "holdfast. A region's own host (elevenlabs.url) has its own keys."};
    }
    return {"key", who, Verdict::bad, "unexpected", "ElevenLabs answers with status " + std::to_string(answer->status),
            "Check elevenlabs.url."};
}

Finding judge_eleven_credit(const base::Result<net::HttpAnswer>& subscription) {
    const std::string who = "ElevenLabs";
    const Json document = subscription ? Json::parse(subscription->body, nullptr, false) : Json();
    const auto limit = number(document, "character_limit");
    const auto used = number(document, "character_count");
    if (!subscription || subscription->status != 200 || !limit || !used) {
        return {"credit", who, Verdict::not_checked, "no_permission", "the key may not see the subscription",
                "That harms no call. To see the credit here, give the key the permission user (read), or run holdfastctl doctor --paid."};
    }
    const double left = *limit > 0 ? 1.0 - static_cast<double>(*used) / static_cast<double>(*limit) : 0;
    const auto percent = std::to_string(static_cast<int>(std::clamp(left, 0.0, 1.0) * 100)) + " %";
    if (left <= 0 && !flag(document, "can_extend_character_limit")) {
        return {"credit", who, Verdict::bad, "insufficient_quota", "the credit of this month is used up",
                "Raise the plan at ElevenLabs, or allow usage beyond it. Until then the rungs of ElevenLabs fail."};
    }
    if (left < 0.1) return {"credit", who, Verdict::warning, "low", percent + " of this month's credit are left",
                            "Raise the plan at ElevenLabs before it is used up."};
    return {"credit", who, Verdict::ok, "good", percent + " of this month's credit are left", ""};
}

Finding judge_paid(const std::string& provider, const std::string& code) {
    if (code.empty()) return {"credit", provider, Verdict::ok, "good", "a short paid answer came", ""};
    if (code == "insufficient_quota" || code == "quota_exceeded" || code == "billing_hard_limit_reached" ||
        code == "max_character_limit_exceeded") {
        return {"credit", provider, Verdict::bad, "insufficient_quota", "the account at " + provider + " has no credit left",
                "Add credit or raise the limit under Billing at " + provider + ". Until then no call gets " + provider + "."};
    }
    if (code == "voice_not_found") {
        return {"credit", provider, Verdict::bad, "no_voice", "the workspace does not have the voice of elevenlabs.voice_id",
                "Add the voice to the workspace, or choose another in elevenlabs.voice_id."};
    }
    if (code == "rate_limit_exceeded" || code == "http_429" || code == "system_busy") {
        return {"credit", provider, Verdict::warning, "rate_limited", provider + " asks to wait: too many requests",
                "Try again in a minute."};
    }
    if (code == "timeout") {
        return {"credit", provider, Verdict::bad, "timeout", "the paid answer did not come in time", "Look at the status page of "
                + provider + ", and try again."};
    }
    return {"credit", provider, Verdict::bad, "no_answer", "no paid answer could be had",
            "The lines dns, tls and key of " + provider + " say why. If they are good, look at what the model and the key may do at "
                + provider + "."};
}

std::vector<Finding> judge_certificate(const net::CertificateLook& seen, std::int64_t now_utc_s, const std::string& host) {
    std::vector<Finding> findings;
    const auto add = [&findings](Verdict verdict, const char* word, std::string text, std::string advice) {
        findings.push_back({"certificate", "", verdict, word, std::move(text), std::move(advice)});
    };
    const auto renew = std::string("Renew it (certbot renew) and put the new files into place; systemctl reload holdfast takes them "
        "without ending a call.");
    const auto left_s = seen.not_after_utc_s - now_utc_s;
    if (left_s <= 0) add(Verdict::bad, "expired", "it has expired: Twilio does not connect any more, callers get the number's fallback",
                         renew);
    else if (left_s < std::chrono::duration_cast<std::chrono::seconds>(limits::certificate_warning).count()) {
        add(Verdict::warning, "expires_soon", "it is good for " + days(left_s / k_day_s), renew);
    } else add(Verdict::ok, "valid", "it is good for " + days(left_s / k_day_s), "");
    const std::string& failure = seen.failure;
    if (failure == "host_mismatch") {
        add(Verdict::bad, "wrong_name", "it does not cover " + (host.empty() ? std::string("the box's name") : host)
            + ", the host of listen.public.base_url",
            "Get a certificate for that name, or correct listen.public.base_url.");
    } else if (failure == "self_signed") {
        add(Verdict::bad, "self_signed", "nobody stands behind it: it is signed by itself",
            "Twilio refuses it. Get one from a public authority, such as Let's Encrypt.");
    } else if (failure == "unknown_ca" && seen.chain_size < 2) {
        add(Verdict::bad, "chain_incomplete", "the file has the certificate alone, without the one that issued it",
            "Put the whole chain into the file (certbot calls it fullchain.pem); Twilio refuses it as it is.");
    } else if (failure == "unknown_ca") {
        add(Verdict::bad, "unknown_ca", "its chain ends at an authority that this system does not know: " + quoted(seen.issuer),
            "Twilio refuses a private authority. Get one from a public authority, such as Let's Encrypt.");
    } else if (failure.empty()) {
        add(Verdict::ok, "chain_good", "its chain is whole" + (host.empty() ? std::string() : " and it covers " + host), "");
    }
    return findings;
}

Finding judge_public_tls(const std::string& host, const base::Result<net::CertificateLook>& seen, const std::string& own_sha256,
                         bool reaches_private) {
    Finding finding{"public_door", "", Verdict::bad, {}, {}, {}};
    const auto say = sayer(finding);
    if (!seen) {
        const std::string code = seen.error().code;
        if (code == "tls") return say("no_tls", "what answers at " + host + " does not speak TLS",
                                      "Another program has the port, or a proxy stands before the box.");
        // Many routers do not lead a box back to itself.
        finding.verdict = reaches_private ? Verdict::bad : Verdict::warning;
        return say("unreachable", host + " cannot be reached from this box (" + code + ")",
                   "Lead the port from the outside to this box (router, firewall), and see from another network whether the address "
                       "answers: some routers "
                   "only refuse the way from the box to itself.");
    }
    const std::string& failure = seen->failure;
    if (failure == "expired" || failure == "not_yet_valid") {
        return say(failure == "expired" ? "expired" : "not_yet_valid", "the certificate that is shown at " + host + " is out of date",
                   "Renew it and systemctl reload holdfast. Twilio does not connect until then.");
    }
    if (failure == "host_mismatch") {
        return say("wrong_name", "the certificate that is shown at " + host + " is for another name",
                   "Another machine or program answers there: check DNS, the router and the certificate.");
    }
    if (!failure.empty()) {
        return say("not_trusted", "Twilio would not trust the certificate that is shown at " + host,
                   "Use the whole chain (fullchain.pem) of a public authority, and systemctl reload holdfast.");
    }
    if (!own_sha256.empty() && seen->sha256 != own_sha256) {
        finding.verdict = Verdict::warning;
        return say("other_certificate", host + " shows another certificate than the file of this box",
                   "If the file is new, systemctl reload holdfast. If not, another machine or a proxy answers there: check DNS and the "
                       "router.");
    }
    finding.verdict = Verdict::ok;
    return say("good", host + (own_sha256.empty() ? " shows a certificate that holds" : " shows the certificate of this box"), "");
}

Finding judge_unsigned(const std::string& host, const base::Result<net::HttpAnswer>& answer, bool signatures_checked) {
    const std::string check = "public_door";
    if (!answer) {
        return {check, "", Verdict::bad, "no_answer", "a call that nobody signed gets no answer at " + host + " (" + answer.error().code
                + ")",
                "See whether the service runs, and what stands between the name and this box."};
    }
    const int status = answer->status;
    if (status == 403 || (!signatures_checked && status == 400)) {
        return {check, "", Verdict::ok, "refuses", "a call that Twilio did not sign is refused at " + host + ", as it should be", ""};
    }
    return {check, "", Verdict::bad, "not_the_box", "what answers at " + host + " is not Holdfast, or changes what it is asked (status "
            + std::to_string(status) + ")",
            "Check DNS, the router and any proxy: /api/webhooks/ must reach this box as Twilio sent it."};
}

std::vector<Finding> judge_number(const std::string& which, const base::Result<net::HttpAnswer>& answer, const std::string& base_url) {
    const auto one = [&which](Verdict verdict, const char* word, std::string text, std::string advice) {
        return Finding{"twilio", which, verdict, word, std::move(text), std::move(advice)};
    };
    if (auto finding = not_its_answer("twilio", "Twilio", answer)) {
        finding->subject = which;
        return {*finding};
    }
    if (answer->status == 401 || answer->status == 403) {
        return {one(Verdict::bad, "refused", "Twilio does not accept twilio.api_key_sid with its secret",
                    "Make a new API key at Twilio in the account of twilio.account_sid; put its secret into "
                        "/etc/credstore/holdfast.twilio_api_key_secret.")};
    }
    if (answer->status == 429) return {one(Verdict::warning, "rate_limited", "Twilio asks to wait", "Try again in a minute.")};
    if (answer->status != 200) {
        return {one(Verdict::bad, "unexpected", "Twilio answers with status " + std::to_string(answer->status),
                    "Check twilio.account_sid and twilio.api_url.")};
    }
    const Json document = Json::parse(answer->body, nullptr, false);
    const Json& numbers = member(document, "incoming_phone_numbers");
    if (!numbers.is_array() || numbers.empty()) {
        return {one(Verdict::bad, "no_number", "the account does not have this number", "Correct twilio.numbers or twilio.account_sid.")};
    }
    const Json& number = numbers[0];
    std::vector<Finding> findings;
    const auto add = [&](Verdict verdict, const char* word, std::string text, std::string advice) {
        findings.push_back(one(verdict, word, std::move(text), std::move(advice)));
    };
    if (!word(number, "trunk_sid").empty() || !word(number, "voice_application_sid").empty()) {
        add(Verdict::bad, "elsewhere", "a trunk or an application takes its calls: Twilio ignores voice_url",
            "Remove the trunk or application from the number at Twilio.");
    }
    const auto voice = word(number, "voice_url");
    const std::string wanted = base_url + "/api/webhooks/voice";
    if (base_url.empty()) {
        add(Verdict::not_checked, "no_base_url", "voice_url is not compared: listen.public.base_url is not set",
            "Set listen.public.base_url.");
    } else if (place_of(voice) != wanted) {
        add(Verdict::bad, "voice_url", voice.empty() ? "voice_url is empty" : "voice_url leads to " + host_of(voice)
            + ", or to another path, and not to this box",
            "Set it to " + wanted + "#ct=1500&rt=3000&rc=1&rp=all at Twilio.");
    } else if (voice.find('#') == std::string::npos) {
        add(Verdict::warning, "voice_url_patience", "voice_url has no limits behind it: with the box gone, callers wait up to 15 s for "
            "the fallback",
            "Set it to " + wanted + "#ct=1500&rt=3000&rc=1&rp=all at Twilio.");
    }
    if (const auto method = word(number, "voice_method"); method != "POST") add(Verdict::bad, "voice_method", "voice_method is not POST",
        "Set it to POST at Twilio.");
    const auto fallback = word(number, "voice_fallback_url");
    const auto fallback_url = net::parse_url(place_of(fallback));
    const auto box = net::parse_url(base_url);
    if (fallback.empty()) {
        add(Verdict::bad, "voice_fallback_url", "voice_fallback_url is empty: with the box gone, callers reach nobody",
            "holdfastctl twiml fallback prints the document and what to set.");
    } else if (fallback_url && box && fallback_url->host == box->host) {
        add(Verdict::bad, "voice_fallback_url", "voice_fallback_url leads to this box, which is what it must do without",
            "Keep the document elsewhere: holdfastctl twiml fallback says how.");
    }
    if (!base_url.empty() && word(number, "status_callback") != base_url + "/api/webhooks/status") {
        add(Verdict::warning, "status_callback", "status_callback does not lead to this box: ends of calls are noticed later",
            "Set it to " + base_url + "/api/webhooks/status at Twilio.");
    }
    if (findings.empty()) add(Verdict::ok, "good", "its addresses at Twilio are right", "");
    return findings;
}

Finding judge_part(const std::string& part, const std::string& state, const std::string& detail) {
    struct Known {
        std::string_view part;
        std::string_view detail;  // empty: any
        std::string_view advice;
    };
    static constexpr std::array<Known, 25> k_known{{
        {"front_door", "", "The public port is not open: journalctl -u holdfast says why; see systemctl status holdfast.socket."},
        {"prompts", "", "No recorded prompt is there: reinstall the package, or correct prompts.path; then restart."},
        {"store", "disk_filling", "Make room on the disk of store.path, or shorten store.retention_days."},
        {"store", "disk_nearly_full", "Make room on the disk of store.path now: soon nothing can be written down."},
        {"store", "", "The journal cannot be written as it should: journalctl -xu holdfast, and look at the disk."},
        {"losses", "", "holdfastctl losses says what is gone; holdfastctl losses --seen once you know."},
        {"encryption", "key_missing", "Put the master key back into /etc/credstore/holdfast.master_key and restart."},
        {"encryption", "", "Some keys of calls open with none of the master keys given: put the older key back as well."},
        {"voice", "not_configured", "No live voice has its key: callers hear recorded prompts only. Put a key into /etc/credstore."},
        {"voice", "", "The live voice fails: the lines of its provider here say why; holdfastctl status shows each rung."},
        {"certificate", "expired", "Renew the certificate; systemctl reload holdfast takes it."},
        {"certificate", "", "Renew the certificate within days; systemctl reload holdfast takes it."},
        {"sync", "refused_documents", "holdfastctl sync dead-letters lists them; sync retry or sync discard settles each."},
        {"sync", "", "holdfastctl sync status says what the agency's database lacks, and why."},
        {"draining", "", "The box takes no new calls: an upgrade or a stop is under way. If not, systemctl restart holdfast."},
        {"clock", "not_set", "The clock is not set: let the box reach a time server (NTP, port 123)."},
        {"clock", "", "See timedatectl; let the box reach a time server (NTP, port 123)."},
        {"disk", "", "The disk is worn or slow: replace it before it fails; the journal is on it."},
        {"selftest", "", "holdfastctl selftest places the test call again and says what was wrong."},
        {"configuration", "rejected", "The last reload was refused: holdfastctl check says why."},
        {"configuration", "", "Some changes need a restart: holdfastctl upgrade, or systemctl restart holdfast."},
        {"safe_mode", "", "The daemon crashed again and again: journalctl -u holdfast. systemctl restart holdfast ends this mode."},
        {"rungs", "", "holdfastctl status shows each rung and why it is not used."},
        {"line", "", "The line of the box is poor or down."},
        {"", "", "holdfastctl status shows more; the manual holdfast(7) has each word."},
    }};
    Finding finding{"service", part, state == "down" ? Verdict::bad : Verdict::warning, detail.empty() ? state : detail, {}, {}};
    finding.seen = state + (detail.empty() ? "" : ", " + detail);
    for (const auto& known : k_known) {
        if ((!known.part.empty() && known.part != part) || (!known.detail.empty() && known.detail != detail)) continue;
        finding.advice = known.advice;
        break;
    }
    return finding;
}

Finding judge_space(const std::string& key, double free_share) {
    const auto percent = std::to_string(static_cast<int>(free_share * 100)) + " % of its disk are free";
    if (free_share < limits::disk_nearly_full) {
        return {"disk", key, Verdict::bad, "disk_nearly_full", percent, "Make room now: soon nothing can be written down."};
    }
    if (free_share < limits::disk_filling) {
        return {"disk", key, Verdict::warning, "disk_filling", percent,
                "Make room, or shorten store.retention_days and recording.retention_days."};
    }
    return {"disk", key, Verdict::ok, "good", percent, ""};
}

MongoPlace mongo_place(std::string_view uri) {
    constexpr std::string_view k_plain = "mongodb://";
    constexpr std::string_view k_srv = "mongodb+srv://";
    constexpr std::size_t k_hosts_max = 16;
    MongoPlace place;
    place.srv = uri.substr(0, k_srv.size()) == k_srv;
    if (!place.srv && uri.substr(0, k_plain.size()) != k_plain) return {};
    uri.remove_prefix(place.srv ? k_srv.size() : k_plain.size());
    const auto options = uri.find('?');
    const auto query = options == std::string_view::npos ? std::string_view() : uri.substr(options + 1);
    const auto has = [query](std::string_view option) { return query.find(option) != std::string_view::npos; };
    place.tls = (place.srv || has("tls=true") || has("ssl=true")) && !has("tls=false") && !has("ssl=false");
    std::string_view hosts = uri.substr(0, uri.find_first_of("/?"));
    if (const auto at = hosts.rfind('@'); at != std::string_view::npos) hosts.remove_prefix(at + 1);
    while (!hosts.empty() && place.hosts.size() < k_hosts_max) {
        const auto end = std::min(hosts.find(','), hosts.size());
        const auto url = net::parse_url("https://" + std::string(hosts.substr(0, end)));
        hosts.remove_prefix(std::min(end + 1, hosts.size()));
        if (!url) continue;
        place.hosts.push_back(*url);
        if (!url->explicit_port) place.hosts.back().port = 27017;
    }
    return place;
}

}  // namespace holdfast::ctl::doctor
