#include "voice/scripted/speech_cache.hpp"

#include "audio/wav.hpp"
#include "base/base64.hpp"
#include "base/sha256.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

namespace holdfast::voice::scripted {
namespace {

constexpr log::Logger k_log{"voice"};
constexpr std::size_t k_hash_digits = 64;
constexpr std::size_t k_file_bytes_max = k_clip_bytes_max + 4096;  // with the head of a WAV

// Empty optional: not there. At most `bytes_max` and one more, so that the caller sees that it is too long.
std::optional<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    std::string bytes(bytes_max + 1, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    return bytes;
}

bool is_hash(std::string_view text) {
    return text.size() == k_hash_digits && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::size_t index(Sentence sentence, Language language) {
    return static_cast<std::size_t>(sentence) + (language == Language::es ? k_sentences : 0);
}

// The clip's audio as base64; empty: `why` says the word for the metric.
std::string use_clip(const std::string& folder, const ClipEntry& entry, const char*& why) {
    const auto bytes = read_file(folder + "/" + entry.path, k_file_bytes_max);
    why = "missing";
    if (!bytes) return {};
    why = "damaged";
    if (bytes->size() > k_file_bytes_max || base::sha256_hex(*bytes) != entry.file_hash) return {};
    const auto wav = audio::read_wav(*bytes);
    if (!wav) return {};
    const std::string mulaw = audio::to_mulaw_8k(*wav);
    if (mulaw.empty() || mulaw.size() > k_clip_bytes_max) return {};
    return base::base64_encode(mulaw);
}

}  // namespace

std::string clip_path(Sentence sentence, Language language) {
    return std::string(to_string(language)) + "/" + std::string(name(sentence)) + ".wav";
}

std::string clip_words_hash(Sentence sentence, Language language) {
    return base::sha256_hex(std::string(to_string(language)) + "\n" + std::string(words(sentence, language)));
}

std::string write_clip_list(const std::vector<ClipEntry>& entries) {
    std::string text;
    for (const ClipEntry& entry : entries) {
        text += entry.file_hash + " " + entry.words_hash + " " + entry.path + "\n";
    }
    return text;
}

std::vector<ClipEntry> read_clip_list(std::string_view text) {
    std::vector<ClipEntry> entries;
    while (!text.empty() && entries.size() < 2 * k_sentences) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const std::size_t path_at = 2 * (k_hash_digits + 1);
        if (line.size() <= path_at) continue;
        const auto file_hash = line.substr(0, k_hash_digits);
        const auto words_hash = line.substr(k_hash_digits + 1, k_hash_digits);
        if (!is_hash(file_hash) || !is_hash(words_hash) || line[k_hash_digits] != ' ' || line[path_at - 1] != ' ') {
            continue;
        }
        entries.push_back({std::string(file_hash), std::string(words_hash), std::string(line.substr(path_at))});
    }
    return entries;
}

std::shared_ptr<SpeechCache> SpeechCache::load(const std::string& folder) {
    auto cache = std::make_shared<SpeechCache>();
    if (folder.empty()) return cache;
    const auto list = read_file(folder + "/" + k_clip_list, k_clip_list_bytes_max);
    const auto entries = list ? read_clip_list(*list) : std::vector<ClipEntry>();
    for (const Language language : {Language::en, Language::es}) {
        for (std::size_t i = 0; i < k_sentences; ++i) {
            const auto sentence = static_cast<Sentence>(i);
            const std::string path = clip_path(sentence, language);
            const auto entry = std::find_if(entries.begin(), entries.end(),
                                            [&path](const ClipEntry& e) { return e.path == path; });
            if (entry == entries.end()) continue;
            const char* why = "stale";
            std::string base64;
            if (entry->words_hash == clip_words_hash(sentence, language)) base64 = use_clip(folder, *entry, why);
            if (base64.empty()) {
                metrics::clip_hash_fail_total.add(why);
                k_log.warning("kept sentence not used", {{"clip", path}, {"cause", why}});
                ++cache->refused_;
                continue;
            }
            cache->at(sentence, language) = std::move(base64);
            ++cache->loaded_;
        }
    }
    k_log.notice("kept sentences loaded", {{"loaded", cache->loaded_}, {"refused", cache->refused_},
                                           {"of", 2 * k_sentences}});
    return cache;
}

std::string& SpeechCache::at(Sentence sentence, Language language) { return clips_[index(sentence, language)]; }

const std::string* SpeechCache::find(Sentence sentence, Language language) const {
    const std::string& clip = clips_[index(sentence, language)];
    return clip.empty() ? nullptr : &clip;
}

void SpeechCache::keep(Sentence sentence, Language language, std::string_view mulaw) {
    std::string& clip = at(sentence, language);
    if (clip.empty() && mulaw.size() <= k_clip_bytes_max) clip = base::base64_encode(mulaw);
}

}  // namespace holdfast::voice::scripted
