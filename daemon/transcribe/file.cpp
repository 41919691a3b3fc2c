#include "transcribe/file.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "base/sha256.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace holdfast::transcribe {
namespace {

using base::Condition;

constexpr std::size_t k_head_bytes_max = 1024;
constexpr std::int64_t k_piece_bytes = 64 * 1024;
constexpr unsigned k_legs = 2;  // caller left, box right

// What keeps a reader from its file, as the transcriber sees it.
base::Error without(const base::Error& why, const std::string& path) {
    const std::string_view code = why.code;
    if (code == "no_such_file") {
        struct stat info {};
        if (::lstat((path + ".part").c_str(), &info) == 0) return base::make_error(Condition::retry, "unnamed");
        return base::make_error(Condition::reject, "missing");
    }
    // The key of its call is there and does not open it.
    if (code == "key" && why.condition == Condition::reject) return base::make_error(Condition::reject, "damaged", why.detail);
    return why;
}

void append_caller(std::string& out, std::string_view both) {
    for (std::size_t at = 0; at + 1 < both.size(); at += k_legs) out.push_back(both[at]);
}

}  // namespace

base::Result<std::unique_ptr<RecordedFile>> RecordedFile::open(const std::string& folder, const std::string& name,
                                                               const recording::FileKey& key) {
    auto reader = recording::open_recording(folder, name, key);
    if (!reader) return without(reader.error(), folder + "/" + name);
    const auto front = (*reader)->read(0, k_head_bytes_max);
    if (!front) return front.error();
    const auto head = audio::read_wav_head(*front);
    if (!head || !head->mulaw || head->channels != k_legs || head->rate != audio::k_mulaw_rate) {
        return base::make_error(Condition::reject, "damaged", "head");
    }
    std::unique_ptr<RecordedFile> file(new RecordedFile(std::move(*reader)));
    file->data_offset_ = static_cast<std::int64_t>(head->data_offset);
    const auto there = std::max<std::int64_t>(file->reader_->bytes() - file->data_offset_, 0);
    file->samples_ = std::min(static_cast<std::int64_t>(head->data_bytes), there) / k_legs;
    return file;
}

base::Result<void> RecordedFile::scan(const std::string& sha256, const std::function<bool()>& go_on,
                                      const std::function<void(std::string_view)>& samples) {
    base::Sha256Stream digest;
    std::string caller;
    const auto data_end = data_offset_ + samples_ * k_legs;
    const auto bytes = reader_->bytes();
    for (std::int64_t at = 0; at < bytes;) {
        if (!go_on()) return base::make_error(Condition::retry, "stopped");
        // The head first, so that each further piece begins with a caller's sample.
        const auto end = at < data_offset_ ? data_offset_ : at < data_end ? data_end : bytes;
        const auto piece = reader_->read(at, static_cast<std::size_t>(std::min(end - at, k_piece_bytes)));
        if (!piece) return piece.error();
        digest.update(*piece);
        if (at >= data_offset_ && at < data_end) {
            caller.clear();
            append_caller(caller, *piece);
            samples(caller);
        }
        at += static_cast<std::int64_t>(piece->size());
    }
    if (digest.hex() != sha256) return base::make_error(Condition::reject, "damaged", "hash");
    return {};
}

base::Result<std::string> RecordedFile::caller(std::int64_t from_sample, std::int64_t samples) {
    const auto from = std::clamp<std::int64_t>(from_sample, 0, samples_);
    const auto count = std::clamp<std::int64_t>(samples, 0, samples_ - from);
    std::string out;
    out.reserve(static_cast<std::size_t>(count));
    const auto end = data_offset_ + (from + count) * k_legs;
    for (auto at = data_offset_ + from * k_legs; at < end;) {
        const auto both = reader_->read(at, static_cast<std::size_t>(std::min(end - at, k_piece_bytes)));
        if (!both) return both.error();
        append_caller(out, *both);
        at += static_cast<std::int64_t>(both->size());
    }
    return out;
}

}  // namespace holdfast::transcribe
