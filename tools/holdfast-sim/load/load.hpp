// Many calls at once, each streaming 50 numbered frames a second in real time against an echo
// behind the daemon (or straight to the echo), and what became of every frame. One thread, one
// timer.
#pragma once

#include "base/timer.hpp"
#include "caller/options.hpp"
#include "events.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::sim {

struct LoadOptions {
    int calls = 50;
    double rate = 10;       // calls started per second
    int seconds = 20;       // of numbered frames, each call
    int warm_up_ms = 1000;  // of each call, left out of the round trips
    bool keep_times = false;  // of each round trip, for frame_times()
    bool direct = false;    // speak the provider's protocol to it, no daemon between
    net::Url provider;      // for direct
    std::string key = "sk-simulated";
    CallOptions call;  // webhook, tokens, TLS, route
};

struct LoadTotals {
    int started = 0;
    int failed = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t strange = 0;  // frames of another call
    std::uint64_t foreign_bytes = 0;
    std::vector<std::uint32_t> round_trips_us;
    std::vector<std::int64_t> sent_us;  // with keep_times: of each round trip, on the monotonic clock
    std::vector<std::string> errors;  // the first few
};

class LoadCall;

class Load {
  public:
    Load(net::AsioLoop& loop, LoadOptions options, EventLog& events, std::function<void()> done);
    ~Load();
    void start();
    void stop();  // early: every call ends now
    bool good() const;
    nlohmann::ordered_json report() const;
    // With keep_times: a line for each frame that came back, "when it was sent on the monotonic clock,its round trip", in us.
    std::string frame_times() const;

  private:
    friend class LoadCall;
    void tick();
    void launch_due(base::TimePoint now);
    void call_over();

    static constexpr std::size_t k_slots =
        20;  // one a millisecond: every call has its own place in the 20 ms

    net::AsioLoop& loop_;
    LoadOptions options_;
    EventLog& events_;
    std::function<void()> done_;
    base::Timer timer_;
    base::TimePoint started_at_{};
    std::int64_t ticks_ = 0;
    std::array<std::vector<LoadCall*>, k_slots> slots_;
    std::vector<std::unique_ptr<LoadCall>> calls_;
    LoadTotals totals_;
    int over_ = 0;
    std::int64_t worst_tick_us_ = 0;
    bool stopped_ = false;
};

}  // namespace holdfast::sim
