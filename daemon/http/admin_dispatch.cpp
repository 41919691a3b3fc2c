#include "http/admin_dispatch.hpp"

#include "dispatch/document.hpp"
#include "http/admin_json.hpp"
#include "http/query.hpp"
#include "log/log.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace holdfast::http {
namespace {

constexpr log::Logger k_log{"http"};
constexpr std::string_view k_path = "/api/v1/dispatches";
constexpr std::int64_t k_steps_read = 5000;
constexpr std::size_t k_why_bytes_max = 500;

bool is_verb(std::string_view word) { return word == "approve" || word == "reject" || word == "acknowledge"; }

net::HttpResponse refusal(const base::Error& why) {
    const std::string_view code = why.code;
    if (code == "not_found") return error_answer(404, "not_found", "there is no such dispatch");
    if (code == "signature") return error_answer(403, "bad_signature", "the webhook signature is " + why.detail);
    if (code != "conflict") return error_answer(503, "store_unavailable", "the journal could not be written");
    if (why.detail == "advise") return error_answer(409, "advise", "dispatch.mode is advise: this box only shows what it would do");
    return error_answer(409, why.detail.empty() ? "conflict" : why.detail, "the dispatch is " + why.detail + " already");
}

net::HttpResponse decided(const dispatch::Life& life) { return json_answer(200, dispatch_json(life)); }

// A text member of a body; absent: empty. Nothing: the body is not an object, or the member no text.
std::optional<std::string> member(const nlohmann::json& body, const char* name) {
    if (!body.is_object()) return std::nullopt;
    const auto found = body.find(name);
    if (found == body.end() || found->is_null()) return std::string();
    return found->is_string() ? std::optional<std::string>(found->get<std::string>()) : std::nullopt;
}

}  // namespace

bool DispatchRoutes::takes(std::string_view path) {
    if (path == k_path) return true;
    if (path.substr(0, k_path.size() + 1) != std::string(k_path) + "/") return false;
    const ListItem target = item_of(path, k_path);
    return !target.id.empty() && (target.verb.empty() ? path.back() != '/' : is_verb(target.verb));
}

void DispatchRoutes::on_request(const net::HttpRequest& request, net::HttpReply reply) {
    const ListItem target = request.path() == k_path ? ListItem{} : item_of(request.path(), k_path);
    const bool post = !target.verb.empty();
    if (auto refused = refuse_method(request, post)) return reply(std::move(*refused));
    if (target.id.empty()) return list(request, std::move(reply));
    const auto id = dispatch::Id::parse(target.id);
    if (!id) return reply(error_answer(400, "bad_dispatch_id", "a dispatch is named like CA...:dispatch:1"));
    if (post) return decide(*id, target.verb, request, std::move(reply));
    show(*id, request, std::move(reply));
}

void DispatchRoutes::list(const net::HttpRequest& request, net::HttpReply reply) {
    std::string problem;
    const auto query = Query::parse(request.query(), {"open", "limit"}, problem);
    if (!query) return reply(bad_query(problem));
    const auto open = query->get("open");
    if (open && *open != "true" && *open != "false") return reply(bad_query("open is true or false"));
    const auto limit = query->limit(50);
    if (!limit) return reply(bad_query(Query::k_bad_limit));
    const bool open_only = open && *open == "true";
    store::ReadDispatches steps;
    steps.limit = k_steps_read;
    journal_.read_dispatches(steps, questions_->ask<store::DispatchSteps>(std::move(reply), [open_only, limit = *limit](const store::DispatchSteps& all) {
        std::vector<dispatch::Life> shown;
        const auto lives = dispatch::lives(all.rows);
        for (auto life = lives.rbegin(); life != lives.rend() && static_cast<std::int64_t>(shown.size()) < limit; ++life) {
            if (!open_only || life->open()) shown.push_back(*life);
        }
        return json_answer(200, dispatches_json(shown));
    }));
}

void DispatchRoutes::show(const dispatch::Id& id, const net::HttpRequest& request, net::HttpReply reply) {
    std::string problem;
    const auto query = Query::parse(request.query(), {"format"}, problem);
    if (!query) return reply(bad_query(problem));
    const auto format = dispatch::format_of(query->get("format").value_or("holdfast"));
    if (!format) return reply(bad_query("format is holdfast or eido"));
    dispatch::DocumentAbout about{actions_.site_id, *format, loop_.utc_ms()};
    journal_.read_call(id.call, questions_->ask<store::CallDetail>(std::move(reply), [this, id, about](const store::CallDetail& call) {
        for (const auto& life : dispatch::lives(call.dispatches)) {
            if (life.proposal.number != id.number) continue;
            store::Audit row;
            row.utc_ms = about.utc_ms;
            row.actor = "admin";
            row.action = "view_dispatch";
            row.detail = "dispatch=" + std::to_string(id.number);
            row.call = id.call;
            if (!journal_.append(std::move(row))) k_log.error("journal queue full, audit row lost");
            return answer(200, dispatch::content_type(about.format), dispatch::document(call, life, about) + "\n");
        }
        return error_answer(404, "not_found", "there is no such dispatch");
    }));
}

void DispatchRoutes::decide(const dispatch::Id& id, std::string_view verb, const net::HttpRequest& request, net::HttpReply reply) {
    if (auto refused = refuse_post(request)) return reply(std::move(*refused));
    if (!actions_.approve) return reply(error_answer(503, "unavailable", "this daemon serves no calls"));
    if (verb == "acknowledge") {
        dispatch::Claim claim;
        claim.id = request.header("webhook-id");
        claim.timestamp = request.header("webhook-timestamp");
        claim.signatures = request.header("webhook-signature");
        claim.body = request.body;
        return actions_.acknowledge(id, std::move(claim), questions_->ask<dispatch::Life>(std::move(reply), decided, refusal));
    }
    const auto body = nlohmann::json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
    const auto by = member(body, "by");
    const auto why = member(body, "why");
    if (!by || !why) return reply(error_answer(400, "bad_body", "send a JSON object whose members by and why are texts"));
    std::string name = dispatch::clean_name(*by, "admin");
    if (verb == "approve") {
        return actions_.approve(id, std::move(name), questions_->ask<dispatch::Life>(std::move(reply), decided, refusal));
    }
    const std::string reason = dispatch::clean_text(*why, k_why_bytes_max);
    if (reason.empty()) return reply(error_answer(400, "no_reason", "a rejection needs its reason: {\"why\": \"...\"}"));
    actions_.reject(id, std::move(name), reason, questions_->ask<dispatch::Life>(std::move(reply), decided, refusal));
}

}  // namespace holdfast::http
