#include "caller/webhook.hpp"

#include "base/random.hpp"
#include "net/asio_loop.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

constexpr std::size_t k_twiml_bytes_max = 64 * 1024;

bool wants(const CallOptions& options, SignedFor kind, std::string_view mode) {
    return std::any_of(
        options.signature.begin(), options.signature.end(), [&](std::string_view entry) {
            const std::size_t colon = entry.find(':');
            if (entry.substr(0, colon) != mode) return false;
            if (colon == std::string_view::npos) return true;
            return entry.substr(colon + 1) == (kind == SignedFor::webhook ? "webhook" : "upgrade");
        });
}

void replace_scheme(std::string& url, std::string_view from, std::string_view to) {
    if (url.rfind(from, 0) == 0) url.replace(0, from.size(), to);
}

// Puts the scheme's standard port after a host that has none, or takes any port away.
void change_port(std::string& url, bool add) {
    const std::size_t host = url.find("://") + 3;
    const std::size_t end = std::min(url.find('/', host), url.size());
    const std::size_t colon = url.find(':', host);
    const bool has_port = colon != std::string::npos && colon < end;
    const bool secure = url.rfind("https://", 0) == 0 || url.rfind("wss://", 0) == 0;
    if (add && !has_port) url.insert(end, secure ? ":443" : ":80");
    if (!add && has_port) url.erase(colon, end - colon);
}

bool is_xml(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    return type == "text/xml" || type == "application/xml" || type == "application/twiml+xml";
}

}  // namespace

const std::vector<FaultName>& signature_modes() {
    static const std::vector<FaultName> k_modes{
        {"missing", "no X-Twilio-Signature header"},
        {"wrong", "a signature made with another token"},
        {"next-token", "signed with the next token (--next-token-file, TWILIO_AUTH_TOKEN_NEXT)"},
        {"https-for-wss", "the upgrade signed as https:// (must be refused)"},
        {"with-port", "the URL signed with the standard port"},
        {"without-port", "the URL signed without its port"},
        {"with-slash", "the URL signed with a slash at its end"}};
    return k_modes;
}

std::string signature_for(const CallOptions& options, SignedFor kind, const std::string& url,
                          const twilio::Params& params) {
    if (wants(options, kind, "missing")) return {};
    std::string form = url;
    if (kind == SignedFor::upgrade && wants(options, kind, "https-for-wss")) {
        replace_scheme(form, "wss://", "https://");
        replace_scheme(form, "ws://", "http://");
    }
    if (wants(options, kind, "with-port")) change_port(form, true);
    if (wants(options, kind, "without-port")) change_port(form, false);
    if (wants(options, kind, "with-slash")) form += '/';
    std::string token = wants(options, kind, "next-token") ? options.next_token : options.token;
    if (wants(options, kind, "wrong")) token += "x";
    return twilio::sign(token, form, params);
}

void Webhook::post(const net::Url& url, const std::string& call_status, const twilio::Params& extra,
                   std::function<void(TwimlAnswer)> done) {
    twilio::Params params{{"AccountSid", options_.account_sid},
                          {"ApiVersion", "2010-04-01"},
                          {"CallSid", call_sid_},
                          {"CallStatus", call_status},
                          {"Called", options_.to},
                          {"Caller", options_.from},
                          {"Direction", "inbound"},
                          {"From", options_.from},
                          {"FromCity", "MC LEAN"},
                          {"FromState", "VA"},
                          {"FromZip", ""},
                          {"To", options_.to}};
    if (!options_.stir.empty()) params.emplace_back("StirVerstat", options_.stir);
    params.insert(params.end(), extra.begin(), extra.end());
    const std::string base =
        options_.base.empty() ? url.scheme + "://" + url.host_header() : options_.base;
    const std::string signature =
        signature_for(options_, SignedFor::webhook, base + url.target, params);

    HttpFetch fetch;
    fetch.url = url;
    fetch.headers = {{"User-Agent", "TwilioProxy/1.1"},
                     {"Accept", "*/*"},
                     {"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                     {"I-Twilio-Idempotency-Token", base::random_hex(16)}};
    if (!signature.empty()) fetch.headers.emplace_back("X-Twilio-Signature", signature);
    fetch.body = form_encode(params);
    fetch.tls = options_.tls;
    fetch.route = options_.route;
    fetch.timeout = base::milliseconds(options_.webhook_timeout_ms);
    const auto started = loop_.now();
    http_fetch(loop_, std::move(fetch),
               [this, started, alive = std::weak_ptr<bool>(alive_),
                done = std::move(done)](base::Result<HttpMessage> result) {
                   if (alive.expired()) return;
                   TwimlAnswer answer = judge(std::move(result));
                   answer.took_ms = base::to_ms(loop_.now() - started);
                   done(std::move(answer));
               });
}

TwimlAnswer Webhook::judge(base::Result<HttpMessage> result) const {
    TwimlAnswer answer;
    const auto failed = [&answer](const char* code, std::string detail) {
        answer.error_code = code;
        answer.detail = std::move(detail);
        return answer;
    };
    if (!result)
        return failed("11205", std::string(result.error().code) + ": " + result.error().detail);
    const HttpMessage& message = *result;
    answer.http_status = message.status;
    answer.body = message.body;
    if (message.status / 100 == 3)
        return failed("11215", "a redirect, status " + std::to_string(message.status));
    if (message.status / 100 != 2)
        return failed("11200", "status " + std::to_string(message.status));
    if (message.body.size() > k_twiml_bytes_max) return failed("12100", "TwiML above 64 KB");
    if (!is_xml(message.header("Content-Type"))) {
        return failed("12300",
                      "content type '" + std::string(message.header("Content-Type")) + "'");
    }
    if (message.body.rfind("<?xml", 0) != 0)
        return failed("12100", "the body does not begin with <?xml");
    const bool loopback =
        net::is_loopback(options_.route.host.empty() ? options_.webhook.host : options_.route.host);
    auto twiml = parse_twiml(message.body, loopback);
    if (!twiml) return failed(twiml.error().code, twiml.error().detail);
    answer.twiml = std::move(*twiml);
    return answer;
}

}  // namespace holdfast::sim
