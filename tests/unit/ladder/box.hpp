// A ladder with every rung, and the sentences that tests say to it.
#pragma once

#include "ladder/climb.hpp"
#include "ladder/ladder.hpp"

#include "support.hpp"

namespace holdfast::ladder {

class Box : public testing::Test {
  protected:
    Box() : ladder_(settings(), now_, 0) {}

    static config::Config everything() {
        config::Config config;
        config.elevenlabs.agent.id = "agent_1";
        return config;
    }
    static Settings settings() { return make_settings(everything(), {true, true}); }

    void start_up() {  // every provider has been probed and is well
        for (const Rung rung : {Rung::openai, Rung::eleven_realtime, Rung::eleven_agent,
                                Rung::scripted})
            ladder_.on_connected(rung, 200ms, now_);
    }
    // A session stays open and is pinged every second; a probe or a call, the ladder cannot tell.
    void good_seconds(Rung rung, int count) {
        for (int i = 0; i < count; ++i) {
            now_ += 1s;
            ladder_.on_ping(rung, 30ms, now_);
        }
    }
    void bad_turn(Rung rung) { ladder_.on_no_answer(rung, now_); }
    Outcome fault(Rung rung, Fault fault) { return ladder_.on_fault(rung, fault, now_, 0); }
    Rung new_call_goes_to() { return ladder_.admit({0, 50, {}, true, {}, false}, now_).rung; }
    RungState state(Rung rung) { return ladder_.snapshot(now_).rungs[index(rung)]; }

    Clock now_;
    Ladder ladder_;
};

}  // namespace holdfast::ladder
