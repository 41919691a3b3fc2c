// The caller's side of a finished recording. Blocks on the disk.
#pragma once

#include "base/error.hpp"
#include "recording/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::transcribe {

class RecordedFile {
  public:
    // `key`: of its call. Codes: "missing" (reject), "unnamed" (retry: its last name is still to come), "key" (retry: it is
    // sealed, and the key cannot be had now), "damaged" (reject), "read" (retry).
    static base::Result<std::unique_ptr<RecordedFile>> open(const std::string& folder, const std::string& name,
                                                            const recording::FileKey& key);

    // Reads it once from its beginning: the caller's samples, in order, and whether it is what the journal
    // says. Codes: "damaged", "read", "stopped" (`go_on` said false).
    base::Result<void> scan(const std::string& sha256, const std::function<bool()>& go_on,
                            const std::function<void(std::string_view mulaw)>& samples);
    // The caller's samples of a part; what is beyond the end is left out. Codes: "damaged", "read".
    base::Result<std::string> caller(std::int64_t from_sample, std::int64_t samples);

  private:
    explicit RecordedFile(std::unique_ptr<recording::Reader> reader) : reader_(std::move(reader)) {}

    const std::unique_ptr<recording::Reader> reader_;
    std::int64_t data_offset_ = 0;
    std::int64_t samples_ = 0;  // of one leg
};

}  // namespace holdfast::transcribe
