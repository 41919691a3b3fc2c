// Files around the database: folder, lock, ballast, moving a file aside. No SQL here.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::store {

std::string errno_text(int number);
bool write_all(int fd, std::string_view bytes);
// The whole file from its start; false on an error or when it is larger than `bytes_max`.
bool read_all(int fd, std::size_t bytes_max, std::string& out);
bool sync_folder_of(const std::string& path);
std::string folder_of(const std::string& path);

// Creates the folder (0700) if its parent is there and allows. True when it exists afterwards.
bool make_private_folder(const std::string& path);
// Creates the file (0600) if it is not there, takes rights of group and others away if it is (D15).
// 0 or the errno. `tightened` says that rights were too wide.
int make_private_file(const std::string& path, bool& tightened);

// One lock file beside the database keeps a second daemon out before it touches anything (P18).
class LockFile {
  public:
    LockFile() = default;
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

    enum class Outcome { held, taken, impossible };  // impossible: the folder does not allow it now
    Outcome acquire(const std::string& path);
    void release();
    bool held() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// Whether another process holds the lock file; takes no lock itself.
bool lock_is_taken(const std::string& path);

// A file whose only use is to be deleted: on a full disk even a checkpoint needs room.
class Ballast {
  public:
    Ballast(std::string path, std::size_t bytes) : path_(std::move(path)), bytes_(bytes) {}
    // Creates it when it is missing and leaves as much again free; quiet when that does not work.
    void restore();
    bool release();  // false: there was none
    std::size_t bytes() const { return bytes_; }

  private:
    std::string path_;
    std::size_t bytes_;
};

// Renames a database and its write-ahead log to `path`.`word`-<utc>-<n>, never over something that is
// there. Returns the new name; nothing is ever deleted.
base::Result<std::string> move_aside(const std::string& path, std::string_view word, std::int64_t utc_ms);

// The newest of them, by its name; empty: there is none.
std::string newest_aside(const std::string& path, std::string_view word);

// All that was moved aside with rows of ours in it: damaged databases, and logs without one; the names that go with `path`.
std::vector<std::string> files_aside(const std::string& path);

struct FileFacts {
    bool exists = false;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t bytes = 0;
};
FileFacts file_facts(const std::string& path);

struct Space {
    std::int64_t free_bytes = -1;  // -1: unknown
    std::int64_t total_bytes = -1;
};
Space space_at(const std::string& path);  // of the file system that has the folder of `path`

}  // namespace holdfast::store
