#include "recording/retention.hpp"

#include "audio/wav.hpp"
#include "base/text.hpp"
#include "base/wall_clock.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "recording/limits.hpp"
#include "recording/seal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

namespace holdfast::recording {
namespace {

constexpr log::Logger k_log{"recording"};
constexpr std::int64_t k_day_ms = 24ll * 3600 * 1000;
constexpr std::size_t k_head_bytes = 1024;

std::optional<std::string> front_of(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return std::nullopt;
    std::array<char, k_head_bytes> bytes{};
    const auto got = ::pread(fd, bytes.data(), bytes.size(), 0);
    ::close(fd);
    if (got < 0) return std::nullopt;
    return std::string(bytes.data(), static_cast<std::size_t>(got));
}

// Fills the rest of `identity`. Of a sealed file without its key: the note in its head and its size say enough.
std::optional<std::int64_t> length_of(const std::string& path, Identity& identity) {
    const auto front = front_of(path);
    if (!front) return std::nullopt;
    std::int64_t lost_ms = 0;
    if (identity.sealed) {
        const auto head = read_seal_head(*front);
        std::error_code ec;
        const auto bytes = std::filesystem::file_size(path, ec);
        if (!head || ec || !read_comment(head->note, identity, lost_ms)) return std::nullopt;
        return static_cast<std::int64_t>(bytes) / (2 * k_samples_per_ms);
    }
    const auto wav = audio::read_wav_head(*front);
    if (!wav || !read_comment(wav->comment, identity, lost_ms)) return std::nullopt;
    return static_cast<std::int64_t>(wav->data_bytes) / (2 * k_samples_per_ms);
}

bool write_small_file(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return false;
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    ::close(fd);
    return written && ::rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace

std::int64_t RetentionDays::of(const std::string& retention_class) const {
    const auto own = classes.find(retention_class);
    return own == classes.end() ? days : own->second;
}

ClockCheck::ClockCheck(std::string folder) : path_(std::move(folder) + "/.purge-clock") {}

ClockCheck::Verdict ClockCheck::look(std::int64_t utc_ms, base::TimePoint now) {
    if (!base::is_plausible_now(utc_ms)) return Verdict::wrong;
    auto text = front_of(path_);
    if (text) text->erase(std::min(text->find('\n'), text->size()));
    const auto last = text ? base::parse_decimal(*text) : std::nullopt;
    Verdict verdict = last ? Verdict::good : Verdict::first_look;
    if (last) {
        // Within one process it is known how much time really went by; across a restart any jump counts.
        const auto passed = utc_ms_ ? base::to_ms(now - looked_at_) : 0;
        const auto from = utc_ms_ ? *utc_ms_ : *last;
        if (std::llabs(utc_ms - from - passed) > k_clock_jump_max_ms) verdict = Verdict::wrong;
    }
    if (verdict == Verdict::wrong) return verdict;
    if (!write_small_file(path_, std::to_string(utc_ms) + "\n")) return Verdict::wrong;
    utc_ms_ = utc_ms;
    looked_at_ = now;
    return verdict;
}

Retention::Retention(std::string folder, RetentionDays days, store::Journal& journal)
    : folder_(std::move(folder)), days_(std::move(days)), journal_(journal), clock_(folder_) {}

std::size_t Retention::purge(const MayGo& may_go, std::int64_t utc_ms, base::TimePoint now) {
    std::error_code ec;
    std::filesystem::directory_iterator files(folder_, ec);
    if (ec) {
        metrics::purge_skipped_total.add("folder");
        return 0;
    }
    switch (clock_.look(utc_ms, now)) {
        case ClockCheck::Verdict::good: break;
        case ClockCheck::Verdict::first_look: return 0;
        case ClockCheck::Verdict::wrong:
            metrics::purge_skipped_total.add("clock");
            k_log.error("wall clock is implausible or has jumped, no recording is deleted", {{"utc_ms", utc_ms}});
            return 0;
    }
    std::size_t purged = 0;
    for (; files != std::filesystem::directory_iterator() && purged < k_purge_files_max; files.increment(ec)) {
        if (ec) break;
        const std::string name = files->path().filename().string();
        auto identity = parse_file_name(name);
        if (!identity) continue;
        const auto sound_ms = length_of(folder_ + "/" + name, *identity);
        if (!sound_ms) continue;
        const auto days = days_.of(identity->retention_class);
        if (days <= 0 || !base::is_plausible_date(identity->utc_ms)) continue;
        const auto ended = identity->utc_ms + *sound_ms;
        if (utc_ms - ended < days * k_day_ms) continue;
        if (may_go && may_go(identity->call, name) && remove(*identity, name, utc_ms)) ++purged;
    }
    if (purged > 0) k_log.notice("recordings deleted, their time was over", {{"files", purged}});
    return purged;
}

// The audit row first: a deletion that nobody can explain is worse than one that did not happen.
bool Retention::remove(const Identity& identity, const std::string& name, std::int64_t utc_ms) {
    if (!journal_.append(store::Audit{utc_ms, "daemon", "recording_purged", "path=" + name, identity.call})) return false;
    if (::unlink((folder_ + "/" + name).c_str()) != 0) return false;
    metrics::recordings_purged_total.add();
    return true;
}

}  // namespace holdfast::recording
