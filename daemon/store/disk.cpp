#include "store/disk.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>

namespace holdfast::store {
namespace {

constexpr mode_t k_rights_of_others = 0077;

std::string utc_stamp(std::int64_t utc_ms) {
    const std::time_t seconds = static_cast<std::time_t>(utc_ms / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
    return std::string(text.data(), length);
}

bool exists(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

class Fd {
  public:
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

}  // namespace

std::string errno_text(int number) {
    std::array<char, 128> text{};
    return ::strerror_r(number, text.data(), text.size());  // the GNU one: returns the text
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool read_all(int fd, std::size_t bytes_max, std::string& out) {
    out.clear();
    std::array<char, 64 * 1024> piece{};
    for (;;) {
        const auto got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(out.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) return true;
        out.append(piece.data(), static_cast<std::size_t>(got));
        if (out.size() > bytes_max) {
            errno = EFBIG;
            return false;
        }
    }
}

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

bool sync_folder_of(const std::string& path) {
    const Fd fd(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd.get() >= 0 && ::fsync(fd.get()) == 0;
}

bool make_private_folder(const std::string& path) {
    return ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST;
}

int make_private_file(const std::string& path, bool& tightened) {
    tightened = false;
    const bool created = !exists(path);
    const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (fd.get() < 0) return errno;
    struct stat info {};
    if (created) sync_folder_of(path);
    if (::fstat(fd.get(), &info) == 0 && (info.st_mode & k_rights_of_others) != 0) {
        tightened = ::fchmod(fd.get(), info.st_mode & 0700) == 0;
    }
    return 0;
}

LockFile::~LockFile() { release(); }

void LockFile::release() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

LockFile::Outcome LockFile::acquire(const std::string& path) {
    if (held()) return Outcome::held;
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);  // read-only disk: still lockable
    if (fd < 0) return Outcome::impossible;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
        fd_ = fd;
        return Outcome::held;
    }
    const bool taken = errno == EWOULDBLOCK;
    ::close(fd);
    return taken ? Outcome::taken : Outcome::impossible;
}

bool lock_is_taken(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return fd.get() >= 0 && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void Ballast::restore() {
    if (bytes_ == 0 || exists(path_)) return;
    // Room that is only just free belongs to the rows.
    if (space_at(path_).free_bytes < static_cast<std::int64_t>(2 * bytes_)) return;
    const Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.get() < 0) return;
    if (::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes_)) != 0) ::unlink(path_.c_str());
}

bool Ballast::release() { return ::unlink(path_.c_str()) == 0; }

base::Result<std::string> move_aside(const std::string& path, std::string_view word, std::int64_t utc_ms) {
    const std::string stem = path + "." + std::string(word) + "-" + utc_stamp(utc_ms) + "-";
    constexpr int k_tries = 1000;
    for (int n = 1; n <= k_tries; ++n) {
        const std::string target = stem + std::to_string(n);
        if (exists(target) || exists(target + "-wal")) continue;
        // The log first: a database without its log is an older database, a log without one is nothing.
        const bool log = ::rename((path + "-wal").c_str(), (target + "-wal").c_str()) == 0;
        if (!log && errno != ENOENT) break;
        if (::rename(path.c_str(), target.c_str()) != 0) {
            const int why = errno;
            if (log) (void)::rename((target + "-wal").c_str(), (path + "-wal").c_str());
            errno = why;
            break;
        }
        sync_folder_of(path);
        return target;
    }
    return base::make_error(base::Condition::retry, "move_aside", path + ": " + errno_text(errno));
}

std::string newest_aside(const std::string& path, std::string_view word) {
    const std::string start = std::filesystem::path(path).filename().string() + "." + std::string(word) + "-";
    std::string newest;
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(folder_of(path), ec)) {
        const auto name = entry.path().filename().string();
        const bool log = name.size() > 4 && name.compare(name.size() - 4, 4, "-wal") == 0;
        if (!log && name.compare(0, start.size(), start) == 0) newest = std::max(newest, entry.path().string());
    }
    return newest;
}

std::vector<std::string> files_aside(const std::string& path) {
    const auto base = std::filesystem::path(path).filename().string();
    const auto ends_in = [](const std::string& name, const std::string& end) {
        return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
    };
    std::vector<std::string> found;
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(folder_of(path), ec)) {
        const auto name = entry.path().filename().string();
        const auto begins_with = [&](const std::string& start) { return name.compare(0, start.size(), start) == 0; };
        const bool ours = begins_with(base + ".damaged-") || begins_with(base + "-wal.orphan-");
        const bool beside_one = ends_in(name, "-wal") || ends_in(name, ".repaired") || ends_in(name, "-journal");
        if (ours && !beside_one) found.push_back(path + name.substr(base.size()));
    }
    std::sort(found.begin(), found.end());
    return found;
}

FileFacts file_facts(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    return {true, info.st_dev, info.st_ino, info.st_size};
}

Space space_at(const std::string& path) {
    struct statvfs info {};
    if (::statvfs(folder_of(path).c_str(), &info) != 0) return {};
    const auto unit = static_cast<std::int64_t>(info.f_frsize);
    return {static_cast<std::int64_t>(info.f_bavail) * unit, static_cast<std::int64_t>(info.f_blocks) * unit};
}

}  // namespace holdfast::store
