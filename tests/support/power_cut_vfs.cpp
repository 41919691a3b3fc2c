#include "support/power_cut_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace holdfast::test {
namespace {

constexpr std::size_t k_sector_bytes = 512;

}  // namespace

PowerCutVfs::PowerCutVfs(std::uint32_t seed, std::uint64_t cut_at)
    : chance_(seed), cut_at_(cut_at), vfs_("power-cut", *this) {}

std::uint64_t PowerCutVfs::operations() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return operations_;
}

bool PowerCutVfs::cut() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return cut_;
}

int PowerCutVfs::before(VfsOp op, const std::string&) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (op != VfsOp::read && op != VfsOp::open && !cut_) cut_ = ++operations_ == cut_at_;
    return cut_ ? SQLITE_IOERR : SQLITE_OK;
}

void PowerCutVfs::opened(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto [at, first_seen] = files_.try_emplace(path);
    File& file = at->second;
    if (first_seen) {
        std::ifstream in(path, std::ios::binary);
        file.durable.assign(std::istreambuf_iterator<char>(in), {});
    }
    if (file.removed) {  // made anew under the old name
        file.pending.clear();
        file.durable.clear();
        file.removed = file.removed_for_good = false;
    }
}

void PowerCutVfs::wrote(const std::string& path, std::int64_t offset, std::string_view bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_[path].pending.push_back({offset, std::string(bytes), false});
}

void PowerCutVfs::truncated(const std::string& path, std::int64_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_[path].pending.push_back({bytes, {}, true});
}

void PowerCutVfs::synced(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    File& synced = files_[path];
    for (const auto& change : synced.pending) apply(synced.durable, change);
    synced.pending.clear();
    for (auto& [name, file] : files_) file.removed_for_good = file.removed;
}

void PowerCutVfs::removed(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_[path].removed = true;
}

void PowerCutVfs::apply(std::string& content, const Change& change) {
    const auto at = static_cast<std::size_t>(change.offset);
    if (change.truncate) return content.resize(at);
    content.resize(std::max(content.size(), at + change.bytes.size()));
    content.replace(at, change.bytes.size(), change.bytes);
}

// Each sector of a write reached the disk or did not.
void PowerCutVfs::apply_torn(std::string& content, const Change& change) {
    if (change.truncate) return (chance_() & 1) != 0 ? apply(content, change) : void();
    for (std::size_t at = 0; at < change.bytes.size(); at += k_sector_bytes) {
        if ((chance_() & 1) == 0) continue;
        apply(content, {change.offset + static_cast<std::int64_t>(at), change.bytes.substr(at, k_sector_bytes), false});
    }
}

void PowerCutVfs::restore_files() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool nothing_cached = (chance_() & 3) == 0;  // the plain case, too: only what was synced
    for (auto& [path, file] : files_) {
        if (file.removed_for_good || (file.removed && (chance_() & 1) != 0)) {
            std::filesystem::remove(path);
            continue;
        }
        if (!nothing_cached) {
            for (const auto& change : file.pending) apply_torn(file.durable, change);
        }
        std::ofstream(path, std::ios::binary | std::ios::trunc) << file.durable;
    }
}

}  // namespace holdfast::test
