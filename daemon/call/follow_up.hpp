// Sees to it that Twilio goes on with a caller whom the box gave away. The verbs behind </Connect> dial a
// person when a stream ends or never begins; whether Twilio runs them in every case is not written anywhere
// (twilio.md 3.2). So a while later Twilio is asked whether it rings anybody for this call, and if not, the
// live call is given the same verbs over the REST interface (T28: never while a stream is well).
// Off without credentials. Media loop only.
#pragma once

#include "base/backoff.hpp"
#include "base/ids.hpp"
#include "base/timer.hpp"
#include "log/repeat.hpp"
#include "net/http_client.hpp"
#include "store/journal.hpp"
#include "twilio/rest.hpp"
#include "twilio/twiml.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace holdfast::call {

class FollowUp {
  public:
    // Calls its second argument exactly once, not before it returns.
    using Send = std::function<void(twilio::RestRequest, net::HttpDone)>;

    FollowUp(base::Loop& loop, store::Journal& journal, std::function<std::uint32_t()> random);

    // Empty: off; what is being watched is forgotten.
    void set_send(Send send);
    bool enabled() const { return static_cast<bool>(send_); }

    // The webhook was answered with a stream; `person` stands behind it.
    void served(const base::CallSid& call, const std::string& account_sid, const twilio::PersonVerbs& person);
    // A run of ours that died had the call; the same, and the stream is gone.
    void left_behind(const base::CallSid& call, const std::string& account_sid, const twilio::PersonVerbs& person);
    void streams(const base::CallSid& call);   // the stream is there
    void given_away(const base::CallSid& call);  // the stream is closed, or lost; now Twilio should dial
    void followed(const base::CallSid& call);  // Twilio did
    void over(const base::CallSid& call);      // nothing more to see to

    std::size_t watched() const { return watched_.size(); }

  private:
    struct Watched {
        Watched(base::Loop& loop, const base::CallSid& c) : call(c), timer(loop) {}
        const base::CallSid call;
        std::string account_sid;
        std::string document;
        base::milliseconds patience{0};  // until somebody rings after the stream is gone
        bool armed = false;  // it will be looked at, or is being
        const char* why = "";
        int redirects = 0;
        int attempts = 0;
        bool redirecting = false;  // else: asking
        base::Backoff backoff{std::chrono::milliseconds(100), std::chrono::seconds(2)};
        base::Timer timer;
    };
    using WatchedPtr = std::shared_ptr<Watched>;

    void arm(const WatchedPtr& one, base::milliseconds wait, const char* why);
    void queue(const WatchedPtr& one);
    void send_next();
    void answered(const WatchedPtr& one, const base::Result<net::HttpAnswer>& answer);
    void asked(const WatchedPtr& one, const net::HttpAnswer& answer);
    void redirect(const WatchedPtr& one);
    void redirected(const WatchedPtr& one);
    void again(const WatchedPtr& one, const char* result);
    void give_up(const WatchedPtr& one, const char* result, int code);

    base::Loop& loop_;
    store::Journal& journal_;
    const std::function<std::uint32_t()> random_;
    Send send_;
    std::unordered_map<base::CallSid, WatchedPtr> watched_;
    std::deque<std::weak_ptr<Watched>> waiting_;
    int in_flight_ = 0;
    log::RepeatGuard trouble_log_;
    std::shared_ptr<FollowUp*> self_ = std::make_shared<FollowUp*>(this);  // answers may come after our end
};

}  // namespace holdfast::call
