#include "http/admin_drain.hpp"

#include "config/limits.hpp"
#include "http/admin_answer.hpp"
#include "http/admin_json.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::http {
namespace {

constexpr log::Logger k_log{"http"};
constexpr std::string_view k_drain_path = "/api/v1/drain";
constexpr std::string_view k_selftest_path = "/api/v1/selftest";
constexpr std::int64_t k_greeting_ms_max = 600'000;

constexpr std::array<std::string_view, 3> k_not_bad = {"good", "draining", "full"};
constexpr std::array<std::string_view, 11> k_bad = {"unreachable", "tls",         "refused",  "no_answer", "bad_twiml", "person",
                                                    "no_stream",   "no_greeting", "late",     "protocol",  "not_ended"};

// A whole number within bounds; `otherwise` when it is absent.
std::optional<std::int64_t> number_of(const nlohmann::json& body, const char* name, std::int64_t otherwise, std::int64_t least,
                                      std::int64_t most) {
    const auto found = body.find(name);
    if (found == body.end()) return otherwise;
    if (!found->is_number_integer()) return std::nullopt;
    const auto value = found->get<std::int64_t>();
    if (value < least || value > most) return std::nullopt;
    return value;
}

nlohmann::json object_of(const net::HttpRequest& request) {
    return nlohmann::json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
}

net::HttpResponse refusal(const base::Error& why) {
    if (why.code == std::string_view("not_draining")) return error_answer(409, "not_draining", "no drain is under way");
    return error_answer(409, "stopping", "the daemon is stopping");
}

}  // namespace

bool DrainRoute::takes(std::string_view path) { return path == k_drain_path; }

net::HttpResponse DrainRoute::on_request(const net::HttpRequest& request) const {
    const bool begins = request.method == "POST";
    if (!begins && request.method != "DELETE") {
        auto refused = error_answer(405, "method_not_allowed", "this path takes POST and DELETE");
        refused.headers.emplace_back("Allow", "POST, DELETE");
        return refused;
    }
    if (auto refused = refuse_post(request)) return std::move(*refused);
    const auto said = who_and_why(request);
    if (!said) return bad_body();
    if (!actions_.begin || !actions_.end) return error_answer(503, "unavailable", "this daemon serves no calls");
    constexpr auto k_most = limits::drain_limit_max.count();
    const auto limit_s = number_of(object_of(request), "limit_s", limits::drain_limit.count(), 0, k_most);
    if (begins && !limit_s) return error_answer(400, "bad_limit", "limit_s is a number of seconds from 0 to " + std::to_string(k_most));
    const auto result = begins ? actions_.begin(said->by, said->why, std::chrono::seconds(*limit_s)) : actions_.end(said->by, said->why);
    return result ? json_answer(200, drain_json(*result)) : refusal(result.error());
}

bool is_selftest_word(std::string_view word) {
    return std::find(k_not_bad.begin(), k_not_bad.end(), word) != k_not_bad.end() ||
           std::find(k_bad.begin(), k_bad.end(), word) != k_bad.end();
}

bool SelftestRoute::takes(std::string_view path) { return path == k_selftest_path; }

net::HttpResponse SelftestRoute::on_request(const net::HttpRequest& request) {
    if (auto refused = refuse_method(request, true)) return std::move(*refused);
    if (auto refused = refuse_post(request)) return std::move(*refused);
    const auto said = who_and_why(request);
    if (!said) return bad_body();
    const auto body = object_of(request);
    const auto good = body.find("good");
    const auto detail = body.find("detail");
    const auto greeting_ms = number_of(body, "greeting_ms", -1, -1, k_greeting_ms_max);
    if (good == body.end() || !good->is_boolean() || detail == body.end() || !detail->is_string() || !greeting_ms ||
        !is_selftest_word(detail->get_ref<const std::string&>())) {
        return error_answer(400, "bad_result", "send good (true or false), detail (a word of the list) and greeting_ms");
    }
    SelftestStatus result;
    result.utc_ms = loop_.utc_ms();
    result.detail = *detail;
    result.good = good->get<bool>();
    result.greeting_ms = *greeting_ms;
    const bool judged = result.detail != "draining" && result.detail != "full";
    if (judged && result.good != (result.detail == "good")) {
        return error_answer(400, "bad_result", "good and detail do not say the same");
    }
    store::Audit row;
    row.utc_ms = result.utc_ms;
    row.actor = said->by;
    row.action = "selftest";
    row.detail = result.detail + " greeting_ms=" + std::to_string(result.greeting_ms);
    if (!journal_.append(std::move(row))) k_log.error("journal queue full, audit row lost");
    // A box that sends its callers to people says nothing about the calls that it takes.
    if (!judged) return json_answer(200, selftest_json(last_));
    const bool was_good = last_.utc_ms == 0 || last_.good;
    if (was_good && !result.good) k_log.error(log::events::selftest_failed, {{"why", result.detail}});
    if (!was_good && result.good) k_log.notice(log::events::selftest_good, {{"greeting_ms", result.greeting_ms}});
    metrics::selftest_good.set(result.good ? 1 : 0);
    metrics::selftest_time_seconds.set(static_cast<double>(result.utc_ms) / 1000.0);
    metrics::selftest_greeting_seconds.set(result.greeting_ms < 0 ? -1 : static_cast<double>(result.greeting_ms) / 1000.0);
    last_ = std::move(result);
    if (told_) told_(last_);
    return json_answer(200, selftest_json(last_));
}

}  // namespace holdfast::http
