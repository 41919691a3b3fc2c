// Wipes sealed keys of calls out of a file that was set aside, so that a purge reaches the words that lie there. The file may not open
// as a database, so its bytes are searched: a key stands behind the CallSid it belongs to. Which of them may go is the store
// thread's to say; the reading and writing happens at low priority on a thread of its own, in pieces, and may be begun again at any time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace holdfast::store {

struct SealedSpot {
    std::size_t at = 0;  // of the key in the bytes
    std::string sid;
    std::string sealed;
};
// Every sealed key of a call whose CallSid begins in the first `most` bytes.
std::vector<SealedSpot> sealed_keys_in(std::string_view bytes, std::size_t most = std::string_view::npos);

// Other bytes in place of `length` at `at` of `bytes`, which begin at a multiple of 8 in a write-ahead log: its checksums are kept, or
// every frame behind it would be lost. `big_endian`: the log's. Up to seven bytes at the end stay.
void wipe_in_log(std::string& bytes, std::size_t at, std::size_t length, bool big_endian);

class Wipe {
  public:
    struct Found {
        std::string sid;
        std::string sealed;  // one key
    };

    // The file and its log. `ready` runs on the thread of it when there is a question or an end.
    Wipe(std::string file, std::function<void()> ready);
    ~Wipe();  // gives up what is not done yet
    Wipe(const Wipe&) = delete;
    Wipe& operator=(const Wipe&) = delete;

    // --- store thread ---
    std::optional<std::vector<Found>> take();    // at most k_found_max; to be answered before there are more
    void answer(std::vector<bool> may_go);       // one for each
    bool finished() const;
    // --- once it is finished ---
    const std::string& file() const { return file_; }
    std::int64_t wiped() const { return wiped_; }
    std::int64_t left() const { return left_; }  // keys that may not go
    bool failed() const { return failed_; }      // part of it could not be read or written

    static constexpr std::size_t k_found_max = 64;

  private:
    void run();
    void wipe_file(const std::string& path);
    bool wipe_piece(int fd, std::int64_t at, const std::string& bytes, std::size_t most);
    bool overwrite(int fd, std::int64_t at, std::size_t length);
    bool ask(std::vector<Found> found, std::vector<bool>& may_go);

    const std::string file_;
    const std::function<void()> ready_;
    std::optional<bool> log_is_big_endian_;  // its thread: of the file at hand; none: it is no log
    std::int64_t wiped_ = 0;                 // its thread, until it is done; as is what follows
    std::int64_t left_ = 0;
    bool failed_ = false;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::vector<Found>> asked_;    // guarded by mutex_, as is what follows
    std::optional<std::vector<bool>> answered_;
    bool done_ = false;
    bool cancelled_ = false;
    std::thread thread_;  // last: starts when everything else is there
};

}  // namespace holdfast::store
