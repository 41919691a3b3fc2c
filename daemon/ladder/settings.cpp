#include "ladder/ladder.hpp"

namespace holdfast::ladder {
namespace {

// Why the rung cannot be used, "" when it can.
const char* why_skipped(Rung rung, const config::Config& config, Access access) {
    if (provider_of(rung) == Provider::openai && !access.openai) return "no_api_key";
    if (provider_of(rung) == Provider::elevenlabs && !access.elevenlabs) return "no_api_key";
    if (rung == Rung::eleven_realtime && !config.elevenlabs.realtime.enabled) return "disabled";
    if (rung == Rung::eleven_agent && config.elevenlabs.agent.id.empty()) return "no_agent";
    return "";
}

}  // namespace

Settings make_settings(const config::Config& config, Access access) {
    Settings settings;
    settings.timers = config.ladder;
    settings.uplink = config.uplink;
    for (const std::string& name : config.ladder.rungs) {
        const auto rung = parse_rung(name);
        if (!rung || *rung == Rung::canned || *rung == Rung::person) continue;
        const char* reason = why_skipped(*rung, config, access);
        if (*reason != '\0')
            settings.skipped.push_back({*rung, reason});
        else
            settings.rungs.push_back(*rung);
    }
    // Whatever the list says, these two are there: they are what is left when nothing else is.
    settings.rungs.push_back(Rung::canned);
    settings.rungs.push_back(Rung::person);
    return settings;
}

}  // namespace holdfast::ladder
