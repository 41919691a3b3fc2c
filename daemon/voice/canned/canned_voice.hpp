// Rung `canned`: recorded prompts from memory over the open stream, keys as answers. Needs nothing but the
// caller's socket, is ready at once and is never lost. It has no ears: what the caller says is recorded by
// the call, and the last 30 s are kept for a voice that can hear; that somebody speaks it learns from the
// box's own detector.
#pragma once

#include "base/loop.hpp"
#include "base/timer.hpp"
#include "voice/canned/plan.hpp"
#include "voice/clips.hpp"
#include "voice/voice.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::voice::canned {

class CannedVoice : public Voice {
  public:
    // Loop, clips and listener outlive it.
    CannedVoice(base::Loop& loop, const Clips& clips, VoiceListener& listener);
    ~CannedVoice() override;

    void open() override {}
    void prove(const Handover& handover) override;
    void caller_audio(std::string_view) override {}
    void caller_keys(std::string_view keys) override;
    void caller_speaks(bool speaking) override;
    void item_played(std::string_view item_id) override;
    void interrupted(const std::vector<PlayedItem>& items) override;
    void cancel_response() override {}
    bool ready() const override { return proven_ && listener_ != nullptr; }
    bool hears() const override { return false; }
    std::string_view provider() const override { return "canned"; }
    void stop(std::string_view reason) override;

  private:
    bool was_introduced(const Handover& handover) const;
    void happen(const Event& event);
    void perform(const Action& action);
    void say(std::string_view prompt);

    const Clips& clips_;
    VoiceListener* listener_;  // null after stop
    State state_;
    bool proven_ = false;
    std::uint64_t said_ = 0;
    std::string saying_;  // item under way; empty: none
    base::Timer timer_;
};

}  // namespace holdfast::voice::canned
