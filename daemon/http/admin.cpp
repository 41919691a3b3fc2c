#include "http/admin.hpp"

#include "base/text.hpp"
#include "base/timer.hpp"
#include "config/limits.hpp"
#include "http/admin_answer.hpp"
#include "http/admin_json.hpp"
#include "http/query.hpp"
#include "log/log.hpp"
#include "log/repeat.hpp"
#include "metrics/metrics.hpp"
#include "net/url.hpp"

#include <array>
#include <utility>

namespace holdfast::http {
namespace {

constexpr log::Logger k_log{"http"};

constexpr std::string_view k_calls_path = "/api/v1/calls";
constexpr std::string_view k_call_prefix = "/api/v1/calls/";
constexpr std::string_view k_transfer_suffix = "/transfer";
constexpr std::string_view k_events_path = "/api/v1/events";
constexpr std::string_view k_status_path = "/api/v1/status";

constexpr std::string_view k_index =
    "Holdfast admin listener\n"
    "\n"
    "GET /healthz              the process lives\n"
    "GET /readyz               a caller would be served; each part's state\n"
    "GET /metrics              Prometheus text format\n"
    "GET /api/v1/status        the daemon\n"
    "GET /api/v1/calls         newest first; ?limit=1..1000 &before=UTC_MS &active=true|false\n"
    "GET /api/v1/calls/{sid}   one call: utterances, seams, audit\n"
    "POST /api/v1/calls/{sid}/transfer   hand it to a person; Content-Type: application/json\n"
    "POST /api/v1/calls/{sid}/export     all of it, for holdfastctl export; audited\n"
    "GET /api/v1/calls/{sid}/recordings/{name}   a part of its sound; ?export=ID &offset=N &bytes=N\n"
    "POST /api/v1/calls/{sid}/hold | release | purge\n"
    "GET /api/v1/verify        a bite of the chain over every row; ?part=N &after=N &limit=1..1000\n"
    "GET /api/v1/losses        what was found to be gone or changed\n"
    "POST /api/v1/losses/seen\n"
    "GET /api/v1/dispatches    newest first; ?open=true|false &limit=1..1000\n"
    "GET /api/v1/dispatches/{id}   what the CAD is told of one; ?format=holdfast|eido\n"
    "POST /api/v1/dispatches/{id}/approve | reject | acknowledge\n"
    "GET /api/v1/dead-letters      what another system would not take, newest first; ?limit=1..1000\n"
    "POST /api/v1/dead-letters/{id}/retry | discard\n"
    "POST /api/v1/drain        new callers go to people, before a restart; DELETE takes it back\n"
    "POST /api/v1/selftest     how a test call went, for holdfastctl selftest\n"
    "GET /api/v1/events        WebSocket feed of what happens; ?call=SID\n";

net::HttpResponse bad_sid() {
    return error_answer(400, "bad_call_sid", "a CallSid is CA and 32 hexadecimal digits");
}

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

// The call that a transfer is asked for: /api/v1/calls/{sid}/transfer.
std::optional<std::string_view> transfer_call(std::string_view path) {
    if (!starts_with(path, k_call_prefix)) return std::nullopt;
    path.remove_prefix(k_call_prefix.size());
    if (path.size() <= k_transfer_suffix.size()) return std::nullopt;
    const auto sid = path.substr(0, path.size() - k_transfer_suffix.size());
    if (path.substr(sid.size()) != k_transfer_suffix || sid.find('/') != std::string_view::npos) return std::nullopt;
    return sid;
}

bool is_route(std::string_view path) {
    static constexpr std::array<std::string_view, 7> k_paths = {
        "/", "/healthz", "/readyz", "/metrics", k_status_path, k_calls_path, k_events_path};
    for (const auto known : k_paths) {
        if (path == known) return true;
    }
    return starts_with(path, k_call_prefix) && path.size() > k_call_prefix.size() &&
           path.find('/', k_call_prefix.size()) == std::string_view::npos;
}

// Fills `query`, or says what is wrong with it.
std::optional<net::HttpResponse> read_calls_query(std::string_view raw, store::ReadCalls& query) {
    std::string problem;
    const auto values = Query::parse(raw, {"limit", "before", "active"}, problem);
    if (!values) return bad_query(problem);
    const auto limit = values->limit(query.limit);
    if (!limit) return bad_query(Query::k_bad_limit);
    query.limit = *limit;
    if (const auto before = values->get("before")) {
        query.before_utc_ms = base::parse_decimal(*before);
        if (!query.before_utc_ms) return bad_query("before is a time in UTC milliseconds");
    }
    if (const auto active = values->get("active")) {
        if (*active != "true" && *active != "false") return bad_query("active is true or false");
        query.active_only = *active == "true";
    }
    return std::nullopt;
}

}  // namespace

AdminRoutes::AdminRoutes(base::Loop& loop, store::Journal& journal, FeedHub& feed,
                         std::function<DaemonStatus()> status, AdminOptions options)
    : loop_(loop),
      journal_(journal),
      feed_(feed),
      status_(std::move(status)),
      options_(options),
      questions_(std::make_shared<Questions>(loop)),
      dispatches_(loop, journal, questions_, options_.dispatches),
      letters_(loop, journal, questions_, options_.letter_retried),
      exports_(loop, journal, questions_, options_.read_recording, status_),
      keep_(loop, journal, questions_, options_.purge),
      drain_(options_.drain),
      selftest_(loop, journal, options_.selftest_told) {}

AdminRoutes::~AdminRoutes() = default;

bool AdminRoutes::host_allowed(const net::HttpRequest& request) const {
    if (!options_.loopback) return true;
    const auto url = net::parse_url("http://" + std::string(request.header("host")));
    return url && url->target == "/" && net::is_loopback(url->host);
}

void AdminRoutes::on_request(const net::HttpRequest& request, net::HttpReply reply) {
    if (!host_allowed(request)) {
        return reply(error_answer(403, "bad_host", "use 127.0.0.1, localhost or [::1] as the host"));
    }
    if (DrainRoute::takes(request.path())) return reply(drain_.on_request(request));
    if (SelftestRoute::takes(request.path())) return reply(selftest_.on_request(request));
    if (KeepRoutes::takes(request.path())) return keep_.on_request(request, std::move(reply));
    if (ExportRoutes::takes(request.path())) return exports_.on_request(request, std::move(reply));
    if (LetterRoutes::takes(request.path())) return letters_.on_request(request, std::move(reply));
    if (DispatchRoutes::takes(request.path())) return dispatches_.on_request(request, std::move(reply));
    if (!is_route(request.path()) && !transfer_call(request.path())) return reply(error_answer(404, "not_found", "no such path; see /"));
    if (const auto sid = transfer_call(request.path())) {
        if (auto refused = refuse_method(request, true)) return reply(std::move(*refused));
        return transfer(request, *sid, std::move(reply));
    }
    if (auto refused = refuse_method(request, false)) return reply(std::move(*refused));
    route(request, std::move(reply));
}

void AdminRoutes::route(const net::HttpRequest& request, net::HttpReply reply) {
    const auto path = request.path();
    if (path == "/") return reply(text_answer(200, std::string(k_index)));
    if (path == "/healthz") return reply(text_answer(200, "ok\n"));
    if (path == "/readyz") return reply(readyz());
    if (path == "/metrics") {
        return reply(
            answer(200, "text/plain; version=0.0.4; charset=utf-8", metrics::exposition()));
    }
    if (path == k_events_path) {
        auto refused = error_answer(426, "upgrade_required", "this path is a WebSocket");
        refused.headers.emplace_back("Upgrade", "websocket");
        return reply(std::move(refused));
    }
    if (path == k_calls_path) return list_calls(request, std::move(reply));
    if (!request.query().empty()) return reply(bad_query("this path takes no query parameters"));
    if (path == k_status_path) return reply(status_page());
    show_call(path.substr(k_call_prefix.size()), std::move(reply));
}

net::HttpResponse AdminRoutes::readyz() const {
    const DaemonStatus status = status_();
    return json_answer(status.ready ? 200 : 503, ready_json(status, loop_.utc_ms()));
}

net::HttpResponse AdminRoutes::status_page() const {
    return json_answer(200, status_json(status_(), loop_.utc_ms()));
}

void AdminRoutes::list_calls(const net::HttpRequest& request, net::HttpReply reply) {
    store::ReadCalls query;
    if (auto refused = read_calls_query(request.query(), query)) return reply(std::move(*refused));
    journal_.read_calls(
        query, questions_->ask<store::CallList>(std::move(reply), [](const store::CallList& list) {
            return json_answer(200, calls_json(list));
        }));
}

void AdminRoutes::show_call(std::string_view sid_text, net::HttpReply reply) {
    const auto sid = base::CallSid::parse(sid_text);
    if (!sid) return reply(bad_sid());
    // Rendering runs in an answer that holds the questions alive, and they die with this object.
    journal_.read_call(*sid, questions_->ask<store::CallDetail>(
                                 std::move(reply), [this](const store::CallDetail& detail) {
                                     note_view(detail.call.call);
                                     return json_answer(200, call_json(detail));
                                 }));
}

namespace {

net::HttpResponse transfer_answer(const base::CallSid& sid, call::Transfer result) {
    switch (result) {
        case call::Transfer::asked: return json_answer(202, transfer_json(sid));
        case call::Transfer::unknown_call: return error_answer(404, "not_found", "no call with that CallSid is going on");
        case call::Transfer::not_started: return error_answer(409, "not_started", "the call has no sound yet; try again in a moment");
        case call::Transfer::with_person: return error_answer(409, "with_person", "a person has the call, or is being dialled");
    }
    return error_answer(500, "internal", "no answer");
}

}  // namespace

void AdminRoutes::transfer(const net::HttpRequest& request, std::string_view sid_text, net::HttpReply reply) {
    if (auto refused = refuse_post(request)) return reply(std::move(*refused));
    const auto sid = base::CallSid::parse(sid_text);
    if (!sid) return reply(bad_sid());
    if (!options_.transfer) return reply(error_answer(503, "unavailable", "this daemon serves no calls"));
    audit("transfer", {}, *sid);  // asked for, whatever comes of it
    k_log.notice("transfer to a person asked for", *sid);
    options_.transfer(*sid, questions_->ask<call::Transfer>(
                                std::move(reply), [sid = *sid](call::Transfer result) { return transfer_answer(sid, result); }));
}

// Who saw a caller's words is written down; a page that refreshes is one view.
void AdminRoutes::note_view(const base::CallSid& call) {
    const auto now = loop_.now();
    const auto seen = viewed_.find(call);
    if (seen != viewed_.end() && now - seen->second < limits::admin_view_again) return;
    if (viewed_.size() >= limits::admin_views_kept) viewed_.clear();
    viewed_[call] = now;
    audit("view_call", {}, call);
}

void AdminRoutes::audit(const char* action, std::string detail, std::optional<base::CallSid> call) {
    store::Audit row;
    row.utc_ms = loop_.utc_ms();
    row.actor = "admin";
    row.action = action;
    row.detail = std::move(detail);
    row.call = std::move(call);
    if (!journal_.append(std::move(row))) k_log.error("journal queue full, audit row lost");
}

net::UpgradeAnswer AdminRoutes::on_upgrade(const net::HttpRequest& request) {
    net::UpgradeAnswer result;
    std::string problem;
    std::optional<base::CallSid> only;
    const auto query = Query::parse(request.query(), {"call"}, problem);
    const auto call = query ? query->get("call") : std::nullopt;
    if (call) only = base::CallSid::parse(*call);

    if (!host_allowed(request)) {
        result.refusal = error_answer(403, "bad_host", "use 127.0.0.1, localhost or [::1] as the host");
    } else if (request.path() != k_events_path) {
        result.refusal = error_answer(404, "not_found", "only /api/v1/events is a WebSocket");
    } else if (!origin_allowed(request)) {
        result.refusal = error_answer(403, "bad_origin", "pages of another origin may not read this feed");
    } else if (!query) {
        result.refusal = bad_query(problem);
    } else if (call && !only) {
        result.refusal = bad_sid();
    } else if (feed_.full()) {
        result.refusal = error_answer(503, "too_many_readers", "every place of the feed is taken");
        result.refusal.headers.emplace_back("Retry-After", "5");
    } else {
        result.accept = true;
        result.limits = FeedHub::socket_limits();
        // The listener's loop runs it before it lets go of its handler.
        result.opened = [this, only](std::shared_ptr<net::WsConnection> socket) {
            audit("view_feed", only ? only->str() : "all calls", std::nullopt);
            feed_.add(std::move(socket), only);
        };
    }
    return result;
}

}  // namespace holdfast::http
