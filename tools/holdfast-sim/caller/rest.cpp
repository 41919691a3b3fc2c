#include "caller/rest.hpp"

#include "base/base64.hpp"
#include "twilio/webhook.hpp"

namespace holdfast::sim {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t k_twiml_bytes_max = 4000;

HttpReply json_reply(int status, const ordered_json& body) {
    return {status, body.dump(), "application/json", {}};
}

HttpReply refusal(int status, int code, const std::string& message) {
    return json_reply(status, {{"code", code},
                               {"message", message},
                               {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)},
                               {"status", status}});
}

}  // namespace

RestServer::RestServer(const CallOptions& options, std::string call_sid, LiveCall call)
    : options_(options), call_sid_(std::move(call_sid)), call_(std::move(call)) {}

base::Result<std::unique_ptr<RestServer>> RestServer::open(net::AsioLoop& loop, const CallOptions& options,
                                                           std::string call_sid, LiveCall call) {
    std::unique_ptr<RestServer> rest(new RestServer(options, std::move(call_sid), std::move(call)));
    auto server = HttpServer::open(loop, "127.0.0.1", static_cast<std::uint16_t>(options.rest_port),
                                   [r = rest.get()](const HttpMessage& request) { return r->answer(request); });
    if (!server) return server.error();
    rest->server_ = std::move(*server);
    return rest;
}

HttpReply RestServer::answer(const HttpMessage& request) {
    HttpReply reply;
    // Each request counts as a connection of the fault's notation.
    const Fault* fault = options_.faults.find("rest-status", 0, static_cast<int>(requests_.size()) + 1);
    if (fault == nullptr) reply = judge(request);
    else reply = refusal(fault->number(500), fault->number(500) == 429 ? 20429 : 20500, "switched on");
    requests_.push_back({{"method", request.method}, {"target", request.target}, {"status", reply.status}});
    return reply;
}

HttpReply RestServer::judge(const HttpMessage& request) {
    const std::string wanted = "Basic " + base::base64_encode(options_.rest_key_sid + ":" + options_.rest_key_secret);
    if (request.header("Authorization") != wanted) return refusal(401, 20003, "Authenticate");
    const std::string root = "/2010-04-01/Accounts/" + options_.account_sid + "/Calls";
    const auto question = std::min(request.target.find('?'), request.target.size());
    const std::string path = request.target.substr(0, question);
    if (request.method == "GET" && path == root + ".json") return list(std::string_view(request.target).substr(question));
    if (path != root + "/" + call_sid_ + ".json") return refusal(404, 20404, "The requested resource was not found");
    if (request.method == "POST") return update(request);
    return json_reply(200, {{"sid", call_sid_}, {"status", call_.in_progress() ? "in-progress" : "completed"}});
}

HttpReply RestServer::list(std::string_view query) const {
    ordered_json calls = ordered_json::array();
    if (query.find("ParentCallSid=" + call_sid_) != std::string_view::npos) {
        for (int i = 0; i < call_.children(); ++i) {
            calls.push_back({{"sid", "CA0000000000000000000000000000000" + std::to_string(2 + i)},
                             {"parent_call_sid", call_sid_},
                             {"status", "in-progress"}});
        }
    }
    return json_reply(200, {{"calls", calls}, {"page", 0}, {"page_size", 20}});
}

HttpReply RestServer::update(const HttpMessage& request) {
    const auto form = twilio::parse_form(request.body);
    if (request.header("Content-Type") != "application/x-www-form-urlencoded" || !form) {
        return refusal(400, 20001, "not a form");
    }
    if (!call_.in_progress()) return refusal(400, 21220, "Call is not in-progress. Cannot redirect.");
    const auto document = form->get("Twiml");
    if (document.empty() || document.size() > k_twiml_bytes_max) return refusal(400, 21218, "Invalid Twiml");
    auto response = parse_twiml(document, true);
    if (!response) return refusal(400, 12100, "Document parse failure: " + response.error().detail);
    call_.redirect(std::move(*response));
    return json_reply(200, {{"sid", call_sid_}, {"status", "in-progress"}});
}

}  // namespace holdfast::sim
