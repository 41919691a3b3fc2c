#include "store/watermark.hpp"

#include "store/bytes.hpp"
#include "store/crc32c.hpp"
#include "store/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace holdfast::store {
namespace {

constexpr std::string_view k_magic = "HFMARK1\n";
constexpr std::size_t k_text_max = 128;
constexpr std::size_t k_crc_bytes = 4;

void put_text(std::string& out, std::string_view text) {
    text = text.substr(0, k_text_max);
    out.push_back(static_cast<char>(text.size()));
    out += text;
}

class SlotReader {
  public:
    explicit SlotReader(std::string_view bytes) : bytes_(bytes) {}
    std::uint64_t number() { return get_u64(take(8)); }
    std::string text() {
        const auto length = take(1);
        return std::string(take(length.empty() ? 0 : static_cast<unsigned char>(length[0])));
    }
    bool good() const { return good_; }

  private:
    std::string_view take(std::size_t count) {
        if (bytes_.size() < count) {
            good_ = false;
            return {};
        }
        const auto taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }
    std::string_view bytes_;
    bool good_ = true;
};

std::string slot(const Mark& mark, std::uint64_t turn) {
    std::string out(k_magic);
    put_u64(out, turn);
    put_u64(out, static_cast<std::uint64_t>(mark.chain.n));
    put_u64(out, static_cast<std::uint64_t>(mark.rows));
    put_u64(out, static_cast<std::uint64_t>(mark.next_seq));
    put_u64(out, static_cast<std::uint64_t>(mark.schema_version));
    put_text(out, mark.generation);
    put_text(out, mark.chain.head);
    put_text(out, mark.public_half);
    out.resize(k_mark_slot_bytes - k_crc_bytes, '\0');
    put_u32(out, crc32c(out));
    return out;
}

bool read_slot(std::string_view bytes, Mark& mark, std::uint64_t& turn) {
    const auto body = bytes.substr(0, k_mark_slot_bytes - k_crc_bytes);
    if (bytes.size() < k_mark_slot_bytes || body.substr(0, k_magic.size()) != k_magic) return false;
    if (crc32c(body) != get_u32(bytes.substr(body.size()))) return false;
    SlotReader reader(body.substr(k_magic.size()));
    turn = reader.number();
    mark.chain.n = static_cast<std::int64_t>(reader.number());
    mark.rows = static_cast<std::int64_t>(reader.number());
    mark.next_seq = static_cast<std::int64_t>(reader.number());
    mark.schema_version = static_cast<std::int64_t>(reader.number());
    mark.generation = reader.text();
    mark.chain.head = reader.text();
    mark.public_half = reader.text();
    return reader.good() && mark.chain.n >= 0 && mark.rows >= 0 && mark.next_seq >= 0;
}

}  // namespace

MarkFile read_mark(std::string_view bytes) {
    MarkFile file;
    for (const std::size_t at : {std::size_t{0}, k_mark_slot_distance}) {
        const auto part = bytes.substr(std::min(at, bytes.size()), k_mark_slot_bytes);
        Mark mark;
        std::uint64_t turn = 0;
        if (read_slot(part, mark, turn)) {
            if (!file.mark || turn > file.turn) {
                file.mark = std::move(mark);
                file.turn = turn;
            }
        } else if (part.find_first_not_of('\0') != std::string_view::npos || part.size() < k_mark_slot_bytes) {
            file.damaged = true;
        }
    }
    // The first writing leaves one slot empty, no later one does.
    if (file.turn > 1 && !file.damaged) {
        for (const std::size_t at : {std::size_t{0}, k_mark_slot_distance}) {
            if (bytes.substr(at, k_mark_slot_bytes).find_first_not_of('\0') == std::string_view::npos) file.damaged = true;
        }
    }
    return file;
}

Watermark::~Watermark() {
    if (fd_ >= 0) ::close(fd_);
}

bool Watermark::open() {
    if (fd_ >= 0) return true;
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd_ >= 0;
}

Watermark::Found Watermark::read() {
    Found found;
    found.exists = file_facts(path_).bytes > 0;
    if (!found.exists || !open()) return found;
    std::string bytes;
    if (!read_all(fd_, 2 * k_mark_slot_distance, bytes)) {
        found.content.damaged = true;
        return found;
    }
    found.content = read_mark(bytes);
    turn_ = std::max(turn_, found.content.turn);
    return found;
}

bool Watermark::write(const Mark& mark) {
    if (!open()) return false;
    const auto turn = turn_ + 1;
    const auto bytes = slot(mark, turn);
    const auto at = static_cast<off_t>((turn % 2) * k_mark_slot_distance);
    // Both slots have their place from the first time on: a full disk cannot refuse a later writing.
    if (turn_ == 0) {
        const std::string room(k_mark_slot_distance + k_mark_slot_bytes, '\0');
        if (::pwrite(fd_, room.data(), room.size(), 0) != static_cast<ssize_t>(room.size())) return false;
    }
    if (::pwrite(fd_, bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size())) return false;
    turn_ = turn;
    unsynced_ = true;
    return true;
}

bool Watermark::sync() {
    if (!unsynced_) return true;
    unsynced_ = false;
    return ::fdatasync(fd_) == 0;
}

}  // namespace holdfast::store
