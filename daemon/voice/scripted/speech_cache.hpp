// Every fixed sentence as a clip: on disk, made ahead by `holdfastctl prompts build`, and in memory for
// the life of the daemon. A clip is used only when its file has the hash that the list beside it says and
// its words are still the ones we want to say; anything else is counted and simply not there, so that the
// next source is used (E09). Reading blocks and belongs to the start of the program; find() and keep()
// belong to the loop.
#pragma once

#include "base/error.hpp"
#include "voice/scripted/sentences.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::voice::scripted {

constexpr const char* k_clip_list = "clips.sha256";
constexpr std::size_t k_clip_bytes_max = 20 * 8000;  // 20 s; the longest sentence takes 8
constexpr std::size_t k_clip_list_bytes_max = 64 * 1024;

// One line of the list: hash of the file, hash of what it says and in which voice, path below the folder.
struct ClipEntry {
    std::string file_hash;
    std::string words_hash;
    std::string path;  // "es/where_again.wav"
};
std::string clip_path(Sentence sentence, Language language);
std::string clip_words_hash(Sentence sentence, Language language);
std::string write_clip_list(const std::vector<ClipEntry>& entries);
// Lines that are none are left out: a damaged list costs clips, not the start.
std::vector<ClipEntry> read_clip_list(std::string_view text);

class SpeechCache {
  public:
    // What can be used of `folder`; an empty name, a missing folder or list is an empty cache. Blocks.
    static std::shared_ptr<SpeechCache> load(const std::string& folder);

    // Base64 of 8 kHz mu-law, null when there is none. Valid for the life of the cache: a kept clip is
    // never replaced.
    const std::string* find(Sentence sentence, Language language) const;
    // A sentence that was spoken fresh, whole. Keeps it in memory; ignored when one is there or it is
    // longer than k_clip_bytes_max.
    void keep(Sentence sentence, Language language, std::string_view mulaw);

    std::size_t loaded() const { return loaded_; }
    std::size_t refused() const { return refused_; }  // damaged, missing or stale

  private:
    std::string& at(Sentence sentence, Language language);

    std::array<std::string, 2 * k_sentences> clips_;  // empty: none
    std::size_t loaded_ = 0;
    std::size_t refused_ = 0;
};

}  // namespace holdfast::voice::scripted
