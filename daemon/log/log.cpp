#include "log/log.hpp"

#include "base/assert.hpp"
#include "log/format.hpp"
#include "log/sink.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

namespace holdfast::log {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto k_drain_max = 2s;    // at the end of a Session
constexpr auto k_blocked_max = 1s;  // for a stderr that takes nothing, then lines are dropped
constexpr auto k_synchronous_max = 100ms;  // the same without a Session, where the caller waits

struct Line {
    Format format;
    Level level;
    std::string bytes;
};

// Never destroyed: threads may log while statics go away, and a log thread that hangs in a blocked
// sink at exit is left behind with it.
struct Core {
    std::atomic<Level> level{Level::info};
    std::atomic<Format> format{Format::text};
    std::atomic<bool> priority_prefix{stderr_is_journal()};
    std::atomic<std::uint64_t> dropped{0};

    std::mutex mutex;
    std::condition_variable filled;
    std::deque<Line> ring;       // guarded by mutex
    std::uint64_t session = 0;   // guarded by mutex; odd while a Session lives
    std::uint64_t finished = 0;  // guarded by mutex; last session whose thread has drained
    std::condition_variable drained;
};

Core& core() {
    static Core& instance = *new Core;
    return instance;
}

std::int64_t utc_ms_now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

bool write_out(const Line& line, Clock::time_point deadline) {
    if (line.format == Format::journald && write_journald(line.bytes)) return true;
    std::string bytes;
    if (core().priority_prefix.load(std::memory_order_relaxed)) {
        bytes = "<" + std::to_string(syslog_priority(line.level)) + ">";
    }
    if (line.format == Format::journald) {
        // No journal to take the entry: its sentence must still be seen.
        constexpr std::string_view k_name = "MESSAGE=";
        const std::string_view entry = line.bytes;
        bytes.append(to_string(line.level)).append(" ");
        bytes += entry.substr(k_name.size(), entry.find('\n') - k_name.size());
    } else {
        bytes += line.bytes;
    }
    bytes += '\n';
    return write_stderr(bytes, deadline);
}

bool enabled(Level level) {
    return level <= core().level.load(std::memory_order_relaxed);
}

bool write_or_count(const Line& line, Clock::time_point deadline) {
    if (write_out(line, deadline)) return true;
    core().dropped.fetch_add(1, std::memory_order_relaxed);
    return false;
}

// Drops since the last report, as a line of our own: the reader of a log must see that it has
// holes.
void report_drops(std::uint64_t& reported, Format format, Clock::time_point deadline) {
    const std::uint64_t total = dropped();
    if (total == reported) return;
    const Fields fields = {{"lines", total - reported}, {"lines_total", total}};
    const Record record{utc_ms_now(), Level::warning, "log", "log lines dropped", {}, fields, {}};
    if (write_out({format, record.level, log::format(format, record)}, deadline)) reported = total;
}

// One batch at a time until `session` is over and the ring is empty.
void drain(std::uint64_t session, Format format, std::uint64_t reported) {
    Core& c = core();
    std::deque<Line> batch;
    std::unique_lock<std::mutex> lock(c.mutex);
    for (;;) {
        c.filled.wait(lock, [&] { return !c.ring.empty() || c.session != session; });
        const bool over = c.session != session;
        batch.swap(c.ring);
        lock.unlock();
        // Progress earns more time; a blocked sink costs one wait a batch, not one a line.
        auto deadline = Clock::now() + (over ? k_drain_max : k_blocked_max);
        for (const Line& line : batch) {
            if (!write_or_count(line, deadline) || over) continue;
            deadline = Clock::now() + k_blocked_max;
        }
        batch.clear();
        report_drops(reported, format, deadline);
        lock.lock();
        if (over) break;
    }
    c.finished = std::max(c.finished, session);
    c.drained.notify_all();
}

}  // namespace

void Logger::write(Level level, std::string_view message, const base::CallSid* call, Fields fields,
                   std::string_view message_id) const {
    if (!enabled(level)) return;
    Core& c = core();
    const Format format = c.format.load(std::memory_order_relaxed);
    const std::string_view sid =
        call == nullptr ? std::string_view() : std::string_view(call->str());
    Line line{format, level,
              log::format(format, {utc_ms_now(), level, room_, message, sid, fields, message_id})};
    {
        const std::lock_guard<std::mutex> lock(c.mutex);
        if (c.session % 2 == 1) {
            if (c.ring.size() >= k_ring_lines) {
                c.dropped.fetch_add(1, std::memory_order_relaxed);
            } else {
                c.ring.push_back(std::move(line));
                c.filled.notify_one();
            }
            return;
        }
    }
    write_or_count(line, Clock::now() + k_synchronous_max);
}

struct Session::Impl {
    std::uint64_t session = 0;
    std::thread thread;
};

Session::Session(const Options& options) : impl_(std::make_unique<Impl>()) {
    Core& c = core();
    set_level(options.level);
    c.format.store(options.format, std::memory_order_relaxed);
    c.priority_prefix.store(options.format != Format::json && stderr_is_journal(),
                            std::memory_order_relaxed);
    {
        const std::lock_guard<std::mutex> lock(c.mutex);
        HOLDFAST_ASSERT(c.session % 2 == 0);
        impl_->session = ++c.session;
    }
    // Signals belong to the main thread; a closed stderr must be an error here, not a SIGPIPE.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    impl_->thread = std::thread(drain, impl_->session, options.format, dropped());
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(impl_->thread.native_handle(), "log");
}

Session::~Session() {
    Core& c = core();
    c.format.store(Format::text, std::memory_order_relaxed);
    c.priority_prefix.store(stderr_is_journal(), std::memory_order_relaxed);
    std::unique_lock<std::mutex> lock(c.mutex);
    ++c.session;
    c.filled.notify_all();
    const auto drained = [&] { return c.finished >= impl_->session; };
    // Twice the drain's own bound: it fails only if a sink blocks in spite of our care.
    const bool in_time = c.drained.wait_for(lock, 2 * k_drain_max, drained);
    lock.unlock();
    if (in_time)
        impl_->thread.join();
    else
        impl_->thread.detach();
}

void set_level(Level level) {
    core().level.store(level, std::memory_order_relaxed);
}

std::uint64_t dropped() {
    return core().dropped.load(std::memory_order_relaxed);
}

}  // namespace holdfast::log
