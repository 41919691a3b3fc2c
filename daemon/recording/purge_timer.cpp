#include "recording/purge_timer.hpp"

#include <utility>

namespace holdfast::recording {

MayGo may_go(Release release) {
    return [release = std::move(release)](const base::CallSid& call, const std::string& path) {
        if (release.held && release.held(call, path)) return false;
        return !release.sinks_configured || (release.sent && release.sent(call, path));
    };
}

PurgeTimer::PurgeTimer(base::Loop& loop, std::function<void(MayGo)> purge, Release release)
    : timer_(loop), purge_(std::move(purge)), may_go_(may_go(std::move(release))) {}

void PurgeTimer::start() {
    timer_.arm(k_purge_first_after, [this] { run(); });
}

void PurgeTimer::run() {
    timer_.arm(k_purge_every, [this] { run(); });
    purge_(may_go_);
}

}  // namespace holdfast::recording
