#include "config/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace holdfast::config {
namespace {

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

FileContent failed(std::string problem) {
    return {std::move(problem), {}, 0, 0};
}

FileContent failed(int error) {
    if (error == ENOENT || error == ENOTDIR) return failed("there is no such file");
    return failed("cannot be read: " + std::generic_category().message(error));
}

}  // namespace

FileContent read_file(const std::string& path, std::size_t bytes_max) {
    // The first look is without a descriptor: opening a device can have effects.
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return failed(errno);
    if (!S_ISREG(status.st_mode)) return failed("is not a regular file");
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return failed(errno);
    if (!S_ISREG(status.st_mode)) return failed("is not a regular file");

    FileContent content;
    content.mode = status.st_mode & 07777;
    content.owner = status.st_uid;
    content.text.resize(bytes_max + 1);
    std::size_t have = 0;
    while (have < content.text.size()) {
        const ssize_t n =
            ::read(file.get(), content.text.data() + have, content.text.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(errno);
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    if (have > bytes_max) return failed("is larger than " + std::to_string(bytes_max) + " bytes");
    content.text.resize(have);
    return content;
}

}  // namespace holdfast::config
