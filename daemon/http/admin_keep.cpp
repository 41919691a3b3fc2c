#include "http/admin_keep.hpp"

#include "base/text.hpp"
#include "http/admin_json.hpp"
#include "http/query.hpp"

#include <utility>
#include <vector>

namespace holdfast::http {
namespace {

constexpr std::string_view k_calls = "/api/v1/calls";
constexpr std::string_view k_verify = "/api/v1/verify";
constexpr std::string_view k_losses = "/api/v1/losses";
constexpr std::string_view k_losses_seen = "/api/v1/losses/seen";

net::HttpResponse refusal(const base::Error& why) {
    const std::string_view code = why.code;
    if (code == "not_found") return error_answer(404, "not_found", "the journal has no such call");
    if (code == "active") return error_answer(409, "active", "the call is not over");
    if (code == "held") return error_answer(409, "held", "somebody holds the call; release it first");
    if (code == "salvaging") return error_answer(409, "salvaging", "rows of a damaged file are being brought back; try again later");
    return error_answer(503, "store_unavailable", "the journal could not be read or written");
}

// A number of a query, at least 0.
bool read_number(const Query& query, const char* name, std::int64_t& value) {
    const auto text = query.get(name);
    if (!text) return true;
    const auto number = base::parse_decimal(*text);
    if (number) value = *number;
    return number && *number >= 0;
}

}  // namespace

bool KeepRoutes::takes(std::string_view path) {
    if (path == k_verify || path == k_losses || path == k_losses_seen) return true;
    if (path.substr(0, k_calls.size() + 1) != std::string(k_calls) + "/") return false;
    const ListItem target = item_of(path, k_calls);
    return !target.id.empty() && (target.verb == "hold" || target.verb == "release" || target.verb == "purge");
}

void KeepRoutes::on_request(const net::HttpRequest& request, net::HttpReply reply) {
    const auto path = request.path();
    const bool post = path != k_verify && path != k_losses;
    if (auto refused = refuse_method(request, post)) return reply(std::move(*refused));
    if (path == k_verify) return verify(request, std::move(reply));
    if (path == k_losses) {
        return journal_.read_losses(questions_->ask<std::vector<store::LossRow>>(
            std::move(reply), [](const std::vector<store::LossRow>& losses) { return json_answer(200, losses_json(losses)); }));
    }
    change(request, std::move(reply));
}

void KeepRoutes::verify(const net::HttpRequest& request, net::HttpReply reply) {
    std::string problem;
    const auto query = Query::parse(request.query(), {"part", "after", "limit", "link"}, problem);
    if (!query) return reply(bad_query(problem));
    store::ReadChain wanted;
    const auto limit = query->limit(wanted.limit);
    if (!limit) return reply(bad_query(Query::k_bad_limit));
    wanted.limit = *limit;
    if (!read_number(*query, "part", wanted.part) || !read_number(*query, "after", wanted.after)) {
        return reply(bad_query("part and after are numbers, as the answer before gave them"));
    }
    if (query->get("link")) {
        if (!read_number(*query, "link", wanted.link.emplace())) return reply(bad_query("link is the number of a link"));
    }
    journal_.read_chain(wanted, questions_->ask<store::ChainBite>(std::move(reply), [](const store::ChainBite& bite) {
        return json_answer(200, chain_json(bite));
    }));
}

void KeepRoutes::change(const net::HttpRequest& request, net::HttpReply reply) {
    if (auto refused = refuse_post(request)) return reply(std::move(*refused));
    const auto said = who_and_why(request);
    if (!said) return reply(bad_body());
    const auto& by = said->by;
    const auto& why = said->why;
    const bool seen = request.path() == k_losses_seen;
    const ListItem target = seen ? ListItem{{}, "seen"} : item_of(request.path(), k_calls);
    const auto sid = base::CallSid::parse(target.id);
    if (!seen && !sid) return reply(error_answer(400, "bad_call_sid", "a CallSid is CA and 32 hexadecimal digits"));
    if (!seen && why.empty()) return reply(error_answer(400, "no_reason", "this needs its reason: {\"why\": \"...\"}"));
    const std::string verb(target.verb);
    const auto done = questions_->ask<store::Committed>(
        std::move(reply),
        [verb](const store::Committed& committed) {
            const auto aside = committed.set_aside > 0 ? ",\"set_aside\":" + std::to_string(committed.set_aside) : std::string();
            return json_answer(200, "{\"result\":\"" + verb + "\"" + aside + "}\n");
        },
        refusal);
    const auto write = [this, done](store::Audit row) {
        const bool taken = journal_.append(std::move(row), [done](const store::Committed& committed) {
            if (committed.durable) return done(committed);
            done(base::make_error(base::Condition::retry, "store_unavailable"));
        });
        if (!taken) done(base::make_error(base::Condition::retry, "store_busy"));
    };
    store::Audit row;
    row.utc_ms = loop_.utc_ms();
    row.actor = by;
    if (seen) {
        row.action = store::k_losses_seen;
        return write(std::move(row));
    }
    if (journal_.status().reason == "quarantined") return done(base::make_error(base::Condition::retry, "salvaging"));
    row.action = verb == "hold" ? store::k_hold : store::k_release;
    row.detail = "why=" + why;
    row.call = *sid;
    journal_.read_call(*sid, [this, done, write, verb, by, why, row](base::Result<store::CallDetail> found) {
        if (!found) return done(found.error());
        if (verb != "purge") return write(row);
        if (!found->call.ended_utc_ms) return done(base::make_error(base::Condition::reject, "active"));
        if (found->call.held) return done(base::make_error(base::Condition::reject, "held"));
        purge_(found->call.call, by, why, done);
    });
}

}  // namespace holdfast::http
