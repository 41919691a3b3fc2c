#include "recording/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace holdfast::recording {

int Disk::open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
ssize_t Disk::write(int fd, const char* data, std::size_t bytes, off_t at) { return ::pwrite(fd, data, bytes, at); }
ssize_t Disk::read(int fd, char* data, std::size_t bytes, off_t at) { return ::pread(fd, data, bytes, at); }
int Disk::truncate(int fd, off_t bytes) { return ::ftruncate(fd, bytes); }
int Disk::sync(int fd) { return ::fsync(fd); }
int Disk::rename(const char* from, const char* to) { return ::rename(from, to); }

bool write_all(Disk& disk, int fd, std::string_view bytes, off_t at) {
    while (!bytes.empty()) {
        const auto written = disk.write(fd, bytes.data(), bytes.size(), at);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            if (written == 0) errno = EIO;
            return false;
        }
        at += written;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

ssize_t read_up_to(Disk& disk, int fd, char* data, std::size_t bytes, off_t at) {
    std::size_t have = 0;
    while (have < bytes) {
        const auto got = disk.read(fd, data + have, bytes - have, at + static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    return static_cast<ssize_t>(have);
}

}  // namespace holdfast::recording
