// How quickly a backlog leaves the box, and what it costs: makes a journal with rows of simulated calls, gives it to the
// real sync thread and a MongoDB server, and prints one line of JSON. The server may stand behind fault_proxy.
//   sync_drain --uri mongodb://... --rows 100000 [--calls 2000] [--poison 1000]
//   sync_drain --journal DIRECTORY --rows 100000      only makes the journal, for a holdfastd
#include "base/random.hpp"
#include "store/sqlite_journal.hpp"
#include "support/temp_folder.hpp"
#include "sync/mongo_sink.hpp"
#include "sync/worker.hpp"

#include <CLI/CLI.hpp>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <future>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>

namespace {

using namespace holdfast;

constexpr std::int64_t k_utc_ms = 1'790'000'000'000;
constexpr std::int64_t k_rows_at_once = 1'000;

base::CallSid sid(unsigned number) {
    std::ostringstream text;
    text << "CA" << std::hex << std::setw(32) << std::setfill('0') << number;
    return *base::CallSid::parse(text.str());
}

// Writes and waits, so that the journal's own queue is never full.
class Pen {
  public:
    explicit Pen(store::Journal& journal) : journal_(journal) {}
    void write(store::Record record) {
        const bool last = ++written_ % k_rows_at_once == 0;
        auto done = std::make_shared<std::promise<void>>();
        if (!journal_.append(std::move(record), [done](const store::Committed&) { done->set_value(); })) std::abort();
        if (last) done->get_future().wait();
    }
    void wait() {
        std::promise<void> done;
        journal_.read_backlog("none", [&done](const auto&) { done.set_value(); });
        done.get_future().wait();
    }

  private:
    store::Journal& journal_;
    std::int64_t written_ = 0;
};

void fill(store::Journal& journal, std::int64_t calls, std::int64_t rows, std::int64_t poison, bool states) {
    Pen pen(journal);
    for (unsigned call = 0; call < calls; ++call) {
        store::CallOpened opened;
        opened.call = sid(call);
        opened.utc_ms = k_utc_ms;
        opened.status = "ringing";
        opened.rung = "openai";
        pen.write(opened);
    }
    for (std::int64_t i = 0; i < rows; ++i) {
        store::Utterance said;
        said.call = sid(static_cast<unsigned>(i % calls));
        said.utc_ms = k_utc_ms + i;
        said.text = store::Text((poison > 0 && i % poison == poison - 1 ? "POISON row " : "words of row ") + std::to_string(i) +
                                ", as long as what people say in one breath usually is");
        said.start_ms = i;
        said.end_ms = i + 900;
        said.provider = "openai";
        said.item_id = "item_" + std::to_string(i);
        pen.write(said);
        if (!states || i % 50 != 0) continue;
        store::Incident incident;
        incident.call = sid(static_cast<unsigned>(i / 50 % calls));
        incident.utc_ms = said.utc_ms;
        incident.rev = i / 50 + 1;
        incident.type = "FUNK";
        incident.priority = 1;
        incident.place = store::Text("123 MAIN ST");
        pen.write(incident);
    }
    for (unsigned call = 0; call < calls; ++call) pen.write(store::CallEnded{sid(call), k_utc_ms + rows, rows, "stop"});
    pen.wait();
}

// What the server took, and how long that took it: documents that never change are inserts, the others guarded upserts.
struct Share {
    std::int64_t rows = 0;
    double seconds = 0;
    std::string json() const {
        char text[128];
        std::snprintf(text, sizeof text, "{\"rows\":%lld,\"seconds\":%.2f,\"rows_per_second\":%.0f}", static_cast<long long>(rows), seconds,
                      seconds > 0 ? static_cast<double>(rows) / seconds : 0.0);
        return text;
    }
};
struct Shares {
    Share inserts, upserts;
};

class TimedSink : public sync::Sink {
  public:
    TimedSink(std::unique_ptr<sync::Sink> sink, Shares& shares) : sink_(std::move(sink)), shares_(shares) {}
    const char* name() const override { return sink_->name(); }
    sync::Outcome send(const store::Changes& changes, store::ChangeClass change_class) override {
        const auto began = std::chrono::steady_clock::now();
        auto outcome = sink_->send(changes, change_class);
        Share& share = change_class < store::ChangeClass::transcript ? shares_.upserts : shares_.inserts;
        share.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        if (outcome.state == sync::Outcome::State::taken) share.rows += static_cast<std::int64_t>(changes.rows.size());
        return outcome;
    }

  private:
    std::unique_ptr<sync::Sink> sink_;
    Shares& shares_;
};

std::int64_t resident_kib() {
    std::ifstream statm("/proc/self/statm");
    std::int64_t pages = 0, resident = 0;
    statm >> pages >> resident;
    return resident * 4;
}

}  // namespace

int main(int argc, char** argv) {
    std::string uri, database = "holdfast", folder;
    std::int64_t rows = 10'000, calls = 20, poison = 0, give_up_s = 600;
    bool states = true;
    CLI::App app{"Measures how a backlog drains into MongoDB"};
    auto* where = app.add_option_group("where");
    where->add_option("--uri", uri);
    where->add_option("--journal", folder, "only makes the journal, in this folder")->check(CLI::ExistingDirectory);
    where->require_option(1);
    app.add_option("--database", database);
    app.add_option("--rows", rows, "of transcripts");
    app.add_option("--calls", calls, "whose rows they are, in turn")->check(CLI::PositiveNumber);
    app.add_option("--poison", poison, "one row in so many says POISON");
    app.add_option("--give-up-s", give_up_s);
    app.add_flag("--states,!--no-states", states, "also incidents, which are guarded upserts");
    CLI11_PARSE(app, argc, argv);

    test::TempFolder state, run;
    store::SqliteJournalOptions options;
    options.path = folder.empty() ? state / "holdfast.db" : folder + "/holdfast.db";
    options.runtime_path = run.path();
    options.site_id = "bench";
    auto journal = store::SqliteJournal::open(std::move(options));
    if (!journal) return 1;
    fill(**journal, calls, rows, poison, states);
    if (!folder.empty()) {
        (*journal)->stop(std::chrono::seconds(5));
        return 0;
    }

    sync::MongoSettings settings;
    settings.uri = base::Secret(uri);
    settings.database = database;
    settings.site_id = "bench";
    const auto before_kib = resident_kib();
    const auto began = std::chrono::steady_clock::now();
    const auto seconds = [began] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
    sync::Status status;
    Shares shares;
    std::int64_t most_kib = before_kib;
    bool done = false;
    {
        sync::WorkerParts parts{**journal,
                                [&]() -> std::unique_ptr<sync::Sink> {
                                    auto sink = sync::make_mongo_sink(settings);
                                    return sink ? std::make_unique<TimedSink>(std::move(*sink), shares) : nullptr;
                                },
                                [] { return sync::Allowance(); }, [] { return k_utc_ms; }, base::random_u32};
        parts.poll = std::chrono::milliseconds(20);
        parts.again_first = std::chrono::milliseconds(20);
        parts.again_most = std::chrono::milliseconds(500);
        sync::Worker worker(std::move(parts));
        while (!done && seconds() < static_cast<double>(give_up_s)) {
            std::promise<std::int64_t> waiting;
            (*journal)->read_backlog("mongodb", [&waiting](const auto& backlog) {
                std::int64_t all = 0;
                for (const auto& one : *backlog) all += one.waiting;
                waiting.set_value(all);
            });
            done = waiting.get_future().get() == 0;
            most_kib = std::max(most_kib, resident_kib());
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        status = worker.status();
    }
    const double took = seconds();
    std::printf("{\"rows\":%lld,\"done\":%s,\"seconds\":%.2f,\"rows_per_second\":%.0f,\"delivered\":%lld,\"refused\":%lld,\"inserts\":%s,\"upserts\":%s,\"grew_kib\":%lld,\"state\":\"%s %s %lld\"}\n",
                static_cast<long long>(rows), done ? "true" : "false", took, static_cast<double>(rows) / took,
                static_cast<long long>(status.rows_delivered), static_cast<long long>(status.rows_refused),
                shares.inserts.json().c_str(), shares.upserts.json().c_str(), static_cast<long long>(most_kib - before_kib), sync::to_string(status.state), status.why.c_str(),
                static_cast<long long>(status.code));
    (*journal)->stop(std::chrono::seconds(5));
    sync::end_mongo();
    return done ? 0 : 1;
}
