// The bytes of one WAV on the disk while it grows: in the clear, or sealed in blocks (seal.hpp). Recording thread; every
// call may block on the disk, and says like a call of Disk what failed: false and errno.
#pragma once

#include "recording/disk.hpp"
#include "recording/seal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::recording {

class Content {
  public:
    virtual ~Content() = default;
    virtual std::int64_t size() const = 0;
    // From somewhere up to the end on, never beyond it. A write that failed changes nothing that was there before, or
    // mend() makes silence of it.
    virtual bool write(std::string_view bytes, std::int64_t at) = 0;
    // All of it, or false.
    virtual bool read(char* data, std::size_t bytes, std::int64_t at) = 0;
    // Makes silence of what a crash or a failed write left unreadable.
    virtual bool mend() = 0;
    virtual std::int64_t lost_bytes() const = 0;  // of sound that mending made silence
    // Nothing is behind `bytes` (at least one), and nothing more comes: what is written from here on replaces.
    virtual bool end(std::int64_t bytes) = 0;
};

// The file's descriptor and the disk outlive each of them.
class ClearContent : public Content {
  public:
    ClearContent(Disk& disk, int fd, std::int64_t size) : disk_(disk), fd_(fd), size_(size) {}
    std::int64_t size() const override { return size_; }
    bool write(std::string_view bytes, std::int64_t at) override;
    bool read(char* data, std::size_t bytes, std::int64_t at) override;
    bool mend() override { return true; }
    std::int64_t lost_bytes() const override { return 0; }
    bool end(std::int64_t bytes) override;

  private:
    Disk& disk_;
    const int fd_;
    std::int64_t size_;
};

// Writes go through at once, each run of blocks in one call; the blocks of the last second or two are kept to be completed
// without reading them again.
class SealedContent : public Content {
  public:
    // `sound_at`: where the head of the WAV ends, which is no sound to be lost.
    SealedContent(Disk& disk, int fd, std::unique_ptr<Seal> seal, std::int64_t sound_at);
    bool begin();  // a new file: its head
    // One that a crash left, of `file_bytes`. Its size is known after it; mend() looks at every block.
    bool resume(std::int64_t file_bytes);

    std::int64_t size() const override { return size_; }
    bool write(std::string_view bytes, std::int64_t at) override;
    bool read(char* data, std::size_t bytes, std::int64_t at) override;
    bool mend() override;
    std::int64_t lost_bytes() const override { return lost_bytes_; }
    bool end(std::int64_t bytes) override;

  private:
    struct Kept {
        std::int64_t number = -1;
        std::string plain;
        Seal::Block mark;  // as it was sealed
    };
    // What of block `number` belongs to the first `size` bytes.
    static std::size_t used_of(std::int64_t number, std::int64_t size);
    Kept& keep(std::int64_t number);
    Kept* kept(std::int64_t number);
    void forget(std::int64_t first, std::int64_t last);
    Kept* load(std::int64_t number);
    bool make_silence(std::int64_t number, std::size_t from, Kept& block);
    bool seal_into(std::string& out, std::int64_t number, std::int64_t size, Kept& block);

    Disk& disk_;
    const int fd_;
    const std::unique_ptr<Seal> seal_;
    const std::int64_t sound_at_;
    std::int64_t size_ = 0;
    std::int64_t lost_bytes_ = 0;
    bool doubtful_ = false;  // a write failed, or a crash was: some block may be half of this and half of that
    bool ended_ = false;
    std::vector<Kept> kept_;
    std::size_t next_kept_ = 0;
    std::string sealed_;  // scratch
};

}  // namespace holdfast::recording
