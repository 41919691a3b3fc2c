#include "app/cad_webhook.hpp"

#include "net/asio_loop.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"

#include <utility>

namespace holdfast::app {

base::Result<dispatch::Settings> dispatch_settings(net::AsioLoop& loop, const config::Config& config) {
    const auto& wanted = config.dispatch;
    dispatch::Settings settings;
    settings.mode = dispatch::mode_of(wanted.mode).value_or(dispatch::Mode::approve);
    settings.site_id = config.site.id;
    settings.format = dispatch::format_of(wanted.webhook.format).value_or(dispatch::Format::own);
    settings.secret = config.credentials.dispatch_webhook_secret;
    if (wanted.webhook.url.empty()) return settings;
    auto url = net::parse_url(wanted.webhook.url);
    if (!url) return base::make_error(base::Condition::fatal, "url", "dispatch.webhook.url");
    std::shared_ptr<net::TlsClient> tls;
    if (url->secure()) {
        auto made = net::TlsClient::make(wanted.webhook.ca_file);
        if (!made) return made.error();
        tls = std::move(*made);
    }
    settings.post = [&loop, url = *url, tls, timeout = wanted.webhook.timeout](dispatch::Letter letter, auto done) {
        net::HttpCall call;
        call.method = "POST";
        call.url = url;
        call.tls = tls;
        call.timeout = timeout;
        call.body_bytes_max = dispatch::k_reply_bytes_max;
        call.headers = std::move(letter.headers);
        call.headers.emplace_back("Accept", "application/json");
        call.body = std::move(letter.body);
        net::http_call(loop, std::move(call), [done = std::move(done)](base::Result<net::HttpAnswer> answer) {
            if (answer) done({answer->status, std::move(answer->body)});
            else done({0, {}});
        });
    };
    return settings;
}

}  // namespace holdfast::app
