// The other end of a realtime session, without a socket: records what the session sends and lets a test
// say what the provider answers. Time is the FakeLoop's.
#pragma once

#include "net/ws.hpp"
#include "support/fake_loop.hpp"
#include "voice/realtime/profile.hpp"
#include "voice/realtime/session.hpp"
#include "voice/voice.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::test {

using nlohmann::json;

class FakeSocket : public net::WsConnection {
  public:
    explicit FakeSocket(base::Loop& loop, net::WsListener& listener) : loop_(loop), listener_(&listener) {}

    void set_listener(net::WsListener* listener) override { listener_ = listener; }
    bool send_text(std::string_view text, net::SendKind) override {
        if (!is_open || full) return false;
        sent.push_back(json::parse(text));
        return true;
    }
    void send_ping() override {
        ++pings;
        if (answers_pings && listener_ != nullptr) listener_->on_ws_pong();
    }
    void close(std::uint16_t code, std::string_view) override {
        closed_with = code;
        is_open = false;
    }
    void abort() override {
        aborted = true;
        is_open = false;
    }
    bool open() const override { return is_open; }
    std::size_t queued_bytes() const override { return 0; }
    std::uint64_t dropped_messages() const override { return 0; }
    base::TimePoint blocked_since() const override { return blocked ? *blocked : loop_.now(); }
    std::string peer_address() const override { return "192.0.2.1"; }

    // --- what the provider does ---
    void accept() {
        is_open = true;
        if (listener_ != nullptr) listener_->on_ws_open();
    }
    void raw(std::string_view text) {
        std::string padded(text);
        padded.append(64, '\0');
        if (listener_ != nullptr) listener_->on_ws_text(std::string_view(padded.data(), text.size()));
    }
    void say(const json& event) { raw(event.dump()); }
    void binary() {
        if (listener_ != nullptr) listener_->on_ws_binary(4);
    }
    void end(std::uint16_t code, std::string reason = {}) {
        net::WsClose close;
        close.code = code;
        close.reason = std::move(reason);
        close.opened = true;
        close.error.code = code == 1006 ? "eof" : "closed";
        finish(close);
    }
    void finish(const net::WsClose& close) {
        is_open = false;
        if (auto* const listener = std::exchange(listener_, nullptr)) listener->on_ws_closed(close);
    }
    bool attended() const { return listener_ != nullptr; }

    // --- what the session sent ---
    std::vector<json> of_type(std::string_view type) const {
        std::vector<json> found;
        for (const json& event : sent) {
            if (event.at("type") == type) found.push_back(event);
        }
        return found;
    }
    std::size_t count(std::string_view type) const { return of_type(type).size(); }

    std::vector<json> sent;
    bool is_open = false;
    bool full = false;
    bool answers_pings = true;
    std::optional<base::TimePoint> blocked;
    int pings = 0;
    int closed_with = 0;
    bool aborted = false;

  private:
    base::Loop& loop_;
    net::WsListener* listener_;
};

// Every connection that was asked for, in order.
class FakeProvider {
  public:
    explicit FakeProvider(FakeLoop& loop) : loop_(loop) {}
    voice::realtime::Connect connect() {
        return [this](net::WsListener& listener) {
            auto socket = std::make_shared<FakeSocket>(loop_, listener);
            sockets.push_back(socket);
            return socket;
        };
    }
    FakeSocket& last() { return *sockets.back(); }
    std::vector<std::shared_ptr<FakeSocket>> sockets;

    // --- events ---
    json session(std::string_view type, std::string_view format = "audio/pcmu",
                 std::int64_t life_s = 3600) const {
        return {{"type", type},
                {"event_id", "event_1"},
                {"session",
                 {{"type", "realtime"},
                  {"id", "sess_1"},
                  {"expires_at", loop_.utc_ms() / 1000 + life_s},
                  {"audio",
                   {{"input",
                     {{"format", {{"type", format}}},
                      {"transcription", {{"model", "gpt-transcribe"}}},
                      {"turn_detection", {{"type", "server_vad"}}}}},
                    {"output", {{"format", {{"type", format}}}, {"voice", "alloy"}}}}}}}};
    }
    // 101, session.created, session.updated.
    void configure(FakeSocket& socket, std::int64_t life_s = 3600) const {
        socket.accept();
        socket.say(session("session.created", "audio/pcm", life_s));
        socket.say(session("session.updated", "audio/pcmu", life_s));
    }

  private:
    FakeLoop& loop_;
};

inline json speech_started(std::string_view item, std::int64_t at_ms) {
    return {{"type", "input_audio_buffer.speech_started"}, {"item_id", item}, {"audio_start_ms", at_ms}};
}
inline json speech_stopped(std::string_view item, std::int64_t at_ms) {
    return {{"type", "input_audio_buffer.speech_stopped"}, {"item_id", item}, {"audio_end_ms", at_ms}};
}
inline json committed(std::string_view item) {
    return {{"type", "input_audio_buffer.committed"}, {"item_id", item}, {"previous_item_id", nullptr}};
}
inline json transcript(std::string_view item, std::string_view text) {
    return {{"type", "conversation.item.input_audio_transcription.completed"},
            {"item_id", item},
            {"content_index", 0},
            {"transcript", text}};
}
inline json response_created(std::string_view id) {
    return {{"type", "response.created"}, {"response", {{"id", id}, {"status", "in_progress"}}}};
}
inline json delta(std::string_view response, std::string_view item, std::string_view base64) {
    return {{"type", "response.output_audio.delta"}, {"response_id", response}, {"item_id", item},
            {"delta", base64}};
}
inline json audio_done(std::string_view response, std::string_view item) {
    return {{"type", "response.output_audio.done"}, {"response_id", response}, {"item_id", item}};
}
inline json words(std::string_view response, std::string_view item, std::string_view text) {
    return {{"type", "response.output_audio_transcript.delta"}, {"response_id", response},
            {"item_id", item}, {"delta", text}};
}
inline json words_done(std::string_view response, std::string_view item, std::string_view text) {
    return {{"type", "response.output_audio_transcript.done"}, {"response_id", response},
            {"item_id", item}, {"transcript", text}};
}
inline json response_done(std::string_view id, std::string_view status, json output = json::array()) {
    return {{"type", "response.done"},
            {"response", {{"id", id}, {"status", status}, {"status_details", nullptr}, {"output", std::move(output)}}}};
}
inline json response_failed(std::string_view id, const json& type, const json& code) {
    json event = response_done(id, "failed");
    event["response"]["status_details"] = {
        {"type", "failed"}, {"error", {{"type", type}, {"code", code}, {"message", "no"}}}};
    return event;
}
inline json error_event(const json& type, const json& code, const json& param = nullptr,
                        const json& event_id = nullptr, std::string_view message = "no") {
    return {{"type", "error"},
            {"error", {{"type", type}, {"code", code}, {"message", message}, {"param", param}, {"event_id", event_id}}}};
}
inline json function_call(std::string_view call_id, std::string_view name, std::string_view arguments,
                          std::string_view status = "completed") {
    return {{"id", std::string("item_") + std::string(call_id)}, {"type", "function_call"},
            {"status", status}, {"call_id", call_id}, {"name", name}, {"arguments", arguments}};
}

// 20 ms of mu-law silence, as Twilio sends it: 216 characters, padded. `first` tells frames apart.
inline std::string frame(unsigned char first = 0xff) {
    static constexpr char k_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out(216, '/');
    out[0] = k_alphabet[first >> 2];
    out[1] = k_alphabet[(first & 3) << 4 | 15];
    out[213] = 'w';
    out[214] = out[215] = '=';
    return out;
}

// Audio of the given length without padding inside, as the provider sends it (a multiple of 3 ms).
inline std::string audio(std::int64_t milliseconds) {
    return std::string(static_cast<std::size_t>(milliseconds) * 8 / 3 * 4, '/');
}

inline base::CallSid call_sid() {
    return *base::CallSid::parse("CA0123456789abcdef0123456789abcdef");
}

}  // namespace holdfast::test
