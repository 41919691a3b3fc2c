#include "store/wipe.hpp"

#include "store/disk.hpp"
#include "store/vault.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace holdfast::store {
namespace {

constexpr int k_lowest_priority = 19;
constexpr std::size_t k_piece_bytes = 1 << 20;
constexpr std::size_t k_sid_letters = 34;
// A CallSid in one piece may have its keys in the next.
constexpr std::size_t k_overlap_bytes = k_sid_letters + k_sealed_keys_max * (k_sealed_key_bytes_max + 1);
constexpr char k_filling = 'x';

bool is_sid(std::string_view text) {
    if (text.size() < k_sid_letters || text.substr(0, 2) != "CA") return false;
    const auto digits = text.substr(2, k_sid_letters - 2);
    return std::all_of(digits.begin(), digits.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::uint32_t word_at(const std::string& bytes, std::size_t at, bool big_endian) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[at + (big_endian ? i : 3 - i)]);
        word = (word << 8) | byte;
    }
    return word;
}

void put_word(std::string& bytes, std::size_t at, bool big_endian, std::uint32_t word) {
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[at + (big_endian ? 3 - i : i)] = static_cast<char>(word & 0xff);
        word >>= 8;
    }
}

// As many of `length` as there are.
bool read_at(int fd, std::int64_t at, std::size_t length, std::string& out) {
    out.resize(length);
    std::size_t have = 0;
    while (have < length) {
        const auto got = ::pread(fd, out.data() + have, length - have, static_cast<off_t>(at) + static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    out.resize(have);
    return true;
}

// The same where the disk has bad places: zeros instead of them. False: there was one.
bool read_around_bad_places(int fd, std::int64_t at, std::size_t length, std::string& out) {
    constexpr std::size_t k_block_bytes = 4096;
    if (read_at(fd, at, length, out)) return true;
    out.clear();
    std::string block;
    while (out.size() < length) {
        const auto wanted = std::min(k_block_bytes, length - out.size());
        if (!read_at(fd, at + static_cast<std::int64_t>(out.size()), wanted, block)) block.assign(wanted, '\0');
        if (block.empty()) break;
        out += block;
    }
    return false;
}

bool write_at(int fd, std::int64_t at, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        at += written;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

std::vector<SealedSpot> sealed_keys_in(std::string_view bytes, std::size_t most) {
    std::vector<SealedSpot> spots;
    for (std::size_t at = bytes.find("CA"); at < std::min(most, bytes.size()); at = bytes.find("CA", at + 1)) {
        if (!is_sid(bytes.substr(at))) continue;
        std::size_t next = at + k_sid_letters;
        for (std::size_t count = 0; count < k_sealed_keys_max; ++count) {
            const auto length = sealed_key_length(bytes.substr(next));
            if (length == 0) break;
            spots.push_back({next, std::string(bytes.substr(at, k_sid_letters)), std::string(bytes.substr(next, length))});
            next += length;
            if (next >= bytes.size() || bytes[next] != ' ') break;
            ++next;
        }
    }
    return spots;
}

// A log's checksum is two sums over pairs of 32-bit words: a += x + b; b += y + a. What the pairs before have changed in them, the
// last pair takes back.
void wipe_in_log(std::string& bytes, std::size_t at, std::size_t length, bool big_endian) {
    constexpr std::size_t k_pair = 8;
    const auto first = at / k_pair * k_pair;
    const auto end = (at + length) / k_pair * k_pair;
    if (end < first + 2 * k_pair) return;
    const auto last = end - k_pair;
    const std::string before = bytes;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(last), k_filling);
    std::uint32_t a = 0, b = 0;
    for (auto pair = first; pair < last; pair += k_pair) {
        a += word_at(bytes, pair, big_endian) - word_at(before, pair, big_endian) + b;
        b += word_at(bytes, pair + 4, big_endian) - word_at(before, pair + 4, big_endian) + a;
    }
    put_word(bytes, last, big_endian, word_at(before, last, big_endian) - a - b);
    put_word(bytes, last + 4, big_endian, word_at(before, last + 4, big_endian) - b);
}

Wipe::Wipe(std::string file, std::function<void()> ready)
    : file_(std::move(file)), ready_(std::move(ready)), thread_([this] { run(); }) {}

Wipe::~Wipe() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        cancelled_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

std::optional<std::vector<Wipe::Found>> Wipe::take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(asked_, std::nullopt);
}

void Wipe::answer(std::vector<bool> may_go) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        answered_ = std::move(may_go);
    }
    changed_.notify_all();
}

bool Wipe::finished() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return done_;
}

void Wipe::run() {
    pthread_setname_np(pthread_self(), "wipe");
    // Linux keeps the nice value per thread; the caller's words come first.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), k_lowest_priority);
    for (const char* end : {"", "-wal"}) wipe_file(file_ + end);
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        done_ = true;
    }
    ready_();
}

void Wipe::wipe_file(const std::string& path) {
    const auto facts = file_facts(path);
    if (!facts.exists) return;
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        failed_ = true;
        return;
    }
    std::string bytes;
    constexpr std::uint32_t k_log_mark = 0x377f0682;  // one more: its checksums read words from the big end
    log_is_big_endian_.reset();
    if (read_at(fd, 0, 4, bytes) && bytes.size() == 4 && (word_at(bytes, 0, true) & ~1U) == k_log_mark) {
        log_is_big_endian_ = (word_at(bytes, 0, true) & 1U) != 0;
    }
    const auto wiped_before = wiped_;
    for (std::int64_t at = 0; at < facts.bytes; at += k_piece_bytes) {
        if (!read_around_bad_places(fd, at, k_piece_bytes + k_overlap_bytes, bytes)) failed_ = true;
        if (!wipe_piece(fd, at, bytes, k_piece_bytes)) break;
    }
    if (wiped_ > wiped_before && ::fsync(fd) != 0) failed_ = true;
    ::close(fd);
}

// False: nobody wants more.
bool Wipe::wipe_piece(int fd, std::int64_t at, const std::string& bytes, std::size_t most) {
    const auto spots = sealed_keys_in(bytes, most);
    for (std::size_t from = 0; from < spots.size(); from += k_found_max) {
        const auto to = std::min(from + k_found_max, spots.size());
        std::vector<Found> found;
        for (auto i = from; i < to; ++i) found.push_back({spots[i].sid, spots[i].sealed});
        std::vector<bool> may_go;
        if (!ask(std::move(found), may_go)) return false;
        for (auto i = from; i < to; ++i) {
            const bool goes = i - from < may_go.size() && may_go[i - from];
            const bool gone = goes && overwrite(fd, at + static_cast<std::int64_t>(spots[i].at), spots[i].sealed.size());
            ++(gone ? wiped_ : left_);
            if (goes && !gone) failed_ = true;
        }
    }
    return true;
}

bool Wipe::overwrite(int fd, std::int64_t at, std::size_t length) {
    if (!log_is_big_endian_) return write_at(fd, at, std::string(length, k_filling));
    const auto skipped = static_cast<std::size_t>(at % 8);
    std::string bytes;
    if (!read_at(fd, at - static_cast<std::int64_t>(skipped), skipped + length, bytes) || bytes.size() < skipped + length) return false;
    wipe_in_log(bytes, skipped, length, *log_is_big_endian_);
    return write_at(fd, at - static_cast<std::int64_t>(skipped), bytes);
}

// Blocks until the store thread has answered.
bool Wipe::ask(std::vector<Found> found, std::vector<bool>& may_go) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        asked_ = std::move(found);
    }
    ready_();
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return cancelled_ || answered_; });
    if (cancelled_) return false;
    may_go = std::move(*answered_);
    answered_.reset();
    return true;
}

}  // namespace holdfast::store
