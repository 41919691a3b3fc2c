#include "call/caller_leg.hpp"

#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::call {
namespace {

constexpr log::Logger k_log{"call"};

constexpr std::size_t k_bad_messages_max = 50;  // a peer that sends only rubbish is not Twilio
constexpr char k_token_parameter[] = "token";

// Audio queued for Twilio while its socket is blocked: what may be in flight anyway (playout_ahead)
// plus caller_queue_media_max, as JSON text of 60 ms messages.
constexpr std::size_t media_queue_bytes() {
    const auto audio_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                              limits::playout_ahead + limits::caller_queue_media_max)
                              .count();
    constexpr std::size_t envelope_bytes = 110;
    constexpr std::size_t message_ms = 60;
    return static_cast<std::size_t>(audio_ms) / message_ms * (limits::out_message_base64 + envelope_bytes);
}

std::string_view parameter(const twilio::StartInfo& start, std::string_view name) {
    for (const auto& [key, value] : start.parameters) {
        if (key == name) return value;
    }
    return {};
}

std::string_view close_word(const net::WsClose& close) {
    if (close.error.code != nullptr && *close.error.code != '\0') return close.error.code;
    return "closed";
}

}  // namespace

CallerLeg::CallerLeg(CallerLegs& legs, std::shared_ptr<net::WsConnection> socket)
    : legs_(legs), socket_(std::move(socket)), start_timer_(legs.loop_) {
    socket_->set_listener(this);
    start_timer_.arm(limits::upgrade_to_start, [this] {
        metrics::ws_no_start_total.add();
        refuse(1008, nullptr, "no start");
    });
}

CallerLeg::~CallerLeg() { socket_->set_listener(nullptr); }

// Before start the peer has shown a signature and nothing else: few messages, few seconds.
void CallerLeg::refuse(std::uint16_t code, const char* kind, std::string_view reason) {
    if (refused_) return;
    refused_ = true;
    start_timer_.cancel();
    if (kind != nullptr) metrics::ws_proto_total.add(kind);
    metrics::ws_close_total.add(std::to_string(code));
    if (call_) {
        k_log.warning("media stream broken by its peer", call_->sid(), {{"code", code}, {"reason", reason}});
    } else {
        k_log.warning("media socket refused", {{"code", code}, {"reason", reason}});
    }
    socket_->close(code, reason);
    if (call_) std::exchange(call_, nullptr)->stream_protocol(reason);
}

void CallerLeg::on_ws_text(std::string_view text) {
    if (refused_) return;
    ++messages_;
    const auto event = legs_.decoder_.decode(text);
    if (!event) {
        metrics::ws_proto_total.add(event.error().code);
        if (!call_ || ++bad_messages_ > k_bad_messages_max) refuse(call_ ? 1002 : 1008, nullptr, "unreadable");
        return;
    }
    if (call_) {
        after_start(**event);
    } else {
        before_start(**event);
    }
}

void CallerLeg::before_start(const twilio::StreamEvent& event) {
    using twilio::EventKind;
    if (messages_ > limits::messages_before_start_max) {
        refuse(1008, "order", "too much before start");
        return;
    }
    switch (event.kind) {
        case EventKind::connected:
            if (std::exchange(connected_seen_, true)) refuse(1002, "order", "connected twice");
            return;
        case EventKind::start: start(event); return;
        case EventKind::unknown: metrics::unknown_event_total.add("twilio"); return;
        case EventKind::media: case EventKind::dtmf: case EventKind::mark: case EventKind::stop:
            refuse(1002, "order", "before start");
            return;
    }
}

void CallerLeg::start(const twilio::StreamEvent& event) {
    const twilio::StartInfo& info = event.start;
    std::shared_ptr<Call> call;
    const Claim claim = legs_.registry_.claim(info.call, parameter(info, k_token_parameter), call);
    if (claim != Claim::ok) {
        (claim == Claim::duplicate ? metrics::dup_stream_total : metrics::token_fail_total).add();
        legs_.audit(claim == Claim::duplicate ? "duplicate_stream" : "bad_token", to_string(claim), info.call);
        refuse(1008, nullptr, to_string(claim));
        return;
    }
    start_timer_.cancel();
    call_ = std::move(call);
    if (info.encoding != "audio/x-mulaw" || info.sample_rate != 8000 || info.channels != 1) {
        // Noise in both directions is worse than a person: the verbs behind <Connect> take over.
        metrics::media_bad_total.add("format");
        refuse(1000, "field", "media format");
        return;
    }
    stream_sid_ = info.stream.str();
    call_->stream_started(*this, info);
}

void CallerLeg::after_start(const twilio::StreamEvent& event) {
    using twilio::EventKind;
    const bool ours = event.stream_sid.empty() || event.stream_sid == stream_sid_;
    if (event.kind != EventKind::start && event.kind != EventKind::connected && !ours) {
        metrics::ws_proto_total.add("stream_sid");
        return;
    }
    const auto call = call_;  // the call may let go of us
    switch (event.kind) {
        case EventKind::media: call->media(event); return;
        case EventKind::mark: call->mark(event.mark); return;
        case EventKind::dtmf: call->dtmf(event.digit); return;
        case EventKind::stop:
            call_ = nullptr;
            call->twilio_stop();
            socket_->close(1000, "stop");
            return;
        case EventKind::unknown: metrics::unknown_event_total.add("twilio"); return;
        case EventKind::start: case EventKind::connected:
            refuse(1002, "order", "start twice");
            return;
    }
}

void CallerLeg::on_ws_binary(std::size_t) { refuse(1003, "binary", "binary"); }

void CallerLeg::on_ws_closed(const net::WsClose& close) {
    start_timer_.cancel();
    metrics::media_dropped_total.add("caller_socket", socket_->dropped_messages());
    const auto call = std::exchange(call_, nullptr);
    if (call) {
        k_log.notice("media socket closed", call->sid(), {{"code", close.code}, {"how", close_word(close)}});
        if (close.by_us && close.code != 1000) {  // the engine found a violation (T15)
            metrics::ws_close_total.add(std::to_string(close.code));
            call->stream_protocol(close_word(close));
        } else {
            call->stream_closed(close_word(close));
        }
    } else {
        k_log.debug("media socket closed", {{"code", close.code}, {"how", close_word(close)}});
    }
    legs_.gone(this);  // destroys this
}

bool CallerLeg::send_media(std::string_view base64) {
    out_.clear();
    twilio::append_media(out_, stream_sid_, base64);
    return socket_->send_text(out_, net::SendKind::droppable);
}

bool CallerLeg::send_mark(std::string_view name) {
    out_.clear();
    twilio::append_mark(out_, stream_sid_, name);
    return socket_->send_text(out_);
}

bool CallerLeg::send_clear() {
    out_.clear();
    twilio::append_clear(out_, stream_sid_);
    return socket_->send_text(out_);
}

void CallerLeg::ping() { socket_->send_ping(); }

base::TimePoint CallerLeg::blocked_since() const { return socket_->blocked_since(); }

void CallerLeg::close(std::string_view reason) {
    call_ = nullptr;
    metrics::ws_close_total.add("1000");
    socket_->close(1000, reason);
}

void CallerLegs::accept(std::shared_ptr<net::WsConnection> socket) {
    auto leg = std::make_shared<CallerLeg>(*this, std::move(socket));
    legs_.emplace(leg.get(), leg);
}

void CallerLegs::gone(CallerLeg* leg) { legs_.erase(leg); }

void CallerLegs::audit(std::string_view action, std::string_view detail, const base::CallSid& call) {
    store::Audit row;
    row.utc_ms = loop_.utc_ms();
    row.actor = "twilio";
    row.action.assign(action);
    row.detail.assign(detail);
    row.call = call;
    if (!journal_.append(std::move(row))) k_log.error("journal queue full, audit row lost");
}

net::WsLimits CallerLegs::limits() {
    net::WsLimits l;
    l.message_bytes_max = limits::caller_message_bytes_max;
    l.fragments_max = limits::ws_fragments_max;
    l.queue_bytes_max = limits::caller_queue_bytes_max;
    l.droppable_bytes_max = media_queue_bytes();
    return l;
}

}  // namespace holdfast::call
