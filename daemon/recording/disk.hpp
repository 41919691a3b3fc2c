// The system calls that tests let fail. Each returns what the call returns and sets errno.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

namespace holdfast::recording {

class Disk {
  public:
    virtual ~Disk() = default;
    virtual int open(const char* path, int flags, mode_t mode);
    virtual ssize_t write(int fd, const char* data, std::size_t bytes, off_t at);
    virtual ssize_t read(int fd, char* data, std::size_t bytes, off_t at);
    virtual int truncate(int fd, off_t bytes);
    virtual int sync(int fd);
    virtual int rename(const char* from, const char* to);
};

// All of it, or false with errno.
bool write_all(Disk& disk, int fd, std::string_view bytes, off_t at);
// As much as there is up to `bytes`; -1 with errno.
ssize_t read_up_to(Disk& disk, int fd, char* data, std::size_t bytes, off_t at);

}  // namespace holdfast::recording
