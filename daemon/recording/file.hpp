// One recording on the disk: a two-channel mu-law WAV that is written in any order, finished or repaired.
// Every place that nobody wrote is silence. Recording thread; every call may block on the disk.
#pragma once

#include "base/error.hpp"
#include "recording/name.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::recording {

enum class Leg { caller, box };  // left, right

// The system calls that tests let fail. Each returns what the call returns and sets errno.
class Disk {
  public:
    virtual ~Disk() = default;
    virtual int open(const char* path, int flags, mode_t mode);
    virtual ssize_t write(int fd, const char* data, std::size_t bytes, off_t at);
    virtual ssize_t read(int fd, char* data, std::size_t bytes, off_t at);
    virtual int truncate(int fd, off_t bytes);
    virtual int sync(int fd);
    virtual int rename(const char* from, const char* to);
};

struct Finished {
    Identity identity;
    std::string name;  // without `.part`
    std::string sha256;
    std::int64_t samples = 0;  // of one leg
    std::int64_t lost_ms = 0;
    std::string legs;  // "both", "caller", "box", "none"
};

// Errors have the failed step as their code: "open", "write", "read", "sync", "rename" (condition retry).
class File {
  public:
    // Creates the folder (if its parent is there) and NAME.part with the next free number of the call.
    static base::Result<std::unique_ptr<File>> create(Disk& disk, const std::string& folder, Identity identity);
    // One that a crash left. Condition reject, "repair": not ours or hopeless, leave it alone.
    static base::Result<std::unique_ptr<File>> reopen(Disk& disk, const std::string& folder,
                                                      const std::string& part_name);
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::string& name() const { return name_; }
    const Identity& identity() const { return identity_; }
    std::int64_t samples() const { return samples_; }
    std::int64_t lost_ms() const { return lost_ms_; }  // as the head of a repaired one says

    base::Result<void> write(Leg leg, std::int64_t at, std::string_view mulaw);
    base::Result<void> silence(Leg leg, std::int64_t from);  // to the end of what is there
    base::Result<void> sync();
    // Cuts or fills to `samples`, writes the head, syncs, hashes and closes. The file keeps its `.part`.
    base::Result<Finished> finish(std::int64_t samples, std::int64_t lost_ms);
    // After the row is safe.
    static base::Result<void> publish(Disk& disk, const std::string& folder, const std::string& name);

  private:
    File(Disk& disk, std::string folder, Identity identity, int fd);
    base::Error failed(const char* step) const;
    off_t place(std::int64_t sample) const { return static_cast<off_t>(head_bytes_) + 2 * static_cast<off_t>(sample); }
    std::string head(std::int64_t samples, std::int64_t lost_ms) const;
    bool write_all(std::string_view bytes, off_t at);
    bool read_all(char* data, std::size_t bytes, off_t at);
    bool fill_up_to(std::int64_t samples);
    bool put(Leg leg, std::int64_t at, std::size_t count, const char* mulaw);  // nullptr: silence
    bool digest(Finished& finished);

    Disk& disk_;
    std::string folder_;
    Identity identity_;
    std::string name_;
    int fd_ = -1;
    std::size_t head_bytes_ = 0;
    std::int64_t samples_ = 0;  // of one leg, on the disk
    std::int64_t lost_ms_ = 0;
    std::string piece_;  // scratch
};

}  // namespace holdfast::recording
