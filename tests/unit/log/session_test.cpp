// The session as the world sees it: what arrives on descriptor 2. Tests put a file or a pipe there.
#include "log/events.hpp"
#include "log/log.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::log {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr Logger k_log{"test"};

// Puts `fd` in the place of stderr while it lives.
class StderrIs {
  public:
    explicit StderrIs(int fd) : saved_(::dup(STDERR_FILENO)) { ::dup2(fd, STDERR_FILENO); }
    ~StderrIs() { restore(); }
    void restore() {
        if (saved_ < 0) return;
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        saved_ = -1;
    }

  private:
    int saved_;
};

class StderrFile {
  public:
    StderrFile() : file_(std::tmpfile()), stderr_(::fileno(file_)) {}
    ~StderrFile() { std::fclose(file_); }
    std::string text() const {
        std::string all;
        std::array<char, 4096> buffer{};
        off_t at = 0;
        for (ssize_t n; (n = ::pread(::fileno(file_), buffer.data(), buffer.size(), at)) > 0;
             at += n) {
            all.append(buffer.data(), static_cast<std::size_t>(n));
        }
        return all;
    }
    std::size_t lines() const {
        const std::string all = text();
        return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
    }

  private:
    std::FILE* file_;
    StderrIs stderr_;
};

// A pipe on stderr that takes nothing until somebody reads it.
class FullPipe {
  public:
    FullPipe() {
        EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
        ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
        const std::string block(4096, '#');
        while (::write(ends_[1], block.data(), block.size()) > 0) filled_ += block.size();
        ::fcntl(ends_[1], F_SETFL, 0);
        stderr_ = std::make_unique<StderrIs>(ends_[1]);
    }
    ~FullPipe() {
        close_writers();
        ::close(ends_[0]);
    }
    void close_writers() {
        stderr_.reset();
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }
    std::string read_all() {  // until every writer is gone
        std::string all;
        std::array<char, 4096> buffer{};
        for (ssize_t n; (n = ::read(ends_[0], buffer.data(), buffer.size())) > 0;) {
            all.append(buffer.data(), static_cast<std::size_t>(n));
        }
        return all.substr(std::min(filled_, all.size()));
    }

  private:
    std::array<int, 2> ends_{-1, -1};
    std::size_t filled_ = 0;
    std::unique_ptr<StderrIs> stderr_;
};

TEST(LogSession, WithoutASessionLinesAreOnStderrWhenTheCallReturns) {
    const StderrFile file;
    set_level(Level::info);
    k_log.notice("starting", {{"pid", 1}});
    EXPECT_THAT(file.text(), HasSubstr(" notice test: starting pid=1\n"));
}

TEST(LogSession, EndOfSessionHasWrittenEverything) {
    const StderrFile file;
    {
        const Session session({Level::info, Format::text});
        for (int i = 0; i < 1'000; ++i) k_log.info("line", {{"number", i}});
    }
    EXPECT_EQ(file.lines(), 1'000u);
    EXPECT_THAT(file.text(), HasSubstr(" info test: line number=999\n"));
    k_log.notice("after");
    EXPECT_EQ(file.lines(), 1'001u);
}

TEST(LogSession, SessionsFollowEachOther) {
    const StderrFile file;
    for (int i = 0; i < 20; ++i) {
        const Session session({Level::info, i % 2 == 0 ? Format::text : Format::json});
        k_log.info("line");
    }
    EXPECT_EQ(file.lines(), 20u);
}

TEST(LogSession, LevelFiltersAndCanBeChangedWhileRunning) {
    const StderrFile file;
    {
        const Session session({Level::notice, Format::text});
        k_log.info("hidden");
        set_level(Level::debug);
        k_log.debug("shown");
    }
    set_level(Level::info);
    EXPECT_THAT(file.text(), Not(HasSubstr("hidden")));
    EXPECT_THAT(file.text(), HasSubstr("shown"));
}

TEST(LogSession, JsonSessionWritesOneObjectALine) {
    const StderrFile file;
    {
        const Session session({Level::info, Format::json});
        k_log.warning("odd", *base::CallSid::parse("CA0123456789abcdef0123456789abcdef"),
                      {{"text", "a\nb"}});
    }
    EXPECT_EQ(file.lines(), 1u);
    EXPECT_THAT(file.text(), StartsWith("{\"time\":\"2"));
    EXPECT_THAT(file.text(),
                HasSubstr("\"call\":\"CA0123456789abcdef0123456789abcdef\",\"text\":\"a\\nb\"}\n"));
}

TEST(LogSession, AnEventBringsItsSentenceAndItsId) {
    const StderrFile file;
    {
        const Session session({Level::info, Format::json});
        k_log.warning(events::journal_full, {{"trouble", "full"}});
        k_log.notice(events::call_to_person, *base::CallSid::parse("CA0123456789abcdef0123456789abcdef"));
    }
    EXPECT_THAT(file.text(), HasSubstr("\"message\":\"" + std::string(events::journal_full.sentence) + "\",\"message_id\":\"" +
                                       std::string(events::journal_full.id) + "\",\"trouble\":\"full\""));
    EXPECT_THAT(file.text(), HasSubstr("\"message_id\":\"" + std::string(events::call_to_person.id) + "\",\"call\":\"CA0123"));
}

TEST(LogSession, LinesCarryTheirPriorityWhenStderrIsTheJournal) {
    const StderrFile file;
    struct stat status {};
    ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
    const std::string stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    EXPECT_TRUE(stderr_is_journal());
    {
        const Session session({Level::info, Format::text});
        k_log.warning("odd");
    }
    ::setenv("JOURNAL_STREAM", "1:1", 1);
    EXPECT_FALSE(stderr_is_journal());
    ::unsetenv("JOURNAL_STREAM");
    EXPECT_FALSE(stderr_is_journal());
    EXPECT_THAT(file.text(), StartsWith("<4>2"));
}

TEST(LogSession, JournalLinesGoToStderrWhereThereIsNoJournal) {
    if (::access("/run/systemd/journal/socket", F_OK) == 0)
        GTEST_SKIP() << "this machine has a journal";
    const StderrFile file;
    {
        const Session session({Level::info, Format::journald});
        k_log.warning("odd", {{"text", "a\nb"}});
    }
    EXPECT_EQ(file.text(), "warning test: odd text=\"a\\nb\"\n");
}

TEST(LogSession, ManyThreadsLoseNothingBelowTheRingSize) {
    const StderrFile file;
    const std::uint64_t dropped_before = dropped();
    constexpr std::size_t k_each = k_ring_lines / 8;
    {
        const Session session({Level::info, Format::text});
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([t] {
                for (std::size_t i = 0; i < k_each; ++i)
                    k_log.info("line", {{"thread", t}, {"number", i}});
            });
        }
        for (auto& thread : threads) thread.join();
    }
    EXPECT_EQ(file.lines(), 4 * k_each);
    EXPECT_EQ(dropped(), dropped_before);
}

TEST(LogSession, ThreadsMayLogWhileSessionsComeAndGo) {
    const StderrFile file;
    constexpr std::size_t k_each = 2'000;
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([] {
            for (std::size_t i = 0; i < k_each; ++i) k_log.info("line");
        });
    }
    for (int i = 0; i < 10; ++i) const Session session({Level::info, Format::text});
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(file.lines(), 2 * k_each);
}

TEST(LogSession, BlockedStderrDropsAndCountsAndNeverHoldsUpTheCaller) {
    FullPipe pipe;
    const std::uint64_t dropped_before = dropped();
    constexpr std::size_t k_lines = 2 * k_ring_lines;
    auto session = std::make_unique<Session>(Options{Level::info, Format::text});
    for (std::size_t i = 0; i < k_lines; ++i) k_log.info("line");
    EXPECT_GT(dropped(), dropped_before);
    const auto begin = std::chrono::steady_clock::now();
    session.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(dropped() - dropped_before, k_lines);
}

TEST(LogSession, TheLogItselfSaysThatItHasAHole) {
    FullPipe pipe;
    auto session = std::make_unique<Session>(Options{Level::info, Format::text});
    for (std::size_t i = 0; i < 2 * k_ring_lines; ++i) k_log.info("line");
    std::string seen;
    std::thread reader([&] { seen = pipe.read_all(); });
    session.reset();
    pipe.close_writers();
    reader.join();
    EXPECT_NE(seen.find(" warning log: log lines dropped lines="), std::string::npos);
}

TEST(LogSession, ClosedStderrIsAnErrorAndNotASignal) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const std::uint64_t dropped_before = dropped();
    {
        const StderrIs replaced(ends[1]);
        ::close(ends[0]);
        const Session session({Level::info, Format::text});
        k_log.info("nobody reads this");
    }
    ::close(ends[1]);
    EXPECT_EQ(dropped() - dropped_before, 1u);
}

}  // namespace
}  // namespace holdfast::log
