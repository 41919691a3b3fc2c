// What the box knows about its rungs: who is configured, who is well, who may be tried again, and
// so which rung a call may stand on. One object on the media loop; no locks, no input or output. Time
// and chance are passed in.
#pragma once

#include "base/loop.hpp"
#include "config/config.hpp"
#include "ladder/admission.hpp"
#include "ladder/breaker.hpp"
#include "ladder/fault.hpp"
#include "ladder/health.hpp"
#include "ladder/rung.hpp"
#include "ladder/uplink.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace holdfast::ladder {

// Whether there is a key, or a simulator that needs none.
struct Access {
    bool openai = false;
    bool elevenlabs = false;
};

struct Skipped {
    Rung rung;
    const char* reason;  // a fixed word: no_api_key, disabled, no_agent
};

struct Settings {
    std::vector<Rung> rungs;       // best first; ends with canned, person
    std::vector<Skipped> skipped;  // one start-up line each: "rung is skipped" rung= reason=
    config::Ladder timers;
    config::Uplink uplink;
};

Settings make_settings(const config::Config& config, Access access);

// What a fault changed, for one log line and one counter; false: it was known.
struct Outcome {
    bool opened = false;        // the breaker
    bool went_down = false;     // the health
    bool switched_off = false;  // "rung is not enabled for this workspace": a notice, no error
    bool alarm = false;         // somebody must act: key, quota, model
};

struct RungState {
    Rung rung = Rung::person;
    bool configured = false;
    bool usable = false;
    const char* skipped = "";  // reason
    Breaker::State breaker = Breaker::State::closed;
    Condition health;
    std::int64_t good_for_ms = 0;
    std::int64_t retry_in_ms = 0;  // 0: nothing to wait for
    Health::Figures figures;
};

struct Snapshot {
    Rung best = Rung::canned;
    std::array<RungState, k_rungs> rungs;  // in the order of the enum
    double uplink_up = 1;                  // score
    double uplink_down = 1;
    bool uplink_is_down = false;
    std::optional<int> line_calls;
};

class Ladder {
  public:
    Ladder(Settings settings, base::TimePoint now, std::uint32_t random);
    // After a reload: what was measured stays; rungs that are new are probed as at the start. A
    // rung that was off is tried again.
    void configure(Settings settings, base::TimePoint now, std::uint32_t random);
    // After a new key: what was held because of the old one is tried again.
    void forgive(Provider provider, base::TimePoint now);
    const Settings& settings() const { return settings_; }

    // --- measurements. A rung that the list lacks takes them too and is never chosen.
    void on_connected(Rung rung, base::milliseconds took, base::TimePoint now);
    Outcome on_fault(Rung rung, Fault fault, base::TimePoint now, std::uint32_t random,
                     std::optional<base::milliseconds> retry_after = std::nullopt);
    // A session that worked is lost. Sessions of many calls that die together are one failure of
    // the service, not as many.
    Outcome on_lost(Rung rung, Fault fault, base::TimePoint now, std::uint32_t random);
    void on_ping(Rung rung, base::milliseconds round_trip, base::TimePoint now);
    void on_ping_lost(Rung rung, base::TimePoint now);
    void on_first_audio(Rung rung, base::milliseconds took, base::TimePoint now);
    void on_no_answer(Rung rung, base::TimePoint now);
    void on_send_queue(Rung rung, base::milliseconds queued, base::TimePoint now);
    void on_rate_limit(Rung rung, const RateLimit& limit, base::TimePoint now);
    Uplink& uplink() { return uplink_; }

    // --- answers
    bool usable(Rung rung, base::TimePoint now) const;
    Rung best(base::TimePoint now) const;
    Rung next_below(Rung rung, base::TimePoint now) const;
    // The best rung above that has been healthy for step_up_after.
    std::optional<Rung> better_than(Rung rung, base::TimePoint now) const;
    // A new call; `load` needs only calls, calls_max and box_healthy.
    Admission admit(Load load, base::TimePoint now);

    // The rung that wants a probe session now, which takes its connect. The probe reports by
    // on_connected and on_fault like any session. Ask about once a second.
    std::optional<Rung> probe_due(base::TimePoint now, std::uint32_t random);
    // Before a session replaces another or takes a call up or down: at most five connects a second
    // to one provider, so that all calls do not return at once (N26). False: not now.
    bool take_connect(Rung rung, base::TimePoint now);
    // Move::replace: whether the lost session may be opened again here; takes the connect.
    bool may_replace(Rung rung, base::TimePoint now);
    // The first session of a new call: counted, never refused.
    void note_connect(Rung rung, base::TimePoint now);

    Snapshot snapshot(base::TimePoint now) const;

  private:
    struct Seat {
        bool configured = false;
        const char* skipped = "";
        Breaker breaker;
        Health health;
        base::TimePoint probe_at{};  // not before
        bool probed = false;         // since the start
        std::optional<base::TimePoint> lost_at;
    };

    Seat& seat(Rung rung) { return seats_[index(rung)]; }
    const Seat& seat(Rung rung) const { return seats_[index(rung)]; }
    Outcome strike(Rung rung, Fault fault, base::TimePoint now, std::uint32_t random,
                   std::optional<base::milliseconds> retry_after);
    bool wants_probe(const Seat& seat, base::TimePoint now) const;
    bool reachable(Rung rung, base::TimePoint now) const;
    // How far down the list a rung stands.
    std::size_t place(Rung rung) const;
    bool connect_left(Provider provider, base::TimePoint now);

    Settings settings_;
    std::array<Seat, k_rungs> seats_;
    Uplink uplink_;
    std::array<std::deque<base::TimePoint>, k_providers> connects_;  // of the last second
};

}  // namespace holdfast::ladder
