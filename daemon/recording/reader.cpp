#include "recording/reader.hpp"

#include "recording/disk.hpp"
#include "recording/name.hpp"
#include "recording/seal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace holdfast::recording {
namespace {

using base::Condition;

constexpr auto k_plain = static_cast<std::int64_t>(k_seal_plain_bytes);
constexpr auto k_block = static_cast<std::int64_t>(k_seal_block_bytes);
constexpr auto k_head = static_cast<std::int64_t>(k_seal_head_bytes);
constexpr std::size_t k_name_bytes_max = 255;

base::Error damaged(std::string what) { return base::make_error(Condition::reject, "damaged", std::move(what)); }
base::Error unreadable() { return base::make_error(Condition::retry, "read"); }

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    // All of it; nothing with `error` filled.
    bool read(char* data, std::size_t bytes, std::int64_t at, base::Error& error) {
        const auto got = read_up_to(disk_, fd_, data, bytes, at);
        if (got == static_cast<ssize_t>(bytes)) return true;
        error = got < 0 ? unreadable() : damaged("shorter than it was");
        return false;
    }
    base::Result<std::int64_t> size() const {
        struct stat info {};
        if (::fstat(fd_, &info) != 0) return unreadable();
        if (!S_ISREG(info.st_mode)) return damaged("not a file");
        return static_cast<std::int64_t>(info.st_size);
    }

  private:
    Disk disk_;
    int fd_;
};

// What of `count` bytes from `at` on lies within `bytes`.
std::size_t there(std::int64_t bytes, std::int64_t at, std::size_t count) {
    const auto most = static_cast<std::int64_t>(std::min(count, Reader::k_read_bytes_max));
    return at < 0 || at >= bytes ? 0 : static_cast<std::size_t>(std::min(most, bytes - at));
}

class ClearReader : public Reader {
  public:
    ClearReader(Descriptor file, std::int64_t bytes) : file_(std::move(file)), bytes_(bytes) {}
    std::int64_t bytes() const override { return bytes_; }
    base::Result<std::string> read(std::int64_t at, std::size_t count) override {
        std::string out(there(bytes_, at, count), '\0');
        base::Error error;
        if (!file_.read(out.data(), out.size(), at, error)) return error;
        return out;
    }

  private:
    Descriptor file_;
    const std::int64_t bytes_;
};

class SealedReader : public Reader {
  public:
    SealedReader(Descriptor file, std::unique_ptr<Seal> seal, std::int64_t blocks)
        : file_(std::move(file)), seal_(std::move(seal)), blocks_(blocks), sealed_(k_seal_block_bytes, '\0'),
          plain_(k_seal_plain_bytes, '\0') {}

    // The last block knows how long the whole is.
    base::Result<void> begin() {
        const auto loaded = load(blocks_ - 1);
        if (!loaded) return loaded.error();
        bytes_ = (blocks_ - 1) * k_plain + static_cast<std::int64_t>(used_);
        return {};
    }
    std::int64_t bytes() const override { return bytes_; }
    base::Result<std::string> read(std::int64_t at, std::size_t count) override {
        std::string out;
        out.reserve(there(bytes_, at, count));
        for (auto left = there(bytes_, at, count); left > 0;) {
            if (const auto loaded = load(at / k_plain); !loaded) return loaded.error();
            const auto from = static_cast<std::size_t>(at % k_plain);
            const auto now = std::min(left, k_seal_plain_bytes - from);
            out.append(plain_, from, now);
            at += static_cast<std::int64_t>(now);
            left -= now;
        }
        return out;
    }

  private:
    base::Result<void> load(std::int64_t number) {
        if (number == loaded_) return {};
        loaded_ = -1;
        base::Error error;
        if (!file_.read(sealed_.data(), sealed_.size(), k_head + number * k_block, error)) return error;
        const auto block = seal_->open_block(static_cast<std::uint64_t>(number), sealed_.data(), plain_.data());
        const bool last = number == blocks_ - 1;
        if (!block) return damaged("block " + std::to_string(number));
        if (block->last != last) return damaged((last ? "cut behind block " : "ends at block ") + std::to_string(number));
        if (!last && block->used != k_seal_plain_bytes) return damaged("block " + std::to_string(number) + " is not whole");
        used_ = block->used;
        loaded_ = number;
        return {};
    }

    Descriptor file_;
    const std::unique_ptr<Seal> seal_;
    const std::int64_t blocks_;
    std::int64_t bytes_ = 0;
    std::string sealed_, plain_;
    std::int64_t loaded_ = -1;  // what plain_ holds
    std::size_t used_ = 0;      // of it
};

// Names come from the journal; a damaged one must not lead out of the folder.
bool is_plain_name(const std::string& name) {
    return !name.empty() && name.size() <= k_name_bytes_max && name.front() != '.' &&
           name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
}

}  // namespace

base::Result<std::unique_ptr<Reader>> read_sealed(int fd, const FileKey& key) {
    Descriptor file(fd);
    const auto size = file.size();
    if (!size) return size.error();
    std::string head(k_seal_head_bytes, '\0');
    base::Error error;
    if (!file.read(head.data(), head.size(), 0, error)) return error;
    auto seal = Seal::open(key, head);
    if (!seal) return seal.error();
    if (*size == k_head || (*size - k_head) % k_block != 0) return damaged("cut inside of a block");
    auto reader = std::make_unique<SealedReader>(std::move(file), std::move(*seal), (*size - k_head) / k_block);
    if (const auto begun = reader->begin(); !begun) return begun.error();
    return reader;
}

base::Result<std::unique_ptr<Reader>> open_recording(const std::string& folder, const std::string& path, const FileKey& key) {
    if (!is_plain_name(path)) return damaged("name");
    const int fd = ::open((folder + "/" + path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return base::make_error(Condition::reject, "no_such_file");
    if (fd < 0 && errno == ELOOP) return damaged("a link");
    if (fd < 0) return unreadable();
    if (ends_with(path, k_sealed)) return read_sealed(fd, key);
    Descriptor file(fd);
    const auto size = file.size();
    if (!size) return size.error();
    return std::make_unique<ClearReader>(std::move(file), *size);
}

}  // namespace holdfast::recording
