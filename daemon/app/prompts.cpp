#include "app/prompts.hpp"

#include "audio/level.hpp"
#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "base/base64.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "metrics/catalog.hpp"
#include "voice/prompts.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

namespace holdfast::app {
namespace {

constexpr std::size_t k_prompt_bytes_max = 30 * audio::k_mulaw_rate;
constexpr std::size_t k_words_bytes_max = 2000;
constexpr std::uintmax_t k_file_bytes_max = 8 * 1024 * 1024;  // 30 s at 48 kHz, stereo, are 6 MB
constexpr std::size_t k_prompts_max = 500;                    // of one language
constexpr std::array<const char*, 2> k_languages{"en", "es"};

base::Error bad(const std::string& path, const std::string& why) {
    return base::make_error(base::Condition::fatal, "prompt", path + ": " + why);
}

std::optional<std::string> read_file(const std::string& path, std::uintmax_t bytes_max) {
    std::error_code ec;
    const auto size = std::filesystem::file_size(path, ec);
    if (ec || size > bytes_max) return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>(in), {}};
}

// What a caller waits for is the first sound: whole frames of silence before it are left out.
std::string_view from_first_sound(std::string_view mulaw) {
    constexpr double k_silent_dbfs = -50;
    auto rest = mulaw;
    while (rest.size() > audio::k_mulaw_frame_bytes && audio::dbfs(rest.substr(0, audio::k_mulaw_frame_bytes)) < k_silent_dbfs) {
        rest.remove_prefix(audio::k_mulaw_frame_bytes);
    }
    return rest.size() > audio::k_mulaw_frame_bytes ? rest : mulaw;
}

// "HASH  NAME" lines of sha256sum; nullopt: there is no list.
std::optional<std::map<std::string, std::string>> read_sums(const std::string& path) {
    std::error_code ec;
    if (!std::filesystem::exists(path, ec)) return std::nullopt;
    std::map<std::string, std::string> sums;
    constexpr std::size_t k_hash_chars = 64;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line) && sums.size() < 2 * k_prompts_max;) {
        if (line.size() > k_hash_chars + 2) sums[line.substr(k_hash_chars + 2)] = line.substr(0, k_hash_chars);
    }
    return sums;
}

// One prompt of one language. The error is about a file.
//
// A file is taken when it is the one that we ship, or the one that its SHA256SUMS names: an agency's own, which
// `holdfastctl prompts import` put there. A folder without that list may hold files of any origin, unless one
// of them is a shipped one: then it is our set, whose list was lost, and the others must be ours as well.
class Folder {
  public:
    Folder(std::string folder, const char* language)
        : folder_(std::move(folder) + "/" + language), language_(language), sums_(read_sums(folder_ + "/SHA256SUMS")) {
        if (sums_) return;
        const auto all = names();
        ours_ = std::any_of(all.begin(), all.end(), [this](const std::string& name) {
            const auto bytes = read_file(folder_ + "/" + name + ".wav", k_file_bytes_max);
            return bytes && is_shipped(name + ".wav", base::sha256_hex(*bytes));
        });
    }

    std::vector<std::string> names() const {
        std::vector<std::string> names;
        std::error_code ec;
        for (std::filesystem::directory_iterator it(folder_, ec), end; !ec && it != end; it.increment(ec)) {
            if (it->path().extension() == ".wav" && names.size() < k_prompts_max) names.push_back(it->path().stem().string());
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    base::Result<void> load(const std::string& name, Prompts& into) const {
        auto words = whole(name + ".txt", k_words_bytes_max);
        if (!words) return words.error();
        while (!words->empty() && (words->back() == '\n' || words->back() == '\r')) words->pop_back();
        if (words->empty() || !base::is_utf8(*words)) return bad(folder_ + "/" + name + ".txt", "must be UTF-8 text of 1 to 2000 bytes");
        const std::string path = folder_ + "/" + name + ".wav";
        if (const auto bytes = whole(name + ".wav", k_file_bytes_max); !bytes) return bytes.error();
        const auto wav = audio::read_wav_file(path);
        if (!wav) return bad(path, std::string(wav.error().code) + " " + wav.error().detail);
        const std::string mulaw = audio::to_mulaw_8k(*wav);
        if (mulaw.empty() || mulaw.size() > k_prompt_bytes_max) return bad(path, "must last up to 30 s");
        into.clips.add(name, language_, voice::Clip{base::base64_encode(from_first_sound(mulaw)), std::move(*words)});
        into.files[language_ == "en" ? name : language_ + "-" + name] = audio::write_wav_mulaw(mulaw);
        return {};
    }

  private:
    base::Result<std::string> whole(const std::string& name, std::uintmax_t bytes_max) const {
        auto content = read_file(folder_ + "/" + name, bytes_max);
        if (!content) return bad(folder_ + "/" + name, "cannot be read, or is too large");
        const std::string hash = base::sha256_hex(*content);
        if (is_shipped(name, hash)) return std::move(*content);
        if (!sums_) {
            if (!ours_) return std::move(*content);
            return damaged(name, "is not the shipped one, and there is no SHA256SUMS that knows it");
        }
        const auto sum = sums_->find(name);
        if (sum == sums_->end()) return damaged(name, "is not the shipped one, and not in SHA256SUMS");
        if (sum->second != hash) return damaged(name, "is not what SHA256SUMS says");
        return std::move(*content);
    }

    base::Error damaged(const std::string& name, const char* why) const {
        metrics::clip_hash_fail_total.add("damaged");
        return bad(folder_ + "/" + name, why);
    }

    bool is_shipped(const std::string& name, const std::string& hash) const {
        return voice::shipped_prompt_hash(language_ + "/" + name) == hash;
    }

    const std::string folder_;
    const std::string language_;
    const std::optional<std::map<std::string, std::string>> sums_;
    bool ours_ = false;
};

}  // namespace

base::Result<Prompts> load_prompts(const std::string& folder) {
    Prompts prompts;
    for (const char* const language : k_languages) {
        const Folder one(folder, language);
        for (const auto& name : one.names()) {
            if (const auto loaded = one.load(name, prompts); !loaded) prompts.problems.push_back(loaded.error().detail);
        }
    }
    if (prompts.clips.size() == 0) {
        return base::make_error(base::Condition::fatal, "no_prompts",
                                folder + ": " + (prompts.problems.empty() ? "no prompts in en/ and es/" : prompts.problems.front()));
    }
    for (const auto id : voice::needed_prompts()) {
        if (prompts.clips.find(id, "en") != nullptr) continue;
        const auto why = prompts.problems.empty() ? std::string("there is no such prompt") : prompts.problems.front();
        return bad(folder + "/en/" + std::string(id) + ".wav", why);
    }
    return prompts;
}

}  // namespace holdfast::app
