// The caller's side of a finished recording. Blocks on the disk.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::transcribe {

class RecordedFile {
  public:
    // Codes: "missing" (reject), "unnamed" (retry: its last name is still to come), "damaged" (reject),
    // "read" (retry).
    static base::Result<std::unique_ptr<RecordedFile>> open(const std::string& folder, const std::string& name);
    ~RecordedFile();
    RecordedFile(const RecordedFile&) = delete;
    RecordedFile& operator=(const RecordedFile&) = delete;

    // Reads it once from its beginning: the caller's samples, in order, and whether it is what the journal
    // says. Codes: "damaged", "read", "stopped" (`go_on` said false).
    base::Result<void> scan(const std::string& sha256, const std::function<bool()>& go_on,
                            const std::function<void(std::string_view mulaw)>& samples);
    // The caller's samples of a part; what is beyond the end is left out. Code: "read".
    base::Result<std::string> caller(std::int64_t from_sample, std::int64_t samples);

  private:
    explicit RecordedFile(int fd) : fd_(fd) {}
    bool read_at(std::string& into, std::int64_t at, std::size_t bytes);

    int fd_;
    std::int64_t data_offset_ = 0;
    std::int64_t samples_ = 0;  // of one leg
};

}  // namespace holdfast::transcribe
