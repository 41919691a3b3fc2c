// Takes the recordings that the journal has, oldest first, and gives their sound to the sink, piece by piece. Sync thread.
//
// A recording is read once to see that it is what its row says, then sent. Where it goes on after a restart, the sink says.
// Trouble with one keeps nothing else waiting for longer than the tries it gets.
#pragma once

#include "base/backoff.hpp"
#include "base/loop.hpp"
#include "base/sha256.hpp"
#include "log/repeat.hpp"
#include "store/journal.hpp"
#include "sync/audio.hpp"
#include "sync/worker.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace holdfast::sync {

class AudioSender {
  public:
    struct Parts {
        AudioSink& sink;
        const WorkerParts& worker;
        // Runs what may block. False: nobody waits for it any more, and the parts may be gone.
        std::function<bool(const std::function<void()>&)> in_sink;
        std::function<void(const std::function<void(AudioStatus&)>&)> publish;
    };
    explicit AudioSender(Parts parts);

    // One bounded step, at most one write to the sink. Idle: there is nothing to do yet.
    enum class Turn { idle, moved, over };
    Turn turn();

  private:
    enum class Stage { look, check, send, finish };
    struct Going {
        store::Change change;
        Stage stage = Stage::look;
        AudioSink::There there;
        std::int64_t at = 0;     // of what is read next
        std::int64_t total = 0;  // of the WAV
        base::Sha256Stream hash;
        const store::Recording& recording() const { return std::get<store::Recording>(change.what); }
    };
    Turn next();
    Turn look();
    Turn check();
    Turn send();
    Turn finish();
    bool read(std::int64_t bytes, std::optional<base::Result<AudioPiece>>& piece);
    bool in_sink(const std::function<Outcome()>& write, Outcome& outcome);
    Turn unread(const base::Error& why);
    Turn not_taken(const Outcome& outcome);
    Turn put_aside(const std::string& reason, const char* why);
    Turn done(const char* result);
    Turn deliver(std::int64_t number);
    Turn wait(std::chrono::milliseconds most);
    Turn start_over();
    void good();
    bool taken(const Outcome& outcome) const;
    std::optional<store::Changes> ask_next() const;
    bool is_next() const;

    Parts parts_;
    std::optional<Going> going_;
    std::int64_t troubled_ = 0;  // the recording that the tries are about, by its number
    int tries_ = 0;
    base::Backoff backoff_;
    base::TimePoint not_before_{};
    log::RepeatGuard failure_log_{std::chrono::minutes(1)};
};

}  // namespace holdfast::sync
