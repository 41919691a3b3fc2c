#include "transcribe/service.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "net/tls.hpp"
#include "transcribe/answer_codec.hpp"
#include "transcribe/limits.hpp"

#include <algorithm>

namespace holdfast::transcribe {
namespace {

constexpr std::string_view k_realtime = "/realtime";
constexpr std::string_view k_endpoint = "/audio/transcriptions";
constexpr std::size_t k_boundary_bytes = 16;

std::string field(const std::string& boundary, std::string_view name, std::string_view value) {
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" +
           std::string(value) + "\r\n";
}

std::optional<base::milliseconds> retry_after(const net::HttpAnswer& answer) {
    for (const auto& [name, value] : answer.headers) {
        if (!base::equal_ignoring_case(name, "Retry-After")) continue;
        const auto seconds = base::parse_decimal(value);
        if (!seconds) return std::nullopt;
        return base::milliseconds(1000 * std::min<std::int64_t>(*seconds, k_retry_after_most.count() / 1000));
    }
    return std::nullopt;
}

Judgement hold(const char* result, std::optional<base::milliseconds> wait) {
    Judgement j;
    j.kind = Judgement::Kind::hold;
    j.result = result;
    j.wait = wait;
    return j;
}

Judgement judge_failure(const base::Error& error) {
    const std::string_view code = error.code;
    // Nothing came through: that is the line's fault. A request that was sent and not answered is an attempt.
    const bool unanswered = code == "timeout" && error.detail == "answer";
    const bool broken = code == "eof" || code == "reset" || code == "closed" || code == "protocol";
    if (!unanswered && !broken) return hold("network", std::nullopt);
    Judgement j;
    j.result = unanswered ? "timeout" : "server";
    return j;
}

Judgement judge_refusal(const net::HttpAnswer& answer) {
    const auto error = decode_api_error(answer.body);
    switch (answer.status) {
        case 401: case 403: return hold("auth", k_hold);
        case 404: return hold("model", k_hold);
        case 429:
            if (error.code == "insufficient_quota") return hold("quota", k_hold);
            return hold("rate_limit", retry_after(answer));
        case 503:
            if (const auto wait = retry_after(answer)) return hold("server", wait);
            break;
        default: break;
    }
    Judgement j;
    j.result = "server";
    const bool ours = answer.status == 400 || answer.status == 413 || answer.status == 415 || answer.status == 422;
    if (!ours) return j;
    if (error.param == "model" || error.code == "model_not_found") return hold("model", k_hold);
    j.kind = Judgement::Kind::refused;
    j.result = "refused";
    return j;
}

}  // namespace

base::Result<std::shared_ptr<const Service>> make_service(const config::Config& config) {
    const auto bad = [](const char* why) { return base::make_error(base::Condition::fatal, "url", why); };
    auto url = net::parse_url(config.openai.url);
    if (!url) return bad("openai.url");
    url->target.erase(std::min(url->target.find('?'), url->target.size()));
    const auto base_bytes = url->target.size() - std::min(url->target.size(), k_realtime.size());
    if (url->target.compare(base_bytes, std::string::npos, k_realtime) != 0) return bad("openai.url does not end in /realtime");
    url->target.replace(base_bytes, std::string::npos, k_endpoint);
    url->scheme = url->secure() ? "https" : "http";
    auto service = std::make_shared<Service>();
    if (url->secure()) {
        auto tls = net::TlsClient::make(config.openai.ca_file);
        if (!tls) return tls.error();
        service->tls = std::move(*tls);
    }
    service->url = std::move(*url);
    service->api_key = config.credentials.openai_api_key;
    service->model = config.openai.transcription_model;
    return std::shared_ptr<const Service>(std::move(service));
}

net::HttpCall transcription_request(const Service& service, std::string_view mulaw) {
    const std::string boundary = "holdfast-" + base::random_hex(k_boundary_bytes);
    net::HttpCall call;
    call.method = "POST";
    call.url = service.url;
    call.tls = service.tls;
    call.timeout = k_request_timeout;
    call.body_bytes_max = k_body_bytes_max;
    if (!service.api_key.reveal().empty()) call.headers.emplace_back("Authorization", "Bearer " + service.api_key.reveal());
    call.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
    call.headers.emplace_back("Accept", "application/json");
    call.body = field(boundary, "model", service.model) + field(boundary, "response_format", "json");
    call.body += "--" + boundary +
                 "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"audio.wav\"\r\n"
                 "Content-Type: audio/wav\r\n\r\n";
    call.body += audio::write_wav_pcm16(audio::mulaw_decode(mulaw), audio::k_mulaw_rate, 1);
    call.body += "\r\n--" + boundary + "--\r\n";
    return call;
}

Judgement judge(const base::Result<net::HttpAnswer>& answer) {
    if (!answer) return judge_failure(answer.error());
    if (answer->status != 200) return judge_refusal(*answer);
    Judgement j;
    auto text = decode_transcript(answer->body);
    if (!text) {
        j.result = text.error().code;
        return j;
    }
    j.kind = Judgement::Kind::words;
    j.result = "ok";
    j.text = std::move(*text);
    return j;
}

}  // namespace holdfast::transcribe
