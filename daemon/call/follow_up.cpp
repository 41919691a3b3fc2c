#include "call/follow_up.hpp"

#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <utility>

namespace holdfast::call {
namespace {

constexpr log::Logger k_log{"call"};
constexpr int k_requests_at_once = 8;  // Twilio refuses what is too many (20429)
constexpr int k_attempts_max = 6;      // of one request: some 4 s
constexpr int k_redirects_max = 2;     // of one giving away

// <Say> speaks some fourteen characters a second; slow voices and long pauses included.
constexpr std::int64_t k_spoken_ms_per_char = 90;

}  // namespace

FollowUp::FollowUp(base::Loop& loop, store::Journal& journal, std::function<std::uint32_t()> random)
    : loop_(loop), journal_(journal), random_(std::move(random)) {}

void FollowUp::set_send(Send send) {
    send_ = std::move(send);
    if (send_) return;
    watched_.clear();
    waiting_.clear();
}

void FollowUp::served(const base::CallSid& call, const std::string& account_sid, const twilio::PersonVerbs& person) {
    watched_.erase(call);
    if (!send_ || !base::is_twilio_sid(account_sid, 'A', 'C') || person.number.empty()) return;  // nobody would ever ring
    auto document = twilio::person_document(person);
    if (document.size() > twilio::k_rest_document_bytes_max) {
        k_log.warning("person document too long for the REST interface, not watched over", call,
                      {{"bytes", document.size()}});
        return;
    }
    auto one = std::make_shared<Watched>(loop_, call);
    one->account_sid = account_sid;
    one->document = std::move(document);
    one->patience = limits::twilio_follows_within +
                    base::milliseconds(k_spoken_ms_per_char * static_cast<std::int64_t>(person.sentence.size()));
    watched_.emplace(call, one);
    arm(one, limits::stream_follows_within, "no_stream");
}

void FollowUp::left_behind(const base::CallSid& call, const std::string& account_sid,
                           const twilio::PersonVerbs& person) {
    served(call, account_sid, person);
    const auto found = watched_.find(call);
    if (found != watched_.end()) arm(found->second, found->second->patience, "restart");
}

void FollowUp::streams(const base::CallSid& call) {
    const auto found = watched_.find(call);
    if (found == watched_.end()) return;
    // A new one: what was asked for the old one is not heard any more.
    const auto old = found->second;
    found->second = std::make_shared<Watched>(loop_, call);
    found->second->account_sid = old->account_sid;
    found->second->document = old->document;
    found->second->patience = old->patience;
}

void FollowUp::given_away(const base::CallSid& call) {
    const auto found = watched_.find(call);
    // A second reason to look does not put off the first look, nor repeat the one that is under way.
    if (found == watched_.end() || found->second->armed) return;
    arm(found->second, found->second->patience, "not_dialled");
}

void FollowUp::followed(const base::CallSid& call) { watched_.erase(call); }
void FollowUp::over(const base::CallSid& call) { watched_.erase(call); }

void FollowUp::arm(const WatchedPtr& one, base::milliseconds wait, const char* why) {
    one->armed = true;
    one->why = why;
    one->attempts = 0;
    one->redirecting = false;
    one->timer.arm(wait, [this, weak = std::weak_ptr<Watched>(one)] {
        if (const auto self = weak.lock()) queue(self);
    });
}

void FollowUp::queue(const WatchedPtr& one) {
    waiting_.push_back(one);
    send_next();
}

void FollowUp::send_next() {
    while (send_ && in_flight_ < k_requests_at_once && !waiting_.empty()) {
        const auto one = waiting_.front().lock();
        waiting_.pop_front();
        if (!one) continue;
        ++one->attempts;
        ++in_flight_;
        auto request = one->redirecting ? twilio::redirect_request(one->account_sid, one->call, one->document)
                                        : twilio::children_request(one->account_sid, one->call);
        send_(std::move(request), [weak_us = std::weak_ptr<FollowUp*>(self_),
                                   weak = std::weak_ptr<Watched>(one)](const base::Result<net::HttpAnswer>& answer) {
            const auto us = weak_us.lock();
            if (!us) return;
            FollowUp& me = **us;
            --me.in_flight_;
            if (const auto self = weak.lock()) me.answered(self, answer);
            me.send_next();
        });
    }
}

void FollowUp::answered(const WatchedPtr& one, const base::Result<net::HttpAnswer>& answer) {
    using Kind = twilio::RestAnswer::Kind;
    if (!answer) return again(one, "network");
    const auto judged = twilio::judge_rest(answer->status, answer->body);
    switch (judged.kind) {
        case Kind::done:
            return one->redirecting ? redirected(one) : asked(one, *answer);
        case Kind::gone:
            metrics::twilio_rest_total.add("gone");
            return over(one->call);
        case Kind::again: return again(one, "server");
        case Kind::refused: return give_up(one, "auth", judged.code);
        case Kind::wrong: return give_up(one, "refused", judged.code);
    }
}

void FollowUp::asked(const WatchedPtr& one, const net::HttpAnswer& answer) {
    const auto children = twilio::count_children(answer.body);
    if (!children) return again(one, "json");
    metrics::twilio_rest_total.add("ok");
    if (*children > 0) return over(one->call);
    redirect(one);
}

void FollowUp::redirect(const WatchedPtr& one) {
    if (one->redirects >= k_redirects_max) {
        k_log.error("Twilio was told to dial a person, and does not", one->call);
        return over(one->call);
    }
    ++one->redirects;
    k_log.error("Twilio did not go on with the call, it is told to dial a person", one->call, {{"why", one->why}});
    journal_.append(store::Audit{loop_.utc_ms(), "daemon", "call_redirected", std::string("why=") + one->why, one->call});
    one->redirecting = true;
    one->attempts = 0;
    queue(one);
}

void FollowUp::redirected(const WatchedPtr& one) {
    metrics::twilio_rest_total.add("ok");
    metrics::rest_redirect_total.add(one->why);
    arm(one, one->patience, "not_dialled");  // looked at once more
}

void FollowUp::again(const WatchedPtr& one, const char* result) {
    if (one->attempts >= k_attempts_max) return give_up(one, result, 0);
    metrics::twilio_rest_total.add(result);
    one->timer.arm(one->backoff.next(random_()), [this, weak = std::weak_ptr<Watched>(one)] {
        if (const auto self = weak.lock()) queue(self);
    });
}

void FollowUp::give_up(const WatchedPtr& one, const char* result, int code) {
    metrics::twilio_rest_total.add(result);
    if (trouble_log_.should_log(loop_.now())) {
        k_log.error("Twilio's REST interface does not serve", one->call,
                    {{"result", result}, {"code", code}, {"suppressed", trouble_log_.suppressed()}});
    }
    over(one->call);
}

}  // namespace holdfast::call
