#include "caller/media_stream.hpp"

#include "base/base64.hpp"
#include "net/asio_loop.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace holdfast::sim {

using nlohmann::json;

MediaStream::MediaStream(net::AsioLoop& loop, const CallOptions& options, StreamIdentity identity,
                         WsHandler* handler)
    : options_(options),
      identity_(std::move(identity)),
      random_(options.seed),
      plain_numbers_(options.faults.has("numbers-as-numbers")) {
    WsConnect connect;
    connect.url = *net::parse_url(identity_.url);
    connect.headers = {{"User-Agent", "Twilio.TmeWs/1.0"}, {"Accept-Encoding", "gzip"}};
    const std::string signature = signature_for(options_, SignedFor::upgrade, identity_.url, {});
    if (!signature.empty()) connect.headers.emplace_back("X-Twilio-Signature", signature);
    connect.tls = options_.tls;
    connect.route = options_.route;
    connect.timeout = base::milliseconds(options_.connect_timeout_ms);
    peer_ = WsPeer::connect(loop, std::move(connect), handler);
}

std::string MediaStream::number(std::uint64_t n) const {
    return plain_numbers_ ? std::to_string(n) : '"' + std::to_string(n) + '"';
}

std::string MediaStream::sequence() {
    return number(++sequence_);
}

void MediaStream::send_connected() {
    peer_->send_text(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
}

void MediaStream::send_start() {
    json parameters = json::object();
    for (const auto& [name, value] : identity_.parameters) parameters[name] = value;
    if (options_.faults.has("bad-token")) {
        for (auto& [name, value] : parameters.items()) {
            if (name.find("tok") != std::string::npos) value = "00000000000000000000000000000000";
        }
    }
    if (options_.faults.has("no-token")) parameters = json::object();
    const bool wrong_codec = options_.faults.has("wrong-codec");
    const json start{{"accountSid", identity_.account_sid},
                     {"streamSid", identity_.stream_sid},
                     {"callSid", identity_.call_sid},
                     {"tracks", {"inbound"}},
                     {"customParameters", parameters},
                     {"mediaFormat",
                      {{"encoding", wrong_codec ? "audio/l16" : "audio/x-mulaw"},
                       {"sampleRate", wrong_codec ? 16000 : 8000},
                       {"channels", 1}}}};
    peer_->send_text(R"({"event":"start","sequenceNumber":)" + sequence() + R"(,"start":)" +
                     start.dump() + R"(,"streamSid":")" + identity_.stream_sid + "\"}");
}

std::string MediaStream::media_message(std::string_view mulaw, std::int64_t now_ms) {
    ++chunk_;
    std::string out = R"({"event":"media","sequenceNumber":)" + sequence() +
                      R"(,"media":{"track":"inbound","chunk":)" + number(chunk_) +
                      R"(,"timestamp":)" + number(chunk_ * 20) + R"(,"payload":")";
    if (active("not-base64", now_ms, k_fault_default_ms) != nullptr) {
        out += "*** this is not base64 ***";
    } else {
        base::base64_append(out, mulaw);
    }
    return out + R"("},"streamSid":")" + identity_.stream_sid + "\"}";
}

const Fault* MediaStream::active(std::string_view name, std::int64_t now_ms,
                                 int default_at_ms) const {
    const Fault* fault = options_.faults.find(name);
    return fault != nullptr && now_ms >= fault->at_ms.value_or(default_at_ms) ? fault : nullptr;
}

void MediaStream::send_frame(std::string_view mulaw, std::int64_t now_ms) {
    std::string text = media_message(mulaw, now_ms);
    if (active("stop-media", now_ms, k_fault_default_ms) != nullptr) return;
    if (const Fault* gap = active("gap", now_ms, k_fault_default_ms)) {
        if (now_ms < gap->at_ms.value_or(k_fault_default_ms) + gap->number(3000)) return;
    }
    std::int64_t due = now_ms;
    if (const Fault* jitter = active("jitter", now_ms, 0)) {
        due += static_cast<std::int64_t>(random_() %
                                         static_cast<unsigned>(std::max(1, jitter->number(60))));
        if (!line_.empty()) due = std::max(due, line_.back().due_ms);  // late, but in order
    }
    if (const Fault* burst = active("burst", now_ms, k_fault_default_ms)) {
        const std::int64_t from = burst->at_ms.value_or(k_fault_default_ms);
        due = std::max(due, from + std::int64_t{20} * burst->number(50));
    }
    const bool twice = active("duplicate", now_ms, 0) != nullptr;
    line_.push_back({due, text});
    if (twice) line_.push_back({due, std::move(text)});
    const bool swapping = active("out-of-order", now_ms, k_fault_default_ms) != nullptr;
    if (swapping && line_.size() < 2)
        return;  // wait for the next frame, then send both the wrong way round
    if (swapping) std::swap(line_[0].text, line_[1].text);
    deliver(now_ms);
}

void MediaStream::deliver(std::int64_t now_ms) {
    for (; !line_.empty() && line_.front().due_ms <= now_ms; line_.pop_front()) {
        ++frames_sent_;
        peer_->send_text(line_.front().text);
    }
}

void MediaStream::send_dtmf(char digit) {
    peer_->send_text(R"({"event":"dtmf","streamSid":")" + identity_.stream_sid +
                     R"(","sequenceNumber":)" + sequence() +
                     R"(,"dtmf":{"track":"inbound_track","digit":")" + digit + "\"}}");
}

void MediaStream::send_mark(std::string_view name) {
    peer_->send_text(R"({"event":"mark","sequenceNumber":)" + sequence() + R"(,"streamSid":")" +
                     identity_.stream_sid + R"(","mark":{"name":)" + json(name).dump() + "}}");
}

void MediaStream::send_stop() {
    peer_->send_text(R"({"event":"stop","sequenceNumber":)" + sequence() + R"(,"streamSid":")" +
                     identity_.stream_sid + R"(","stop":{"accountSid":")" + identity_.account_sid +
                     R"(","callSid":")" + identity_.call_sid + "\"}}");
}

}  // namespace holdfast::sim
