// The guard against a crash loop (P02): the daemon's starts that came to no good end, in a small file of the runtime folder, which a
// reboot empties. Five of them within a minute and the next one is safe: recorded prompts and people, nothing that talks to a
// provider or to another database. Main thread, and settled() any one thread. Blocks on the runtime folder, which is memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::supervise {

class Starts {
  public:
    static constexpr std::size_t k_crashes = 5;
    static constexpr std::chrono::milliseconds k_within{60'000};
    static constexpr std::chrono::milliseconds k_settled_after{300'000};

    explicit Starts(const std::string& runtime_folder);

    struct Begun {
        bool safe = false;
        bool noted = true;  // false: the file could not be written; the guard is blind
    };
    // Notes a start. `since_boot` is the same clock for all of them, whatever the wall clock does.
    Begun begin(std::chrono::milliseconds since_boot);
    // It has lived for k_settled_after, or stopped as it was told: whatever comes next begins anew.
    void forget() const;

    // The clock that begin() wants.
    static std::chrono::milliseconds since_boot();

  private:
    struct Start {
        std::int64_t at_ms = 0;
        bool safe = false;
    };
    std::vector<Start> read(std::int64_t now_ms) const;
    bool write(const std::vector<Start>& starts) const;

    const std::string path_;
};

}  // namespace holdfast::supervise
