#include "call/registry.hpp"

#include "base/random.hpp"
#include "config/limits.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <utility>
#include <vector>

namespace holdfast::call {
namespace {

constexpr log::Logger k_log{"call"};
constexpr std::size_t k_token_bytes = 32;
// The caller is gone, or a person has taken over.
bool ends_for_good(std::string_view reason) {
    return reason == "stop" || reason == "callback" || reason == "transferred" || reason == "voice_lost";
}

constexpr int k_returns_max = 10;  // of one call from a person that nobody was
constexpr std::size_t k_seen_max = 20'000;  // 15 min of replay memory at 20 calls/s

}  // namespace

const char* to_string(Claim claim) {
    switch (claim) {
        case Claim::ok: return "ok";
        case Claim::unknown_call: return "unknown_call";
        case Claim::bad_token: return "bad_token";
        case Claim::duplicate: return "duplicate";
    }
    return "unknown";
}

Registry::Registry(Environment& environment, int max_calls) : env_(environment), max_calls_(max_calls) {}

Registry::~Registry() = default;

Admission Registry::admit(twilio::VoiceRequest request) {
    const auto known = calls_.find(request.call);
    if (known != calls_.end()) return repeat(known->second);
    forget_old();
    if (seen_.count(request.call) != 0) {
        metrics::replay_total.add("refused");
        return Admission{false, {}, "replay"};
    }
    metrics::calls_total.add();
    if (draining_) return to_person(std::move(request), "draining");
    ladder::Load load;
    load.calls = static_cast<int>(calls_.size());
    load.calls_max = max_calls_;
    load.box_healthy = healthy_;
    const auto place = env_.ladder.admit(load, env_.loop.now());
    if (!place.streams()) return to_person(std::move(request), place.reason);

    Entry entry;
    entry.token = base::random_hex(k_token_bytes);
    entry.token_until = env_.loop.now() + limits::token_life;
    const std::string token = entry.token;
    const auto sid = request.call;
    CallOwner& owner = *this;  // a private base: converted here, where it is accessible
    entry.call = std::make_shared<Call>(env_, owner, std::move(request), place.rung);
    const auto call = entry.call;
    calls_.emplace(sid, std::move(entry));
    metrics::calls_active.set(static_cast<double>(calls_.size()));
    call->admit();
    return Admission{true, token, "admitted"};
}

Admission Registry::repeat(Entry& entry) {
    const auto call = entry.call;
    if (call->phase() == Phase::stream_lost) {  // the TwiML is run again: a fresh token may take over
        entry.token = base::random_hex(k_token_bytes);
        entry.token_until = env_.loop.now() + limits::token_life;
    }
    if (entry.token.empty()) {
        metrics::replay_total.add("refused");
        return Admission{false, {}, "replay"};
    }
    metrics::replay_total.add("retry");
    call->webhook_repeated();
    return Admission{true, entry.token, "retry"};
}

Admission Registry::to_person(twilio::VoiceRequest request, std::string_view why) {
    metrics::admission_refused_total.add(why);
    metrics::calls_ended_total.add("overflow");
    const auto utc = env_.loop.utc_ms();
    store::CallOpened opened;
    opened.call = request.call;
    opened.utc_ms = utc;
    opened.account_sid = request.account_sid;
    opened.from = request.from;
    opened.to = request.to;
    opened.direction = request.direction;
    opened.attestation = request.attestation;
    opened.status = "overflow";
    opened.rung = "person";
    opened.decision.assign(why);
    store::CallEnded ended;
    ended.call = request.call;
    ended.utc_ms = utc;
    ended.reason = "overflow";
    const bool written = env_.journal.append(std::move(opened)) && env_.journal.append(std::move(ended));
    k_log.notice(log::events::call_to_person, request.call, {{"why", why}, {"written", written}});
    remember(request.call);
    return Admission{false, {}, why};
}

Claim Registry::claim(const base::CallSid& sid, std::string_view token, std::shared_ptr<Call>& call) {
    const auto found = calls_.find(sid);
    if (found == calls_.end()) return Claim::unknown_call;
    Entry& entry = found->second;
    const bool right = !entry.token.empty() && env_.loop.now() <= entry.token_until &&
                       base::equal_constant_time(token, entry.token);
    if (!right) return entry.call->has_stream() ? Claim::duplicate : Claim::bad_token;
    entry.token.clear();
    call = entry.call;
    return Claim::ok;
}

void Registry::callback_ended(const base::CallSid& sid) {
    const auto found = calls_.find(sid);
    if (found == calls_.end()) return;
    const auto call = found->second.call;  // the call removes itself from the map
    call->callback_ended();
}

Admission Registry::person_left(const base::CallSid& sid, bool answered, std::string_view how) {
    const auto found = calls_.find(sid);
    if (found == calls_.end()) return Admission{false, {}, "unknown"};
    const auto call = found->second.call;  // the call removes itself from the map
    if (answered) {
        call->person_done();
        return Admission{false, {}, "answered"};
    }
    if (draining_ || found->second.returns >= k_returns_max) return Admission{false, {}, "again"};
    found->second.returns++;
    if (!call->person_unanswered(how)) return Admission{false, {}, "again"};
    const auto back = calls_.find(sid);
    if (back == calls_.end()) return Admission{false, {}, "again"};
    back->second.token = base::random_hex(k_token_bytes);
    back->second.token_until = env_.loop.now() + limits::token_life;
    return Admission{true, back->second.token, "unanswered"};
}

Transfer Registry::transfer(const base::CallSid& sid) {
    const auto found = calls_.find(sid);
    if (found == calls_.end()) return Transfer::unknown_call;
    const auto call = found->second.call;  // it may end, and leave the map
    switch (call->phase()) {
        case Phase::ended: return Transfer::unknown_call;
        case Phase::ringing: return Transfer::not_started;
        case Phase::leaving: case Phase::with_person: return Transfer::with_person;
        case Phase::talking: case Phase::stream_lost: break;
    }
    call->ask_person("console");
    return Transfer::asked;
}

void Registry::dispatch_moved(const store::Dispatch& step) {
    const auto found = calls_.find(step.call);
    if (found == calls_.end()) return;
    const auto call = found->second.call;
    call->dispatch_moved(step);
}

std::string Registry::briefing(const base::CallSid& sid) const {
    const auto found = calls_.find(sid);
    return found == calls_.end() ? std::string() : found->second.call->briefing();
}

void Registry::drain() { draining_ = true; }

void Registry::undrain() { draining_ = for_good_; }

void Registry::drain_for_good() { draining_ = for_good_ = true; }

void Registry::close_all() {
    std::vector<std::shared_ptr<Call>> calls;
    for (const auto& [sid, entry] : calls_) calls.push_back(entry.call);
    for (const auto& call : calls) call->drain();
}

void Registry::on_call_phase(Call& call) {
    if (follow_up_ == nullptr) return;
    switch (call.phase()) {
        case Phase::talking: case Phase::leaving: return follow_up_->streams(call.sid());
        case Phase::with_person: case Phase::stream_lost: return follow_up_->given_away(call.sid());
        case Phase::ringing: case Phase::ended: return;
    }
}

void Registry::on_call_ended(Call& call, std::string_view reason) {
    const auto sid = call.sid();
    if (follow_up_ != nullptr) {
        if (ends_for_good(reason)) follow_up_->over(sid);
        else follow_up_->given_away(sid);  // we are done with the call; its caller may still be there
    }
    remember(sid);
    if (call.lingers()) lingering_.emplace(&call, call.shared_from_this());
    calls_.erase(sid);
    metrics::calls_active.set(static_cast<double>(calls_.size()));
}

void Registry::remember(const base::CallSid& sid) {
    if (seen_.emplace(sid, env_.loop.now() + limits::replay_memory).second) seen_order_.push_back(sid);
    forget_old();
}

void Registry::forget_old() {
    while (!seen_order_.empty()) {
        const auto oldest = seen_.find(seen_order_.front());
        if (seen_order_.size() <= k_seen_max && oldest->second > env_.loop.now()) return;
        seen_.erase(oldest);
        seen_order_.pop_front();
    }
}

}  // namespace holdfast::call
