// Who is who: admission, one-time tokens, and the calls themselves. Media loop only.
#pragma once

#include "base/ids.hpp"
#include "base/loop.hpp"
#include "call/call.hpp"
#include "twilio/webhook.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace holdfast::call {

struct Admission {
    bool stream = false;    // else: person TwiML
    std::string token;      // for <Parameter>; 256 bits, bound to the CallSid, one use
    std::string_view why;   // admitted, retry, limit, unhealthy, draining, replay
};

enum class Claim { ok, unknown_call, bad_token, duplicate };
const char* to_string(Claim claim);

// Health of the live rung as the last calls saw it.
struct VoiceHealth {
    bool known = false;
    bool ok = false;
    std::string last_error_code;
    std::int64_t last_ok_utc_ms = 0;
};

class Registry : private CallOwner {
  public:
    Registry(Environment& environment, int max_calls);
    ~Registry() override;

    // A signed voice webhook. Writes the call's row whatever the answer is.
    Admission admit(twilio::VoiceRequest request);
    // A start message. On ok the token is used up and `call` is set.
    Claim claim(const base::CallSid& sid, std::string_view token, std::shared_ptr<Call>& call);
    // A signed status callback that says the call is over. Unknown calls are fine.
    void callback_ended(const base::CallSid& sid);

    // No new streams from now on: new calls get person TwiML.
    void drain();
    // Ends every call's stream; Twilio goes on to people.
    void close_all();

    void set_max_calls(int max_calls) { max_calls_ = max_calls; }
    // False: no live rung (no key, no prompts): every new call goes to a person.
    void set_live(bool live) { live_ = live; }
    int max_calls() const { return max_calls_; }
    bool live() const { return live_; }
    bool draining() const { return draining_; }
    std::size_t active() const { return calls_.size(); }
    const VoiceHealth& voice_health() const { return voice_health_; }

  private:
    struct Entry {
        std::shared_ptr<Call> call;
        std::string token;  // empty: used up
        base::TimePoint token_until;
    };

    void on_call_ended(Call& call, std::string_view reason) override;
    void on_call_voice(bool healthy, std::string_view code) override;
    Admission repeat(Entry& entry);
    Admission to_person(twilio::VoiceRequest request, std::string_view why);
    void remember(const base::CallSid& sid);
    void forget_old();

    Environment& env_;
    int max_calls_;
    bool live_ = true;
    bool draining_ = false;
    std::unordered_map<base::CallSid, Entry> calls_;
    // Calls that ended or went straight to people, so that a replayed webhook opens nothing (T04).
    std::unordered_map<base::CallSid, base::TimePoint> seen_;
    std::deque<base::CallSid> seen_order_;
    VoiceHealth voice_health_;
};

}  // namespace holdfast::call
