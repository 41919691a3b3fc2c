// The thread: that it works at all, that it stops at any moment, and that the journal may answer when it likes.
#include "transcribe/worker.hpp"

#include "support/silent_journal.hpp"
#include "unit/transcribe/recorded.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace holdfast::transcribe {
namespace {

using namespace std::chrono_literals;

constexpr auto k_deadline = 60s;

// Keeps every question until the test answers it, on the test's thread.
class LateJournal : public test::SilentJournal {
  public:
    bool append(store::Record, store::Ack) override { return true; }
    void read_untranscribed(std::int64_t, std::function<void(base::Result<store::Untranscribed>)> done) override {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            asked_.push_back(std::move(done));
        }
        arrived_.notify_all();
    }
    std::function<void(base::Result<store::Untranscribed>)> question() {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!arrived_.wait_for(lock, k_deadline, [this] { return !asked_.empty(); })) return {};
        auto first = std::move(asked_.front());
        asked_.pop_front();
        return first;
    }

  private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::function<void(base::Result<store::Untranscribed>)>> asked_;
};

std::shared_ptr<const Service> some_service() {
    config::Config config;
    config.openai.url = "ws://127.0.0.1:9/v1/realtime";
    return *make_service(config);
}

TEST(Worker, AsksTheJournalOnceItMay) {
    LateJournal journal;
    Worker worker("/nonexistent", journal);
    worker.configure(some_service());
    worker.allow(true);
    worker.allow(true);
    const auto first = journal.question();
    ASSERT_TRUE(first);
    store::Untranscribed nothing_yet;
    nothing_yet.more = true;
    first(nothing_yet);
    const auto second = journal.question();
    ASSERT_TRUE(second) << "goes on at once when there is more";
    worker.stop();
    worker.stop();
}

TEST(Worker, StopsWhileAnAnswerIsAwaitedThatComesLater) {
    LateJournal journal;
    std::function<void(base::Result<store::Untranscribed>)> late;
    {
        Worker worker("/nonexistent", journal);
        worker.configure(some_service());
        worker.allow(true);
        late = journal.question();
        ASSERT_TRUE(late);
        worker.stop();
        late(store::Untranscribed{});  // stopped, still there
    }
    late(store::Untranscribed{});  // gone
}

TEST(Worker, StopsBeforeItHasBegun) {
    LateJournal journal;
    Worker worker("/nonexistent", journal);
}

}  // namespace
}  // namespace holdfast::transcribe
