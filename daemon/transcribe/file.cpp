#include "transcribe/file.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "base/sha256.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace holdfast::transcribe {
namespace {

using base::Condition;

constexpr std::int64_t k_head_bytes_max = 1024;
constexpr std::int64_t k_piece_bytes = 64 * 1024;
constexpr unsigned k_legs = 2;  // caller left, box right

// Names come from the journal; a damaged one must not lead out of the folder.
bool is_plain_name(const std::string& name) {
    return !name.empty() && name.find('/') == std::string::npos && name.front() != '.';
}

void append_caller(std::string& out, std::string_view both) {
    for (std::size_t at = 0; at + 1 < both.size(); at += k_legs) out.push_back(both[at]);
}

}  // namespace

base::Result<std::unique_ptr<RecordedFile>> RecordedFile::open(const std::string& folder, const std::string& name) {
    if (!is_plain_name(name)) return base::make_error(Condition::reject, "damaged", "name");
    const std::string path = folder + "/" + name;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        if (errno != ENOENT) return base::make_error(Condition::retry, "read");
        struct stat info {};
        if (::lstat((path + ".part").c_str(), &info) == 0) return base::make_error(Condition::retry, "unnamed");
        return base::make_error(Condition::reject, "missing");
    }
    std::unique_ptr<RecordedFile> file(new RecordedFile(fd));
    struct stat info {};
    if (::fstat(fd, &info) != 0) return base::make_error(Condition::retry, "read");
    if (!S_ISREG(info.st_mode)) return base::make_error(Condition::reject, "damaged", "kind");
    std::string front;
    if (!file->read_at(front, 0, static_cast<std::size_t>(std::min<std::int64_t>(info.st_size, k_head_bytes_max)))) {
        return base::make_error(Condition::retry, "read");
    }
    const auto head = audio::read_wav_head(front);
    if (!head || !head->mulaw || head->channels != k_legs || head->rate != audio::k_mulaw_rate) {
        return base::make_error(Condition::reject, "damaged", "head");
    }
    file->data_offset_ = static_cast<std::int64_t>(head->data_offset);
    const auto there = std::max<std::int64_t>(info.st_size - file->data_offset_, 0);
    file->samples_ = std::min(static_cast<std::int64_t>(head->data_bytes), there) / k_legs;
    return file;
}

RecordedFile::~RecordedFile() { ::close(fd_); }

bool RecordedFile::read_at(std::string& into, std::int64_t at, std::size_t bytes) {
    into.resize(bytes);
    for (std::size_t got = 0; got < bytes;) {
        const auto more = ::pread(fd_, into.data() + got, bytes - got, static_cast<off_t>(at) + static_cast<off_t>(got));
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0) return false;
        got += static_cast<std::size_t>(more);
    }
    return true;
}

base::Result<void> RecordedFile::scan(const std::string& sha256, const std::function<bool()>& go_on,
                                      const std::function<void(std::string_view)>& samples) {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) return base::make_error(Condition::retry, "read");
    base::Sha256Stream digest;
    std::string piece, caller;
    const auto data_end = data_offset_ + samples_ * k_legs;
    for (std::int64_t at = 0; at < info.st_size;) {
        if (!go_on()) return base::make_error(Condition::retry, "stopped");
        // The head first, so that each further piece begins with a caller's sample.
        const auto end = at < data_offset_ ? data_offset_ : at < data_end ? data_end : static_cast<std::int64_t>(info.st_size);
        const auto bytes = std::min(end - at, k_piece_bytes);
        if (!read_at(piece, at, static_cast<std::size_t>(bytes))) return base::make_error(Condition::retry, "read");
        digest.update(piece);
        if (at >= data_offset_ && at < data_end) {
            caller.clear();
            append_caller(caller, piece);
            samples(caller);
        }
        at += bytes;
    }
    if (digest.hex() != sha256) return base::make_error(Condition::reject, "damaged", "hash");
    return {};
}

base::Result<std::string> RecordedFile::caller(std::int64_t from_sample, std::int64_t samples) {
    const auto from = std::clamp<std::int64_t>(from_sample, 0, samples_);
    const auto count = std::clamp<std::int64_t>(samples, 0, samples_ - from);
    std::string both, out;
    if (!read_at(both, data_offset_ + from * k_legs, static_cast<std::size_t>(count * k_legs))) {
        return base::make_error(Condition::retry, "read");
    }
    out.reserve(static_cast<std::size_t>(count));
    append_caller(out, both);
    return out;
}

}  // namespace holdfast::transcribe
