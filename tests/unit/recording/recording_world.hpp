// A folder, a journal in memory, a clock that moves by hand, frames with a known content, and what a
// finished file says.
#pragma once

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "base/base64.hpp"
#include "recording/disk_recorder.hpp"
#include "recording/reader.hpp"
#include "support/silent_journal.hpp"
#include "support/temp_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

namespace holdfast::test {

using namespace std::chrono_literals;
using namespace recording;

constexpr auto k_deadline = 60s;
constexpr std::int64_t k_utc_ms = 1'790'000'000'000;
constexpr std::size_t k_frame = 160;  // 20 ms

inline const base::CallSid k_call = *base::CallSid::parse("CA00000000000000000000000000001234");

class MemoryJournal : public SilentJournal {
  public:
    bool append(store::Record record, store::Ack ack) override {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (full) {
                ++refused;
                return false;
            }
            records_.push_back(std::move(record));
            if (hold) held_.push_back(std::exchange(ack, {}));
        }
        arrived_.notify_all();
        if (ack) ack(store::Committed{durable, emergency, 1});
        return true;
    }
    store::StoreStatus status() const override {
        store::StoreStatus status;
        status.generation = generation;
        return status;
    }
    template <class Row>
    std::vector<Row> rows() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::vector<Row> out;
        for (const auto& record : records_) {
            if (const auto* row = std::get_if<Row>(&record)) out.push_back(*row);
        }
        return out;
    }
    bool wait_for_rows(std::size_t count) {
        std::unique_lock<std::mutex> lock(mutex_);
        return arrived_.wait_for(lock, k_deadline, [&] { return records_.size() >= count; });
    }
    void answer_held() {
        std::vector<store::Ack> held;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            held.swap(held_);
        }
        for (const auto& ack : held) ack(store::Committed{true, false, 1});
    }

    std::atomic<bool> full{false};
    std::atomic<int> refused{0};
    // Set before the recorder starts:
    bool hold = false;
    std::atomic<bool> durable{true};
    bool emergency = false;
    std::string generation = "g1";

  private:
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<store::Record> records_;
    std::vector<store::Ack> held_;
};

inline std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline FileKey key_like(char byte) { return {FileKey::Kind::key, base::Secret(std::string(k_key_bytes, byte)), {}}; }
inline const FileKey k_file_key = key_like('k');

inline bool is_sealed(const std::string& path) { return path.find(".sealed") != std::string::npos; }

// The WAV that a file is, finished or not, opened with k_file_key if it is sealed.
inline std::string wav_of(const std::string& path) {
    if (!is_sealed(path)) return bytes_of(path);
    const auto reader = read_sealed(::open(path.c_str(), O_RDONLY | O_CLOEXEC), k_file_key);
    EXPECT_TRUE(reader) << path << ": " << reader.error().code << " " << reader.error().detail;
    std::string wav;
    while (reader && static_cast<std::int64_t>(wav.size()) < (*reader)->bytes()) {
        const auto piece = (*reader)->read(static_cast<std::int64_t>(wav.size()), Reader::k_read_bytes_max);
        EXPECT_TRUE(piece) << path << ": " << piece.error().detail;
        if (!piece) break;
        wav += *piece;
    }
    return wav;
}

// Names in a folder, sorted.
inline std::vector<std::string> files_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

// `milliseconds` of one byte that is not silence.
inline std::string sound(char byte, std::int64_t milliseconds = 20) {
    return std::string(static_cast<std::size_t>(milliseconds * 8), byte);
}
inline std::string frame(char byte, std::int64_t milliseconds = 20) {
    return base::base64_encode(sound(byte, milliseconds));
}
inline std::string quiet(std::int64_t milliseconds) { return sound(audio::k_mulaw_silence, milliseconds); }

// The two legs of a finished file, as the bytes that are in it.
struct Legs {
    std::string caller, box;
};
inline Legs legs_of(const std::string& path) {
    const auto bytes = wav_of(path);
    const auto head = audio::read_wav_head(bytes);
    Legs legs;
    EXPECT_TRUE(head) << path;
    if (!head) return legs;
    EXPECT_TRUE(head->mulaw);
    EXPECT_EQ(head->channels, 2u);
    EXPECT_EQ(head->rate, 8000u);
    EXPECT_EQ(head->data_bytes, bytes.size() - head->data_offset);
    for (std::size_t i = head->data_offset; i + 1 < bytes.size(); i += 2) {
        legs.caller += bytes[i];
        legs.box += bytes[i + 1];
    }
    return legs;
}

class RecordingTest : public ::testing::Test {
  protected:
    RecordingTest() {
        options.path = folder.path();
        options.now = [this] { return now; };
        options.utc_ms = [this] { return utc_ms; };
    }
    void open() { recorder = std::make_unique<DiskRecorder>(options, journal); }
    void close() {
        if (recorder) recorder->stop(k_deadline);
        recorder.reset();
    }
    ~RecordingTest() override { close(); }
    RecordingHandle start(std::int64_t offset_ms = 0, const std::string& retention_class = "live") {
        return recorder->start({k_call, k_utc_ms, offset_ms, retention_class});
    }
    // Before open(): every recording is sealed with k_file_key.
    void seal() {
        sealed = true;
        options.keys = [](const base::CallSid&) { return k_file_key; };
    }
    std::string name_of(int number = 1) const {
        return k_call.str() + ".g1." + std::to_string(number) + ".wav" + (sealed ? ".sealed" : "");
    }
    std::string path_of(int number = 1) const { return folder.path() + "/" + name_of(number); }

    TempFolder folder;
    MemoryJournal journal;
    base::TimePoint now{1'000'000s};
    std::int64_t utc_ms = k_utc_ms;
    bool sealed = false;
    DiskRecorderOptions options;
    std::unique_ptr<DiskRecorder> recorder;
};

// The same in the clear and sealed.
class BothWays : public RecordingTest, public ::testing::WithParamInterface<bool> {
  public:
    static std::string name(const ::testing::TestParamInfo<bool>& info) { return info.param ? "Sealed" : "Clear"; }

  protected:
    BothWays() {
        if (GetParam()) seal();
    }
};

}  // namespace holdfast::test
