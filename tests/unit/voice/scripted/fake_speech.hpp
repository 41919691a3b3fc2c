// Text to speech without a socket: every exchange that was asked for, and what the service does with it.
#pragma once

#include "voice/scripted/tts.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::test {

class FakeExchange : public net::HttpStream {
  public:
    FakeExchange(net::HttpCall c, net::HttpStreamListener& listener) : call(std::move(c)), listener_(&listener) {}
    void cancel() override {
        if (std::exchange(listener_, nullptr) != nullptr) cancelled = true;
    }

    void head(int status, std::vector<std::pair<std::string, std::string>> headers = {}) {
        if (listener_ != nullptr) listener_->on_http_head(net::HttpAnswer{status, std::move(headers), {}});
    }
    void body(std::string_view bytes) {
        if (listener_ != nullptr) listener_->on_http_body(bytes);
    }
    void end() {
        if (auto* const listener = std::exchange(listener_, nullptr)) listener->on_http_end({});
    }
    void fail(const char* code) {
        if (auto* const listener = std::exchange(listener_, nullptr)) {
            listener->on_http_end(base::make_error(base::Condition::retry, code));
        }
    }
    void answer(std::string_view bytes) {
        head(200);
        body(bytes);
        end();
    }
    void refuse(int status, std::string_view detail_status) {
        head(status, {{"Content-Type", "application/json"}});
        body(R"({"detail":{"status":")" + std::string(detail_status) + R"(","message":"no"}})");
        end();
    }
    bool running() const { return listener_ != nullptr; }

    net::HttpCall call;
    bool cancelled = false;

  private:
    net::HttpStreamListener* listener_;
};

class FakeSpeech {
  public:
    voice::scripted::Tts::Open open() {
        return [this](net::HttpCall call, net::HttpStreamListener& listener) {
            auto exchange = std::make_shared<FakeExchange>(std::move(call), listener);
            exchanges.push_back(exchange);
            return exchange;
        };
    }
    FakeExchange& last() { return *exchanges.back(); }
    std::vector<std::shared_ptr<FakeExchange>> exchanges;
};

inline voice::scripted::TtsSettings speech_settings() {
    voice::scripted::TtsSettings settings;
    settings.url = *net::parse_url("https://api.elevenlabs.io");
    settings.key = base::Secret("sk_test");
    settings.voice_id = "voiceA";
    settings.default_voice_id = "voiceB";
    settings.model = "eleven_flash_v2_5";
    return settings;
}

// Audio that no check refuses.
inline std::string mulaw(std::size_t milliseconds) { return std::string(milliseconds * 8, '\xd5'); }

}  // namespace holdfast::test
