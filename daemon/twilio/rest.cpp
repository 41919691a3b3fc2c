#include "twilio/rest.hpp"

#include "base/base64.hpp"

#include <simdjson.h>

#include <cstdint>

namespace holdfast::twilio {
namespace {

using simdjson::dom::element;

constexpr std::string_view k_root = "/2010-04-01/Accounts/";
constexpr int k_not_in_progress = 21220;

simdjson::dom::parser& parser() {
    thread_local simdjson::dom::parser parser(k_rest_answer_bytes_max);
    return parser;
}

bool parse(std::string_view body, element& root) {
    return !body.empty() && body.size() <= k_rest_answer_bytes_max &&
           parser().parse(body.data(), body.size(), true).get(root) == simdjson::SUCCESS;
}

std::string form_value(std::string_view text) {
    static constexpr char k_digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() * 3);
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_';
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', k_digits[byte >> 4], k_digits[byte & 15]};
    }
    return out;
}

}  // namespace

RestRequest children_request(std::string_view account_sid, const base::CallSid& call) {
    return {"GET", std::string(k_root) + std::string(account_sid) + "/Calls.json?PageSize=20&ParentCallSid=" + call.str(), {}};
}

RestRequest redirect_request(std::string_view account_sid, const base::CallSid& call, std::string_view document) {
    return {"POST", std::string(k_root) + std::string(account_sid) + "/Calls/" + call.str() + ".json",
            "Twiml=" + form_value(document)};
}

std::string basic_authorization(std::string_view key_sid, const base::Secret& secret) {
    return "Basic " + base::base64_encode(std::string(key_sid) + ":" + secret.reveal());
}

RestAnswer judge_rest(int http_status, std::string_view body) {
    using Kind = RestAnswer::Kind;
    if (http_status >= 200 && http_status < 300) return {Kind::done, 0};
    RestAnswer answer;
    element root;
    std::int64_t code = 0;
    if (parse(body, root) && root["code"].get(code) == simdjson::SUCCESS && code > 0 && code < 1'000'000) {
        answer.code = static_cast<int>(code);
    }
    switch (http_status) {
        case 401: case 403: answer.kind = Kind::refused; break;
        case 404: answer.kind = Kind::gone; break;
        case 400: answer.kind = answer.code == k_not_in_progress ? Kind::gone : Kind::wrong; break;
        case 408: case 409: case 425: case 429: answer.kind = Kind::again; break;
        default: answer.kind = http_status >= 500 ? Kind::again : Kind::wrong; break;
    }
    return answer;
}

base::Result<std::size_t> count_children(std::string_view body) {
    element root;
    simdjson::dom::array calls;
    if (!parse(body, root) || root["calls"].get(calls) != simdjson::SUCCESS) {
        return base::make_error(base::Condition::retry, "json");
    }
    return calls.size();
}

}  // namespace holdfast::twilio
