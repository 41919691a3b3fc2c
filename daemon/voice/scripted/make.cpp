#include "voice/scripted/make.hpp"

#include "config/limits.hpp"
#include "net/asio_loop.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"
#include "net/ws.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace holdfast::voice::scripted {
namespace {

base::Error wrong(const char* code, const char* what) { return base::make_error(base::Condition::fatal, code, what); }

// They become part of a request line.
bool is_name(const std::string& text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
           });
}

base::Result<net::Url> base_url(const std::string& text) {
    auto url = net::parse_url(text);
    if (!url || url->target != "/") return wrong("url", "elevenlabs.url takes https://host[:port]");
    if (!url->secure() && !net::is_loopback(url->host)) return wrong("url", "plain HTTP is for loopback only");
    url->scheme = url->secure() ? "https" : "http";
    return *url;
}

}  // namespace

std::vector<std::string> default_person_words() {
    return {"operator", "real person", "human being", "a human", "talk to a person", "speak to a person",
            "talk to someone", "operador", "operadora", "persona real", "hablar con una persona",
            "hablar con alguien", "un humano"};
}

base::Result<TtsSettings> tts_settings(const ScriptedSettings& settings) {
    const auto url = base_url(settings.url);
    if (!url) return url.error();
    if (settings.api_key.reveal().empty()) return wrong("api_key", "ELEVENLABS_API_KEY is not set");
    if (!is_name(settings.voice_id)) return wrong("voice_id", "elevenlabs.voice_id");
    if (!settings.default_voice_id.empty() && !is_name(settings.default_voice_id)) {
        return wrong("voice_id", "the default voice");
    }
    if (!is_name(settings.tts_model)) return wrong("model", "elevenlabs.tts.model");
    TtsSettings tts;
    tts.url = *url;
    if (url->secure()) {
        auto client = net::TlsClient::make(settings.ca_file);
        if (!client) return client.error();
        tts.tls = std::move(*client);
    }
    tts.key = settings.api_key;
    tts.voice_id = settings.voice_id;
    tts.default_voice_id = settings.default_voice_id == settings.voice_id ? "" : settings.default_voice_id;
    tts.model = settings.tts_model;
    return tts;
}

std::shared_ptr<Tts> make_tts(net::AsioLoop& loop, TtsSettings settings) {
    return std::make_shared<Tts>(loop, std::move(settings),
                                 [&loop](net::HttpCall call, net::HttpStreamListener& listener) {
                                     return net::http_stream(loop, std::move(call), listener);
                                 });
}

base::Result<std::shared_ptr<const ScriptedParts>> make_scripted_parts(net::AsioLoop& loop,
                                                                       const ScriptedSettings& settings) {
    auto tts = tts_settings(settings);
    if (!tts) return tts.error();
    if (!is_name(settings.stt_model)) return wrong("model", "elevenlabs.stt.model");
    net::WsClientOptions connection;
    connection.url = tts->url;
    connection.url.scheme = tts->url.secure() ? "wss" : "ws";
    connection.url.target = scribe_target(settings.stt_model);
    connection.tls = tts->tls;
    connection.headers = {{"xi-api-key", settings.api_key.reveal()}};
    connection.connect_timeout = k_ears_connect;
    connection.limits.message_bytes_max = k_scribe_message_bytes_max;
    connection.limits.fragments_max = limits::ws_fragments_max;
    connection.limits.queue_bytes_max = limits::provider_queue_bytes_max;

    auto parts = std::make_shared<ScriptedParts>();
    parts->connect_ears = [&loop, connection](net::WsListener& ws) { return net::ws_connect(loop, connection, &ws); };
    parts->tts = make_tts(loop, std::move(*tts));
    parts->cache = SpeechCache::load(settings.clips);
    parts->recorded = settings.recorded;
    parts->extract = settings.extract ? settings.extract : std::make_shared<const SimpleExtract>();
    parts->person_words = settings.person_words;
    return std::shared_ptr<const ScriptedParts>(std::move(parts));
}

std::shared_ptr<Voice> make_scripted_voice(net::AsioLoop& loop, std::shared_ptr<const ScriptedParts> parts,
                                           const base::CallSid& call, VoiceListener& listener,
                                           ScriptedObserver* observer) {
    return std::make_shared<ScriptedVoice>(loop, std::move(parts), call, listener, observer);
}

}  // namespace holdfast::voice::scripted
