// The thread that reads recordings for the admin listener: what it reads, and that nobody waits for a disk that hangs.
#include "app/recording_reader.hpp"
#include "config/limits.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace holdfast::app {
namespace {

using namespace std::chrono_literals;
using Part = base::Result<http::RecordingPart>;

constexpr auto k_generous = 30s;

void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

Part ask(RecordingReader& reader, std::string path, std::int64_t offset, std::int64_t bytes) {
    auto answered = std::make_shared<std::promise<Part>>();
    auto future = answered->get_future();
    reader.read(std::move(path), offset, bytes, [answered](Part part) { answered->set_value(std::move(part)); });
    if (future.wait_for(k_generous) != std::future_status::ready) return base::make_error(base::Condition::retry, "deadline");
    return future.get();
}

std::string code_of(const Part& part) { return part ? "" : part.error().code; }

TEST(RecordingReader, GivesWhatIsAskedForAndHowMuchThereIs) {
    test::TempFolder folder;
    write(folder / "a.wav", "0123456789");
    write(folder / "empty.wav", "");
    RecordingReader reader(recordings(folder.path(), {}));
    const auto middle = ask(reader, "a.wav", 3, 4);
    ASSERT_TRUE(middle);
    EXPECT_EQ(middle->bytes, "3456");
    EXPECT_EQ(middle->total, 10);
    EXPECT_EQ(ask(reader, "a.wav", 8, 100)->bytes, "89");
    EXPECT_EQ(ask(reader, "empty.wav", 0, 100)->total, 0);
    EXPECT_EQ(code_of(ask(reader, "a.wav", 10, 1)), "range");
    EXPECT_EQ(code_of(ask(reader, "a.wav", INT64_MAX, 1)), "range");
}

TEST(RecordingReader, ReadsFilesOfItsFolderOnly) {
    test::TempFolder folder;
    write(folder / "secret", "x");
    ASSERT_EQ(::mkdir((folder / "in").c_str(), 0700), 0);
    ASSERT_EQ(::symlink((folder / "secret").c_str(), (folder / "in/link.wav").c_str()), 0);
    ASSERT_EQ(::mkfifo((folder / "in/pipe.wav").c_str(), 0600), 0);
    ASSERT_EQ(::mkdir((folder / "in/folder.wav").c_str(), 0700), 0);
    write(folder / "in/growing.wav.part", "x");
    RecordingReader reader(recordings(folder / "in", {}));
    for (const std::string name : {"../secret", "..", "", "link.wav", "pipe.wav", "folder.wav", ".hidden"}) {
        EXPECT_EQ(code_of(ask(reader, name, 0, 1)), "unreadable") << name;
    }
    EXPECT_EQ(code_of(ask(reader, std::string("a\0.wav", 6), 0, 1)), "unreadable");
    EXPECT_EQ(code_of(ask(reader, "gone.wav", 0, 1)), "missing");
    EXPECT_EQ(code_of(ask(reader, "growing.wav", 0, 1)), "unnamed");
}

// A disk that hangs until it is told.
struct Hanging {
    ~Hanging() { over.set_value(); }
    std::promise<void> over;  // nobody reads from it any more
    std::promise<void> let_go;
    std::shared_future<void> gate = let_go.get_future().share();
    std::promise<void> begun;
};

RecordingReader::Read hang(const std::shared_ptr<Hanging>& disk) {
    return [disk, first = std::make_shared<bool>(true)](const std::string&, std::int64_t, std::int64_t) -> Part {
        if (std::exchange(*first, false)) disk->begun.set_value();
        disk->gate.wait();
        return http::RecordingPart{"x", 1};
    };
}

TEST(RecordingReader, RefusesWhatWouldWaitTooLong) {
    const auto disk = std::make_shared<Hanging>();
    RecordingReader reader(hang(disk));
    auto answers = std::make_shared<std::atomic<int>>(0);
    auto all = std::make_shared<std::promise<void>>();
    constexpr int k_taken = static_cast<int>(limits::admin_recording_parts_waiting_max) + 1;
    const auto count = [answers, all](const Part& part) {
        EXPECT_EQ(code_of(part), "");
        if (++*answers == k_taken) all->set_value();
    };
    reader.read("a", 0, 1, count);
    ASSERT_EQ(disk->begun.get_future().wait_for(k_generous), std::future_status::ready);
    for (int i = 1; i < k_taken; ++i) reader.read("a", 0, 1, count);
    std::string code;
    reader.read("a", 0, 1, [&code](const Part& part) { code = code_of(part); });
    EXPECT_EQ(code, "busy");
    disk->let_go.set_value();
    EXPECT_EQ(all->get_future().wait_for(k_generous), std::future_status::ready);
}

TEST(RecordingReader, LeavesAThreadBehindThatHangs) {
    auto disk = std::make_shared<Hanging>();
    auto over = disk->over.get_future();
    auto answered = std::make_shared<std::atomic<bool>>(false);
    {
        RecordingReader reader(hang(disk));
        reader.read("a", 0, 1, [answered](const Part&) { *answered = true; });
        ASSERT_EQ(disk->begun.get_future().wait_for(k_generous), std::future_status::ready);
        reader.stop(1ms);
    }
    disk->let_go.set_value();
    disk.reset();
    ASSERT_EQ(over.wait_for(k_generous), std::future_status::ready);
    EXPECT_FALSE(*answered) << "whom it would answer is gone";
}

}  // namespace
}  // namespace holdfast::app
