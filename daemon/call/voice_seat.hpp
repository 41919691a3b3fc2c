// A voice and its place in a call: the rung it speaks for, since when, and where in the caller's audio its
// own count begins. Tells its owner which voice a notice came from, because for a while a call may have
// two: the one that talks and a better one that is being prepared.
#pragma once

#include "base/loop.hpp"
#include "ladder/rung.hpp"
#include "voice/voice.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace holdfast::call {

class VoiceSeat;

// Whoever owns the seats. Everything but the first three comes from a voice whose token is proven.
class SeatOwner {
  public:
    virtual ~SeatOwner() = default;
    virtual void on_seat_stage(VoiceSeat& seat, voice::Stage stage) = 0;
    virtual void on_seat_ready(VoiceSeat& seat) = 0;
    virtual void on_seat_lost(VoiceSeat& seat, const voice::VoiceLoss& loss) = 0;
    virtual void on_seat_speech_started(VoiceSeat& seat) = 0;
    virtual void on_seat_speech_stopped(VoiceSeat& seat, base::milliseconds vad_wait) = 0;
    virtual void on_seat_caller(VoiceSeat& seat, const voice::CallerUtterance& utterance) = 0;
    virtual void on_seat_audio(VoiceSeat& seat, std::string_view item, std::string_view base64) = 0;
    virtual void on_seat_audio_done(VoiceSeat& seat, std::string_view item) = 0;
    virtual void on_seat_voice(VoiceSeat& seat, const voice::VoiceUtterance& utterance) = 0;
    virtual void on_seat_person(VoiceSeat& seat, std::string_view reason) = 0;
    virtual std::string on_seat_report(VoiceSeat& seat, const voice::ModelReport& report) = 0;
    virtual void on_seat_pulse(VoiceSeat& seat, const voice::VoicePulse& pulse) = 0;
    virtual void on_seat_budget(VoiceSeat& seat, const voice::TokenBudget& budget) = 0;
};

class VoiceSeat final : private voice::VoiceListener {
  public:
    VoiceSeat(SeatOwner& owner, ladder::Rung stands_on, base::TimePoint now)
        : rung(stands_on), opened_at(now), owner_(owner) {}
    ~VoiceSeat() override { stop("left"); }
    VoiceSeat(const VoiceSeat&) = delete;
    VoiceSeat& operator=(const VoiceSeat&) = delete;

    voice::VoiceListener& listener() { return *this; }
    void sit(std::shared_ptr<voice::Voice> voice) { voice_ = std::move(voice); }
    voice::Voice* voice() const { return voice_.get(); }
    bool ready() const { return voice_ && voice_->ready(); }
    void stop(std::string_view reason) {
        if (voice_) voice_->stop(reason);
    }

    const ladder::Rung rung;
    const base::TimePoint opened_at;
    std::int64_t base_ms = 0;  // on the call's clock: where this voice's own positions begin
    bool configured = false;   // its provider is ready; the voice may still wait for prove()

  private:
    void on_voice_stage(voice::Stage stage) override { owner_.on_seat_stage(*this, stage); }
    void on_voice_ready() override { owner_.on_seat_ready(*this); }
    void on_caller_speech_started() override { owner_.on_seat_speech_started(*this); }
    void on_caller_speech_stopped(base::milliseconds wait) override { owner_.on_seat_speech_stopped(*this, wait); }
    void on_caller_utterance(const voice::CallerUtterance& u) override { owner_.on_seat_caller(*this, u); }
    void on_voice_audio(std::string_view item, std::string_view base64) override {
        owner_.on_seat_audio(*this, item, base64);
    }
    void on_voice_audio_done(std::string_view item) override { owner_.on_seat_audio_done(*this, item); }
    void on_voice_utterance(const voice::VoiceUtterance& u) override { owner_.on_seat_voice(*this, u); }
    void on_person_requested(std::string_view reason) override { owner_.on_seat_person(*this, reason); }
    std::string on_incident_reported(const voice::ModelReport& report) override {
        return owner_.on_seat_report(*this, report);
    }
    void on_voice_pulse(const voice::VoicePulse& pulse) override { owner_.on_seat_pulse(*this, pulse); }
    void on_token_budget(const voice::TokenBudget& budget) override { owner_.on_seat_budget(*this, budget); }
    void on_voice_lost(const voice::VoiceLoss& loss) override { owner_.on_seat_lost(*this, loss); }

    SeatOwner& owner_;
    std::shared_ptr<voice::Voice> voice_;
};

}  // namespace holdfast::call
