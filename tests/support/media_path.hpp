// One running call between two sockets that keep nothing: the registry, the caller leg, the call and the
// realtime voice are the real ones, so what a frame costs on its way through the box can be counted.
#pragma once

#include "call/caller_leg.hpp"
#include "support/fake_call_world.hpp"
#include "voice/realtime/realtime_voice.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::test {

class QuietSocket : public net::WsConnection {
  public:
    void set_listener(net::WsListener* l) override { listener = l; }
    bool send_text(std::string_view text, net::SendKind) override {
        ++messages;
        bytes += text.size();
        if (keep) last.assign(text);
        return true;
    }
    void send_ping() override { ping_sent_ = true; }
    void close(std::uint16_t, std::string_view) override { open_ = false; }
    void abort() override { open_ = false; }
    bool open() const override { return open_; }
    std::size_t queued_bytes() const override { return 0; }
    std::uint64_t dropped_messages() const override { return 0; }
    base::TimePoint blocked_since() const override { return now(); }
    std::string peer_address() const override { return "127.0.0.1"; }

    // As net/ does: the text stands in a buffer with room behind it (simdjson's padding).
    void receive(std::string_view text) {
        if (std::exchange(ping_sent_, false)) listener->on_ws_pong();
        in_.assign(text).append(64, '\0');
        listener->on_ws_text(std::string_view(in_).substr(0, text.size()));
    }

    net::WsListener* listener = nullptr;
    std::function<base::TimePoint()> now;
    std::size_t messages = 0, bytes = 0;
    bool keep = false;
    std::string last;

  private:
    std::string in_;
    bool open_ = true;
    bool ping_sent_ = false;
};

class MediaPath {
  public:
    MediaPath() {
        caller_->now = provider_->now = [this] { return loop.now(); };
        const auto admission = registry_.admit(voice_request());
        legs_.accept(caller_);
        caller_->receive(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
        caller_->receive(std::string(R"({"event":"start","sequenceNumber":"1","streamSid":")") + k_stream +
                         R"(","start":{"streamSid":")" + k_stream +
                         R"(","accountSid":"AC00000000000000000000000000000001","callSid":")" + k_sid +
                         R"(","tracks":["inbound"],"customParameters":{"token":")" + admission.token +
                         R"("},"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}})");
        provider_->listener->on_ws_open();
        provider_->receive(session("session.created"));
        provider_->receive(session("session.updated"));
    }

    // One frame of Twilio's, as its text stands on the wire.
    void caller_frame() {
        ++chunk_;
        frame_.assign(R"({"event":"media","sequenceNumber":")").append(number(chunk_ + 1));
        frame_.append(R"(","media":{"track":"inbound","chunk":")").append(number(chunk_));
        frame_.append(R"(","timestamp":")").append(number(chunk_ * 20));
        frame_.append(R"(","payload":")").append(payload_);
        frame_.append(R"("},"streamSid":")").append(k_stream).append(R"("})");
        caller_->receive(frame_);
    }
    // 20 ms of an answer, played and confirmed as it goes.
    void provider_frame() {
        delta_.assign(R"({"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1",)"
                      R"("item_id":"item_1","output_index":0,"content_index":0,"delta":")");
        delta_.append(payload_).append("\"}");
        provider_->receive(delta_);
    }
    void begin_answer() {
        provider_->receive(R"({"type":"response.created","event_id":"e","response":{"id":"resp_1","status":"in_progress","output":[]}})");
        provider_->receive(R"({"type":"response.output_item.added","event_id":"e","response_id":"resp_1","output_index":0,)"
                           R"("item":{"id":"item_1","type":"message","status":"in_progress","role":"assistant","content":[]}})");
    }
    QuietSocket& caller() { return *caller_; }
    QuietSocket& provider() { return *provider_; }

    FakeLoop loop;

  private:
    std::string_view number(std::int64_t value) {
        const int size = std::snprintf(digits_, sizeof digits_, "%lld", static_cast<long long>(value));
        return {digits_, static_cast<std::size_t>(size)};
    }
    static std::string session(std::string_view type) {
        return R"({"type":")" + std::string(type) +
               R"(","event_id":"e","session":{"type":"realtime","id":"sess_1","expires_at":4102444800,"audio":{)"
               R"("input":{"format":{"type":"audio/pcmu"},"turn_detection":{"type":"server_vad"}},)"
               R"("output":{"format":{"type":"audio/pcmu"},"voice":"alloy"}}}})";
    }

    FakeJournal journal_;
    FakeFeed feed_;
    FakeRecorder recorder_;
    voice::Clips clips_ = [] {
        voice::Clips clips;
        clips.add("greeting", "en", {audio_ms(20), "Emergency line."});
        return clips;
    }();
    ladder::Ladder ladder_{rungs({ladder::Rung::openai, ladder::Rung::person}), loop.now(), 7};
    std::shared_ptr<QuietSocket> caller_ = std::make_shared<QuietSocket>();
    std::shared_ptr<QuietSocket> provider_ = std::make_shared<QuietSocket>();
    call::Environment env_{loop, journal_, feed_, clips_,
                           [this](ladder::Rung, const base::CallSid& sid, voice::VoiceListener& listener) {
                               auto plan = std::make_shared<voice::realtime::SessionPlan>(
                                   voice::realtime::openai_plan(config::OpenAi{}, "calm"));
                               return std::make_shared<voice::realtime::RealtimeVoice>(
                                   loop, std::move(plan),
                                   [this](net::WsListener& l) {
                                       provider_->set_listener(&l);
                                       return provider_;
                                   },
                                   sid, listener);
                           },
                           ladder_, std::make_shared<call::CallSettings>(), recorder_};
    call::Registry registry_{env_, 10};
    call::CallerLegs legs_{loop, registry_, journal_};
    const std::string payload_ = audio_ms(20);
    std::string frame_, delta_;
    char digits_[24] = {};
    std::int64_t chunk_ = 0;
};

}  // namespace holdfast::test
