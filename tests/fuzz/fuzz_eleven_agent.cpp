// An agent that says anything: each line of the input is one text frame to a configured session whose
// caller is talking. Beyond not crashing, everything we send back must stay one line of JSON-safe text,
// and the call hears of a loss once.
#include "log/log.hpp"
#include "support/fake_loop.hpp"
#include "voice/eleven_agent/agent_voice.hpp"
#include "voice/eleven_codec.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace holdfast;

class Socket : public net::WsConnection {
  public:
    Socket(base::Loop& loop, net::WsListener& listener) : loop_(loop), listener_(&listener) {}
    void set_listener(net::WsListener* listener) override { listener_ = listener; }
    bool send_text(std::string_view text, net::SendKind) override {
        if (text.empty() || text.front() != '{' || text.back() != '}') std::abort();
        for (const char c : text) {
            if (static_cast<unsigned char>(c) < 0x20) std::abort();
        }
        return true;
    }
    void send_ping() override {}
    void close(std::uint16_t, std::string_view) override { open_ = false; }
    void abort() override { open_ = false; }
    bool open() const override { return open_; }
    std::size_t queued_bytes() const override { return 0; }
    std::uint64_t dropped_messages() const override { return 0; }
    base::TimePoint blocked_since() const override { return loop_.now(); }
    std::string peer_address() const override { return {}; }

    void say(std::string_view text) {
        std::string padded(text);
        padded.append(64, '\0');
        if (listener_ != nullptr) listener_->on_ws_text(std::string_view(padded.data(), text.size()));
    }
    void accept() {
        open_ = true;
        listener_->on_ws_open();
    }

  private:
    base::Loop& loop_;
    net::WsListener* listener_;
    bool open_ = false;
};

// Interrupts every answer in its middle and takes everything else.
class Caller : public voice::VoiceListener {
  public:
    void on_voice_stage(voice::Stage) override {}
    void on_voice_ready() override {}
    void on_caller_speech_started() override {
        if (!item_.empty()) voice->interrupted({{item_, 20}, {"other", 0}});
    }
    void on_caller_speech_stopped(base::milliseconds) override {}
    void on_caller_utterance(const voice::CallerUtterance& utterance) override {
        if (utterance.end_ms < utterance.start_ms) std::abort();
    }
    void on_voice_audio(std::string_view item, std::string_view) override { item_.assign(item); }
    void on_voice_audio_done(std::string_view) override {}
    void on_voice_utterance(const voice::VoiceUtterance&) override {}
    void on_person_requested(std::string_view) override {}
    void on_voice_lost(const voice::VoiceLoss&) override {
        if (std::exchange(lost_, true)) std::abort();
    }
    std::shared_ptr<voice::Voice> voice;

  private:
    std::string item_;
    bool lost_ = false;
};

constexpr std::string_view k_metadata =
    R"({"type":"conversation_initiation_metadata","conversation_initiation_metadata_event":{"agent_output_audio_format":"ulaw_8000","user_input_audio_format":"ulaw_8000"}})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace voice::eleven_agent;
    static const bool quiet = (log::set_level(log::Level::error), true);
    static const auto plan = std::make_shared<const AgentPlan>();
    static const auto call = *base::CallSid::parse("CA0123456789abcdef0123456789abcdef");
    static_cast<void>(quiet);
    std::string_view input(reinterpret_cast<const char*>(data), size);
    static_cast<void>(voice::decode_client_secret(input));
    static_cast<void>(voice::decode_signed_url(input));
    static_cast<void>(voice::decode_detail_status(input));
    test::FakeLoop loop;
    Caller caller;
    std::shared_ptr<Socket> socket;
    caller.voice = std::make_shared<AgentVoice>(
        loop, plan,
        [&](net::WsListener& listener) { return socket = std::make_shared<Socket>(loop, listener); }, call, caller);
    caller.voice->open();
    caller.voice->prove({"hello", {}, "en", false});
    socket->accept();
    if (!input.empty() && input.front() == '!') {  // the opening move, too, is the agent's
        input.remove_prefix(1);
    } else {
        socket->say(k_metadata);
    }
    while (!input.empty()) {
        const auto line = input.substr(0, input.find('\n'));
        input.remove_prefix(std::min(input.size(), line.size() + 1));
        caller.voice->caller_audio("////////");
        socket->say(line);
        loop.advance(base::milliseconds(line.size()));
    }
    loop.advance(std::chrono::seconds(3));
    caller.voice->stop("end");
    loop.run_posted();
    caller.voice.reset();
    return 0;
}
