#include "voice/probe.hpp"

#include "voice/losses.hpp"

#include <utility>

namespace holdfast::voice {

const base::CallSid& Probe::call() {
    static const auto k_call = *base::CallSid::parse("CA00000000000000000000000000000000");
    return k_call;
}

std::shared_ptr<Probe> Probe::start(base::Loop& loop, const MakeVoice& make, Done done) {
    std::shared_ptr<Probe> probe(new Probe(loop, std::move(done)));
    probe->voice_ = make(call(), *probe);
    if (probe->voice_) probe->voice_->open();
    else probe->finish({loss_of("config", base::Condition::fatal, "no_voice"), {}});
    return probe;
}

Probe::~Probe() { stop(); }

void Probe::stop() {
    done_ = nullptr;
    release();
}

void Probe::release() {
    if (!voice_) return;
    voice_->stop("probe");
    loop_.post([gone = std::exchange(voice_, nullptr)] {});  // we may be inside one of its notices
}

void Probe::on_voice_ready() { finish({}); }
void Probe::on_voice_lost(const VoiceLoss& loss) { finish({loss, {}}); }

// Posted: `done` may start the next probe, or let this one go.
void Probe::finish(ProbeResult result) {
    if (std::exchange(over_, true)) return;
    const auto self = shared_from_this();
    result.took = std::chrono::duration_cast<base::milliseconds>(loop_.now() - began_at_);
    release();
    loop_.post([weak = weak_from_this(), result] {
        const auto probe = weak.lock();
        if (!probe || !probe->done_) return;
        const Done done = std::exchange(probe->done_, nullptr);
        done(result);
    });
}

}  // namespace holdfast::voice
