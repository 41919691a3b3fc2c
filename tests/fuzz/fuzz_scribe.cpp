// A transcription service that says anything: each line of the input is one text frame to the ears of a
// scripted voice in the middle of a call. A line that begins with '<' is, instead, what text to speech
// answers: its error body and its audio. Beyond not crashing, what we send is one line of JSON, and what
// the caller is given is base64.
#include "base/base64.hpp"
#include "fuzz.hpp"
#include "log/log.hpp"
#include "support/fake_loop.hpp"
#include "voice/scripted/api_error_codec.hpp"
#include "voice/scripted/make.hpp"
#include "voice/scripted/tts_audio.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

namespace {

using namespace holdfast;
using namespace voice::scripted;

class Socket : public net::WsConnection {
  public:
    Socket(base::Loop& loop, net::WsListener& listener) : loop_(loop), listener_(&listener) {}
    void set_listener(net::WsListener* listener) override { listener_ = listener; }
    bool send_text(std::string_view text, net::SendKind) override {
        FUZZ_CHECK(!text.empty() && text.front() == '{' && text.back() == '}');
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

    void accept() {
        open_ = true;
        if (listener_ != nullptr) listener_->on_ws_open();
    }
    void say(std::string_view text) {
        std::string padded(text);
        padded.append(64, '\0');
        if (listener_ != nullptr) listener_->on_ws_text(std::string_view(padded.data(), text.size()));
    }

  private:
    base::Loop& loop_;
    net::WsListener* listener_;
    bool open_ = false;
};

class NoSpeech : public net::HttpStream {
  public:
    void cancel() override {}
};

class Caller : public voice::VoiceListener {
  public:
    void on_voice_stage(voice::Stage) override {}
    void on_voice_ready() override {}
    void on_caller_speech_started() override {
        if (!item_.empty()) voice->interrupted({{item_, 20}});
    }
    void on_caller_speech_stopped(base::milliseconds) override {}
    void on_caller_utterance(const voice::CallerUtterance& utterance) override {
        FUZZ_CHECK(utterance.text.size() <= k_transcript_bytes_max && utterance.start_ms <= utterance.end_ms);
    }
    void on_voice_audio(std::string_view item, std::string_view base64) override {
        FUZZ_CHECK(base::is_base64(base64));
        item_.assign(item);
    }
    void on_voice_audio_done(std::string_view) override {}
    void on_voice_utterance(const voice::VoiceUtterance&) override {}
    void on_person_requested(std::string_view) override {}
    void on_voice_lost(const voice::VoiceLoss&) override { FUZZ_CHECK(!std::exchange(lost_, true)); }
    std::shared_ptr<voice::Voice> voice;

  private:
    std::string item_;
    bool lost_ = false;
};

void speech_answer(std::string_view body) {
    const std::string status = api_error_status(body);
    FUZZ_CHECK(status.size() <= 64);
    MulawJudge judge;
    std::string heard;
    for (std::size_t at = 0; at < body.size(); at += 37) {
        const std::string base64 = judge.take(body.substr(at, 37));
        FUZZ_CHECK(base::is_base64(base64));
        heard += *base::base64_decode(base64);
    }
    heard += base::base64_decode(judge.finish()).value_or("");
    FUZZ_CHECK(judge.refused() != nullptr || heard == body);
}

constexpr std::string_view k_started =
    R"({"message_type":"session_started","config":{"audio_format":"ulaw_8000","commit_strategy":"vad"}})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    log::set_level(log::Level::error);
    test::FakeLoop loop;
    Caller caller;
    std::shared_ptr<Socket> socket;
    const auto parts = std::make_shared<ScriptedParts>();
    parts->connect_ears = [&](net::WsListener& listener) {
        return socket = std::make_shared<Socket>(loop, listener);
    };
    TtsSettings tts;
    tts.voice_id = "v";
    parts->tts = std::make_shared<Tts>(loop, tts, [](net::HttpCall, net::HttpStreamListener&) {
        return std::make_shared<NoSpeech>();
    });
    parts->cache = std::make_shared<SpeechCache>();
    parts->recorded = [](std::string_view, std::string_view) { return ClipView{"/////w==", "words"}; };
    parts->extract = std::make_shared<SimpleExtract>();
    parts->person_words = default_person_words();
    static const auto call = *base::CallSid::parse("CA0123456789abcdef0123456789abcdef");
    caller.voice = std::make_shared<ScriptedVoice>(loop, parts, call, caller, nullptr);
    caller.voice->open();
    caller.voice->prove({});
    std::string_view input = fuzz::text(data, size);
    socket->accept();
    if (!input.empty() && input.front() == '!') input.remove_prefix(1);  // the opening is the service's, too
    else socket->say(k_started);
    loop.advance(base::milliseconds(0));
    while (!input.empty()) {
        const auto line = input.substr(0, input.find('\n'));
        input.remove_prefix(std::min(input.size(), line.size() + 1));
        if (!line.empty() && line.front() == '<') {
            speech_answer(line.substr(1));
            continue;
        }
        caller.voice->caller_audio("////////");
        socket->say(line);
        loop.advance(base::milliseconds(10 * line.size()));
    }
    caller.voice->stop("end");
    loop.run_posted();
    caller.voice.reset();
    return 0;
}
