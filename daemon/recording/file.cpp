#include "recording/file.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "base/sha256.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace holdfast::recording {
namespace {

constexpr std::int64_t k_number_max = 99;        // recordings of one call
constexpr std::size_t k_piece_samples = 32'768;  // read or written at once: 64 KiB
constexpr std::size_t k_head_bytes_max = 1024;

std::string error_text(int number) {
    char text[128];
    return ::strerror_r(number, text, sizeof text);  // the GNU one: returns the text
}

bool exists(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

}  // namespace

int Disk::open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
ssize_t Disk::write(int fd, const char* data, std::size_t bytes, off_t at) { return ::pwrite(fd, data, bytes, at); }
ssize_t Disk::read(int fd, char* data, std::size_t bytes, off_t at) { return ::pread(fd, data, bytes, at); }
int Disk::truncate(int fd, off_t bytes) { return ::ftruncate(fd, bytes); }
int Disk::sync(int fd) { return ::fsync(fd); }
int Disk::rename(const char* from, const char* to) { return ::rename(from, to); }

File::File(Disk& disk, std::string folder, Identity identity, int fd)
    : disk_(disk), folder_(std::move(folder)), identity_(std::move(identity)), name_(file_name(identity_)), fd_(fd),
      head_bytes_(head(0, 0).size()) {}

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

base::Error File::failed(const char* step) const {
    return base::make_error(base::Condition::retry, step, name_ + ": " + error_text(errno));
}

std::string File::head(std::int64_t samples, std::int64_t lost_ms) const {
    return audio::wav_head_mulaw(static_cast<std::size_t>(2 * samples), 2, comment_of(identity_, lost_ms));
}

base::Result<std::unique_ptr<File>> File::create(Disk& disk, const std::string& folder, Identity identity) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return base::make_error(base::Condition::retry, "open", folder + ": " + error_text(errno));
    }
    for (identity.number = 1; identity.number <= k_number_max; ++identity.number) {
        const std::string path = folder + "/" + file_name(identity);
        if (exists(path)) continue;
        const int fd = disk.open((path + std::string(k_part)).c_str(),
                                 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno == EEXIST) continue;
        if (fd < 0) return base::make_error(base::Condition::retry, "open", path + ": " + error_text(errno));
        std::unique_ptr<File> file(new File(disk, folder, identity, fd));
        if (file->write_all(file->head(0, 0), 0)) return file;
        const auto error = file->failed("write");
        ::unlink((path + std::string(k_part)).c_str());  // nothing is in it yet
        return error;
    }
    return base::make_error(base::Condition::retry, "open", folder + ": too many recordings of one call");
}

base::Result<std::unique_ptr<File>> File::reopen(Disk& disk, const std::string& folder, const std::string& part_name) {
    const auto hopeless = [&part_name](const char* why) {
        return base::make_error(base::Condition::reject, "repair", part_name + ": " + why);
    };
    if (part_name.size() <= k_part.size()) return hopeless("not a recording");
    auto identity = parse_file_name(std::string_view(part_name).substr(0, part_name.size() - k_part.size()));
    if (!identity) return hopeless("not a recording");
    const int fd = disk.open((folder + "/" + part_name).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0) return base::make_error(base::Condition::retry, "open", part_name + ": " + error_text(errno));
    struct stat info {};
    char bytes[k_head_bytes_max];
    ssize_t got = -1;
    if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) got = disk.read(fd, bytes, sizeof bytes, 0);
    if (got == 0) {  // killed between creating it and the first write
        ::close(fd);
        ::unlink((folder + "/" + part_name).c_str());
        return hopeless("was empty, deleted");
    }
    const auto wav = audio::read_wav_head(std::string_view(bytes, got > 0 ? static_cast<std::size_t>(got) : 0));
    std::int64_t lost_ms = 0;
    if (!wav || !wav->mulaw || wav->channels != 2 || !read_comment(wav->comment, *identity, lost_ms)) {
        ::close(fd);
        return hopeless("its head is not readable");
    }
    std::unique_ptr<File> file(new File(disk, folder, *identity, fd));
    if (wav->data_offset != file->head_bytes_) return hopeless("its head is not ours");
    file->lost_ms_ = lost_ms;
    file->samples_ = (static_cast<std::int64_t>(info.st_size) - static_cast<std::int64_t>(file->head_bytes_)) / 2;
    return file;
}

bool File::write_all(std::string_view bytes, off_t at) {
    while (!bytes.empty()) {
        const auto written = disk_.write(fd_, bytes.data(), bytes.size(), at);
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

bool File::read_all(char* data, std::size_t bytes, off_t at) {
    while (bytes > 0) {
        const auto got = disk_.read(fd_, data, bytes, at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            if (got == 0) errno = EIO;
            return false;
        }
        at += got;
        data += got;
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

// A hole in a file reads as zeros, which is the loudest sample of mu-law, so silence has to be written.
bool File::fill_up_to(std::int64_t samples) {
    while (samples_ < samples) {
        const auto count = std::min<std::int64_t>(samples - samples_, k_piece_samples);
        piece_.assign(static_cast<std::size_t>(2 * count), audio::k_mulaw_silence);
        if (!write_all(piece_, place(samples_))) return false;
        samples_ += count;
    }
    return true;
}

bool File::put(Leg leg, std::int64_t at, std::size_t count, const char* mulaw) {
    piece_.assign(2 * count, audio::k_mulaw_silence);
    const auto known = std::clamp<std::int64_t>(samples_ - at, 0, static_cast<std::int64_t>(count));
    if (known > 0 && !read_all(piece_.data(), static_cast<std::size_t>(2 * known), place(at))) return false;
    const std::size_t channel = leg == Leg::caller ? 0 : 1;
    for (std::size_t i = 0; i < count; ++i) piece_[2 * i + channel] = mulaw ? mulaw[i] : audio::k_mulaw_silence;
    if (!write_all(piece_, place(at))) return false;
    samples_ = std::max(samples_, at + static_cast<std::int64_t>(count));
    return true;
}

base::Result<void> File::write(Leg leg, std::int64_t at, std::string_view mulaw) {
    if (!fill_up_to(at)) return failed("write");
    while (!mulaw.empty()) {
        const auto now = mulaw.substr(0, k_piece_samples);
        if (!put(leg, at, now.size(), now.data())) return failed("write");
        at += static_cast<std::int64_t>(now.size());
        mulaw.remove_prefix(now.size());
    }
    return {};
}

base::Result<void> File::silence(Leg leg, std::int64_t from) {
    for (const auto end = samples_; from < end;) {
        const auto count = std::min<std::int64_t>(end - from, k_piece_samples);
        if (!put(leg, from, static_cast<std::size_t>(count), nullptr)) return failed("write");
        from += count;
    }
    return {};
}

base::Result<void> File::sync() {
    if (disk_.sync(fd_) != 0) return failed("sync");
    return {};
}

base::Result<Finished> File::finish(std::int64_t samples, std::int64_t lost_ms) {
    // A disk that is full has no room for the silence at the end either: the file is then shorter. Sound
    // that should stand there has been counted as lost by whoever could not write it.
    (void)fill_up_to(samples);
    const auto end = std::min(samples, samples_);
    if (disk_.truncate(fd_, place(end)) != 0) return failed("write");
    samples_ = end;
    if (!write_all(head(end, lost_ms), 0)) return failed("write");
    if (disk_.sync(fd_) != 0) return failed("sync");
    Finished finished;
    finished.identity = identity_;
    finished.name = name_;
    finished.samples = end;
    finished.lost_ms = lost_ms;
    if (!digest(finished)) return failed("read");
    ::close(fd_);
    fd_ = -1;
    return finished;
}

bool File::digest(Finished& finished) {
    base::Sha256Stream hash;
    std::string bytes(head_bytes_, '\0');
    if (!read_all(bytes.data(), bytes.size(), 0)) return false;
    hash.update(bytes);
    bool heard[2] = {false, false};
    for (std::int64_t at = 0; at < samples_;) {
        const auto count = std::min<std::int64_t>(samples_ - at, k_piece_samples);
        bytes.resize(static_cast<std::size_t>(2 * count));
        if (!read_all(bytes.data(), bytes.size(), place(at))) return false;
        hash.update(bytes);
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            // 0xff and 0x7f are the two zeros.
            if ((bytes[i] & '\x7f') != '\x7f') heard[i % 2] = true;
        }
        at += count;
    }
    finished.legs = heard[0] ? (heard[1] ? "both" : "caller") : (heard[1] ? "box" : "none");
    finished.sha256 = hash.hex();
    return !finished.sha256.empty();
}

base::Result<void> File::publish(Disk& disk, const std::string& folder, const std::string& name) {
    const std::string path = folder + "/" + name;
    const auto failed_at = [&name] {
        return base::make_error(base::Condition::retry, "rename", name + ": " + error_text(errno));
    };
    if (exists(path)) {
        errno = EEXIST;
        return failed_at();
    }
    if (disk.rename((path + std::string(k_part)).c_str(), path.c_str()) != 0) return failed_at();
    const int fd = disk.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    const bool synced = fd >= 0 && disk.sync(fd) == 0;
    const auto error = failed_at();
    if (fd >= 0) ::close(fd);
    if (!synced) return error;
    return {};
}

}  // namespace holdfast::recording
