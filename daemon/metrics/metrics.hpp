// Counters, gauges and histograms with relaxed atomics, and their Prometheus text. Every metric of
// the daemon is declared once, in catalog.hpp; labels are fixed sets of words, never an id or a
// number of a call. Updating is safe from any thread and never blocks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::metrics {

// Base of every metric: registers itself in declaration order at static initialisation.
class Metric {
  public:
    Metric(const char* name, const char* help, const char* type);
    Metric(const Metric&) = delete;
    Metric& operator=(const Metric&) = delete;
    virtual ~Metric() = default;
    virtual void write_samples(std::string& out) const = 0;
    const char* name() const { return name_; }
    void write(std::string& out) const;  // HELP, TYPE, samples

  private:
    const char* name_;
    const char* help_;
    const char* type_;
};

class Counter : public Metric {
  public:
    Counter(const char* name, const char* help) : Metric(name, help, "counter") {}
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }
    void write_samples(std::string& out) const override;

  private:
    std::atomic<std::uint64_t> value_{0};
};

// Counts milliseconds, shown as seconds: Prometheus wants base units, our callers have integers.
class MillisecondCounter : public Counter {
  public:
    using Counter::Counter;
    void write_samples(std::string& out) const override;
};

// A counter for each word of a fixed set; unknown words count as the last one ("other").
class LabelledCounter : public Metric {
  public:
    LabelledCounter(const char* name, const char* help, const char* label,
                    std::initializer_list<const char*> words);
    void add(std::string_view word, std::uint64_t n = 1);
    std::uint64_t value(std::string_view word) const;
    void write_samples(std::string& out) const override;

  private:
    std::size_t index_of(std::string_view word) const;
    const char* label_;
    std::vector<const char*> words_;
    std::vector<std::atomic<std::uint64_t>> values_;
};

class Gauge : public Metric {
  public:
    Gauge(const char* name, const char* help) : Metric(name, help, "gauge") {}
    void set(double v) { value_.store(v, std::memory_order_relaxed); }
    void add(double v);
    double value() const { return value_.load(std::memory_order_relaxed); }
    void write_samples(std::string& out) const override;

  private:
    std::atomic<double> value_{0};
};

// Cumulative buckets in seconds (or bytes); bounds ascending, +Inf is implied.
class Histogram : public Metric {
  public:
    Histogram(const char* name, const char* help, std::initializer_list<double> bounds);
    void observe(double value);
    std::uint64_t count() const;
    std::uint64_t count_above(double bound) const;  // `bound`: one of ours
    void write_samples(std::string& out) const override;

  private:
    std::vector<double> bounds_;
    std::vector<std::atomic<std::uint64_t>> buckets_;  // one more than bounds_
    std::atomic<double> sum_{0};
};

// The whole page, text/plain; version=0.0.4: the catalog, then the process (process.hpp).
std::string exposition();

}  // namespace holdfast::metrics
