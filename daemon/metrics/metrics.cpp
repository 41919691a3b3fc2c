#include "metrics/metrics.hpp"

#include "metrics/catalog.hpp"
#include "metrics/exposition_text.hpp"
#include "metrics/process.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace holdfast::metrics {
namespace {

// Filled while statics are built, read-only afterwards: no lock.
std::vector<const Metric*>& registry() {
    static std::vector<const Metric*> metrics;
    return metrics;
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || (quotes && c == '"')) out += '\\';
        out += c;
    }
}

void add_to(std::atomic<double>& target, double value) {
    double seen = target.load(std::memory_order_relaxed);
    while (!target.compare_exchange_weak(seen, seen + value, std::memory_order_relaxed)) {
    }
}

}  // namespace

void append_number(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value < 0 ? "-Inf" : "+Inf";
    } else {
        std::array<char, 32> buffer{};
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
        out.append(buffer.data(), end.ptr);
    }
}

void append_header(std::string& out, std::string_view name, std::string_view help,
                   std::string_view type) {
    out.append("# HELP ").append(name).append(" ");
    append_escaped(out, help, false);
    out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_label_value(std::string& out, std::string_view value) {
    append_escaped(out, value, true);
}

void append_sample(std::string& out, std::string_view name, double value) {
    out.append(name).append(" ");
    append_number(out, value);
    out += '\n';
}

void append_sample(std::string& out, std::string_view name, std::uint64_t value) {
    out.append(name).append(" ").append(std::to_string(value)).append("\n");
}

Metric::Metric(const char* name, const char* help, const char* type)
    : name_(name), help_(help), type_(type) {
    registry().push_back(this);
}

void Metric::write(std::string& out) const {
    append_header(out, name_, help_, type_);
    write_samples(out);
}

void Counter::write_samples(std::string& out) const {
    append_sample(out, name(), value());
}

void MillisecondCounter::write_samples(std::string& out) const {
    append_sample(out, name(), static_cast<double>(value()) / 1000.0);
}

LabelledCounter::LabelledCounter(const char* name, const char* help, const char* label,
                                 std::initializer_list<const char*> words)
    : Metric(name, help, "counter"), label_(label), words_(words), values_(words.size()) {
    HOLDFAST_ASSERT(words.size() > 0);
}

std::size_t LabelledCounter::index_of(std::string_view word) const {
    const auto found = std::find(words_.begin(), words_.end(), word);
    const auto at = found == words_.end() ? words_.size() - 1
                                          : static_cast<std::size_t>(found - words_.begin());
    return at;
}

void LabelledCounter::add(std::string_view word, std::uint64_t n) {
    values_[index_of(word)].fetch_add(n, std::memory_order_relaxed);
}

std::uint64_t LabelledCounter::value(std::string_view word) const {
    return values_[index_of(word)].load(std::memory_order_relaxed);
}

// Words that never happened are shown as 0, so that a rate over them exists from the start.
void LabelledCounter::write_samples(std::string& out) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
        out.append(name()).append("{").append(label_).append("=\"");
        append_label_value(out, words_[i]);
        append_sample(out, "\"}", values_[i].load(std::memory_order_relaxed));
    }
}

void Gauge::add(double v) {
    add_to(value_, v);
}

void Gauge::write_samples(std::string& out) const {
    append_sample(out, name(), value());
}

Histogram::Histogram(const char* name, const char* help, std::initializer_list<double> bounds)
    : Metric(name, help, "histogram"), bounds_(bounds), buckets_(bounds.size() + 1) {
    HOLDFAST_ASSERT(std::is_sorted(bounds_.begin(), bounds_.end()));
}

void Histogram::observe(double value) {
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);  // le: inclusive
    buckets_[static_cast<std::size_t>(bound - bounds_.begin())].fetch_add(
        1, std::memory_order_relaxed);
    add_to(sum_, value);
}

std::uint64_t Histogram::count() const {
    std::uint64_t total = 0;
    for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
    return total;
}

std::uint64_t Histogram::count_above(double bound) const {
    const auto first = std::upper_bound(bounds_.begin(), bounds_.end(), bound) - bounds_.begin();
    std::uint64_t total = 0;
    for (auto i = static_cast<std::size_t>(first); i < buckets_.size(); ++i) total += buckets_[i].load(std::memory_order_relaxed);
    return total;
}

// One pass over the buckets gives both the series and the count, so the two always agree.
void Histogram::write_samples(std::string& out) const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        total += buckets_[i].load(std::memory_order_relaxed);
        out.append(name()).append("_bucket{le=\"");
        append_number(out, i < bounds_.size() ? bounds_[i] : HUGE_VAL);
        append_sample(out, "\"}", total);
    }
    append_sample(out, std::string(name()) + "_sum", sum_.load(std::memory_order_relaxed));
    append_sample(out, std::string(name()) + "_count", total);
}

std::string exposition() {
    std::string out;
    out.reserve(32 * 1024);
    for (const Metric* metric : registry()) metric->write(out);
    append_process_metrics(out);
    return out;
}

}  // namespace holdfast::metrics
