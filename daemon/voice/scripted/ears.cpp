#include "voice/scripted/ears.hpp"

#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "voice/scripted/api_error_codec.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace holdfast::voice::scripted {
namespace {

using base::Condition;

constexpr log::Logger k_log{"voice"};
constexpr std::size_t k_loggable_max = 64;

std::string loggable(std::string_view word) {
    std::string out(word.substr(0, k_loggable_max));
    std::replace_if(out.begin(), out.end(),
                    [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-'; },
                    '?');
    return out;
}

struct Known {
    std::string_view type;
    bool harmless;
    std::string_view reason;  // a word of holdfast_ears_lost_total
    Condition condition;
    const char* code;
};

constexpr std::array k_known{
    Known{"auth_error", false, "auth", Condition::fatal, "auth_error"},
    Known{"unaccepted_terms", false, "auth", Condition::fatal, "unaccepted_terms"},
    Known{"quota_exceeded", false, "quota", Condition::fatal, "quota_exceeded"},
    Known{"rate_limited", false, "quota", Condition::retry, "rate_limited"},
    Known{"resource_exhausted", false, "server_error", Condition::retry, "resource_exhausted"},
    Known{"queue_overflow", false, "server_error", Condition::retry, "queue_overflow"},
    Known{"transcriber_error", false, "server_error", Condition::retry, "transcriber_error"},
    Known{"session_time_limit_exceeded", false, "expired", Condition::retry, "session_time_limit"},
    Known{"invalid_request", false, "config", Condition::fatal, "invalid_request"},
    Known{"chunk_size_exceeded", false, "config", Condition::fatal, "chunk_size_exceeded"},
    Known{"commit_throttled", true, "other", Condition::retry, "commit_throttled"},
    // One chunk was not understood, or nobody spoke: the session goes on, or its close tells more.
    Known{"input_error", true, "protocol", Condition::retry, "input_error"},
    Known{"insufficient_audio_activity", true, "silent", Condition::retry, "insufficient_audio_activity"},
    Known{"error", false, "server_error", Condition::retry, "error"},
};

VoiceLoss loss_of(std::string_view reason, Condition condition, const char* code, int close_code = 0) {
    return VoiceLoss{reason, base::make_error(condition, code), close_code};
}

VoiceLoss judge_refusal(const net::WsClose& close) {
    const int status = close.http_status;
    const std::string word = api_error_status(close.http_body);
    if (word == "quota_exceeded") return loss_of("quota", Condition::fatal, "quota_exceeded", status);
    if (status == 401) return loss_of("auth", Condition::fatal, "unauthorized", status);
    if (status == 403) return loss_of("auth", Condition::fatal, "forbidden", status);
    if (status == 404) return loss_of("model", Condition::fatal, "not_found", status);
    if (status == 429) return loss_of("quota", Condition::retry, "rate_limited", status);
    if (status < 400 || status == 407 || status == 511) {
        return loss_of("network", Condition::fall_back, "captive_portal", status);
    }
    if (status >= 500) return loss_of("server_error", Condition::retry, "unavailable", status);
    return loss_of("config", Condition::fatal, "upgrade_refused", status);
}

}  // namespace

std::string scribe_target(std::string_view model) {
    // no_verbatim and filter_background_audio stay off: what was said is evidence, and so is what is
    // heard behind it.
    return "/v1/speech-to-text/realtime?model_id=" + std::string(model) +
           "&audio_format=ulaw_8000&commit_strategy=vad&vad_silence_threshold_secs=0.8";
}

EarsVerdict judge_scribe_error(std::string_view type) {
    for (const Known& known : k_known) {
        const bool same = known.type == type;
        // Client libraries know some of them with "_error" behind (elevenlabs.md, trap 12).
        const bool suffixed = type.size() == known.type.size() + 6 && type.substr(0, known.type.size()) == known.type &&
                              type.substr(known.type.size()) == "_error";
        if (same || suffixed) return {known.harmless, loss_of(known.reason, known.condition, known.code)};
    }
    return {false, loss_of("server_error", Condition::retry, "unknown_error")};
}

VoiceLoss judge_scribe_close(const net::WsClose& close) {
    if (!close.opened && close.http_status != 0) return judge_refusal(close);
    if (!close.opened) {
        const std::string_view code = close.error.code;
        if (code == "timeout") return loss_of("timeout", Condition::retry, "connect");
        if (code == "tls") return loss_of("network", Condition::fall_back, "tls");
        if (code == "upgrade" || code == "protocol") return loss_of("protocol", Condition::fall_back, "upgrade");
        return loss_of("network", Condition::retry, "connect");
    }
    switch (close.code) {
        case 1005:
        case 1006: return loss_of("network", Condition::retry, "connection_lost", close.code);
        case 1011:
        case 1012:
        case 1013: return loss_of("server_error", Condition::retry, "server_error", close.code);
        case 1008: return loss_of("closed", Condition::fatal, "policy", close.code);
        default: return loss_of("closed", Condition::retry, "closed", close.code);
    }
}

Ears::Ears(base::Loop& loop, const base::CallSid& call, unsigned number, EarsListener& listener)
    : loop_(loop), call_(call), number_(number), listener_(&listener), step_timer_(loop), pinger_(loop),
      settle_timer_(loop) {}

Ears::~Ears() { shut("gone"); }

void Ears::open(const ConnectEars& connect) {
    if (state_ != State::idle) return;
    state_ = State::connecting;
    step_timer_.arm(k_ears_connect, [this] { lose("timeout", Condition::retry, "connect_budget"); });
    socket_ = connect(*this);
}

void Ears::close(std::string_view reason) { shut(reason); }

void Ears::shut(std::string_view reason) {
    if (std::exchange(state_, State::closed) == State::closed) return;
    for (base::Timer* timer : {&step_timer_, &settle_timer_}) timer->cancel();
    pinger_.stop();
    if (!socket_) return;
    if (socket_->open()) socket_->close(1000, reason);
    else socket_->abort();
    socket_->set_listener(nullptr);
}

void Ears::lose(std::string_view reason, Condition condition, const char* code) {
    lose(loss_of(reason, condition, code));
}

void Ears::lose(const VoiceLoss& loss) {
    if (state_ == State::closed) return;
    const auto self = shared_from_this();
    metrics::ears_lost_total.add(loss.reason);
    k_log.warning("transcription session ended", call_,
                  {{"session", number_}, {"reason", loss.reason}, {"code", loss.error.code},
                   {"close_code", loss.close_code}});
    const VoiceLoss told = loss;  // the original may be the socket's
    shut(told.reason);
    listener_->on_ears_lost(*this, told);
}

void Ears::on_ws_open() {
    if (state_ != State::connecting) return;
    state_ = State::opened;
    step_timer_.arm(k_ears_start, [this] { lose("timeout", Condition::retry, "session_started"); });
    start_pings();
    listener_->on_ears_connected(*this);
}

void Ears::on_ws_text(std::string_view text) {
    if (state_ == State::closed) return;
    const auto self = shared_from_this();
    ScribeEvent event;
    if (const auto decoded = decode_scribe(text, event); !decoded) return bad_frame(decoded.error().code);
    switch (event.type) {
        case ScribeType::started: return on_started(event);
        case ScribeType::partial: return on_partial(event.text);
        case ScribeType::committed: return on_committed(event.text);
        case ScribeType::error: return on_error(event);
        case ScribeType::warning:
            if (error_guard_.should_log(loop_.now())) k_log.warning("transcription warning", call_, {{"session", number_}});
            return;
        case ScribeType::ignored: return;
        case ScribeType::unknown: metrics::unknown_event_total.add("provider"); return;
    }
}

// Another audio format would turn every word into noise, and with manual commits none would ever come
// (traps 5 and 11). A setting that is not echoed cannot be checked: it is only worth a line.
void Ears::on_started(const ScribeEvent& event) {
    if (state_ != State::opened) return;
    const bool format = event.audio_format.empty() || event.audio_format == "ulaw_8000";
    const bool rate = event.sample_rate == 0 || event.sample_rate == 8000;
    const bool commits = event.commit_strategy.empty() || event.commit_strategy == "vad";
    if (!format || !rate || !commits) {
        k_log.error("transcription session is not as asked", call_,
                    {{"session", number_}, {"audio_format", loggable(event.audio_format)},
                     {"sample_rate", event.sample_rate}, {"commit_strategy", loggable(event.commit_strategy)}});
        return lose(commits ? "format" : "config", Condition::fatal, commits ? "audio_format" : "commit_strategy");
    }
    if (event.audio_format.empty() || event.commit_strategy.empty()) {
        k_log.warning("transcription session does not say its settings", call_, {{"session", number_}});
    }
    state_ = State::started;
    step_timer_.cancel();
    k_log.info("transcription session started", call_,
               {{"session", number_}, {"provider_session", loggable(event.session_id)}});
    listener_->on_ears_started(*this);
}

void Ears::on_partial(std::string_view text) {
    if (state_ != State::started || text.empty() || text == partial_) return;
    partial_.assign(text);
    if (partial_ == given_) return;  // nothing new since these words were given
    settle_timer_.arm(k_ears_settled, [this] { settle(); });
    listener_->on_ears_partial(*this);
}

void Ears::settle() {
    const auto self = shared_from_this();
    // Words given before belong to the same segment, of which the partial is always the whole.
    const bool continues = !given_.empty() && partial_.compare(0, given_.size(), given_) == 0;
    const std::string text = continues ? partial_.substr(given_.size()) : partial_;
    given_ = partial_;
    listener_->on_ears_words(*this, text);
}

void Ears::on_committed(std::string_view text) {
    if (state_ != State::started) return;
    settle_timer_.cancel();
    const std::string given = std::exchange(given_, {});
    partial_.clear();
    std::string words(text);
    if (!given.empty()) {
        // Given already, but for what the caller added since; a commit may differ in its punctuation.
        if (words.size() <= given.size() + 1) return;
        if (words.compare(0, given.size(), given) == 0) words.erase(0, given.size());
    }
    listener_->on_ears_words(*this, words);
}

void Ears::on_error(const ScribeEvent& event) {
    const EarsVerdict verdict = judge_scribe_error(event.name);
    metrics::upstream_error_total.add(verdict.harmless                                     ? "harmless"
                                      : verdict.loss.reason == "config"                    ? "config"
                                      : verdict.loss.error.condition == Condition::fatal   ? "fatal"
                                                                                           : "retry");
    if (error_guard_.should_log(loop_.now())) {
        k_log.warning("transcription error", call_,
                      {{"session", number_}, {"type", loggable(event.name)}, {"harmless", verdict.harmless},
                       {"suppressed", error_guard_.suppressed()}});
    }
    if (!verdict.harmless) lose(verdict.loss);
}

void Ears::append_audio(std::string_view base64) {
    if (state_ != State::started || failing_) return;
    out_.clear();
    append_audio_chunk(out_, base64);
    if (socket_->send_text(out_) || !socket_->open()) return;
    failing_ = true;  // the queue is full; the owner is giving us audio: tell it later
    loop_.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->lose("network", Condition::retry, "queue_full");
    });
}

void Ears::start_pings() {
    Pinger::Users users;
    users.pulse = [](const VoicePulse&) {};  // the rung is judged by its answers
    users.dead = [this](const char* code) {
        lose(code == std::string_view("no_pong") ? "ping" : "network", Condition::retry, code);
    };
    pinger_.start(*socket_, k_ears_ping, k_ears_ping_timeout, std::move(users));
}

void Ears::bad_frame(const char* code) {
    if (state_ == State::closed) return;
    metrics::upstream_bad_frame_total.add();
    const auto now = loop_.now();
    while (!bad_frames_.empty() && now - bad_frames_.front() >= limits::provider_bad_frame_window) {
        bad_frames_.pop_front();
    }
    bad_frames_.push_back(now);
    if (error_guard_.should_log(now)) {
        k_log.warning("transcription message not understood", call_, {{"session", number_}, {"code", code}});
    }
    if (bad_frames_.size() >= limits::provider_bad_frames_max) lose("protocol", Condition::retry, "bad_frames");
}

}  // namespace holdfast::voice::scripted
