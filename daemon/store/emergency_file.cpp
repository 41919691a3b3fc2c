#include "store/emergency_file.hpp"

#include "base/random.hpp"
#include "config/limits.hpp"
#include "store/bytes.hpp"
#include "store/crc32c.hpp"
#include "store/disk.hpp"
#include "store/record_codec.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace holdfast::store {
namespace {

using base::Condition;
using base::make_error;

constexpr std::string_view k_file_mark = "HFEMRG1\n";
constexpr std::string_view k_row_mark = "HFrw";
constexpr std::size_t k_file_id_bytes = 16;
constexpr std::size_t k_header_bytes = 8 + k_file_id_bytes;
constexpr std::size_t k_frame_bytes = 12;    // mark, length, CRC
constexpr std::size_t k_identity_bytes = 16; // run, ticket

// Length of the whole record that starts at the front of `bytes`, 0 when there is none.
std::size_t parse_row(std::string_view bytes, EmergencyRow& row) {
    if (bytes.size() < k_frame_bytes || bytes.substr(0, k_row_mark.size()) != k_row_mark) return 0;
    const std::size_t length = get_u32(bytes.substr(4));
    if (length < k_identity_bytes || length > limits::journal_row_bytes_max) return 0;
    if (bytes.size() - k_frame_bytes < length) return 0;
    const auto payload = bytes.substr(k_frame_bytes, length);
    if (crc32c(payload) != get_u32(bytes.substr(8))) return 0;
    auto record = parse_record(payload.substr(k_identity_bytes));
    if (!record) return 0;
    row.run = get_u64(payload);
    row.ticket = get_u64(payload.substr(8));
    row.record = std::move(*record);
    return k_frame_bytes + length;
}

base::Error system_error(const char* code, const char* what) {
    return make_error(Condition::retry, code, std::string(what) + ": " + errno_text(errno));
}

}  // namespace

EmergencyContent read_emergency(std::string_view bytes) {
    EmergencyContent content;
    content.bytes = bytes.size();
    std::size_t at = 0;
    if (bytes.size() >= k_header_bytes && bytes.substr(0, k_file_mark.size()) == k_file_mark) {
        content.file_id.assign(bytes.substr(k_file_mark.size(), k_file_id_bytes));
        at = k_header_bytes;
    }
    while (at < bytes.size()) {
        EmergencyRow row;
        if (const std::size_t length = parse_row(bytes.substr(at), row); length > 0) {
            at += length;
            row.end = at;
            content.rows.push_back(std::move(row));
            continue;
        }
        const std::size_t next = std::min(bytes.find(k_row_mark, at + 1), bytes.size());
        content.bad_bytes += next - at;
        at = next;
    }
    return content;
}

void append_emergency(std::string& out, std::uint64_t run, std::uint64_t ticket, const Record& record) {
    std::string payload;
    put_u64(payload, run);
    put_u64(payload, ticket);
    append_record(payload, record);
    out += k_row_mark;
    put_u32(out, static_cast<std::uint32_t>(payload.size()));
    put_u32(out, crc32c(payload));
    out += payload;
}

EmergencyFile::EmergencyFile(std::string folder, std::size_t bytes_max)
    : folder_(std::move(folder)), path_(folder_ + "/journal.emergency"), bytes_max_(bytes_max) {}

EmergencyFile::~EmergencyFile() { close(); }

void EmergencyFile::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

base::Result<void> EmergencyFile::prepare() {
    if (fd_ >= 0) return {};
    make_private_folder(folder_);
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return system_error("emergency_open", path_.c_str());
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const bool taken = errno == EWOULDBLOCK;
        auto error = system_error("emergency_open", path_.c_str());
        ::close(fd);
        if (taken) return make_error(Condition::fatal, "second_instance", path_ + " is locked by another process");
        return error;
    }
    struct stat info {};
    if (::fstat(fd, &info) == 0) bytes_ = static_cast<std::size_t>(info.st_size);
    ::fchmod(fd, 0600);  // it holds words of callers, whoever made it
    fd_ = fd;
    return {};
}

base::Result<void> EmergencyFile::append(std::string_view framed) {
    if (auto ready = prepare(); !ready) return ready;
    const std::size_t before = bytes_;
    std::string header;
    if (before == 0) header = std::string(k_file_mark) + base::random_bytes(k_file_id_bytes);
    if (before + header.size() + framed.size() > bytes_max_) {
        return make_error(Condition::retry, "emergency_full", path_);
    }
    header += framed;
    if (!write_all(fd_, header) || ::fsync(fd_) != 0) {
        auto error = system_error("emergency_write", path_.c_str());
        // A torn record would hide nothing (the reader finds the next mark), but it would count as loss.
        (void)cut_to(before);
        return error;
    }
    bytes_ = before + header.size();
    return {};
}

base::Result<EmergencyContent> EmergencyFile::read() {
    if (auto ready = prepare(); !ready) return ready.error();
    std::string bytes;
    if (!read_all(fd_, std::max(bytes_max_, bytes_), bytes)) return system_error("emergency_read", path_.c_str());
    return read_emergency(bytes);
}

base::Result<void> EmergencyFile::clear() {
    if (auto ready = prepare(); !ready) return ready;
    return cut_to(0);
}

base::Result<void> EmergencyFile::cut_to(std::size_t bytes) {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0 || ::fsync(fd_) != 0) {
        return system_error("emergency_cut", path_.c_str());
    }
    bytes_ = bytes;
    return {};
}

}  // namespace holdfast::store
