// ElevenLabs text to speech over HTTPS (elevenlabs.md 3.1), for the few sentences that cannot be kept as
// clips. One Tts serves all calls of a loop: it counts what runs against the plan's limit (E03), sorts
// what is refused (E01, E02, E04) and stops asking for a while when asking cannot help. A request plays
// as it comes, says when it is slow and gives up while the caller can still be told something else (E05).
// Loop thread only.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "base/sensitive.hpp"
#include "base/timer.hpp"
#include "net/http_client.hpp"
#include "voice/scripted/sentences.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::voice::scripted {

constexpr base::milliseconds k_tts_slow{1500};    // no first byte: a filler
constexpr base::milliseconds k_tts_first{2500};   // ... and by now it is cancelled
constexpr base::milliseconds k_tts_slot_wait{2000};   // for a free slot, in all (E03)
constexpr base::milliseconds k_tts_stalled{2000};     // no next byte in the middle
constexpr base::milliseconds k_tts_total{20'000};
constexpr base::milliseconds k_tts_breaker{600'000};  // E01: these never heal by asking again
constexpr std::size_t k_tts_text_bytes_max = 1000;
constexpr std::size_t k_tts_waiting_max = 64;         // requests waiting for a slot
constexpr std::size_t k_tts_slots_default = 3;        // below the smallest plan (4 for the fast models)

struct TtsSettings {
    net::Url url;  // https://host; the target is ours
    std::shared_ptr<net::TlsClient> tls;
    base::Secret key;
    std::string voice_id;
    std::string default_voice_id;  // tried once when the workspace does not know voice_id; empty: none
    std::string model;
    std::size_t slots = k_tts_slots_default;
};

// `code`: auth, quota, voice, plan, request, busy, server, network, timeout, slow, cut, empty, html, json,
// mp3, audio, too_long, breaker.
struct TtsFailure {
    const char* code = "";
    base::Condition condition = base::Condition::retry;
    int http_status = 0;
    bool played = false;  // some of it has been handed over
};

class TtsListener {
  public:
    virtual ~TtsListener() = default;
    virtual void on_tts_audio(std::string_view base64) = 0;
    virtual void on_tts_slow() = 0;                          // at most once, before any audio
    virtual void on_tts_done(const std::string& mulaw) = 0;  // whole and checked: may be kept
    virtual void on_tts_failed(const TtsFailure& failure) = 0;
};

class Tts {
  public:
    using Open = std::function<std::shared_ptr<net::HttpStream>(net::HttpCall, net::HttpStreamListener&)>;
    class Request;

    Tts(base::Loop& loop, TtsSettings settings, Open open);
    ~Tts();

    // Nothing is heard before it returns, and nothing once the request is dropped: dropping it is how a
    // caller's interruption cancels it. The listener hears on_tts_done or on_tts_failed, once, last. The
    // Tts must outlive its requests.
    std::shared_ptr<Request> speak(std::string_view text, Language language, TtsListener& listener);

    // Whether asking makes sense now (no breaker).
    bool usable() const { return loop_.now() >= closed_until_; }
    std::size_t running() const { return running_; }
    std::size_t slots() const { return slots_; }

  private:
    friend class Request;
    bool take_slot(const std::shared_ptr<Request>& request);
    void free_slot();
    void learn(const net::HttpAnswer& head);
    void too_many();
    void went_well() { slots_ = slots_ < slots_max_ ? slots_ + 1 : slots_max_; }
    void break_off() { closed_until_ = loop_.now() + k_tts_breaker; }
    net::HttpCall call_for(const std::string& text, Language language, bool default_voice) const;

    base::Loop& loop_;
    const TtsSettings settings_;
    const Open open_;
    std::size_t slots_max_;  // by our settings and the plan
    std::size_t slots_;      // less after a 429, and back one by one
    std::size_t running_ = 0;
    bool voice_missing_ = false;  // settings_.voice_id is unknown: the default is used
    base::TimePoint closed_until_{};
    std::deque<std::weak_ptr<Request>> waiting_;
};

// What an answer other than 200 means. `status` is api_error_status() of its body.
TtsFailure judge_tts(int http_status, std::string_view status);

}  // namespace holdfast::voice::scripted
