#include "http/admin_answer.hpp"

#include "base/text.hpp"
#include "dispatch/webhook.hpp"
#include "http/admin_json.hpp"
#include "log/log.hpp"
#include "net/url.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::http {
namespace {
constexpr log::Logger k_log{"http"};
}

net::HttpResponse answer(int status, std::string_view type, std::string body) {
    net::HttpResponse response;
    response.status = status;
    response.content_type.assign(type);
    response.body = std::move(body);
    response.headers = {{"Cache-Control", "no-store"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
                        {"Cross-Origin-Resource-Policy", "same-origin"},
                        {"Referrer-Policy", "no-referrer"}};
    return response;
}

net::HttpResponse json_answer(int status, std::string body) {
    return answer(status, "application/json; charset=utf-8", std::move(body));
}

net::HttpResponse text_answer(int status, std::string body) {
    return answer(status, "text/plain; charset=utf-8", std::move(body));
}

net::HttpResponse error_answer(int status, std::string_view code, std::string_view message) {
    return json_answer(status, error_json(code, message));
}

net::HttpResponse bad_query(std::string_view message) { return error_answer(400, "bad_query", message); }

std::optional<net::HttpResponse> refuse_method(const net::HttpRequest& request, bool takes_post) {
    if (takes_post ? request.method == "POST" : request.method == "GET" || request.method == "HEAD") return std::nullopt;
    auto refused = error_answer(405, "method_not_allowed", takes_post ? "this path takes POST" : "this path takes GET and HEAD");
    refused.headers.emplace_back("Allow", takes_post ? "POST" : "GET, HEAD");
    return refused;
}

ListItem item_of(std::string_view path, std::string_view prefix) {
    path.remove_prefix(std::min(path.size(), prefix.size() + 1));
    const auto slash = path.find('/');
    return {path.substr(0, slash), slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1)};
}

std::optional<ByWhy> who_and_why(const net::HttpRequest& request) {
    constexpr std::size_t k_why_bytes_max = 500;
    const auto body = nlohmann::json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
    if (!body.is_object()) return std::nullopt;
    const auto text = [&body](const char* name) {
        const auto found = body.find(name);
        return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    return ByWhy{dispatch::clean_name(text("by"), "admin"), dispatch::clean_text(text("why"), k_why_bytes_max)};
}

net::HttpResponse bad_body() { return error_answer(400, "bad_body", "send a JSON object whose members by and why are texts"); }

bool origin_allowed(const net::HttpRequest& request) {
    const auto origin_text = request.header("origin");
    if (origin_text.empty()) return true;
    const auto origin = net::parse_url(origin_text);
    const auto self = net::parse_url((request.secure ? "https://" : "http://") + std::string(request.header("host")));
    return origin && self && origin->scheme == self->scheme && origin->host == self->host && origin->port == self->port;
}

std::optional<net::HttpResponse> refuse_post(const net::HttpRequest& request) {
    const auto type = request.header("content-type");
    if (!base::equal_ignoring_case(type.substr(0, type.find(';')), "application/json")) {
        return error_answer(415, "unsupported_media_type", "send Content-Type: application/json");
    }
    if (!origin_allowed(request)) return error_answer(403, "bad_origin", "pages of another origin may not do this");
    if (!request.query().empty()) return bad_query("this path takes no query parameters");
    return std::nullopt;
}

std::uint64_t Questions::open(net::HttpReply reply) {
    const auto id = ++next_id_;
    auto [place, added] = open_.try_emplace(id, loop_, std::move(reply));
    place->second.timer.arm(limits::admin_read_timeout, [this, id] {
        if (late_.should_log(loop_.now())) {
            k_log.warning("a question of the admin listener was not answered in time", {{"suppressed", late_.suppressed()}});
        }
        finish(id, error_answer(503, "timeout", "the daemon did not answer in time"));
    });
    return id;
}

net::HttpResponse Questions::journal_refusal(const base::Error& why) {
    if (why.condition == base::Condition::reject) return error_answer(404, "not_found", "the journal knows no such call");
    if (unread_.should_log(loop_.now())) {
        k_log.warning("journal could not be read", {{"code", why.code}, {"suppressed", unread_.suppressed()}});
    }
    return error_answer(503, "store_unavailable", "the journal cannot be read");
}

void Questions::finish(std::uint64_t id, net::HttpResponse response) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    const auto reply = std::move(found->second.reply);
    open_.erase(found);
    reply(std::move(response));
}

}  // namespace holdfast::http
