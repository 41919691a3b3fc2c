// A whole state's boxes in one process, writing to one MongoDB as boxes do: each with a site_id, a sync::MongoSink and
// connections of its own. Prints one line of JSON: what one box costs per call and per hour, and how long the server takes at
// growing rates.
//   state_load --uri mongodb://... --boxes 1000 --speed 1,10,20
// README.md beside this file reads the figures. Writes into a database of its own, which stays: drop it when you are done.
#include "base/random.hpp"
#include "state_load/boxes.hpp"
#include "state_load/server.hpp"
#include "state_load/wire.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <thread>

namespace {

using namespace holdfast;
using Json = nlohmann::ordered_json;
using std::chrono::seconds;

constexpr std::size_t k_boxes_most = 65'535;   // four hex digits of a call's name
constexpr std::size_t k_threads_most = 1'000;
constexpr std::size_t k_sockets_a_box = 8;     // three members of a set, each watched by two
constexpr std::size_t k_run_digits = 12;

struct Options {
    std::string uri, database = "holdfast_state_load", ca_file, server;
    std::size_t boxes = 1'000, threads = 64;
    double calls_per_hour = 2;
    std::vector<double> speeds{10};
    int turns = 8;
    std::int64_t window_s = 30, idle_s = 30, drain_s = 60, start_s = 120;
    std::uint32_t seed = 1;
};

bool parse(int argc, char** argv, Options& o, int& code) {
    CLI::App app{"Load of many boxes on one MongoDB"};
    app.add_option("--uri", o.uri)->required()->envname("MONGODB_URI");
    app.add_option("--database", o.database)->capture_default_str();
    app.add_option("--ca-file", o.ca_file, "of the server's certificate; TLS is used with it");
    app.add_option("--server", o.server, "a name that stands beside the figures");
    app.add_option("--boxes", o.boxes)->check(CLI::Range(std::size_t{1}, k_boxes_most))->capture_default_str();
    app.add_option("--threads", o.threads, "so many boxes can wait for the server at once")
        ->check(CLI::Range(std::size_t{1}, k_threads_most))->capture_default_str();
    app.add_option("--calls-per-hour", o.calls_per_hour, "of each box, at speed 1")
        ->check(CLI::Range(0.001, 10'000.0))->capture_default_str();
    app.add_option("--speed", o.speeds, "how many times as fast time passes, one measurement each, until the server cannot follow")
        ->delimiter(',')->check(CLI::Range(0.1, 10'000.0))->capture_default_str();
    app.add_option("--turns", o.turns, "how often caller and voice speak in a call")
        ->check(CLI::Range(bench::k_turns_least, bench::k_turns_most))->capture_default_str();
    const auto time = [&app](const char* name, std::int64_t& into, int least, const char* what) {
        app.add_option(name, into, what)->check(CLI::Range(least, 3'600))->capture_default_str();
    };
    time("--seconds", o.window_s, 1, "measured at each speed");
    time("--idle-seconds", o.idle_s, 0, "measured before the first call");
    time("--drain-seconds", o.drain_s, 1, "given to what is late");
    time("--start-seconds", o.start_s, 1, "given to all boxes to connect");
    app.add_option("--seed", o.seed, "of when calls come")->capture_default_str();
    try {
        app.parse(argc, argv);
        return true;
    } catch (const CLI::ParseError& e) {
        code = app.exit(e);
        return false;
    }
}

// False: this process may not have as many connections as it will need.
bool raise_limits(std::size_t boxes) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= boxes * k_sockets_a_box;
}

std::int64_t sockets() {
    std::int64_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        struct stat about {};
        if (::stat(entry.path().c_str(), &about) == 0 && S_ISSOCK(about.st_mode)) ++count;
    }
    return count;
}

double cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return s(usage.ru_utime) + s(usage.ru_stime);
}

double rounded(double value) { return std::round(value * 1'000) / 1'000; }
double share(std::int64_t part, std::size_t of) {
    return of == 0 ? 0 : rounded(static_cast<double>(part) / static_cast<double>(of));
}
Json percentile(const std::vector<float>& sorted, double p) {
    if (sorted.empty()) return nullptr;
    return rounded(sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1))]);
}

Json load_of(const bench::Wire& wire, std::size_t of) {
    return {{"commands", share(wire.commands(), of)}, {"inserts", share(wire.inserts, of)},
            {"updates", share(wire.updates, of)}, {"finds", share(wire.finds, of)},
            {"index_commands", share(wire.index_commands, of)}, {"failed", share(wire.failed, of)},
            {"messages_out", share(wire.sends, of)}, {"bytes_out", share(wire.bytes_out, of)},
            {"bytes_in", share(wire.bytes_in, of)}};
}

Json point(bench::Crowd& crowd, const Options& o, const bench::CallScript& script, double speed, bool& followed) {
    const auto wire_before = bench::wire();
    const auto cpu_before = cpu_s();
    const auto began = std::chrono::steady_clock::now();
    const auto tally = crowd.calls(speed, seconds(o.window_s), seconds(o.drain_s));
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const auto wire = bench::wire() - wire_before;
    const auto calls = static_cast<std::size_t>(tally.calls);
    const auto a_second = [&](std::int64_t notes) {
        return rounded(static_cast<double>(notes) / static_cast<double>(script.notes) / static_cast<double>(o.window_s));
    };
    followed = tally.left == 0;
    Json per_call = load_of(wire, followed ? calls : 0);
    per_call["operations"] = share(tally.operations, followed ? calls : 0);
    std::int64_t documents = 0;
    for (const auto& [name, count] : crowd.documents()) documents += count;
    return {{"speed", speed}, {"calls", tally.calls}, {"offered_calls_per_second", a_second(tally.notes_offered)},
            {"taken_calls_per_second", a_second(tally.notes_taken)},
            {"operations_per_second", rounded(static_cast<double>(tally.operations) / took)},
            {"p50_ms", percentile(tally.latency_ms, 0.5)}, {"p99_ms", percentile(tally.latency_ms, 0.99)},
            {"max_ms", percentile(tally.latency_ms, 1)}, {"errors", tally.errors}, {"refused", tally.refused},
            {"known_before", tally.known_before}, {"left", tally.left}, {"documents_there", documents},
            {"threads_busy", rounded(tally.busy)}, {"cpu_share", rounded((cpu_s() - cpu_before) / took)}, {"per_call", per_call}};
}

int fail(const std::string& what) {
    std::cerr << "state_load: " << what << '\n';
    return 1;
}

int measure(const Options& o) {
    if (!raise_limits(o.boxes)) return fail("too few open files (ulimit -n), " + std::to_string(k_sockets_a_box) + " a box are needed");
    auto script = bench::make_call_script(o.turns);
    if (!script) return fail("no journal to write a call into: " + std::string(script.error().code));
    bench::CrowdSettings settings;
    settings.mongo.uri = base::Secret(o.uri);
    settings.mongo.database = o.database;
    settings.mongo.tls_ca_file = o.ca_file;
    settings.boxes = o.boxes;
    settings.threads = o.threads;
    settings.calls_per_hour = o.calls_per_hour;
    settings.seed = o.seed;
    settings.run = base::random_hex(k_run_digits / 2);
    const auto sockets_before = sockets();
    auto crowd = bench::Crowd::make(settings, *script);
    if (!crowd) return fail("no boxes: " + std::string(crowd.error().code));
    const auto name = bench::ask_name(settings.mongo);
    if (!name) return fail("the server does not say who it is: " + std::string(name.error().code));

    Json out = {{"server", o.server.empty() ? name->kind : o.server}, {"version", name->version}, {"kind", name->kind},
                {"run", settings.run}, {"boxes", o.boxes}, {"threads", o.threads}, {"calls_per_box_hour", o.calls_per_hour},
                {"call", {{"seconds", script->length.count() / 1000}, {"turns", o.turns}, {"utterances", script->utterances},
                          {"documents", script->documents}, {"notes", script->notes}}}};
    auto before = bench::wire();
    const auto start = (*crowd)->start(seconds(o.start_s));
    if (start.left != 0) {
        return fail(std::to_string(start.left) + " of " + std::to_string(o.boxes) + " boxes could not tell that they started: " +
                    (start.errors.empty() ? "no time" : start.errors.begin()->first));
    }
    Json first = load_of(bench::wire() - before, o.boxes);
    first["connections"] = share(sockets() - sockets_before, o.boxes);
    first["p50_ms"] = percentile(start.latency_ms, 0.5);
    first["max_ms"] = percentile(start.latency_ms, 1);
    first["errors"] = start.errors;
    out["start_of_a_box"] = first;
    if (o.idle_s > 0) {
        before = bench::wire();
        std::this_thread::sleep_for(seconds(o.idle_s));
        const auto wire = bench::wire() - before;
        const auto an_hour = [&](std::int64_t count) { return share(count * 3'600 / o.idle_s, o.boxes); };
        out["idle_box_hour"] = {{"heartbeats", an_hour(wire.heartbeats)}, {"bytes_out", an_hour(wire.watch_bytes_out)},
                                {"bytes_in", an_hour(wire.watch_bytes_in)}, {"commands", an_hour(wire.commands())}};
    }
    out["curve"] = Json::array();
    bool followed = true;
    for (std::size_t i = 0; i < o.speeds.size() && followed; ++i) {
        out["curve"].push_back(point(**crowd, o, *script, o.speeds[i], followed));
        std::cerr << out["curve"].back().dump() << '\n';
    }
    out["documents"] = (*crowd)->documents();
    if (const auto call = (*crowd)->last_call(); followed && !call.empty()) {
        const auto bytes = bench::stored_bytes(settings.mongo, call);
        out["stored_bytes_per_call"] = bytes ? Json(*bytes) : Json(nullptr);
    }
    std::cout << out.dump() << '\n';
    return followed ? 0 : 2;
}

}  // namespace

// 0: measured; 1: could not be; 2: measured up to a rate that the server could not follow.
int main(int argc, char** argv) {
    Options options;
    int code = 0;
    if (!parse(argc, argv, options, code)) return code;
    code = measure(options);
    sync::end_mongo();
    return code;
}
