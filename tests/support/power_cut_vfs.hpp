// A disk that forgets: after a cut, each file holds what was synced and a random part of what was only
// written, torn at sectors, as a disk cache without power leaves it. An unlink is lasting with the next
// sync of anything (ext4's journal); until then the file may come back.
#pragma once

#include "support/shim_vfs.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace holdfast::test {

class PowerCutVfs : private VfsHooks {
  public:
    // The power goes at the `cut_at`-th operation (write, truncate, sync, remove); 0: never. Everything
    // afterwards fails.
    PowerCutVfs(std::uint32_t seed, std::uint64_t cut_at);
    const std::string& name() const { return vfs_.name(); }

    std::uint64_t operations() const;
    bool cut() const;
    // Makes the files what the disk would show. Every connection must be closed.
    void restore_files();

  private:
    struct Change {
        std::int64_t offset = 0;
        std::string bytes;
        bool truncate = false;
    };
    struct File {
        std::string durable;
        std::vector<Change> pending;
        bool removed = false;
        bool removed_for_good = false;
    };

    int before(VfsOp op, const std::string& path) override;
    void opened(const std::string& path) override;
    void wrote(const std::string& path, std::int64_t offset, std::string_view bytes) override;
    void truncated(const std::string& path, std::int64_t bytes) override;
    void synced(const std::string& path) override;
    void removed(const std::string& path) override;
    static void apply(std::string& content, const Change& change);
    void apply_torn(std::string& content, const Change& change);

    mutable std::mutex mutex_;
    std::mt19937 chance_;
    const std::uint64_t cut_at_;
    std::uint64_t operations_ = 0;
    bool cut_ = false;
    std::map<std::string, File> files_;
    ShimVfs vfs_;  // last: it calls us as soon as it is there
};

}  // namespace holdfast::test
