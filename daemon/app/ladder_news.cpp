#include "app/ladder_news.hpp"

#include "log/events.hpp"

#include <utility>

namespace holdfast::app {

std::vector<LadderChange> LadderNews::look(const ladder::Snapshot& now) {
    std::vector<LadderChange> news;
    const char* const best = ladder::to_string(now.best);
    if (std::exchange(line_down_, now.uplink_is_down) != now.uplink_is_down) {
        const auto& event = now.uplink_is_down ? log::events::uplink_down : log::events::uplink_back;
        news.push_back({&event, now.uplink_is_down ? log::Level::warning : log::Level::notice, "", "", best});
    }
    for (const auto& rung : now.rungs) {
        if (ladder::provider_of(rung.rung) == ladder::Provider::none) continue;
        // Not enabled for the workspace: that is told once, and is nothing that comes back by itself.
        const bool ours = rung.configured && rung.breaker != ladder::Breaker::State::off;
        const bool ill = rung.health.level == ladder::Level::down;
        const bool down = ours && (ill || rung.breaker != ladder::Breaker::State::closed);
        if (std::exchange(down_[ladder::index(rung.rung)], down) == down) continue;
        if (down) {
            const char* const reason = ill ? rung.health.reason : ladder::to_string(rung.breaker);
            news.push_back({&log::events::rung_down, log::Level::warning, ladder::to_string(rung.rung), reason, best});
        } else if (ours) {
            news.push_back({&log::events::rung_back, log::Level::notice, ladder::to_string(rung.rung), "", best});
        }
    }
    return news;
}

}  // namespace holdfast::app
