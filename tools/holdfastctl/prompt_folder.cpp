#include "holdfastctl/prompt_folder.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace holdfast::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_hash_chars = 64;

base::Error failed(const std::string& what, const fs::path& path, const std::string& why) {
    return base::make_error(base::Condition::fatal, "file", "cannot " + what + " " + path.string() + ": " + why);
}

base::Result<void> write_file(const fs::path& path, const std::string& bytes) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return failed("write", path, std::strerror(errno));
    int problem = 0;
    for (std::size_t done = 0; done < bytes.size() && problem == 0;) {
        const auto written = ::write(fd, bytes.data() + done, bytes.size() - done);
        if (written > 0) done += static_cast<std::size_t>(written);
        else if (errno != EINTR) problem = errno;
    }
    if (::close(fd) != 0 && problem == 0) problem = errno;
    if (problem != 0) return failed("write", path, std::strerror(problem));
    return {};
}

// Everything written so far is on the disk: one call instead of one for each of two hundred files.
base::Result<void> sync_file_system(const fs::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int problem = fd < 0 || ::syncfs(fd) != 0 ? errno : 0;
    if (fd >= 0) ::close(fd);
    if (problem != 0) return failed("sync", folder, std::strerror(problem));
    return {};
}

// Puts `staged` in the place of `folder`; what was there is in `staged` afterwards, or there is nothing.
base::Result<void> exchange(const fs::path& staged, const fs::path& folder) {
    std::error_code ec;
    if (!fs::exists(folder, ec)) {
        fs::rename(staged, folder, ec);
        if (ec) return failed("make", folder, ec.message());
        return {};
    }
    if (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0) return {};
    // A file system without it: two steps, and the first is taken back when the second fails.
    const fs::path old = staged.string() + ".old";
    fs::rename(folder, old, ec);
    if (ec) return failed("replace", folder, ec.message());
    fs::rename(staged, folder, ec);
    if (ec) {
        const std::string why = ec.message();
        fs::rename(old, folder, ec);
        return failed("replace", folder, why);
    }
    fs::remove_all(old, ec);
    return {};
}

}  // namespace

std::optional<std::string> read_whole(const fs::path& path, std::uintmax_t bytes_max) {
    std::error_code ec;
    if (!fs::is_regular_file(path, ec) || fs::file_size(path, ec) > bytes_max || ec) return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in || bytes.size() > bytes_max) return std::nullopt;
    return bytes;
}

base::Result<std::string> read_prompt_words(const fs::path& path) {
    const auto bad = [](const char* why) { return base::make_error(base::Condition::reject, "words", why); };
    auto words = read_whole(path, k_prompt_words_bytes_max);
    if (!words) return bad("cannot be read, or has more than 2000 bytes");
    while (!words->empty() && (words->back() == '\n' || words->back() == '\r')) words->pop_back();
    if (words->empty()) return bad("is empty; it is what the prompt says");
    if (!base::is_utf8(*words)) return bad("is not UTF-8");
    if (std::any_of(words->begin(), words->end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
        return bad("must be one line of text");
    }
    return std::move(*words);
}

std::vector<std::string> prompts_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code ec;
    fs::directory_iterator it(folder, ec);
    for (const fs::directory_iterator end; !ec && it != end && names.size() < k_prompt_files_max; it.increment(ec)) {
        if (it->path().extension() == ".wav") names.push_back(it->path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::map<std::string, std::string> read_sums(const fs::path& folder) {
    std::map<std::string, std::string> sums;
    std::ifstream in(folder / k_prompt_sums);
    for (std::string line; std::getline(in, line) && sums.size() < k_prompt_files_max;) {
        if (line.size() > k_hash_chars + 2) sums[line.substr(k_hash_chars + 2)] = line.substr(0, k_hash_chars);
    }
    return sums;
}

base::Result<FolderChange> FolderChange::begin(const fs::path& folder, const fs::path& origin) {
    FolderChange change;
    std::error_code ec;
    // A link stays one: what it leads to is replaced.
    change.folder_ = fs::exists(folder, ec) ? fs::canonical(folder, ec) : folder;
    if (ec) return failed("read", folder, ec.message());
    fs::create_directories(change.folder_.parent_path(), ec);
    if (ec) return failed("make", change.folder_.parent_path(), ec.message());
    std::string name = (change.folder_.parent_path() / ("." + change.folder_.filename().string() + ".XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) {
        return failed("make a folder in", change.folder_.parent_path(), std::strerror(errno));
    }
    change.staged_ = name;
    fs::permissions(change.staged_, fs::perms(0755), ec);
    change.sums_ = read_sums(origin);
    const bool summed = !change.sums_.empty();
    std::size_t files = 0;
    for (fs::directory_iterator it(origin, ec), end; !ec && it != end; it.increment(ec)) {
        if (!it->is_regular_file(ec) || ec) continue;
        if (++files > k_prompt_files_max) return failed("copy", origin, "more than 2000 files");
        const auto bytes = read_whole(it->path(), k_prompt_file_bytes_max);
        if (!bytes) return failed("copy", it->path(), "cannot be read, or is too large");
        const auto file = it->path().filename().string();
        if (auto written = write_file(change.staged_ / file, *bytes); !written) return written.error();
        const auto kind = it->path().extension();
        if (!summed && (kind == ".wav" || kind == ".txt")) change.sums_[file] = base::sha256_hex(*bytes);
    }
    if (ec) return failed("copy", origin, ec.message());
    return change;
}

FolderChange::FolderChange(FolderChange&& other) noexcept
    : folder_(std::move(other.folder_)), staged_(std::exchange(other.staged_, {})), sums_(std::move(other.sums_)) {}

FolderChange::~FolderChange() {
    std::error_code ec;
    if (!staged_.empty()) fs::remove_all(staged_, ec);
}

base::Result<void> FolderChange::replace(const std::string& name, const std::string& bytes) {
    if (auto written = write_file(staged_ / name, bytes); !written) return written.error();
    sums_[name] = base::sha256_hex(bytes);
    return {};
}

base::Result<void> FolderChange::commit() {
    std::string list;
    for (const auto& [name, hash] : sums_) list.append(hash).append("  ").append(name).append("\n");
    if (auto written = write_file(staged_ / k_prompt_sums, list); !written) return written.error();
    if (auto synced = sync_file_system(staged_); !synced) return synced.error();
    if (auto done = exchange(staged_, folder_); !done) return done.error();
    return sync_file_system(folder_.parent_path());
    // what was there before lies in staged_ now, and goes with us
}

}  // namespace holdfast::ctl
