#include "http/admin_letters.hpp"

#include "base/text.hpp"
#include "http/admin_json.hpp"
#include "http/query.hpp"

#include <optional>
#include <utility>

namespace holdfast::http {
namespace {

constexpr std::string_view k_path = "/api/v1/dead-letters";

net::HttpResponse refusal(const base::Error& why) {
    if (why.code == std::string_view("not_found")) {
        return error_answer(404, "not_found", "there is no such dead letter, or it was retried or discarded");
    }
    return error_answer(503, "store_unavailable", "the journal could not be written");
}

}  // namespace

bool LetterRoutes::takes(std::string_view path) {
    if (path == k_path) return true;
    if (path.substr(0, k_path.size() + 1) != std::string(k_path) + "/") return false;
    const ListItem target = item_of(path, k_path);
    return !target.id.empty() && (target.verb == "retry" || target.verb == "discard");
}

void LetterRoutes::on_request(const net::HttpRequest& request, net::HttpReply reply) {
    const bool post = request.path() != k_path;
    if (auto refused = refuse_method(request, post)) return reply(std::move(*refused));
    if (!post) return list(request, std::move(reply));
    const ListItem target = item_of(request.path(), k_path);
    const auto id = base::parse_decimal(target.id);
    if (!id || *id < 1) return reply(error_answer(400, "bad_id", "a dead letter has a number"));
    settle(*id, target.verb, request, std::move(reply));
}

void LetterRoutes::list(const net::HttpRequest& request, net::HttpReply reply) {
    std::string problem;
    const auto query = Query::parse(request.query(), {"limit"}, problem);
    if (!query) return reply(bad_query(problem));
    store::ReadDeadLetters wanted;
    const auto limit = query->limit(wanted.limit);
    if (!limit) return reply(bad_query(Query::k_bad_limit));
    wanted.limit = *limit;
    journal_.read_dead_letters(wanted, questions_->ask<store::DeadLetters>(std::move(reply), [](const store::DeadLetters& letters) {
        return json_answer(200, dead_letters_json(letters));
    }));
}

void LetterRoutes::settle(std::int64_t id, std::string_view verb, const net::HttpRequest& request, net::HttpReply reply) {
    if (auto refused = refuse_post(request)) return reply(std::move(*refused));
    const auto said = who_and_why(request);
    if (!said) return reply(bad_body());
    const bool again = verb == "retry";
    const auto& by = said->by;
    const auto& why = said->why;
    if (!again && why.empty()) return reply(error_answer(400, "no_reason", "discarding needs its reason: {\"why\": \"...\"}"));
    const auto done = questions_->ask<store::DeadLetter>(
        std::move(reply),
        [this, again](const store::DeadLetter& letter) {
            if (again && retried_) retried_(letter.target);
            return json_answer(200, std::string(R"({"result":")") + (again ? "retried" : "discarded") + "\"}\n");
        },
        refusal);
    store::ReadDeadLetters wanted;
    wanted.seq = id;
    const auto utc_ms = loop_.utc_ms();
    journal_.read_dead_letters(wanted, [this, again, by, why, done, utc_ms, id](base::Result<store::DeadLetters> found) {
        if (!found) return done(found.error());
        if (found->rows.empty()) return done(base::make_error(base::Condition::reject, "not_found"));
        const auto& letter = found->rows.front().letter;
        store::Outbox step;
        step.call = letter.call;
        step.utc_ms = utc_ms;
        step.offset_ms = letter.offset_ms + utc_ms - letter.utc_ms;
        step.target = letter.target;
        step.key = letter.key;
        step.step = again ? "retried" : "discarded";
        store::Audit row;
        row.utc_ms = utc_ms;
        row.actor = by;
        row.action = again ? "dead_letter_retried" : "dead_letter_discarded";
        row.detail = "letter=" + std::to_string(id) + (why.empty() ? "" : " why=" + why);
        if (!letter.call.str().empty()) row.call = letter.call;
        const bool audited = journal_.append(std::move(row));
        const bool taken = audited && journal_.append(std::move(step), [done, letter](const store::Committed& committed) {
            if (committed.durable) return done(letter);
            done(base::make_error(base::Condition::retry, "store_unavailable"));
        });
        if (!taken) done(base::make_error(base::Condition::retry, "store_busy"));
    });
}

}  // namespace holdfast::http
