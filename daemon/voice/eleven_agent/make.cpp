#include "voice/eleven_agent/make.hpp"

#include "config/limits.hpp"
#include "net/asio_loop.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"
#include "net/ws.hpp"
#include "voice/eleven_agent/agent_voice.hpp"
#include "voice/eleven_codec.hpp"
#include "voice/ticket_socket.hpp"

#include <utility>

namespace holdfast::voice::eleven_agent {

struct AgentSettings {
    std::shared_ptr<const AgentPlan> plan;
    net::HttpCall sign;
    net::WsClientOptions connection;  // its URL comes with the signature
};

namespace {

std::shared_ptr<net::WsConnection> sign_and_connect(net::AsioLoop& loop,
                                                    const std::shared_ptr<const AgentSettings>& settings,
                                                    net::WsListener& listener) {
    const TicketSocket::Fetch fetch = [&loop, &settings](net::HttpDone done) {
        net::http_call(loop, settings->sign, std::move(done));
    };
    TicketSocket::Open open = [&loop, settings](const net::HttpAnswer& answer, net::WsListener& ws)
        -> base::Result<std::shared_ptr<net::WsConnection>> {
        const auto text = decode_signed_url(answer.body);
        if (!text) return text.error();
        const auto url = net::parse_url(text->reveal());
        // The caller's audio must not leave in the clear because an answer says so.
        const bool plain_allowed = !settings->sign.url.secure();
        const bool socket = url && (url->scheme == "wss" || (url->scheme == "ws" && plain_allowed));
        if (!socket) return base::make_error(base::Condition::fall_back, "field");
        net::WsClientOptions options = settings->connection;
        options.url = *url;
        return net::ws_connect(loop, std::move(options), &ws);
    };
    return TicketSocket::start(loop, fetch, std::move(open), listener);
}

}  // namespace

base::Result<std::shared_ptr<const AgentSettings>> agent_settings(const ElevenSettings& eleven) {
    if (!is_eleven_id(eleven.agent_id)) {
        return base::make_error(base::Condition::fatal, "agent_id", "elevenlabs.agent.id");
    }
    if (eleven.api_key.reveal().empty()) {
        return base::make_error(base::Condition::fatal, "api_key", "no ElevenLabs API key");
    }
    const auto url = eleven_url(eleven.url, Scheme::http,
                                "/v1/convai/conversation/get-signed-url?agent_id=" + eleven.agent_id);
    if (!url) return url.error();
    auto settings = std::make_shared<AgentSettings>();
    // Also without TLS of our own the signed URL may ask for it.
    auto tls = net::TlsClient::make(eleven.ca_file);
    if (!tls) return tls.error();
    settings->sign.url = *url;
    settings->sign.headers = {{"xi-api-key", eleven.api_key.reveal()}};
    settings->sign.tls = *tls;
    settings->sign.timeout = k_ticket_timeout;
    settings->sign.body_bytes_max = k_ticket_body_bytes_max;
    settings->connection.tls = *tls;
    settings->connection.connect_timeout = eleven.connect_timeout;
    settings->connection.limits.message_bytes_max = limits::provider_message_bytes_max;
    settings->connection.limits.fragments_max = limits::ws_fragments_max;
    settings->connection.limits.queue_bytes_max = limits::provider_queue_bytes_max;
    auto plan = std::make_shared<AgentPlan>();
    plan->instructions = eleven.instructions;
    plan->agent_language = eleven.agent_language;
    plan->connect_timeout = eleven.connect_timeout;
    plan->ping_interval = eleven.ping_interval;
    plan->ping_timeout = eleven.ping_timeout;
    settings->plan = std::move(plan);
    return std::shared_ptr<const AgentSettings>(std::move(settings));
}

std::shared_ptr<Voice> make_agent_voice(net::AsioLoop& loop, std::shared_ptr<const AgentSettings> settings,
                                        const base::CallSid& call, VoiceListener& listener) {
    auto plan = settings->plan;
    Connect connect = [&loop, settings = std::move(settings)](net::WsListener& ws) {
        return sign_and_connect(loop, settings, ws);
    };
    return std::make_shared<AgentVoice>(loop, std::move(plan), std::move(connect), call, listener);
}

}  // namespace holdfast::voice::eleven_agent
