// A finished recording as the WAV it is, whether it lies on the disk sealed or in the clear. Any thread, one at a time; every
// call blocks on the disk.
#pragma once

#include "base/error.hpp"
#include "recording/key.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace holdfast::recording {

class Reader {
  public:
    static constexpr std::size_t k_read_bytes_max = 1024 * 1024;

    virtual ~Reader() = default;
    virtual std::int64_t bytes() const = 0;  // of the WAV
    // At most k_read_bytes_max, and what there is up to the end. Codes: "damaged" (reject; which block, or that the file has
    // become shorter), "read" (retry).
    virtual base::Result<std::string> read(std::int64_t at, std::size_t count) = 0;
};

// `path` as the journal's row has it: a name in `folder`; anything else is refused. One in the clear needs no key.
// Codes: "no_such_file" (reject), "key" (retry: unavailable; reject: not the one of this file), "damaged" (reject: no name, no
// file, or cut), "read" (retry). A file with its last name; while it grows there is none.
base::Result<std::unique_ptr<Reader>> open_recording(const std::string& folder, const std::string& path, const FileKey& key);

// A sealed one that somebody has opened. Takes the descriptor, also when it fails.
base::Result<std::unique_ptr<Reader>> read_sealed(int fd, const FileKey& key);

}  // namespace holdfast::recording
