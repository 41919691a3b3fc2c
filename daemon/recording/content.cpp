#include "recording/content.hpp"

#include "audio/mulaw.hpp"

#include <algorithm>
#include <cerrno>

namespace holdfast::recording {
namespace {

constexpr auto k_plain = static_cast<std::int64_t>(k_seal_plain_bytes);
// A second of both legs lies in five blocks, in six if it begins inside of one: the other leg completes them.
constexpr std::size_t k_kept_blocks = 8;

off_t block_place(std::int64_t number) {
    return static_cast<off_t>(k_seal_head_bytes) + static_cast<off_t>(number) * static_cast<off_t>(k_seal_block_bytes);
}
std::int64_t blocks_of(std::int64_t size) { return (size + k_plain - 1) / k_plain; }

}  // namespace

// --- in the clear ---

bool ClearContent::write(std::string_view bytes, std::int64_t at) {
    if (!write_all(disk_, fd_, bytes, at)) return false;
    size_ = std::max(size_, at + static_cast<std::int64_t>(bytes.size()));
    return true;
}

bool ClearContent::read(char* data, std::size_t bytes, std::int64_t at) {
    const auto got = read_up_to(disk_, fd_, data, bytes, at);
    if (got >= 0 && static_cast<std::size_t>(got) < bytes) errno = EIO;
    return got == static_cast<ssize_t>(bytes);
}

bool ClearContent::end(std::int64_t bytes) {
    if (disk_.truncate(fd_, bytes) != 0) return false;
    size_ = bytes;
    return true;
}

// --- sealed ---

SealedContent::SealedContent(Disk& disk, int fd, std::unique_ptr<Seal> seal, std::int64_t sound_at)
    : disk_(disk), fd_(fd), seal_(std::move(seal)), sound_at_(sound_at) {}

bool SealedContent::begin() { return write_all(disk_, fd_, seal_->head(), 0); }

bool SealedContent::resume(std::int64_t file_bytes) {
    doubtful_ = true;
    // A piece of a block at the end was never more than a piece.
    const auto blocks = (file_bytes - static_cast<std::int64_t>(k_seal_head_bytes)) / static_cast<std::int64_t>(k_seal_block_bytes);
    if (blocks <= 0) return true;
    std::string sealed(k_seal_block_bytes, '\0'), plain(k_seal_plain_bytes, '\0');
    const auto got = read_up_to(disk_, fd_, sealed.data(), sealed.size(), block_place(blocks - 1));
    if (got < 0) return false;
    const auto tail = static_cast<std::size_t>(got) == sealed.size()
                          ? seal_->open_block(static_cast<std::uint64_t>(blocks - 1), sealed.data(), plain.data())
                          : std::nullopt;
    // How long an unreadable one was is in it: a whole one then.
    size_ = (blocks - 1) * k_plain + (tail ? static_cast<std::int64_t>(tail->used) : k_plain);
    return true;
}

std::size_t SealedContent::used_of(std::int64_t number, std::int64_t size) {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(size - number * k_plain, 0, k_plain));
}

SealedContent::Kept* SealedContent::kept(std::int64_t number) {
    const auto found = std::find_if(kept_.begin(), kept_.end(), [number](const Kept& k) { return k.number == number; });
    return found == kept_.end() ? nullptr : &*found;
}

SealedContent::Kept& SealedContent::keep(std::int64_t number) {
    if (Kept* const here = kept(number)) return *here;
    if (kept_.size() < k_kept_blocks) kept_.emplace_back();
    Kept& block = kept_.size() < k_kept_blocks ? kept_.back() : kept_[next_kept_++ % k_kept_blocks];
    block.number = number;
    block.plain.assign(k_seal_plain_bytes, static_cast<char>(audio::k_mulaw_silence));
    return block;
}

void SealedContent::forget(std::int64_t first, std::int64_t last) {
    for (auto& block : kept_) {
        if (block.number >= first && block.number <= last) block.number = -1;
    }
}

bool SealedContent::seal_into(std::string& out, std::int64_t number, std::int64_t size, Kept& block) {
    const auto at = out.size();
    out.resize(at + k_seal_block_bytes);
    block.mark = {used_of(number, size), ended_ && number == blocks_of(size) - 1};
    if (seal_->seal(static_cast<std::uint64_t>(number), block.mark, block.plain.data(), out.data() + at)) return true;
    errno = EIO;
    return false;
}

bool SealedContent::make_silence(std::int64_t number, std::size_t from, Kept& block) {
    const auto used = used_of(number, size_);
    block.plain.replace(from, std::string::npos, k_seal_plain_bytes - from, static_cast<char>(audio::k_mulaw_silence));
    std::string sealed;
    if (!seal_into(sealed, number, size_, block) || !write_all(disk_, fd_, sealed, block_place(number))) return false;
    const auto begin = std::max(sound_at_, number * k_plain + static_cast<std::int64_t>(from));
    lost_bytes_ += std::max<std::int64_t>(number * k_plain + static_cast<std::int64_t>(used) - begin, 0);
    return true;
}

// A block as it is on the disk, mended if it has to be. Null with errno.
SealedContent::Kept* SealedContent::load(std::int64_t number) {
    if (Kept* const here = kept(number)) return here;
    std::string sealed(k_seal_block_bytes, '\0');
    const auto got = read_up_to(disk_, fd_, sealed.data(), sealed.size(), block_place(number));
    if (got < 0) return nullptr;
    Kept& block = keep(number);
    const auto opened = static_cast<std::size_t>(got) == sealed.size()
                            ? seal_->open_block(static_cast<std::uint64_t>(number), sealed.data(), block.plain.data())
                            : std::nullopt;
    // Blocks behind it may have reached the disk when its own growth did not.
    block.mark = opened.value_or(Seal::Block{});
    const auto used = block.mark.used;
    // And one inside of a file is not the last one.
    const bool ends_here = block.mark.last && number != blocks_of(size_) - 1;
    if (used >= used_of(number, size_) && !ends_here) return &block;
    // What is finished is hashed and counted: changing it now would make both wrong.
    if (ended_) errno = EBADMSG;
    if (!ended_ && make_silence(number, used, block)) return &block;
    block.number = -1;
    return nullptr;
}

bool SealedContent::write(std::string_view bytes, std::int64_t at) {
    if (bytes.empty()) return true;
    const auto end = at + static_cast<std::int64_t>(bytes.size());
    const auto size = std::max(size_, end);
    const auto first = at / k_plain;
    const auto last = (end - 1) / k_plain;
    sealed_.clear();
    bool good = true;
    for (auto number = first; good && number <= last; ++number) {
        const auto begin = number * k_plain;
        const auto from = std::max(at, begin);
        const auto to = std::min(end, begin + k_plain);
        const bool whole = from == begin && to >= std::min(begin + k_plain, size_);
        Kept* const block = whole ? &keep(number) : load(number);
        good = block != nullptr;
        if (!good) break;
        bytes.copy(block->plain.data() + (from - begin), static_cast<std::size_t>(to - from), static_cast<std::size_t>(from - at));
        good = seal_into(sealed_, number, size, *block);
    }
    good = good && write_all(disk_, fd_, sealed_, block_place(first));
    if (good) {
        size_ = size;
        return true;
    }
    const int why = errno;
    forget(first, last);
    doubtful_ = true;
    errno = why;
    return false;
}

bool SealedContent::read(char* data, std::size_t bytes, std::int64_t at) {
    while (bytes > 0) {
        const auto number = at / k_plain;
        const auto from = static_cast<std::size_t>(at - number * k_plain);
        const auto count = std::min(bytes, k_seal_plain_bytes - from);
        if (from + count > used_of(number, size_)) {
            errno = EIO;
            return false;
        }
        const Kept* const block = load(number);
        if (block == nullptr) return false;
        block->plain.copy(data, count, from);
        data += count;
        bytes -= count;
        at += static_cast<std::int64_t>(count);
    }
    return true;
}

bool SealedContent::mend() {
    if (!doubtful_) return true;
    forget(0, blocks_of(size_));
    for (std::int64_t number = 0; number < blocks_of(size_); ++number) {
        if (load(number) == nullptr) return false;
    }
    doubtful_ = false;
    return true;
}

bool SealedContent::end(std::int64_t bytes) {
    const auto last = blocks_of(bytes) - 1;
    Kept* const block = load(last);
    if (block == nullptr || disk_.truncate(fd_, block_place(last + 1)) != 0) return false;
    size_ = bytes;
    ended_ = true;
    // A file that was finished already is not put at risk again.
    if (block->mark.last && block->mark.used == used_of(last, size_)) return true;
    std::string sealed;
    return seal_into(sealed, last, size_, *block) && write_all(disk_, fd_, sealed, block_place(last));
}

}  // namespace holdfast::recording
