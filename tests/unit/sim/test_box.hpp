// The least that stands between Twilio and a provider: answers the webhook, plays a tone as
// greeting, carries frames both ways, clears and truncates on speech. Naive on purpose: it forwards
// at once and trusts everybody. It exists so that the caller and the provider can be tried on each
// other.
#pragma once

#include "audio/mulaw.hpp"
#include "base/base64.hpp"
#include "net/asio_loop.hpp"
#include "wire/http.hpp"
#include "wire/stream.hpp"
#include "wire/ws.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <list>
#include <memory>
#include <string>

namespace holdfast::test {

inline std::string tone(int ms, double amplitude = 8000) {
    std::vector<std::int16_t> samples(static_cast<std::size_t>(ms) * 8);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        samples[i] = static_cast<std::int16_t>(std::lround(
            amplitude * std::sin(2 * 3.14159265 * 440.0 * static_cast<double>(i) / 8000)));
    }
    return audio::mulaw_encode(samples);
}

struct BoxBehaviour {
    std::string provider_url;  // empty: no provider
    int greeting_ms = 400;
    int webhook_status = 200;
    bool clear_on_speech = true;
    bool extra_key = false;  // a media message with a key Twilio does not know
    bool close_after_greeting = false;
    bool truncate_too_far = false;
    std::string after_connect = "<Say>Please hold.</Say><Dial><Number>+15550100199</Number></Dial>";
};

class TestBox {
  public:
    TestBox(net::AsioLoop& loop, BoxBehaviour behaviour)
        : loop_(loop), behaviour_(std::move(behaviour)) {
        acceptor_ = std::move(
            *sim::Acceptor::open(loop, "127.0.0.1", 0, nullptr, [this](sim::StreamPtr stream) {
                clients_.push_back(std::make_unique<Client>(*this, std::move(stream)));
            }));
    }
    std::string url() const { return "127.0.0.1:" + std::to_string(acceptor_->port()); }
    const nlohmann::json& start() const { return start_; }
    const std::vector<sim::HttpMessage>& webhooks() const { return webhooks_; }
    const sim::Headers& upgrade_headers() const { return upgrade_; }
    std::size_t frames() const { return frames_; }
    const std::vector<std::string>& marks() const { return marks_; }
    bool stopped() const { return stopped_; }
    const std::vector<std::string>& broken() const {
        return broken_;
    }  // what callers did against RFC 6455

  private:
    class Voice final : public sim::WsHandler {
      public:
        Voice(TestBox& box, sim::WsPeer& caller, const std::string& sid)
            : box_(box), caller_(caller), sid_(sid) {
            sim::WsConnect connect;
            connect.url = *net::parse_url(box.behaviour_.provider_url);
            connect.headers = {{"Authorization", "Bearer sk-test"}};
            socket_ = sim::WsPeer::connect(box.loop_, connect, this);
        }
        ~Voice() override { socket_->set_handler(nullptr); }
        void hear(const std::string& payload) {
            if (configured_)
                socket_->send_text(nlohmann::json{
                    {"type", "input_audio_buffer.append"},
                    {"audio", payload}}.dump());
        }
        void on_ws_text(std::string_view text) override {
            using nlohmann::json;
            const json event = json::parse(text);
            const std::string type = event["type"];
            if (type == "session.created") {
                const json pcmu{{"type", "audio/pcmu"}};
                const json vad{{"type", "server_vad"}, {"silence_duration_ms", 300}};
                const json update{{"type", "session.update"},
                                  {"session",
                                   {{"type", "realtime"},
                                    {"audio",
                                     {{"input",
                                       {{"format", pcmu},
                                        {"transcription", {{"model", "gpt-transcribe"}}},
                                        {"turn_detection", vad}}},
                                      {"output", {{"format", pcmu}, {"voice", "alloy"}}}}}}}};
                socket_->send_text(update.dump());
            } else if (type == "session.updated") {
                configured_ = true;
            } else if (type == "response.output_audio.delta") {
                if (event["response_id"] == cancelled_) return;
                response_ = event["response_id"];
                item_ = event["item_id"];
                received_ms_ += static_cast<std::int64_t>(
                    base::base64_decoded_bytes(event["delta"].get<std::string>()) / 8);
                box_.play(caller_, sid_, *base::base64_decode(event["delta"].get<std::string>()));
            } else if (type == "input_audio_buffer.speech_started" &&
                       box_.behaviour_.clear_on_speech) {
                caller_.send_text(json{{"event", "clear"}, {"streamSid", sid_}}.dump());
                cancelled_ = response_;
                if (item_.empty()) return;
                const std::int64_t played =
                    box_.behaviour_.truncate_too_far ? received_ms_ + 5000 : 100;
                socket_->send_text(json{
                    {"type", "conversation.item.truncate"},
                    {"item_id", item_},
                    {"content_index", 0},
                    {"audio_end_ms",
                     played}}.dump());
                item_.clear();
                received_ms_ = 0;
            }
        }
        void on_ws_binary(std::size_t) override {}
        void on_ws_violation(std::uint16_t, const std::string& what) override {
            box_.broken_.push_back("provider: " + what);
        }
        void on_ws_end(const sim::WsEnd&) override {}
        void bye() { socket_->close(1000, ""); }

      private:
        TestBox& box_;
        sim::WsPeer& caller_;
        std::string sid_;
        std::shared_ptr<sim::WsPeer> socket_;
        bool configured_ = false;
        std::string response_, cancelled_, item_;
        std::int64_t received_ms_ = 0;
    };

    class Client final : public sim::StreamHandler, public sim::WsHandler {
      public:
        Client(TestBox& box, sim::StreamPtr stream) : box_(box), stream_(std::move(stream)) {
            stream_->set_handler(this);
        }
        ~Client() override {
            if (socket_) socket_->set_handler(nullptr);
            if (stream_) stream_->set_handler(nullptr);
        }
        void on_bytes(std::string_view bytes) override {
            if (reader_.feed(bytes) != sim::HttpReader::State::done) return;
            const auto& request = reader_.message();
            if (request.method == "POST") return answer(request);
            box_.upgrade_ = request.headers;
            socket_ =
                sim::WsPeer::accept(std::exchange(stream_, nullptr), request, reader_.rest(), this);
        }
        void on_end(const std::string&) override {}
        void on_ws_text(std::string_view text) override {
            const auto event = nlohmann::json::parse(text, nullptr, false);
            if (!event.is_object()) return socket_->close(1007, "not JSON");
            const std::string kind = event.value("event", "");
            if (kind == "start") begin(event);
            if (kind == "media") {
                ++box_.frames_;
                if (voice_) voice_->hear(event["media"]["payload"]);
            }
            if (kind == "mark") {
                box_.marks_.push_back(event["mark"]["name"]);
                if (box_.behaviour_.close_after_greeting) socket_->close(1000, "");
            }
            if (kind == "stop") box_.stopped_ = true;
        }
        void on_ws_binary(std::size_t) override { socket_->close(1003, "binary"); }
        void on_ws_violation(std::uint16_t, const std::string& what) override {
            box_.broken_.push_back(what);
        }
        void on_ws_end(const sim::WsEnd&) override {
            if (voice_) voice_->bye();
        }

      private:
        void answer(const sim::HttpMessage& request) {
            box_.webhooks_.push_back(request);
            const std::string twiml =
                R"(<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="ws://)" +
                box_.url() +
                R"(/ws/media"><Parameter name="token" value="once"/></Stream></Connect>)" +
                box_.behaviour_.after_connect + "</Response>";
            stream_->write(sim::format_response(box_.behaviour_.webhook_status,
                                                {{"Content-Type", "text/xml; charset=utf-8"}},
                                                twiml));
        }
        void begin(const nlohmann::json& event) {
            box_.start_ = event;
            const std::string sid = event["streamSid"];
            if (!box_.behaviour_.provider_url.empty() && !voice_)
                voice_ = std::make_unique<Voice>(box_, *socket_, sid);
            box_.play(*socket_, sid, tone(box_.behaviour_.greeting_ms));
        }
        TestBox& box_;
        sim::StreamPtr stream_;
        sim::HttpReader reader_{sim::HttpReader::Kind::request};
        std::shared_ptr<sim::WsPeer> socket_;
        std::unique_ptr<Voice> voice_;
    };

    void play(sim::WsPeer& caller, const std::string& sid, const std::string& mulaw) {
        for (std::size_t at = 0; at < mulaw.size(); at += 480) {
            nlohmann::json media{
                {"event", "media"},
                {"streamSid", sid},
                {"media", {{"payload", base::base64_encode(mulaw.substr(at, 480))}}}};
            if (behaviour_.extra_key) media["sequenceNumber"] = "1";
            caller.send_text(media.dump());
        }
        caller.send_text(nlohmann::json{{"event", "mark"},
                                        {"streamSid", sid},
                                        {"mark", {{"name", "m" + std::to_string(++marks_sent_)}}}}
                             .dump());
    }

    net::AsioLoop& loop_;
    BoxBehaviour behaviour_;
    std::unique_ptr<sim::Acceptor> acceptor_;
    std::list<std::unique_ptr<Client>> clients_;
    nlohmann::json start_;
    std::vector<sim::HttpMessage> webhooks_;
    sim::Headers upgrade_;
    std::size_t frames_ = 0;
    std::vector<std::string> marks_;
    std::vector<std::string> broken_;
    bool stopped_ = false;
    int marks_sent_ = 0;
};

}  // namespace holdfast::test
