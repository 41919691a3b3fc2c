#include "recording/file.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "base/sha256.hpp"
#include "recording/limits.hpp"

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
constexpr std::int64_t k_head_bytes_max = 1024;

std::string error_text(int number) {
    char text[128];
    return ::strerror_r(number, text, sizeof text);  // the GNU one: returns the text
}

bool exists(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

// Sealed or not, finished or not.
bool number_taken(const std::string& folder, Identity identity) {
    for (const bool sealed : {false, true}) {
        identity.sealed = sealed;
        const std::string path = folder + "/" + file_name(identity);
        if (exists(path) || exists(path + std::string(k_part))) return true;
    }
    return false;
}

}  // namespace

File::File(Disk& disk, std::string folder, Identity identity, int fd)
    : disk_(disk), folder_(std::move(folder)), identity_(std::move(identity)), name_(file_name(identity_)), fd_(fd) {}

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

base::Error File::failed(const char* step) const {
    return base::make_error(base::Condition::retry, step, name_ + ": " + error_text(errno));
}

std::string File::head(std::int64_t samples, std::int64_t lost_ms) const {
    return audio::wav_head_mulaw(static_cast<std::size_t>(2 * samples), 2, comment_of(identity_, lost_ms));
}

base::Result<std::unique_ptr<File>> File::create(Disk& disk, const std::string& folder, Identity identity, const FileKey& key) {
    if (key.kind == FileKey::Kind::unavailable) {
        return base::make_error(base::Condition::retry, "key", "it cannot be had, and nothing is written in the clear");
    }
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return base::make_error(base::Condition::retry, "open", folder + ": " + error_text(errno));
    }
    identity.sealed = key.kind == FileKey::Kind::key;
    for (identity.number = 1; identity.number <= k_number_max; ++identity.number) {
        const std::string path = folder + "/" + file_name(identity);
        if (number_taken(folder, identity)) continue;
        const int fd = disk.open((path + std::string(k_part)).c_str(),
                                 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno == EEXIST) continue;
        if (fd < 0) return base::make_error(base::Condition::retry, "open", path + ": " + error_text(errno));
        std::unique_ptr<File> file(new File(disk, folder, identity, fd));
        if (file->begin(key)) return file;
        const auto error = file->failed("write");
        ::unlink((path + std::string(k_part)).c_str());  // nothing is in it yet
        return error;
    }
    return base::make_error(base::Condition::retry, "open", folder + ": too many recordings of one call");
}

bool File::begin(const FileKey& key) {
    head_bytes_ = head(0, 0).size();
    if (key.kind == FileKey::Kind::key) {
        auto seal = Seal::create(key.key, comment_of(identity_, 0));
        if (!seal) {
            errno = EIO;
            return false;
        }
        auto sealed = std::make_unique<SealedContent>(disk_, fd_, std::move(seal), head_bytes_);
        if (!sealed->begin()) return false;
        content_ = std::move(sealed);
    } else {
        content_ = std::make_unique<ClearContent>(disk_, fd_, 0);
    }
    return content_->write(head(0, 0), 0);
}

base::Result<std::unique_ptr<File>> File::reopen(Disk& disk, const std::string& folder, const std::string& part_name,
                                                 const FileKeys& keys) {
    const auto not_ours = base::make_error(base::Condition::reject, "repair", part_name + ": not a recording");
    if (part_name.size() <= k_part.size()) return not_ours;
    const auto identity = parse_file_name(std::string_view(part_name).substr(0, part_name.size() - k_part.size()));
    if (!identity) return not_ours;
    const int fd = disk.open((folder + "/" + part_name).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0) return base::make_error(base::Condition::retry, "open", part_name + ": " + error_text(errno));
    std::unique_ptr<File> file(new File(disk, folder, *identity, fd));
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return file->hopeless("not a file");
    const auto resumed = identity->sealed ? file->resume_sealed(info.st_size, keys) : file->resume_clear(info.st_size);
    if (!resumed) return resumed.error();
    return file;
}

base::Error File::hopeless(const char* why) const {
    return base::make_error(base::Condition::reject, "repair", name_ + std::string(k_part) + ": " + why);
}

// Killed between creating it and the first write.
base::Error File::empty() const {
    ::unlink((folder_ + "/" + name_ + std::string(k_part)).c_str());
    return hopeless("was empty, deleted");
}

base::Result<void> File::resume_clear(std::int64_t file_bytes) {
    if (file_bytes == 0) return empty();
    content_ = std::make_unique<ClearContent>(disk_, fd_, file_bytes);
    const auto head_is = read_head();
    if (!head_is) return head_is.error();
    if (!*head_is) return hopeless("its head is not readable");
    return {};
}

base::Result<void> File::resume_sealed(std::int64_t file_bytes, const FileKeys& keys) {
    if (file_bytes <= static_cast<std::int64_t>(k_seal_head_bytes)) return empty();
    std::string front(k_seal_head_bytes, '\0');
    if (read_up_to(disk_, fd_, front.data(), front.size(), 0) < 0) return failed("read");
    const auto sealed_head = read_seal_head(front);
    if (!sealed_head || !read_comment(sealed_head->note, identity_, lost_ms_)) return hopeless("its head is not readable");
    auto seal = Seal::open(keys ? keys(identity_.call) : FileKey(), front);
    // Without the right key every block looks damaged, and mending would be the end of it.
    if (!seal) return base::make_error(base::Condition::retry, seal.error().code, name_ + ": " + seal.error().detail);
    head_bytes_ = static_cast<std::int64_t>(head(0, 0).size());
    auto sealed = std::make_unique<SealedContent>(disk_, fd_, std::move(*seal), head_bytes_);
    if (!sealed->resume(file_bytes)) return failed("read");
    if (sealed->size() == 0) return empty();
    content_ = std::move(sealed);
    // The note has said who it is; the head of the WAV knows besides what was lost, if the file was finished.
    const auto head_is = read_head();
    if (!head_is) return head_is.error();
    samples_ = std::max<std::int64_t>(content_->size() - head_bytes_, 0) / 2;
    return {};
}

// Whether there is one of ours: then identity, what was lost and the samples are known.
base::Result<bool> File::read_head() {
    std::string bytes(static_cast<std::size_t>(std::min(content_->size(), k_head_bytes_max)), '\0');
    if (!content_->read(bytes.data(), bytes.size(), 0)) return failed("read");
    const auto wav = audio::read_wav_head(bytes);
    if (!wav || !wav->mulaw || wav->channels != 2 || !read_comment(wav->comment, identity_, lost_ms_)) return false;
    head_bytes_ = static_cast<std::int64_t>(head(0, 0).size());
    if (static_cast<std::int64_t>(wav->data_offset) != head_bytes_) return false;
    samples_ = (content_->size() - head_bytes_) / 2;
    return true;
}

// A hole in a file reads as zeros, which is the loudest sample of mu-law, so silence has to be written.
bool File::fill_up_to(std::int64_t samples) {
    while (samples_ < samples) {
        const auto count = std::min<std::int64_t>(samples - samples_, k_piece_samples);
        piece_.assign(static_cast<std::size_t>(2 * count), audio::k_mulaw_silence);
        if (!content_->write(piece_, place(samples_))) return false;
        samples_ += count;
    }
    return true;
}

bool File::put(Leg leg, std::int64_t at, std::size_t count, const char* mulaw) {
    piece_.assign(2 * count, audio::k_mulaw_silence);
    const auto known = std::clamp<std::int64_t>(samples_ - at, 0, static_cast<std::int64_t>(count));
    if (known > 0 && !content_->read(piece_.data(), static_cast<std::size_t>(2 * known), place(at))) return false;
    const std::size_t channel = leg == Leg::caller ? 0 : 1;
    for (std::size_t i = 0; i < count; ++i) piece_[2 * i + channel] = mulaw ? mulaw[i] : audio::k_mulaw_silence;
    if (!content_->write(piece_, place(at))) return false;
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
    if (!content_->mend()) return failed("write");
    lost_ms += content_->lost_bytes() / k_samples_per_ms;
    const auto end = std::min(samples, samples_);
    if (!content_->end(place(end))) return failed("write");
    samples_ = end;
    const auto last_head = head(end, lost_ms);
    std::string there(last_head.size(), '\0');
    if (!content_->read(there.data(), std::min(there.size(), static_cast<std::size_t>(content_->size())), 0)) return failed("read");
    if (there != last_head && !content_->write(last_head, 0)) return failed("write");
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
    std::string bytes(static_cast<std::size_t>(head_bytes_), '\0');
    if (!content_->read(bytes.data(), bytes.size(), 0)) return false;
    hash.update(bytes);
    bool heard[2] = {false, false};
    for (std::int64_t at = 0; at < samples_;) {
        const auto count = std::min<std::int64_t>(samples_ - at, k_piece_samples);
        bytes.resize(static_cast<std::size_t>(2 * count));
        if (!content_->read(bytes.data(), bytes.size(), place(at))) return false;
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
