#include "config/files.hpp"

#include "base/text.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
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

constexpr int k_folder_entries_max = 4096;  // of any name; who has more has another folder in mind

// Names stand in messages of one line.
bool is_printable(std::string_view name) {
    return base::is_utf8(name) &&
           std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool is_yaml(std::string_view name) {
    constexpr std::string_view k_tail = ".yaml";
    return name.size() > k_tail.size() && name.front() != '.' && name.substr(name.size() - k_tail.size()) == k_tail;
}

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

FolderContent list_yaml(const std::string& folder, std::size_t files_max) {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
    if (!open && errno == ENOENT) return {};
    if (!open && errno == ENOTDIR) return {"is not a folder", "a folder of *.yaml files", {}};
    struct stat status {};
    if (!open || ::fstat(::dirfd(open.get()), &status) != 0)
        return {"cannot be read: " + std::generic_category().message(errno), "a readable folder", {}};
    if ((status.st_mode & S_IWOTH) != 0) return {"everybody may write to the folder", "mode 0755 or tighter", {}};

    FolderContent content;
    int entries = 0;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(open.get());
        if (entry == nullptr && errno != 0)
            return {"cannot be read: " + std::generic_category().message(errno), "a readable folder", {}};
        if (entry == nullptr) break;
        if (++entries > k_folder_entries_max) return {"too many files", "at most " + std::to_string(files_max) + " *.yaml", {}};
        const std::string name = entry->d_name;
        if (!is_yaml(name)) continue;
        if (!is_printable(name)) return {"the name of a file in it is not printable", "names of letters, digits and '-'", {}};
        if (content.paths.size() == files_max)
            return {"too many files", "at most " + std::to_string(files_max) + " *.yaml", {}};
        content.paths.push_back(folder + "/" + name);
    }
    std::sort(content.paths.begin(), content.paths.end());
    return content;
}

}  // namespace holdfast::config
