// The sync thread with a real journal and a sink that a test answers for.
#include "sync/worker.hpp"

#include "log/events.hpp"
#include "unit/store/journal_world.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <deque>

namespace holdfast::test {
namespace {

using store::ChangeClass;
using sync::Outcome;

// What the sink was given, and what it answers; "taken" when a test has nothing to say.
struct Bench {
    struct Batch {
        ChangeClass change_class;
        std::int64_t next;
        std::vector<store::Change> rows;
    };
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Batch> batches;
    std::deque<std::function<Outcome(const Batch&)>> answers;
    int gone = 0;  // sinks

    bool wait(const std::function<bool()>& until) {
        std::unique_lock<std::mutex> lock(mutex);
        return changed.wait_for(lock, k_deadline, until);
    }
};

class BenchSink : public sync::Sink {
  public:
    explicit BenchSink(Bench& bench) : bench_(bench) {}
    ~BenchSink() override {
        {
            const std::lock_guard<std::mutex> lock(bench_.mutex);
            ++bench_.gone;
        }
        bench_.changed.notify_all();
    }
    const char* name() const override { return "mongodb"; }
    Outcome send(const store::Changes& changes, ChangeClass change_class) override {
        std::function<Outcome(const Bench::Batch&)> answer;
        Bench::Batch batch{change_class, changes.next, changes.rows};
        {
            const std::lock_guard<std::mutex> lock(bench_.mutex);
            if (!bench_.answers.empty()) {
                answer = std::move(bench_.answers.front());
                bench_.answers.pop_front();
            }
            bench_.batches.push_back(batch);
        }
        bench_.changed.notify_all();
        return answer ? answer(batch) : Outcome();
    }

  private:
    Bench& bench_;
};

class SyncWorker : public JournalTest {
  protected:
    ~SyncWorker() override { worker.reset(); }
    void start() {
        sync::WorkerParts parts{*journal, [this] { return std::make_unique<BenchSink>(bench); }, {}, [this] { return now_utc_ms; },
                                [] { return 1u; }};
        parts.allowance = [this] { return sync::Allowance{paused, share}; };
        parts.poll = 1ms;
        parts.again_first = 1ms;
        parts.again_most = 2ms;
        worker = std::make_unique<sync::Worker>(std::move(parts));
    }
    bool all_delivered() {
        return eventually([this] {
            auto got = ask<std::vector<store::ClassBacklog>>([&](auto done) { journal->read_backlog("mongodb", done); });
            return got && std::all_of(got->begin(), got->end(), [](const auto& one) { return one.waiting == 0; });
        });
    }
    static Outcome again() {
        Outcome outcome;
        outcome.state = Outcome::State::again;
        outcome.why = "unreachable";
        return outcome;
    }
    static Outcome refuse(bool sure) {
        Outcome outcome;
        outcome.refused.push_back({0, "transcript/x", "Document failed validation", sure});
        return outcome;
    }
    std::vector<std::string> sent_words() {
        const std::lock_guard<std::mutex> lock(bench.mutex);
        std::vector<std::string> words;
        for (const auto& batch : bench.batches) {
            if (batch.change_class != ChangeClass::transcript) continue;
            for (const auto& row : batch.rows) words.push_back(std::get<store::Utterance>(row.what).text.reveal());
        }
        return words;
    }

    Bench bench;
    std::int64_t now_utc_ms = k_now_utc_ms;  // read by the worker: changed while there is none
    std::atomic<bool> paused{false};
    std::optional<std::int64_t> share;
    std::unique_ptr<sync::Worker> worker;
};

TEST_F(SyncWorker, TellsTheMostUrgentFirst) {
    open();
    write(opened(1));
    write(said(1, "help"));
    write(recorded(1));
    write(incident(1, 1));
    write(dispatch(1));
    start();
    ASSERT_TRUE(all_delivered());
    const std::lock_guard<std::mutex> lock(bench.mutex);
    std::vector<ChangeClass> order;
    for (const auto& batch : bench.batches) order.push_back(batch.change_class);
    EXPECT_EQ(order, std::vector<ChangeClass>(std::begin(store::k_change_classes), std::end(store::k_change_classes)));
}

TEST_F(SyncWorker, SendsAgainUntilItIsTaken) {
    open();
    write(opened(1));
    write(said(1, "help"));
    const auto until_words = [](const Bench::Batch& batch) { return batch.change_class == ChangeClass::transcript ? again() : Outcome(); };
    bench.answers = {until_words, until_words, until_words};
    start();
    ASSERT_TRUE(all_delivered());
    EXPECT_EQ(sent_words(), (std::vector<std::string>{"help", "help", "help"}));
    EXPECT_EQ(worker->status().state, sync::State::good);
    ASSERT_TRUE(eventually([&] { return worker->status().has_all(ChangeClass::recording); }));
    EXPECT_GT(worker->status().rows_delivered, 0);
}

TEST_F(SyncWorker, SaysWhyItIsBehind) {
    open();
    write(opened(1));
    std::promise<void> gate;
    auto opened_gate = gate.get_future().share();
    bench.answers = {[](const auto&) { return again(); }, [opened_gate](const auto&) { opened_gate.wait(); return Outcome(); }};
    start();
    ASSERT_TRUE(bench.wait([&] { return bench.batches.size() >= 2; }));
    const auto status = worker->status();
    EXPECT_FALSE(status.has_all(ChangeClass::call));
    EXPECT_EQ(status.bytes_waiting, status.rows_waiting * 600) << "nothing was sent by which to judge";
    EXPECT_EQ(status.state, sync::State::behind);
    EXPECT_EQ(status.why, "unreachable");
    EXPECT_FALSE(status.last_success_utc_ms);
    gate.set_value();
    ASSERT_TRUE(all_delivered());
    ASSERT_TRUE(eventually([&] { return worker->status().rows_waiting == 0; }));
    EXPECT_EQ(worker->status().last_success_utc_ms, k_now_utc_ms);
}

TEST_F(SyncWorker, PutsARefusedDocumentAside) {
    open();
    write(opened(1));
    write(said(1, "bad"));
    write(said(1, "good"));
    const auto answer = [](const Bench::Batch& batch) { return batch.change_class == ChangeClass::transcript ? refuse(true) : Outcome(); };
    bench.answers = {answer, answer};
    start();
    ASSERT_TRUE(all_delivered());
    ASSERT_TRUE(eventually([&] { return call(1)->dead_letters.size() == 1; }));
    const auto letter = call(1)->dead_letters[0];
    EXPECT_EQ(letter.target, "mongodb");
    EXPECT_EQ(letter.key, "transcript/x");
    EXPECT_EQ(letter.reason, "Document failed validation");
    EXPECT_EQ(worker->status().rows_refused, 1);
}

TEST_F(SyncWorker, BelievesAnUnclearRefusalOnlyWhenItStays) {
    open();
    write(opened(1));
    write(said(1, "odd"));
    std::atomic<int> asked{0};
    const auto answer = [&asked](const Bench::Batch& batch) {
        if (batch.change_class != ChangeClass::transcript) return Outcome();
        ++asked;
        return refuse(false);
    };
    for (int i = 0; i < 20; ++i) bench.answers.push_back(answer);
    start();
    ASSERT_TRUE(all_delivered());
    EXPECT_EQ(asked, 5);
    ASSERT_TRUE(eventually([&] { return call(1)->dead_letters.size() == 1; }));
}

TEST_F(SyncWorker, SendsAgainOnlyWhatIsNotSettled) {
    open();
    write(opened(1));
    for (int i = 0; i < 4; ++i) write(said(1, "word " + std::to_string(i), 1000 + i));
    const auto two_of_them = [](const Bench::Batch& batch) {
        if (batch.change_class != ChangeClass::transcript) return Outcome();
        Outcome outcome = again();
        outcome.settled = 2;
        outcome.refused = {{1, "transcript/x", "Document failed validation", true}, {3, "transcript/z", "too large", true}};
        return outcome;
    };
    bench.answers = {two_of_them, two_of_them};
    start();
    ASSERT_TRUE(all_delivered());
    EXPECT_EQ(sent_words(), (std::vector<std::string>{"word 0", "word 1", "word 2", "word 3", "word 2", "word 3"}));
    ASSERT_TRUE(eventually([&] { return call(1)->dead_letters.size() == 1; }));
    EXPECT_EQ(call(1)->dead_letters[0].key, "transcript/x") << "the other came again, and was taken";
    EXPECT_EQ(worker->status().rows_refused, 1);
}

TEST_F(SyncWorker, SaysHowMuchWaitsByWhatWasSent) {
    open();
    write(opened(1));
    for (int i = 0; i < 4; ++i) write(said(1, "word", 1000 + i));
    const auto half = [](const Bench::Batch& batch) {
        if (batch.change_class != ChangeClass::transcript) return Outcome();
        Outcome outcome = again();
        outcome.settled = 2;
        outcome.bytes = 4'000;
        return outcome;
    };
    std::promise<void> gate;
    auto opened_gate = gate.get_future().share();
    bench.answers = {half, half, [opened_gate](const auto&) { opened_gate.wait(); return Outcome(); }};
    start();
    ASSERT_TRUE(bench.wait([&] { return bench.batches.size() == 3; }));
    paused = true;
    gate.set_value();
    write(said(1, "word", 2000));
    ASSERT_TRUE(eventually([&] { return worker->status().waiting[3] == 1; }));
    const auto status = worker->status();
    const auto of_audit = status.waiting[5] * 600;  // nothing was sent by which to judge
    EXPECT_EQ(status.bytes_waiting, 4'000 / 6 + of_audit) << "6 documents: one that is sent again is no bigger";
}

TEST_F(SyncWorker, AnUnclearRefusalIsNotSettled) {
    open();
    write(opened(1));
    for (int i = 0; i < 3; ++i) write(said(1, "word " + std::to_string(i), 1000 + i));
    const auto answer = [](const Bench::Batch& batch) {
        if (batch.change_class != ChangeClass::transcript) return Outcome();
        Outcome outcome;
        outcome.refused = {{1, "transcript/x", "what is this", false}};
        outcome.settled = 3;
        return outcome;
    };
    bench.answers = {answer, answer};
    start();
    ASSERT_TRUE(all_delivered());
    EXPECT_EQ(sent_words(), (std::vector<std::string>{"word 0", "word 1", "word 2", "word 1", "word 2"}));
    EXPECT_TRUE(call(1)->dead_letters.empty());
}

TEST_F(SyncWorker, LeavesTheLineToCalls) {
    open();
    write(opened(1));
    paused = true;
    start();
    ASSERT_TRUE(eventually([&] { return worker->status().rows_waiting > 0; })) << "what waits is known all the same";
    {
        const std::lock_guard<std::mutex> lock(bench.mutex);
        EXPECT_TRUE(bench.batches.empty());
    }
    paused = false;
    ASSERT_TRUE(all_delivered());
}

TEST_F(SyncWorker, SaysOnceThatSomethingWaitsForAnHour) {
    open();
    write(opened(1));
    paused = true;
    testing::internal::CaptureStderr();
    start();
    ASSERT_TRUE(eventually([&] { return worker->status().looked_utc_ms.has_value(); }));
    worker.reset();
    EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::Not(testing::HasSubstr(std::string(log::events::sync_late.sentence))));
    now_utc_ms += 3'700'000;
    testing::internal::CaptureStderr();
    start();
    ASSERT_TRUE(eventually([&] { return worker->status().looked_utc_ms.has_value(); }));
    worker.reset();
    EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr(std::string(log::events::sync_late.sentence)));
}

TEST_F(SyncWorker, SendsOnANarrowLineWhatGoesInASecond) {
    open();
    write(opened(1));
    for (int i = 0; i < 12; ++i) write(said(1, "word", 1000 + i));
    share = 3'000;
    start();
    ASSERT_TRUE(all_delivered());
    const std::lock_guard<std::mutex> lock(bench.mutex);
    for (const auto& batch : bench.batches) EXPECT_LE(batch.rows.size(), 5u);
}

TEST_F(SyncWorker, P17_EndsWhileTheSinkIsBusy) {
    open();
    write(opened(1));
    std::promise<void> gate;
    auto opened_gate = gate.get_future().share();
    bench.answers = {[opened_gate](const auto&) { opened_gate.wait(); return Outcome(); }};
    start();
    ASSERT_TRUE(bench.wait([&] { return bench.batches.size() == 1; }));
    gate.set_value();
    EXPECT_TRUE(worker->stop(k_deadline));
}

TEST_F(SyncWorker, SendsWhatWaitsBeforeAStopAlsoOnALineThatIsKeptForCalls) {
    open();
    write(opened(1));
    paused = true;
    start();
    ASSERT_TRUE(eventually([&] { return worker->status().rows_waiting > 0; }));
    write(said(1, "the last words"));
    worker->flush();
    ASSERT_TRUE(eventually([&] { return !worker->flushing(); }));
    EXPECT_EQ(sent_words(), (std::vector<std::string>{"the last words"}));
}

TEST_F(SyncWorker, HasNothingToFlushWhereTheSinkTakesNothing) {
    open();
    write(opened(1));
    for (int i = 0; i < 1'000; ++i) bench.answers.push_back([](const auto&) { return again(); });
    start();
    ASSERT_TRUE(eventually([&] { return worker->status().state == sync::State::behind; }));
    worker->flush();
    EXPECT_FALSE(worker->flushing());
}

TEST_F(SyncWorker, LeavesASinkAloneThatDoesNotComeBack) {
    open();
    write(opened(1));
    std::promise<void> gate;
    auto opened_gate = gate.get_future().share();
    bench.answers = {[opened_gate](const auto&) { opened_gate.wait(); return Outcome(); }};
    start();
    ASSERT_TRUE(bench.wait([&] { return bench.batches.size() == 1; }));
    EXPECT_FALSE(worker->stop(1ms));
    auto waiting = ask<std::vector<store::ClassBacklog>>([&](auto done) { journal->read_backlog("mongodb", done); });
    gate.set_value();
    ASSERT_TRUE(bench.wait([&] { return bench.gone == 1; })) << "its thread ends when it can";
    auto after = ask<std::vector<store::ClassBacklog>>([&](auto done) { journal->read_backlog("mongodb", done); });
    ASSERT_TRUE(waiting && after);
    EXPECT_EQ((*after)[2].waiting, (*waiting)[2].waiting) << "the journal is not told of what came afterwards";
}

TEST_F(SyncWorker, WithoutASinkSaysSo) {
    open();
    sync::WorkerParts parts{*journal, [] { return nullptr; }, [] { return sync::Allowance(); }, [] { return k_now_utc_ms; }, [] { return 1u; }};
    worker = std::make_unique<sync::Worker>(std::move(parts));
    ASSERT_TRUE(eventually([&] { return worker->status().state == sync::State::not_allowed; }));
    EXPECT_EQ(worker->status().why, "uri");
}

}  // namespace
}  // namespace holdfast::test
