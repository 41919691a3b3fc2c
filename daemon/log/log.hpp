// Structured logging: a constant lower-case sentence plus fields. The calling thread only formats
// into a bounded ring; the log thread writes to journald or stderr, so the media path never waits
// for logging. A full ring drops the line and counts it; the app exports the count (log and metrics
// do not know each other).
//
//     constexpr log::Logger k_log{"store"};
//     k_log.notice("journal opened", {{"generation", generation}, {"rows", rows}});
//     k_log.warning("voice silent, stepping down", call_sid, {{"rung", "openai"}, {"waited_ms", 4000}});
//
// Any thread. No phone number, transcript, key or token may be passed: Sensitive<T> has no
// conversion to Value, which makes the compiler say so.
#pragma once

#include "base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace holdfast::log {

enum class Level { error, warning, notice, info, debug };

struct Value {
    std::variant<std::int64_t, double, bool, std::string_view> value;
    Value(std::string_view v) : value(v) {}          // NOLINT: conversions are the point
    Value(const char* v) : value(std::string_view(v)) {}  // NOLINT
    Value(const std::string& v) : value(std::string_view(v)) {}  // NOLINT
    Value(bool v) : value(v) {}                      // NOLINT
    Value(double v) : value(v) {}                    // NOLINT
    template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
    Value(Int v) : value(static_cast<std::int64_t>(v)) {}  // NOLINT
};

struct Field {
    std::string_view key;  // snake_case, unit last
    Value value;
};

using Fields = std::initializer_list<Field>;

// A sentence that journald knows by a number of its own, so that `journalctl -x` explains it. The table is log/events.hpp.
struct Event {
    std::string_view sentence;
    std::string_view id;  // 128 bits as 32 hex digits
};

// A room's logger. `room` must be a string literal.
class Logger {
  public:
    constexpr explicit Logger(std::string_view room) : room_(room) {}

    void error(std::string_view message, Fields fields = {}) const { write(Level::error, message, nullptr, fields); }
    void warning(std::string_view message, Fields fields = {}) const { write(Level::warning, message, nullptr, fields); }
    void notice(std::string_view message, Fields fields = {}) const { write(Level::notice, message, nullptr, fields); }
    void info(std::string_view message, Fields fields = {}) const { write(Level::info, message, nullptr, fields); }
    void debug(std::string_view message, Fields fields = {}) const { write(Level::debug, message, nullptr, fields); }

    void error(std::string_view message, const base::CallSid& call, Fields fields = {}) const { write(Level::error, message, &call, fields); }
    void warning(std::string_view message, const base::CallSid& call, Fields fields = {}) const { write(Level::warning, message, &call, fields); }
    void notice(std::string_view message, const base::CallSid& call, Fields fields = {}) const { write(Level::notice, message, &call, fields); }
    void info(std::string_view message, const base::CallSid& call, Fields fields = {}) const { write(Level::info, message, &call, fields); }
    void debug(std::string_view message, const base::CallSid& call, Fields fields = {}) const { write(Level::debug, message, &call, fields); }

    void error(const Event& event, Fields fields = {}) const { write(Level::error, event.sentence, nullptr, fields, event.id); }
    void warning(const Event& event, Fields fields = {}) const { write(Level::warning, event.sentence, nullptr, fields, event.id); }
    void notice(const Event& event, Fields fields = {}) const { write(Level::notice, event.sentence, nullptr, fields, event.id); }

    void error(const Event& event, const base::CallSid& call, Fields fields = {}) const { write(Level::error, event.sentence, &call, fields, event.id); }
    void warning(const Event& event, const base::CallSid& call, Fields fields = {}) const { write(Level::warning, event.sentence, &call, fields, event.id); }
    void notice(const Event& event, const base::CallSid& call, Fields fields = {}) const { write(Level::notice, event.sentence, &call, fields, event.id); }

  private:
    void write(Level level, std::string_view message, const base::CallSid* call, Fields fields, std::string_view message_id = {}) const;
    std::string_view room_;
};

enum class Format { text, json, journald };

// Lines the ring holds: a second of the worst storm we have provoked, about 2 MB when full.
constexpr std::size_t k_ring_lines = 8'192;

struct Options {
    Level level = Level::info;
    Format format = Format::text;
};

// Starts the log thread and takes over from the synchronous stderr writer that is active before.
// Destroying it drains the ring, for two seconds at most (a blocked pipe must not stop a shutdown),
// and goes back to stderr. One at a time; main thread.
class Session {
  public:
    explicit Session(const Options& options);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

void set_level(Level level);  // any thread; used by reload

// Lines that did not get out since the process started: ring full, or the sink blocked at the end.
std::uint64_t dropped();

// Whether stderr leads to the systemd journal (JOURNAL_STREAM names the very file behind it).
bool stderr_is_journal();

}  // namespace holdfast::log
