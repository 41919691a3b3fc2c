// The emergency file: rows that waited too long for the database, safe against the end of the process.
// It lies in the runtime folder, which is memory: the power may take it, which is why a row in it is
// acknowledged with `emergency` set.
//
//   file:   "HFEMRG1\n", 16 bytes of file id
//   record: "HFrw", u32 payload length, u32 CRC-32C of the payload,
//           payload = u64 run, u64 ticket, the record (record_codec.hpp)
//
// A (run, ticket) names a row for good: the run is one process, tickets count the rows it accepted.
#pragma once

#include "base/error.hpp"
#include "store/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::store {

struct EmergencyRow {
    std::uint64_t run = 0;
    std::uint64_t ticket = 0;
    Record record;
    std::size_t end = 0;  // offset in the file behind this record
};

struct EmergencyContent {
    std::string file_id;  // empty: the header is torn; there may be rows all the same
    std::vector<EmergencyRow> rows;
    std::size_t bytes = 0;
    std::size_t bad_bytes = 0;  // not part of a whole record: a torn tail, or damage in the middle
};

// Pure; takes any bytes. Damage in the middle costs the records it touches, not those behind it.
EmergencyContent read_emergency(std::string_view bytes);
void append_emergency(std::string& out, std::uint64_t run, std::uint64_t ticket, const Record& record);

// The file of one process. Not thread-safe: SqliteJournal guards it with a mutex.
class EmergencyFile {
  public:
    // Opens lazily. The path is fixed: it is what the next start looks for.
    EmergencyFile(std::string folder, std::size_t bytes_max);
    ~EmergencyFile();
    EmergencyFile(const EmergencyFile&) = delete;
    EmergencyFile& operator=(const EmergencyFile&) = delete;

    // Opens or creates the file (0600) and takes the lock on it. Error "second_instance" (fatal) when
    // another process holds it, otherwise "emergency_open" (retry).
    base::Result<void> prepare();
    // Appends the framed records and syncs. On failure nothing of them counts.
    base::Result<void> append(std::string_view framed);
    base::Result<EmergencyContent> read();
    // Cuts the file to nothing, on the disk. It gets a new id with the next append.
    base::Result<void> clear();
    void close();  // lets go of the lock, too
    bool empty() const { return bytes_ == 0; }
    const std::string& path() const { return path_; }

  private:
    base::Result<void> cut_to(std::size_t bytes);

    std::string folder_;
    std::string path_;
    std::size_t bytes_max_;
    int fd_ = -1;
    std::size_t bytes_ = 0;  // what is good in the file; a failed append is cut off again
};

}  // namespace holdfast::store
