// Listens for silence. A dead provider cannot say that it is dead, so the call itself watches what the
// caller hears: an answer that does not come, a sentence that breaks off, a caller who says nothing.
// Pure: what happens is told with its time, due() says what follows from it. Times of a caller's speech come
// from the box's own detector, never from the provider's.
#pragma once

#include "base/loop.hpp"

#include <cstdint>
#include <optional>

namespace holdfast::call {

struct WatchTimes {
    base::milliseconds filler_after{1500};    // end of the caller's speech to a recorded "one moment"
    base::milliseconds answer_timeout{4000};  // ... and to giving up this voice
    base::milliseconds stall_after{900};      // the model's audio stopped inside a sentence
    base::milliseconds silence_prompt{7000};  // nobody says anything: "are you there?", then keys, then a person
    base::milliseconds silence_keys{7000};
    base::milliseconds silence_person{15'000};
};

enum class Alarm {
    filler,          // play the filler; the voice may still answer
    answer_overdue,  // the voice is as good as dead
    stalled,         // its sentence broke off
    silence_prompt,
    silence_keys,
    silence_person,  // a caller who neither speaks nor presses keys belongs to a person (T27)
};
const char* to_string(Alarm alarm);

class Watch {
  public:
    explicit Watch(WatchTimes times) : times_(times) {}

    // The stream is there: silence counts from now on.
    void begin(base::TimePoint now);

    void caller_started(base::TimePoint at);
    // `at`: end of the last sound, not of the detector's hang-over. `spoken`: how long it went on.
    void caller_stopped(base::TimePoint at, base::milliseconds spoken);
    void caller_pressed(base::TimePoint at);

    // The provider noticed the caller's speech: it lives, and owes an answer.
    void voice_noticed(base::TimePoint now);
    // Whether a ping to the provider is missing: what the caller says may not have reached it, so that nothing
    // can be concluded from its not having noticed.
    void line_in_doubt(base::TimePoint now, bool doubt);
    // A whole turn was settled without an answer being due (a tool call, a turn taken up by another).
    void voice_excused();
    // Audio of the voice arrived; what was given so far will have sounded by `until`.
    void voice_audio(base::TimePoint until);
    // No more audio belongs to what the voice began to say.
    void voice_audio_done();
    // The voice is gone or a new one begins: nothing is owed any more.
    void voice_changed();

    // Anything recorded that the caller hears until `until`.
    void box_sound(base::TimePoint until);
    // What was given is not going to sound (cleared).
    void silenced(base::TimePoint now);

    // The first alarm that is due, once. `live`: a model answers (only then answers can be owed).
    std::optional<Alarm> due(base::TimePoint now, bool live);

  private:
    enum class Stage { listening, prompted, offered_keys, given_up };

    std::optional<Alarm> answer_due(base::TimePoint now);
    std::optional<Alarm> silence_due(base::TimePoint now);

    const WatchTimes times_;
    bool begun_ = false;
    bool caller_speaking_ = false;
    base::TimePoint started_at_{};
    std::optional<base::TimePoint> noticed_at_;  // by the provider, which may be quicker than our detector
    std::optional<base::TimePoint> unnoticed_;   // end of a sound that nobody took for speech yet
    std::optional<base::TimePoint> owed_since_;  // the caller stopped, and nothing has come since
    bool doubt_ = false;
    bool filled_ = false;                        // this wait has had its filler
    bool sentence_open_ = false;
    base::TimePoint sound_until_{};
    base::TimePoint quiet_since_{};
    Stage stage_ = Stage::listening;
};

}  // namespace holdfast::call
