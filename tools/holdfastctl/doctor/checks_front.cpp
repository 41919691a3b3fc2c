// What Twilio sees of the box: the certificate, the public name, the settings of the numbers.
#include "holdfastctl/doctor/checks.hpp"
#include "holdfastctl/doctor/judge.hpp"
#include "holdfastctl/doctor/network.hpp"
#include "net/tls.hpp"
#include "twilio/rest.hpp"

#include <algorithm>
#include <ctime>

namespace holdfast::ctl::doctor {
namespace {

std::int64_t now_utc_s() { return static_cast<std::int64_t>(::time(nullptr)); }

std::string encoded(const std::string& number) {
    constexpr const char* k_digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : number) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) out += c;
        else out += std::string("%") + k_digits[byte >> 4] + k_digits[byte & 15];
    }
    return out;
}

}  // namespace

void check_certificate(const Tell& tell, const config::Config& config) {
    const auto& front = config.listen.public_;
    if (!front.tls) {
        return tell({"certificate", "", Verdict::not_checked, "not_used",
                     "listen.public.tls is false: something else ends TLS in front of the box", "See to the certificate there."});
    }
    const auto base = net::parse_url(front.base_url);
    const auto pair = net::TlsServer::load(front.certificate, front.private_key);
    if (!pair) {
        const std::string code = pair.error().code;
        const bool mismatch = code == "tls_key_mismatch";
        return tell({"certificate", "", Verdict::bad, mismatch ? "key_mismatch" : "unreadable",
                     mismatch ? "the private key does not belong to the certificate" : "certificate or private key cannot be read as PEM",
                     "Put the two files that were made together at listen.public.certificate and private_key."});
    }
    const auto seen = net::look_at_certificate(front.certificate, base ? base->host : std::string(), {});
    if (!seen) return tell({"certificate", "", Verdict::bad, "unreadable", "the certificate cannot be read as PEM",
                            "Put a PEM file there, with the whole chain."});
    for (const auto& finding : judge_certificate(*seen, now_utc_s(), base ? base->host : std::string())) tell(finding);
}

void check_public_door(const Tell& tell, const config::Config& config) {
    const auto& front = config.listen.public_;
    auto base = net::parse_url(front.base_url);
    if (!base) {
        return tell({"public_door", "", Verdict::warning, "no_base_url", "listen.public.base_url is not set",
                     "Set it to the address that Twilio calls, such as https://edge.psap.example"});
    }
    const auto names = resolve(base->host);
    if (!names.problem.empty()) {
        return tell({"public_door", "", Verdict::bad, "not_found", base->host + ": " + names.problem,
                     "Have the name entered in DNS with the public address of this site."});
    }
    if (base->secure()) {
        const auto own = front.tls ? net::look_at_certificate(front.certificate, {}, {})
            : base::Result<net::CertificateLook>(net::CertificateLook{});
        const bool near = std::all_of(names.addresses.begin(), names.addresses.end(), is_private);
        const auto finding = judge_public_tls(base->host, look(*base, {}), own ? own->sha256 : std::string(), near);
        tell(finding);
        if (finding.verdict == Verdict::bad || finding.word == "unreachable") return;
    }
    net::HttpCall call;
    call.method = "POST";
    call.url = *base;
    call.url.target = "/api/webhooks/voice";
    call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    tell(judge_unsigned(base->host, ask(std::move(call), {}), config.twilio.verify_signature));
}

void check_twilio(const Tell& tell, const config::Config& config) {
    const auto& twilio = config.twilio;
    const auto& secret = config.credentials.twilio_api_key_secret;
    const auto url = net::parse_url(twilio.api_url);
    if (!url || twilio.api_key_sid.empty() || secret.reveal().empty() || twilio.account_sid.empty()) {
        return tell({"twilio", "", Verdict::not_checked, "no_credentials",
                     "the numbers' settings at Twilio cannot be seen without an API key",
                     "Set twilio.account_sid and twilio.api_key_sid, and put the secret into "
                         "/etc/credstore/holdfast.twilio_api_key_secret. Until then compare by hand: "
                     "holdfastctl twiml fallback prints what to set."});
    }
    const auto names = resolve(url->host);
    if (!names.problem.empty()) {
        return tell({"dns", "Twilio", Verdict::bad, "not_found", url->host + ": " + names.problem,
                     "Check the name servers of this box and twilio.api_url."});
    }
    tell({"dns", "Twilio", Verdict::ok, "found", url->host + " has " + std::to_string(names.addresses.size()) + " addresses", ""});
    if (url->secure()) {
        const Peer peer{"Twilio", *url, {}, {}, "Callers that Twilio does not go on with cannot be helped meanwhile."};
        const auto finding = judge_tls(peer, look(*url, {}), now_utc_s());
        tell(finding);
        if (finding.verdict == Verdict::bad) return;
    }
    if (twilio.numbers.empty()) {
        return tell({"twilio", "", Verdict::not_checked, "no_numbers", "twilio.numbers is empty",
                     "Name the numbers there to have their settings compared."});
    }
    constexpr std::size_t k_numbers_max = 20;
    const auto count = std::min(twilio.numbers.size(), k_numbers_max);
    for (std::size_t i = 0; i < count; ++i) {
        net::HttpCall call;
        call.url = *url;
        call.url.target = "/2010-04-01/Accounts/" + twilio.account_sid + "/IncomingPhoneNumbers.json?PhoneNumber="
            + encoded(twilio.numbers[i]);
        call.headers = {{"Authorization", twilio::basic_authorization(twilio.api_key_sid, secret)}, {"Accept", "application/json"}};
        const auto which = "number " + std::to_string(i + 1) + " of " + std::to_string(twilio.numbers.size());
        for (const auto& finding : judge_number(which, ask(std::move(call), {}), config.listen.public_.base_url)) tell(finding);
    }
}

}  // namespace holdfast::ctl::doctor
