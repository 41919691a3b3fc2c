#include "app/prompts.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "base/base64.hpp"
#include "base/text.hpp"

#include <fstream>
#include <iterator>

namespace holdfast::app {
namespace {

constexpr std::size_t k_prompt_bytes_max = 30 * audio::k_mulaw_rate;
constexpr std::size_t k_words_bytes_max = 2000;

base::Error bad(const std::string& path, const std::string& why) {
    return base::make_error(base::Condition::fatal, "prompt", path + ": " + why);
}

base::Result<std::string> read_words(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return bad(path, "cannot be read; it holds the words of the prompt");
    std::string words{std::istreambuf_iterator<char>(in), {}};
    while (!words.empty() && (words.back() == '\n' || words.back() == '\r')) words.pop_back();
    if (words.empty() || words.size() > k_words_bytes_max || !base::is_utf8(words)) {
        return bad(path, "must be UTF-8 text of 1 to 2000 bytes");
    }
    return words;
}

base::Result<void> load_one(const std::string& folder, const std::string& name, call::Clip& clip, Prompts& into) {
    auto words = read_words(folder + "/" + name + ".txt");
    if (!words) return words.error();
    const std::string path = folder + "/" + name + ".wav";
    const auto wav = audio::read_wav_file(path);
    if (!wav) return bad(path, std::string(wav.error().code) + " " + wav.error().detail);
    const std::string mulaw = audio::to_mulaw_8k(*wav);
    if (mulaw.empty() || mulaw.size() > k_prompt_bytes_max) return bad(path, "must last up to 30 s");
    clip.words = std::move(*words);
    clip.base64 = base::base64_encode(mulaw);
    into.files[name] = audio::write_wav_mulaw(mulaw);
    return {};
}

}  // namespace

base::Result<Prompts> load_prompts(const std::string& folder) {
    Prompts prompts;
    if (auto r = load_one(folder, "greeting", prompts.clips.greeting, prompts); !r) return r.error();
    if (auto r = load_one(folder, "person", prompts.clips.person, prompts); !r) return r.error();
    return prompts;
}

}  // namespace holdfast::app
