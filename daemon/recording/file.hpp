// One recording on the disk: a two-channel mu-law WAV that is written in any order, finished or repaired.
// Every place that nobody wrote is silence. Recording thread; every call may block on the disk.
#pragma once

#include "base/error.hpp"
#include "recording/content.hpp"
#include "recording/disk.hpp"
#include "recording/key.hpp"
#include "recording/name.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::recording {

enum class Leg { caller, box };  // left, right

struct Finished {
    Identity identity;
    std::string name;  // without `.part`
    std::string sha256;        // of the WAV, sealed or not
    std::int64_t samples = 0;  // of one leg
    std::int64_t lost_ms = 0;
    std::string legs;  // "both", "caller", "box", "none"
};

// Errors have the failed step as their code: "open", "write", "read", "sync", "rename", "key" (condition retry).
class File {
  public:
    // Creates the folder (if its parent is there) and NAME.part with the next free number of the call; sealed, when the key
    // is one.
    static base::Result<std::unique_ptr<File>> create(Disk& disk, const std::string& folder, Identity identity,
                                                      const FileKey& key = {});
    // One that a crash left. Condition reject, "repair": not ours or hopeless, leave it alone. "key": nothing was touched.
    static base::Result<std::unique_ptr<File>> reopen(Disk& disk, const std::string& folder, const std::string& part_name,
                                                      const FileKeys& keys = {});
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
    // Cuts or fills to `samples`, makes silence of what is not readable any more (and counts it), writes the head, syncs,
    // hashes and closes. The file keeps its `.part`.
    base::Result<Finished> finish(std::int64_t samples, std::int64_t lost_ms);
    // After the row is safe.
    static base::Result<void> publish(Disk& disk, const std::string& folder, const std::string& name);

  private:
    File(Disk& disk, std::string folder, Identity identity, int fd);
    base::Error failed(const char* step) const;
    std::int64_t place(std::int64_t sample) const { return head_bytes_ + 2 * sample; }
    std::string head(std::int64_t samples, std::int64_t lost_ms) const;
    bool begin(const FileKey& key);
    base::Result<void> resume_clear(std::int64_t file_bytes);
    base::Result<void> resume_sealed(std::int64_t file_bytes, const FileKeys& keys);
    base::Result<bool> read_head();
    base::Error hopeless(const char* why) const;
    base::Error empty() const;
    bool fill_up_to(std::int64_t samples);
    bool put(Leg leg, std::int64_t at, std::size_t count, const char* mulaw);  // nullptr: silence
    bool digest(Finished& finished);

    Disk& disk_;
    std::string folder_;
    Identity identity_;
    std::string name_;
    int fd_ = -1;
    std::unique_ptr<Content> content_;
    std::int64_t head_bytes_ = 0;  // of the WAV
    std::int64_t samples_ = 0;  // of one leg, on the disk
    std::int64_t lost_ms_ = 0;
    std::string piece_;  // scratch
};

}  // namespace holdfast::recording
