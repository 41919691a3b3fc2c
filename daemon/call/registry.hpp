// Who is who: admission, one-time tokens, and the calls themselves. Media loop only.
#pragma once

#include "base/ids.hpp"
#include "base/loop.hpp"
#include "call/call.hpp"
#include "call/follow_up.hpp"
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

// What became of a colleague's wish to hand a call to a person.
enum class Transfer { asked, unknown_call, not_started, with_person };

enum class Claim { ok, unknown_call, bad_token, duplicate };
const char* to_string(Claim claim);

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
    // A signed webhook that says how dialling a person ended. With `answered` the call is over; otherwise it
    // comes back to the best rung, with a fresh token, a bounded number of times. An answer without a
    // stream: dial again.
    Admission person_left(const base::CallSid& sid, bool answered, std::string_view how);

    // A colleague at a console hands the call to a person.
    Transfer transfer(const base::CallSid& sid);
    // What the person who picked up should hear first: a sentence, or nothing when the call is unknown.
    // What has become of a proposal; nothing when its call is over.
    void dispatch_moved(const store::Dispatch& step);
    std::string briefing(const base::CallSid& sid) const;

    // Told of every call that is given away; null: nobody sees to them.
    void set_follow_up(FollowUp* follow_up) { follow_up_ = follow_up; }

    // No new streams from now on: new calls get person TwiML. Streams that were announced before are still accepted.
    void drain();
    // New calls stream again, unless the drain is that of a stop.
    void undrain();
    // A drain that nothing ends.
    void drain_for_good();
    // Ends every call's stream; Twilio goes on to people.
    void close_all();

    void set_max_calls(int max_calls) { max_calls_ = max_calls; }
    // False: the box cannot speak (no prompts): every new call goes to a person.
    void set_healthy(bool healthy) { healthy_ = healthy; }
    int max_calls() const { return max_calls_; }
    bool healthy() const { return healthy_; }
    bool draining() const { return draining_; }
    std::size_t active() const { return calls_.size(); }

  private:
    struct Entry {
        std::shared_ptr<Call> call;
        std::string token;  // empty: used up
        base::TimePoint token_until;
        int returns = 0;  // from a person that nobody was
    };

    void on_call_phase(Call& call) override;
    void on_call_ended(Call& call, std::string_view reason) override;
    void on_call_gone(Call& call) override { lingering_.erase(&call); }
    Admission repeat(Entry& entry);
    Admission to_person(twilio::VoiceRequest request, std::string_view why);
    void remember(const base::CallSid& sid);
    void forget_old();

    Environment& env_;
    FollowUp* follow_up_ = nullptr;
    int max_calls_;
    bool healthy_ = true;
    bool draining_ = false;
    bool for_good_ = false;
    std::unordered_map<base::CallSid, Entry> calls_;
    // Calls that are over and wait for the last words of their caller.
    std::unordered_map<const Call*, std::shared_ptr<Call>> lingering_;
    // Calls that ended or went straight to people, so that a replayed webhook opens nothing (T04).
    std::unordered_map<base::CallSid, base::TimePoint> seen_;
    std::deque<base::CallSid> seen_order_;
};

}  // namespace holdfast::call
