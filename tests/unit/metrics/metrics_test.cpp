#include "metrics/metrics.hpp"
#include "metrics/catalog.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace holdfast::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

// Metrics register themselves for the life of the process, so these live that long.
Counter& test_counter() {
    static Counter counter{"test_things_total", "Things with a \\ and a\nnewline."};
    return counter;
}

std::string samples(const Metric& metric) {
    std::string out;
    metric.write_samples(out);
    return out;
}

TEST(Metrics, CounterStartsAtZeroAndAdds) {
    static Counter counter{"test_plain_total", "Plain."};
    EXPECT_EQ(samples(counter), "test_plain_total 0\n");
    counter.add();
    counter.add(41);
    EXPECT_EQ(counter.value(), 42u);
    EXPECT_EQ(samples(counter), "test_plain_total 42\n");
}

TEST(Metrics, HelpIsEscapedAndStandsOnceBeforeItsSamples) {
    std::string out;
    test_counter().write(out);
    EXPECT_THAT(out,
                testing::StartsWith("# HELP test_things_total Things with a \\\\ and a\\nnewline.\n"
                                    "# TYPE test_things_total counter\ntest_things_total "));
}

TEST(Metrics, MillisecondsAreShownInSeconds) {
    static MillisecondCounter counter{"test_wait_seconds_total", "Waits."};
    counter.add(1250);
    EXPECT_EQ(samples(counter), "test_wait_seconds_total 1.25\n");
}

TEST(Metrics, LabelledCounterShowsEveryWordAndFoldsUnknownOnesIntoTheLast) {
    static LabelledCounter counter{"test_ends_total", "Ends.", "reason", {"stop", "lost", "other"}};
    counter.add("stop");
    counter.add("lost", 3);
    counter.add("CA0123456789abcdef0123456789abcdef");
    counter.add("other");
    EXPECT_EQ(counter.value("stop"), 1u);
    EXPECT_EQ(samples(counter),
              "test_ends_total{reason=\"stop\"} 1\n"
              "test_ends_total{reason=\"lost\"} 3\n"
              "test_ends_total{reason=\"other\"} 2\n");
}

TEST(Metrics, LabelValuesAreEscaped) {
    static LabelledCounter counter{"test_odd_total", "Odd.", "word", {"a\"b\\c\nd"}};
    EXPECT_EQ(samples(counter), "test_odd_total{word=\"a\\\"b\\\\c\\nd\"} 0\n");
}

TEST(Metrics, GaugeSetsAddsAndShowsSpecialValues) {
    static Gauge gauge{"test_level", "Level."};
    gauge.set(0.5);
    gauge.add(-1.25);
    EXPECT_EQ(samples(gauge), "test_level -0.75\n");
    gauge.set(std::numeric_limits<double>::infinity());
    EXPECT_EQ(samples(gauge), "test_level +Inf\n");
    gauge.set(std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(samples(gauge), "test_level NaN\n");
}

TEST(Metrics, HistogramBucketsAreCumulativeAndBoundsInclusive) {
    static Histogram histogram{"test_delay_seconds", "Delay.", {0.1, 1}};
    for (const double value : {0.05, 0.1, 0.5, 1.0, 7.0}) histogram.observe(value);
    EXPECT_EQ(histogram.count(), 5u);
    EXPECT_EQ(samples(histogram),
              "test_delay_seconds_bucket{le=\"0.1\"} 2\n"
              "test_delay_seconds_bucket{le=\"1\"} 4\n"
              "test_delay_seconds_bucket{le=\"+Inf\"} 5\n"
              "test_delay_seconds_sum 8.65\n"
              "test_delay_seconds_count 5\n");
}

TEST(Metrics, PageHoldsTheWholeCatalogOnceAndEndsInANewline) {
    const std::string page = exposition();
    EXPECT_THAT(page, HasSubstr("# TYPE holdfast_calls_total counter\nholdfast_calls_total "));
    EXPECT_THAT(page, HasSubstr("holdfast_start_time_seconds "));
    EXPECT_THAT(page, HasSubstr("holdfast_build_info{version=\""));
    EXPECT_EQ(page.back(), '\n');
    const auto first = page.find("# TYPE holdfast_calls_total ");
    EXPECT_EQ(page.find("# TYPE holdfast_calls_total ", first + 1), std::string::npos);
}

TEST(Metrics, UpdatesFromManyThreadsAreAllCountedWhileThePageIsRead) {
    static Counter counter{"test_threads_total", "Threads."};
    static Gauge gauge{"test_threads_level", "Threads."};
    static LabelledCounter labelled{"test_threads_labelled_total", "Threads.", "who", {"a", "b"}};
    static Histogram histogram{"test_threads_seconds", "Threads.", {0.5}};
    constexpr std::uint64_t k_rounds = 5'000;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 0; i < k_rounds; ++i) {
                counter.add();
                gauge.add(1);
                labelled.add(t % 2 == 0 ? "a" : "b");
                histogram.observe(t % 2 == 0 ? 0.25 : 0.75);
            }
        });
    }
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(exposition().empty());
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(counter.value(), 4 * k_rounds);
    EXPECT_EQ(gauge.value(), static_cast<double>(4 * k_rounds));
    EXPECT_EQ(labelled.value("a"), 2 * k_rounds);
    EXPECT_EQ(labelled.value("b"), 2 * k_rounds);
    EXPECT_EQ(histogram.count(), 4 * k_rounds);
    EXPECT_THAT(samples(histogram), HasSubstr("test_threads_seconds_sum 10000\n"));
}

}  // namespace
}  // namespace holdfast::metrics
