#include "ladder/ladder.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::ladder {
namespace {

// A part of `most` by chance.
base::milliseconds jitter(base::milliseconds most, std::uint32_t random) {
    const auto count = std::max<base::milliseconds::rep>(1, most.count());
    return base::milliseconds(static_cast<base::milliseconds::rep>(random) % count);
}

}  // namespace

Ladder::Ladder(Settings settings, base::TimePoint now, std::uint32_t random) {
    configure(std::move(settings), now, random);
}

void Ladder::configure(Settings settings, base::TimePoint now, std::uint32_t random) {
    settings_ = std::move(settings);
    uplink_.set_caps(settings_.uplink.up_kbps, settings_.uplink.down_kbps);
    std::array<bool, k_rungs> listed{};
    for (const Rung rung : settings_.rungs) listed[index(rung)] = true;
    for (const Rung rung : k_all_rungs) {
        Seat& s = seat(rung);
        const bool fresh = listed[index(rung)] && !s.configured;
        s.configured = listed[index(rung)];
        s.skipped = "";
        s.health.set_good_time(settings_.timers.step_up_after);
        if (!fresh && s.breaker.state(now) != Breaker::State::off) continue;
        s.breaker.start_up();
        s.health = Health(settings_.timers.step_up_after);
        s.probed = false;
        // Different rungs by different parts of the number.
        s.probe_at = now + jitter(limits::probe_jitter, random >> (3 * index(rung)));
    }
    for (const Skipped& skipped : settings_.skipped) seat(skipped.rung).skipped = skipped.reason;
}

void Ladder::on_connected(Rung rung, base::milliseconds took, base::TimePoint now) {
    Seat& s = seat(rung);
    s.probed = true;
    s.breaker.success(now);
    s.health.connected(took, now);
}

Outcome Ladder::on_fault(Rung rung, Fault fault, base::TimePoint now, std::uint32_t random,
                         std::optional<base::milliseconds> retry_after) {
    const Outcome outcome = strike(rung, fault, now, random, retry_after);
    if (!is_account_wide(fault)) return outcome;
    for (const Rung other : k_all_rungs) {
        if (other != rung && provider_of(other) == provider_of(rung))
            strike(other, fault, now, random, retry_after);
    }
    return outcome;
}

Outcome Ladder::on_lost(Rung rung, Fault fault, base::TimePoint now, std::uint32_t random) {
    Seat& s = seat(rung);
    const bool together = s.lost_at && now - *s.lost_at < limits::losses_together;
    if (together && !is_fatal(fault)) return {};
    s.lost_at = now;
    return on_fault(rung, fault, now, random);
}

void Ladder::forgive(Provider provider, base::TimePoint now) {
    for (const Rung rung : k_all_rungs) {
        if (provider == Provider::none || provider_of(rung) != provider) continue;
        seat(rung).breaker.start_up();
        seat(rung).probed = false;
        seat(rung).probe_at = now;
    }
}

Outcome Ladder::strike(Rung rung, Fault fault, base::TimePoint now, std::uint32_t random,
                       std::optional<base::milliseconds> retry_after) {
    Outcome outcome;
    if (provider_of(rung) == Provider::none) return outcome;  // nobody to leave alone
    Seat& s = seat(rung);
    s.probed = true;
    const auto before = s.breaker.state(now);
    const bool was_down = s.health.is_down();
    s.health.fault(fault, now);
    if (fault == Fault::not_enabled) {
        s.breaker.switch_off();
        outcome.switched_off = before != Breaker::State::off;
    } else if (const auto hold = hold_of(provider_of(rung), fault)) {
        s.breaker.hold(now, *hold);
        outcome.alarm = !was_down;
    } else {
        s.breaker.failure(now, random);
    }
    if (fault == Fault::rate_limited && retry_after) {
        s.breaker.hold(now, std::clamp<base::milliseconds>(*retry_after, limits::retry_after_least,
                                                           limits::retry_after_most));
    }
    outcome.opened = !is_fatal(fault) && before == Breaker::State::closed &&
                     s.breaker.state(now) == Breaker::State::open;
    if (outcome.opened) s.health.failed_often(now);
    s.probe_at = now;  // from here the breaker says when
    outcome.went_down = !was_down && s.health.is_down();
    return outcome;
}

void Ladder::on_ping(Rung rung, base::milliseconds round_trip, base::TimePoint now) {
    seat(rung).health.ping(round_trip, now);
}
void Ladder::on_ping_lost(Rung rung, base::TimePoint now) {
    seat(rung).health.ping_lost(now);
}
void Ladder::on_first_audio(Rung rung, base::milliseconds took, base::TimePoint now) {
    seat(rung).health.first_audio(took, now);
}
void Ladder::on_no_answer(Rung rung, base::TimePoint now) {
    seat(rung).health.no_answer(now);
}
void Ladder::on_send_queue(Rung rung, base::milliseconds queued, base::TimePoint now) {
    seat(rung).health.send_queue(queued, now);
}
void Ladder::on_rate_limit(Rung rung, const RateLimit& limit, base::TimePoint now) {
    seat(rung).health.rate_limit(limit, now);
}

bool Ladder::reachable(Rung rung, base::TimePoint now) const {
    const Seat& s = seat(rung);
    return s.configured && s.breaker.state(now) == Breaker::State::closed && !s.health.is_down();
}

// Callers do not prove a rung: while its breaker is half open, a probe does. A line on which no
// talk is possible leaves what needs no talk (N12).
bool Ladder::usable(Rung rung, base::TimePoint now) const {
    if (provider_of(rung) == Provider::none) return true;
    return reachable(rung, now) && !uplink_.is_down();
}

Rung Ladder::best(base::TimePoint now) const {
    for (const Rung rung : settings_.rungs) {
        if (usable(rung, now)) return rung;
    }
    return Rung::person;
}

std::size_t Ladder::place(Rung rung) const {
    const auto& rungs = settings_.rungs;
    const auto found = std::find(rungs.begin(), rungs.end(), rung);
    if (found != rungs.end()) return static_cast<std::size_t>(found - rungs.begin());
    // A call on a rung that a reload took away: above the first that is worse by nature.
    const auto worse =
        std::find_if(rungs.begin(), rungs.end(), [&](Rung other) { return other > rung; });
    return static_cast<std::size_t>(worse - rungs.begin());
}

Rung Ladder::next_below(Rung rung, base::TimePoint now) const {
    const auto& rungs = settings_.rungs;
    for (std::size_t i = place(rung); i < rungs.size(); ++i) {
        if (rungs[i] != rung && usable(rungs[i], now)) return rungs[i];
    }
    return Rung::person;
}

std::optional<Rung> Ladder::better_than(Rung rung, base::TimePoint now) const {
    const auto& rungs = settings_.rungs;
    for (std::size_t i = 0; i < place(rung); ++i) {
        const Seat& s = seat(rungs[i]);
        if (usable(rungs[i], now) && !s.health.tokens_low(now) &&
            s.health.good_for(now) >= settings_.timers.step_up_after)
            return rungs[i];
    }
    return std::nullopt;
}

Admission Ladder::admit(Load load, base::TimePoint now) {
    uplink_.judge(now);
    load.line_calls = uplink_.calls_max(now);
    load.best = Rung::person;
    load.budget_spent = false;
    for (const Rung rung : settings_.rungs) {
        if (!usable(rung, now)) continue;
        if (seat(rung).health.tokens_low(now)) {
            load.budget_spent = true;
            continue;
        }
        load.best = rung;
        break;
    }
    return ladder::admit(load);
}

bool Ladder::wants_probe(const Seat& s, base::TimePoint now) const {
    if (!s.configured || now < s.probe_at) return false;
    switch (s.breaker.state(now)) {
        case Breaker::State::off:
        case Breaker::State::open:
            return false;
        case Breaker::State::half_open:
            return true;
        case Breaker::State::closed:
            break;
    }
    const bool unasked = settings_.timers.probe_interval > base::milliseconds(0);  // probes of what seems well
    const auto measured = s.health.measured_at();
    if (!s.probed || !measured) return unasked;
    // Down: a first good sign, and another when they can span the time that health needs.
    if (s.health.is_down()) {
        const auto since = s.health.good_since();
        return !since || now - *since >= settings_.timers.step_up_after;
    }
    return unasked && now - *measured >= settings_.timers.probe_interval;
}

std::optional<Rung> Ladder::probe_due(base::TimePoint now, std::uint32_t random) {
    uplink_.judge(now);
    for (const Rung rung : settings_.rungs) {
        const Provider provider = provider_of(rung);
        if (provider == Provider::none || !wants_probe(seat(rung), now)) continue;
        if (!connect_left(provider, now) || !seat(rung).breaker.try_begin(now)) continue;
        note_connect(rung, now);
        // The next one not before this one has reported, and never in step with other boxes.
        seat(rung).probe_at =
            now + limits::breaker_probe_max + jitter(limits::probe_jitter, random);
        return rung;
    }
    return std::nullopt;
}

bool Ladder::connect_left(Provider provider, base::TimePoint now) {
    auto& recent = connects_[static_cast<std::size_t>(provider)];
    while (!recent.empty() && now - recent.front() >= std::chrono::seconds(1)) recent.pop_front();
    return recent.size() < limits::peer_connects_per_second;
}

bool Ladder::take_connect(Rung rung, base::TimePoint now) {
    const Provider provider = provider_of(rung);
    if (provider == Provider::none) return true;
    if (!connect_left(provider, now)) return false;
    note_connect(rung, now);
    return true;
}

bool Ladder::may_replace(Rung rung, base::TimePoint now) {
    return usable(rung, now) && take_connect(rung, now);
}

void Ladder::note_connect(Rung rung, base::TimePoint now) {
    const Provider provider = provider_of(rung);
    if (provider == Provider::none) return;
    auto& recent = connects_[static_cast<std::size_t>(provider)];
    recent.push_back(now);
    // More than the limit says no more than the limit.
    if (recent.size() > limits::peer_connects_per_second) recent.pop_front();
}

Snapshot Ladder::snapshot(base::TimePoint now) const {
    Snapshot out;
    out.best = best(now);
    for (const Rung rung : k_all_rungs) {
        const Seat& s = seat(rung);
        RungState& state = out.rungs[index(rung)];
        state.rung = rung;
        state.configured = s.configured;
        state.usable = s.configured && usable(rung, now);
        state.skipped = s.skipped;
        state.breaker = s.breaker.state(now);
        state.health = s.health.condition(now);
        state.good_for_ms = s.health.good_for(now).count();
        const auto retry = s.breaker.retry_at();
        if (retry && *retry > now) state.retry_in_ms = base::to_ms(*retry - now);
        state.figures = s.health.figures();
    }
    out.uplink_up = uplink_.score(Direction::up, now);
    out.uplink_down = uplink_.score(Direction::down, now);
    out.uplink_is_down = uplink_.is_down();
    out.line_calls = uplink_.calls_max(now);
    return out;
}

}  // namespace holdfast::ladder
