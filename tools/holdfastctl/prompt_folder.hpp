// One language of a set of prompts on disk, as both commands see it. Blocks.
#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::ctl {

constexpr const char* k_prompt_sums = "SHA256SUMS";
constexpr std::size_t k_prompt_words_bytes_max = 2'000;             // as the daemon loads them
constexpr std::uintmax_t k_prompt_file_bytes_max = 32 * 1024 * 1024;  // of a recording to import: a minute of studio
constexpr std::size_t k_prompt_files_max = 2'000;                   // of one folder

std::optional<std::string> read_whole(const std::filesystem::path& path, std::uintmax_t bytes_max);
// The text without the end of its last line; an error says what is wrong with it.
base::Result<std::string> read_prompt_words(const std::filesystem::path& path);
std::vector<std::string> prompts_in(const std::filesystem::path& folder);  // names of its WAVs, sorted
std::map<std::string, std::string> read_sums(const std::filesystem::path& folder);  // hash by file name

// A copy of `folder` beside it, in which files are replaced; commit() puts it in the place of the folder in one
// step. Whatever was not committed is removed. Hashes of files that are not replaced stay as they were: a
// damaged one must not become a good one.
class FolderChange {
  public:
    // `origin` is the folder itself, or the one that it begins as a copy of.
    static base::Result<FolderChange> begin(const std::filesystem::path& folder, const std::filesystem::path& origin);
    FolderChange(FolderChange&& other) noexcept;
    FolderChange& operator=(FolderChange&&) = delete;
    ~FolderChange();

    base::Result<void> replace(const std::string& name, const std::string& bytes);
    base::Result<void> commit();

  private:
    FolderChange() = default;
    std::filesystem::path folder_;
    std::filesystem::path staged_;  // empty: committed, or moved from
    std::map<std::string, std::string> sums_;
};

}  // namespace holdfast::ctl
