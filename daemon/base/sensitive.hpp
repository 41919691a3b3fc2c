// A value that must not reach a log line, a metric or an error message: keys, numbers, transcripts.
// It has no stream operator and no implicit conversion; reveal() is the one way out and is easy to
// search for. Only the journal, the sinks, the console and the provider socket may call it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace holdfast::base {

template <class T>
class Sensitive {
  public:
    Sensitive() = default;
    explicit Sensitive(T value) : value_(std::move(value)) {}

    const T& reveal() const { return value_; }
    T& reveal() { return value_; }

    // What logs and error messages may show.
    static constexpr std::string_view redacted() { return "[redacted]"; }

    friend bool operator==(const Sensitive& a, const Sensitive& b) { return a.value_ == b.value_; }

  private:
    T value_{};
};

using Secret = Sensitive<std::string>;

}  // namespace holdfast::base
