// The media path of one call without sockets: Twilio's text in, the provider's event out, and back. Prints
// time and allocations for a 20 ms frame.
#include "support/counting_new.hpp"
#include "support/media_path.hpp"

#include "log/log.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace holdfast;

void caller_frame(benchmark::State& state) {
    test::MediaPath path;
    path.caller_frame();
    const auto before = test::allocations();
    for (auto _ : state) path.caller_frame();
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(test::allocations() - before), benchmark::Counter::kAvgIterations);
}

// A frame each way and 20 ms of time: the call's timers, its playout and the marks are part of it.
void both_ways(benchmark::State& state) {
    test::MediaPath path;
    path.begin_answer();
    const auto before = test::allocations();
    for (auto _ : state) {
        path.caller_frame();
        path.provider_frame();
        path.loop.advance(std::chrono::milliseconds(20));
    }
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(test::allocations() - before), benchmark::Counter::kAvgIterations);
}

}  // namespace

BENCHMARK(caller_frame);
BENCHMARK(both_ways)->Iterations(100'000);  // 33 min of a call: before its session is renewed

int main(int argc, char** argv) {
    log::set_level(log::Level::error);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
    benchmark::RunSpecifiedBenchmarks();
}
