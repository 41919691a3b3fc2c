// Builds the rung `scripted` on real sockets: once at start the parts that all calls share, then one Voice
// for each call.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/sensitive.hpp"
#include "voice/scripted/scripted_voice.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holdfast::net {
class AsioLoop;
}

namespace holdfast::voice::scripted {

// "operator" and the like in both languages; what `person.words` holds when it is not set.
std::vector<std::string> default_person_words();

struct ScriptedSettings {
    std::string url = "https://api.elevenlabs.io";  // http on loopback only
    base::Secret api_key;
    std::string ca_file;
    std::string voice_id;
    // Tried when the workspace does not know voice_id (E02): a voice that every workspace has.
    std::string default_voice_id = "JBFqnCBsd6RMkjVDRZzb";
    std::string tts_model = "eleven_flash_v2_5";
    std::string stt_model = "scribe_v2_realtime";
    std::string clips;  // folder that `holdfastctl prompts build` made; empty: none
    Recorded recorded;  // the shipped prompt set; may be empty
    std::vector<std::string> person_words = default_person_words();
    std::shared_ptr<const Extract> extract;  // null: SimpleExtract
};

// The part that text to speech needs, also for `holdfastctl prompts build`. Reads the trust store.
base::Result<TtsSettings> tts_settings(const ScriptedSettings& settings);
std::shared_ptr<Tts> make_tts(net::AsioLoop& loop, TtsSettings settings);

// Reads the trust store and the clips; not for the media thread. Error codes: url, api_key, voice_id,
// model, and those of TlsClient. The loop must outlive the parts.
base::Result<std::shared_ptr<const ScriptedParts>> make_scripted_parts(net::AsioLoop& loop,
                                                                       const ScriptedSettings& settings);

// The loop, the listener and the observer (may be null) must outlive the voice.
std::shared_ptr<Voice> make_scripted_voice(net::AsioLoop& loop, std::shared_ptr<const ScriptedParts> parts,
                                           const base::CallSid& call, VoiceListener& listener,
                                           ScriptedObserver* observer);

}  // namespace holdfast::voice::scripted
