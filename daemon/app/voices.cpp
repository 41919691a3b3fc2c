#include "app/voices.hpp"

#include "base/random.hpp"
#include "log/log.hpp"
#include "net/url.hpp"
#include "voice/canned/canned_voice.hpp"

#include <optional>
#include <string>
#include <utility>

namespace holdfast::app {
namespace {

constexpr log::Logger k_log{"app"};
constexpr base::milliseconds k_look_every{1000};

// A rung needs its provider's key; a simulator on loopback (the loader allows plain text only there) does not.
bool has_access(const std::string& url_text, const base::Secret& key) {
    const auto url = net::parse_url(url_text);
    return !key.reveal().empty() || (url && !url->secure());
}

voice::ElevenSettings eleven_settings(const config::Config& c) {
    voice::ElevenSettings s;
    s.url = c.elevenlabs.url;
    s.api_key = c.credentials.elevenlabs_api_key;
    s.ca_file = c.elevenlabs.ca_file;
    s.voice_id = c.elevenlabs.voice_id;
    s.realtime_model = c.elevenlabs.realtime.model;
    s.agent_id = c.elevenlabs.agent.id;
    s.instructions = c.instructions;
    return s;
}

voice::scripted::ScriptedSettings scripted_settings(const config::Config& c, const voice::Clips& clips) {
    voice::scripted::ScriptedSettings s;
    s.url = c.elevenlabs.url;
    s.api_key = c.credentials.elevenlabs_api_key;
    s.ca_file = c.elevenlabs.ca_file;
    s.voice_id = c.elevenlabs.voice_id.empty() ? s.default_voice_id : c.elevenlabs.voice_id;
    s.tts_model = c.elevenlabs.tts.model;
    s.stt_model = c.elevenlabs.stt.model;
    s.person_words = c.person.words;
    s.recorded = [&clips](std::string_view id, std::string_view language) -> std::optional<voice::scripted::ClipView> {
        if (!clips.has(id, language)) return std::nullopt;
        const auto* const clip = clips.find(id, language);
        return voice::scripted::ClipView{clip->base64, clip->words};
    };
    return s;
}

bool listed(const ladder::Settings& settings, ladder::Rung rung) {
    for (const auto one : settings.rungs) {
        if (one == rung) return true;
    }
    return false;
}

// A rung whose settings are refused leaves the list: the box goes on with the others.
template <class Parts>
void take(Voices& voices, ladder::Rung rung, std::shared_ptr<const Parts>& into,
          base::Result<std::shared_ptr<const Parts>> parts) {
    if (parts) {
        into = std::move(*parts);
        return;
    }
    k_log.error("rung is skipped", {{"rung", ladder::to_string(rung)}, {"reason", parts.error().code},
                                    {"detail", parts.error().detail}});
    auto& rungs = voices.ladder.rungs;
    for (auto it = rungs.begin(); it != rungs.end();) it = *it == rung ? rungs.erase(it) : std::next(it);
    voices.ladder.skipped.push_back({rung, parts.error().code});
}

}  // namespace

base::Result<Voices> Voices::build(net::AsioLoop& loop, const config::Config& config, const voice::Clips& clips) {
    using ladder::Rung;
    Voices voices;
    ladder::Access access;
    access.openai = has_access(config.openai.url, config.credentials.openai_api_key);
    access.elevenlabs = has_access(config.elevenlabs.url, config.credentials.elevenlabs_api_key);
    voices.ladder = ladder::make_settings(config, access);
    for (const auto& skipped : voices.ladder.skipped) {
        k_log.notice("rung is skipped", {{"rung", ladder::to_string(skipped.rung)}, {"reason", skipped.reason}});
    }
    auto openai = voice::realtime::openai_settings(config);
    if (!openai) return openai.error();
    voices.openai = std::move(*openai);
    if (listed(voices.ladder, Rung::eleven_realtime)) {
        take(voices, Rung::eleven_realtime, voices.eleven_realtime, voice::realtime::eleven_settings(eleven_settings(config)));
    }
    if (listed(voices.ladder, Rung::eleven_agent)) {
        take(voices, Rung::eleven_agent, voices.eleven_agent, voice::eleven_agent::agent_settings(eleven_settings(config)));
    }
    if (listed(voices.ladder, Rung::scripted)) {
        take(voices, Rung::scripted, voices.scripted,
             voice::scripted::make_scripted_parts(loop, scripted_settings(config, clips)));
    }
    return voices;
}

std::shared_ptr<voice::Voice> Voices::make(net::AsioLoop& loop, ladder::Rung rung, const voice::Clips& clips,
                                           const base::CallSid& call, voice::VoiceListener& listener) const {
    switch (rung) {
        case ladder::Rung::openai: return voice::realtime::make_realtime_voice(loop, openai, call, listener);
        case ladder::Rung::eleven_realtime:
            if (!eleven_realtime) return nullptr;
            return voice::realtime::make_realtime_voice(loop, eleven_realtime, call, listener);
        case ladder::Rung::eleven_agent:
            if (!eleven_agent) return nullptr;
            return voice::eleven_agent::make_agent_voice(loop, eleven_agent, call, listener);
        case ladder::Rung::scripted:
            if (!scripted) return nullptr;
            return voice::scripted::make_scripted_voice(loop, scripted, call, listener, nullptr);
        case ladder::Rung::canned: return std::make_shared<voice::canned::CannedVoice>(loop, clips, listener);
        case ladder::Rung::person: return nullptr;
    }
    return nullptr;
}

Prober::Prober(base::Loop& loop, ladder::Ladder& ladder, Make make)
    : loop_(loop), ladder_(ladder), make_(std::move(make)), timer_(loop) {}

void Prober::start() {
    timer_.arm(k_look_every, [this] { look(); });
}

void Prober::look() {
    start();
    ladder_.uplink().judge(loop_.now());
    const auto rung = ladder_.probe_due(loop_.now(), base::random_u32());
    if (!rung || probes_[ladder::index(*rung)]) return;
    probes_[ladder::index(*rung)] = voice::Probe::start(
        loop_,
        [this, r = *rung](const base::CallSid& call, voice::VoiceListener& listener) { return make_(r, call, listener); },
        [this, r = *rung](const voice::ProbeResult& result) { report(r, result); });
}

void Prober::report(ladder::Rung rung, const voice::ProbeResult& result) {
    // We are inside the probe's own notice.
    loop_.post([gone = std::move(probes_[ladder::index(rung)])] {});
    probes_[ladder::index(rung)] = nullptr;
    const auto now = loop_.now();
    if (result.good()) {
        ladder_.on_connected(rung, result.took, now);
        k_log.info("probe good", {{"rung", ladder::to_string(rung)}, {"ms", result.took.count()}});
        return;
    }
    const auto& loss = *result.loss;
    const auto fault = ladder::fault_of(loss.reason, loss.error.condition, loss.close_code);
    const auto outcome = ladder_.on_fault(rung, fault, now, base::random_u32(), loss.retry_after);
    if (outcome.switched_off) {
        k_log.notice("rung is not enabled for this workspace", {{"rung", ladder::to_string(rung)}, {"detail", loss.error.detail}});
    } else if (outcome.alarm || outcome.opened || outcome.went_down) {
        k_log.warning("probe failed", {{"rung", ladder::to_string(rung)}, {"fault", ladder::to_string(fault)},
                                       {"code", loss.error.code}});
    }
}

}  // namespace holdfast::app
