#include "voice/realtime/make.hpp"

#include "config/limits.hpp"
#include "net/asio_loop.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"
#include "net/ws.hpp"
#include "voice/eleven_codec.hpp"
#include "voice/realtime/realtime_voice.hpp"
#include "voice/ticket_socket.hpp"

#include <optional>
#include <utility>

namespace holdfast::voice::realtime {

struct RealtimeSettings {
    std::shared_ptr<const SessionPlan> plan;
    net::WsClientOptions connection;
    std::optional<net::HttpCall> mint;  // gives the secret that opens the socket
};

namespace {

void set_limits(net::WsLimits& limits) {
    limits.message_bytes_max = limits::provider_message_bytes_max;
    limits.fragments_max = limits::ws_fragments_max;
    limits.queue_bytes_max = limits::provider_queue_bytes_max;
}

std::shared_ptr<net::WsConnection> mint_and_connect(net::AsioLoop& loop,
                                                    const std::shared_ptr<const RealtimeSettings>& settings,
                                                    net::WsListener& listener) {
    const TicketSocket::Fetch fetch = [&loop, &settings](net::HttpDone done) {
        net::http_call(loop, *settings->mint, std::move(done));
    };
    TicketSocket::Open open = [&loop, settings](const net::HttpAnswer& answer, net::WsListener& ws)
        -> base::Result<std::shared_ptr<net::WsConnection>> {
        const auto secret = decode_client_secret(answer.body);
        if (!secret) return secret.error();
        net::WsClientOptions options = settings->connection;
        options.subprotocols = eleven_subprotocols(*secret);
        return net::ws_connect(loop, std::move(options), &ws);
    };
    return TicketSocket::start(loop, fetch, std::move(open), listener);
}

}  // namespace

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
    set_limits(connection.limits);
    settings->plan = std::make_shared<const SessionPlan>(openai_plan(config.openai, config.instructions));
    return std::shared_ptr<const RealtimeSettings>(std::move(settings));
}

base::Result<std::shared_ptr<const RealtimeSettings>> eleven_settings(const ElevenSettings& eleven) {
    if (!is_eleven_id(eleven.realtime_model)) {
        return base::make_error(base::Condition::fatal, "model", "elevenlabs.realtime.model");
    }
    if (eleven.api_key.reveal().empty()) {
        return base::make_error(base::Condition::fatal, "api_key", "no ElevenLabs API key");
    }
    const auto socket = eleven_url(eleven.url, Scheme::websocket, eleven_endpoint_target(eleven));
    if (!socket) return socket.error();
    auto settings = std::make_shared<RealtimeSettings>();
    auto& connection = settings->connection;
    connection.url = *socket;
    if (socket->secure()) {
        auto tls = net::TlsClient::make(eleven.ca_file);
        if (!tls) return tls.error();
        connection.tls = std::move(*tls);
    }
    connection.connect_timeout = eleven.connect_timeout;
    set_limits(connection.limits);

    auto& mint = settings->mint.emplace();
    mint.method = "POST";
    mint.url = *eleven_url(eleven.url, Scheme::http, k_eleven_mint_target);
    mint.headers = {{"xi-api-key", eleven.api_key.reveal()}, {"Content-Type", "application/json"}};
    mint.body = eleven_mint_body(eleven);
    mint.tls = connection.tls;
    mint.timeout = k_ticket_timeout;
    mint.body_bytes_max = k_ticket_body_bytes_max;
    settings->plan = std::make_shared<const SessionPlan>(eleven_plan(eleven));
    return std::shared_ptr<const RealtimeSettings>(std::move(settings));
}

std::shared_ptr<Voice> make_realtime_voice(net::AsioLoop& loop,
                                           std::shared_ptr<const RealtimeSettings> settings,
                                           const base::CallSid& call, VoiceListener& listener) {
    auto plan = settings->plan;
    Connect connect = [&loop, settings = std::move(settings)](net::WsListener& ws) {
        if (settings->mint) return mint_and_connect(loop, settings, ws);
        return net::ws_connect(loop, settings->connection, &ws);
    };
    return std::make_shared<RealtimeVoice>(loop, std::move(plan), std::move(connect), call, listener);
}

}  // namespace holdfast::voice::realtime
