#include "app/twilio_rest.hpp"

#include "net/asio_loop.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"

#include <utility>

namespace holdfast::app {
namespace {

constexpr base::milliseconds k_timeout{3000};  // a caller waits in silence for it

}  // namespace

base::Result<call::FollowUp::Send> rest_sender(net::AsioLoop& loop, const config::Config& config) {
    const auto& secret = config.credentials.twilio_api_key_secret;
    if (config.twilio.api_key_sid.empty() || secret.reveal().empty()) return call::FollowUp::Send();
    auto url = net::parse_url(config.twilio.api_url);
    if (!url) return base::make_error(base::Condition::fatal, "url", "twilio.api_url");
    std::shared_ptr<net::TlsClient> tls;
    if (url->secure()) {
        auto made = net::TlsClient::make({});  // never pinned: twilio.md 6, 19
        if (!made) return made.error();
        tls = std::move(*made);
    }
    if (!url->target.empty() && url->target.back() == '/') url->target.pop_back();
    const std::string authorization = twilio::basic_authorization(config.twilio.api_key_sid, secret);
    return call::FollowUp::Send([&loop, url = *url, tls, authorization](twilio::RestRequest request, net::HttpDone done) {
        net::HttpCall call;
        call.method = std::move(request.method);
        call.url = url;
        call.url.target += request.target;
        call.tls = tls;
        call.timeout = k_timeout;
        call.body_bytes_max = twilio::k_rest_answer_bytes_max;
        call.headers.emplace_back("Authorization", authorization);
        call.headers.emplace_back("Accept", "application/json");
        if (!request.body.empty()) call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        call.body = std::move(request.body);
        net::http_call(loop, std::move(call), std::move(done));
    });
}

}  // namespace holdfast::app
