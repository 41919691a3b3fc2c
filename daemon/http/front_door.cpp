#include "http/front_door.hpp"

#include "base/text.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "net/url.hpp"
#include "twilio/webhook.hpp"

#include <array>
#include <utility>

namespace holdfast::http {
namespace {

constexpr log::Logger k_log{"http"};

constexpr std::string_view k_voice_path = "/api/webhooks/voice";
constexpr std::string_view k_next_path = "/api/webhooks/next";
constexpr std::string_view k_status_path = "/api/webhooks/status";
constexpr std::string_view k_whisper_path = "/api/webhooks/whisper";
// Behind '#': Twilio's own limits for this one request (twilio.md 1.4), neither sent nor signed. Two people
// wait for its answer.
constexpr std::string_view k_whisper_patience = "#ct=1000&rt=1500&tt=2500&rc=0";
constexpr std::string_view k_media_path = "/ws/media";
constexpr std::string_view k_prompts_path = "/prompts/";
constexpr auto k_audit_every = std::chrono::seconds(10);
constexpr std::size_t k_signature_chars = 28;  // base64 of a SHA-1 digest

net::HttpResponse plain(int status) {
    net::HttpResponse response;
    response.status = status;
    return response;
}

net::HttpResponse only(std::string_view method) {
    net::HttpResponse response = plain(405);
    response.headers.emplace_back("Allow", std::string(method));
    return response;
}

net::HttpResponse twiml(std::string document) {
    net::HttpResponse response = plain(200);
    response.content_type = "text/xml; charset=utf-8";
    response.headers.emplace_back("Cache-Control", "no-store");
    response.body = std::move(document);
    return response;
}

bool is_form(const net::HttpRequest& request) {
    const auto type = request.header("content-type");
    const auto media = type.substr(0, type.find(';'));
    return base::equal_ignoring_case(media, "application/x-www-form-urlencoded");
}

bool call_is_over(std::string_view call_status) {
    static constexpr std::array<std::string_view, 5> k_final = {"completed", "busy", "failed", "no-answer",
                                                                "canceled"};
    for (const auto word : k_final) {
        if (call_status == word) return true;
    }
    return false;
}

// Words of Twilio's go into the journal only from a fixed set.
std::string_view dial_outcome(std::string_view dial_call_status) {
    static constexpr std::array<std::string_view, 6> k_known = {"completed", "answered", "busy", "no-answer", "failed",
                                                                "canceled"};
    for (const auto word : k_known) {
        if (dial_call_status == word) return word;
    }
    return "unknown";
}

}  // namespace

FrontDoor::FrontDoor(base::Loop& loop, call::Registry& registry, call::CallerLegs& legs, call::FollowUp& follow_up,
                     store::Journal& journal, const PromptFiles& prompts, FrontDoorSettings settings)
    : loop_(loop), registry_(registry), legs_(legs), follow_up_(follow_up), journal_(journal), prompts_(prompts),
      settings_(std::move(settings)) {}

void FrontDoor::on_request(const net::HttpRequest& request, net::HttpReply reply) {
    const auto path = request.path();
    if (path == k_voice_path || path == k_next_path || path == k_status_path || path == k_whisper_path) {
        if (request.method != "POST") return reply(only("POST"));
        if (path == k_voice_path) return reply(voice(request));
        if (path == k_whisper_path) return reply(whisper(request));
        return reply(path == k_next_path ? next(request) : status(request));
    }
    if (path.substr(0, k_prompts_path.size()) == k_prompts_path) {
        if (request.method != "GET" && request.method != "HEAD") return reply(only("GET, HEAD"));
        return reply(prompt(request));
    }
    if (path == k_media_path) return reply(plain(426));
    reply(plain(404));
}

// --- signatures ---

// scheme://host[:port] of the URLs that Twilio signed. Taken from the request only when the
// configuration names none; the signature then covers that Host.
std::string FrontDoor::base_of(const net::HttpRequest& request) const {
    if (!settings_.base_url.empty()) return settings_.base_url;
    const std::string candidate = (request.secure ? "https://" : "http://") + std::string(request.header("host"));
    const auto url = net::parse_url(candidate);
    if (!url || url->target != "/") return {};
    return url->scheme + "://" + url->host_header();
}

bool FrontDoor::signature_holds(const net::HttpRequest& request, const char* route,
                                const twilio::Params& params, bool websocket) {
    if (!settings_.verify_signature) {
        metrics::sig_key_total.add("unchecked");
        return true;
    }
    const std::string base = base_of(request);
    if (base.empty()) return false;
    const auto match = twilio::verify(request.header("x-twilio-signature"),
                                      twilio::url_forms(base, request.target, websocket), params,
                                      settings_.auth_tokens);
    if (!match) return false;
    metrics::sig_variant_total.add(match.which_url);
    metrics::sig_key_total.add(match.token == 0 ? "primary" : "next");
    k_log.debug("signature holds", {{"route", route}, {"form", match.which_url}, {"token", match.token}});
    return true;
}

net::HttpResponse FrontDoor::refuse_signature(const net::HttpRequest&, const char* route) {
    metrics::sig_fail_total.add(route);
    ++refused_since_audit_;
    const auto now = loop_.now();
    if (!audited_at_ || now - *audited_at_ >= k_audit_every) {
        audited_at_ = now;
        const auto count = std::exchange(refused_since_audit_, 0);
        k_log.warning("request without a valid signature; check listen.public.base_url and the auth token",
                      {{"route", route}, {"count", count}});
        store::Audit row;
        row.utc_ms = loop_.utc_ms();
        row.actor = "twilio";
        row.action = "bad_signature";
        row.detail = std::string(route) + " count=" + std::to_string(count);
        if (!journal_.append(std::move(row))) k_log.error("journal queue full, audit row lost");
    }
    net::HttpResponse response = plain(403);
    response.bad_signature = true;
    response.close = true;
    return response;
}

std::optional<net::HttpResponse> FrontDoor::read_signed_form(const net::HttpRequest& request,
                                                             const char* route, twilio::Form& form,
                                                             std::optional<base::CallSid>& salvaged) {
    if (!is_form(request)) return plain(415);
    auto parsed = twilio::parse_form(request.body, &salvaged);
    if (!parsed) {
        metrics::form_reject_total.add(parsed.error().code);
        k_log.warning("webhook form refused", {{"route", route}, {"reason", parsed.error().code}});
        // Nothing can be signed that cannot be read; only somebody who sends a signature at all may be
        // a real call, and that caller goes to people (T05).
        const bool signed_somehow = !settings_.verify_signature ||
                                    request.header("x-twilio-signature").size() == k_signature_chars;
        if (!signed_somehow) return refuse_signature(request, route);
        return plain(400);
    }
    form = std::move(*parsed);
    if (!signature_holds(request, route, form.pairs, false)) return refuse_signature(request, route);
    if (!settings_.account_sid.empty() && form.get("AccountSid") != settings_.account_sid) {
        k_log.warning("webhook of another account refused", {{"route", route}});
        return refuse_signature(request, route);
    }
    return std::nullopt;
}

// --- routes ---

twilio::PersonVerbs FrontDoor::person_verbs(const std::string& base) const {
    twilio::PersonVerbs person = settings_.person;
    // Without an answer Twilio asks us again; if we are gone by then, the number's fallback URL serves.
    if (base.empty()) return person;
    person.action = base + std::string(k_next_path);
    person.whisper = base + std::string(k_whisper_path) + std::string(k_whisper_patience);
    return person;
}

net::HttpResponse FrontDoor::person_answer(const net::HttpRequest& request, std::string_view why) const {
    k_log.info("answering with person TwiML", {{"why", why}});
    return twiml(twilio::person_document(person_verbs(base_of(request))));
}

net::HttpResponse FrontDoor::stream_answer(const net::HttpRequest& request, const base::CallSid& sid,
                                           const twilio::Form& form, std::string_view token) const {
    const std::string base = base_of(request);
    twilio::StreamVerbs stream;
    stream.status_callback = base + std::string(k_status_path);
    const bool secure = base.rfind("https://", 0) == 0;
    stream.url = (secure ? "wss://" : "ws://") + base.substr(base.find("://") + 3) + std::string(k_media_path);
    stream.name = "holdfast-" + sid.str();
    stream.parameters = {{"token", std::string(token)},
                         {"from", std::string(form.get("From"))},
                         {"to", std::string(form.get("To"))}};
    return twiml(twilio::stream_document(stream, person_verbs(base_of(request))));
}

void FrontDoor::left_behind(const base::CallSid& sid, const std::string& account_sid) {
    follow_up_.left_behind(sid, account_sid, person_verbs(settings_.base_url));
}

void FrontDoor::see_to(const base::CallSid& sid, std::string_view account_sid, const net::HttpRequest& request) {
    follow_up_.served(sid, std::string(account_sid), person_verbs(base_of(request)));
}

net::HttpResponse FrontDoor::voice(const net::HttpRequest& request) {
    twilio::Form form;
    std::optional<base::CallSid> salvaged;
    if (auto refusal = read_signed_form(request, "voice", form, salvaged)) {
        if (refusal->status == 400 && salvaged) {
            metrics::admission_refused_total.add("form");
            return person_answer(request, "form");
        }
        return std::move(*refusal);
    }
    auto read = twilio::read_voice_request(form);
    if (!read) {
        metrics::form_reject_total.add(read.error().code);
        net::HttpResponse response = plain(400);
        response.proven = true;
        return response;
    }
    const auto sid = read->call;
    const auto account_sid = read->account_sid;
    const call::Admission admission = registry_.admit(std::move(*read));
    if (admission.stream) see_to(sid, account_sid, request);
    else follow_up_.followed(sid);
    k_log.info("voice webhook answered", sid, {{"stream", admission.stream}, {"why", admission.why}});
    net::HttpResponse response = admission.stream ? stream_answer(request, sid, form, admission.token)
                                                  : person_answer(request, admission.why);
    response.proven = true;
    return response;
}

// How dialling a person ended. Who was answered has been served; who was not comes back to the box, and
// when the box knows nothing of the call the person is dialled once more: never silence.
net::HttpResponse FrontDoor::next(const net::HttpRequest& request) {
    twilio::Form form;
    std::optional<base::CallSid> salvaged;
    if (auto refusal = read_signed_form(request, "next", form, salvaged)) return std::move(*refusal);
    const auto outcome = form.get("DialCallStatus");
    const bool answered = outcome == "completed" || outcome == "answered";
    call::Admission admission;
    const auto sid = base::CallSid::parse(form.get("CallSid"));
    if (sid) {
        follow_up_.followed(*sid);
        admission = registry_.person_left(*sid, answered, dial_outcome(outcome));
    }
    if (admission.stream) see_to(*sid, form.get("AccountSid"), request);
    k_log.info("dialling ended", {{"answered", answered}, {"stream", admission.stream}, {"why", admission.why}});
    net::HttpResponse response = answered           ? twiml(twilio::hangup_document())
                                 : admission.stream ? stream_answer(request, *sid, form, admission.token)
                                                    : person_answer(request, "next");
    response.proven = true;
    return response;
}

net::HttpResponse FrontDoor::status(const net::HttpRequest& request) {
    twilio::Form form;
    std::optional<base::CallSid> salvaged;
    if (auto refusal = read_signed_form(request, "status", form, salvaged)) return std::move(*refusal);
    if (const auto sid = base::CallSid::parse(form.get("CallSid"))) {
        const auto stream_event = form.get("StreamEvent");
        if (!stream_event.empty()) {
            k_log.info("stream callback", *sid, {{"event", stream_event}});
        } else if (call_is_over(form.get("CallStatus"))) {
            registry_.callback_ended(*sid);
            follow_up_.over(*sid);
        }
    }
    net::HttpResponse response = plain(204);
    response.proven = true;
    return response;
}

// The person has picked up and is about to be connected. The child call of <Dial> names its parent; with
// nothing to say, or nothing known, an empty document connects at once.
net::HttpResponse FrontDoor::whisper(const net::HttpRequest& request) {
    twilio::Form form;
    std::optional<base::CallSid> salvaged;
    if (auto refusal = read_signed_form(request, "whisper", form, salvaged)) return std::move(*refusal);
    std::string words;
    const auto parent = base::CallSid::parse(form.get("ParentCallSid"));
    if (parent) {
        follow_up_.followed(*parent);
        words = registry_.briefing(*parent);
        k_log.info("person picked up", *parent, {{"briefed", !words.empty()}});
    }
    net::HttpResponse response = twiml(twilio::whisper_document(words));
    response.proven = true;
    return response;
}

net::HttpResponse FrontDoor::prompt(const net::HttpRequest& request) const {
    auto id = request.path().substr(k_prompts_path.size());
    constexpr std::string_view k_suffix = ".wav";
    if (id.size() <= k_suffix.size() || id.substr(id.size() - k_suffix.size()) != k_suffix) return plain(404);
    id.remove_suffix(k_suffix.size());
    const auto found = prompts_.find(id);
    if (found == prompts_.end()) return plain(404);
    net::HttpResponse response = plain(200);
    response.content_type = "audio/wav";
    response.headers.emplace_back("Cache-Control", "public, max-age=86400");
    response.body = found->second;
    return response;
}

net::UpgradeAnswer FrontDoor::on_upgrade(const net::HttpRequest& request) {
    net::UpgradeAnswer answer;
    if (request.path() != k_media_path || request.method != "GET") {
        answer.refusal = plain(404);
        return answer;
    }
    if (!request.query().empty() || !signature_holds(request, "media", {}, true)) {
        answer.refusal = refuse_signature(request, "media");
        return answer;
    }
    answer.accept = true;
    answer.limits = call::CallerLegs::limits();
    // Twilio offers no subprotocol; one that was not offered would break the handshake.
    answer.opened = [this](std::shared_ptr<net::WsConnection> socket) {
        k_log.info("stream connected");
        legs_.accept(std::move(socket));
    };
    return answer;
}

}  // namespace holdfast::http
