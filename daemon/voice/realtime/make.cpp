#include "voice/realtime/make.hpp"

#include "config/limits.hpp"
#include "net/asio_loop.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"
#include "net/ws.hpp"
#include "voice/realtime/realtime_voice.hpp"

#include <utility>

namespace holdfast::voice::realtime {

struct RealtimeSettings {
    std::shared_ptr<const SessionPlan> plan;
    net::WsClientOptions connection;
};

base::Result<std::shared_ptr<const RealtimeSettings>> openai_settings(const config::Config& config) {
    auto settings = std::make_shared<RealtimeSettings>();
    const auto url = net::parse_url(openai_endpoint(config.openai));
    if (!url) return base::make_error(base::Condition::fatal, "url", "openai.url");
    auto& connection = settings->connection;
    connection.url = *url;
    if (url->secure()) {
        auto tls = net::TlsClient::make(config.openai.ca_file);
        if (!tls) return tls.error();
        connection.tls = std::move(*tls);
    }
    connection.headers = openai_headers(config.credentials.openai_api_key);
    connection.connect_timeout = config.openai.connect_timeout;
    connection.limits.message_bytes_max = limits::provider_message_bytes_max;
    connection.limits.fragments_max = limits::ws_fragments_max;
    connection.limits.queue_bytes_max = limits::provider_queue_bytes_max;
    settings->plan = std::make_shared<const SessionPlan>(openai_plan(config.openai, config.instructions));
    return std::shared_ptr<const RealtimeSettings>(std::move(settings));
}

std::shared_ptr<Voice> make_realtime_voice(net::AsioLoop& loop,
                                           std::shared_ptr<const RealtimeSettings> settings,
                                           const base::CallSid& call, VoiceListener& listener) {
    auto plan = settings->plan;
    Connect connect = [&loop, settings = std::move(settings)](net::WsListener& ws) {
        return net::ws_connect(loop, settings->connection, &ws);
    };
    return std::make_shared<RealtimeVoice>(loop, std::move(plan), std::move(connect), call, listener);
}

}  // namespace holdfast::voice::realtime
