#include "sync/worker.hpp"

#include "base/backoff.hpp"
#include "base/loop.hpp"
#include "config/limits.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "log/repeat.hpp"
#include "metrics/catalog.hpp"
#include "sync/ask.hpp"
#include "sync/audio_sender.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace holdfast::sync {
namespace {

constexpr log::Logger k_log{"sync"};
constexpr std::int64_t k_rows_most = 500;    // of one batch; halves when the sink does not answer in time (M02)
constexpr std::int64_t k_rows_least = 1;
constexpr std::int64_t k_document_bytes = 600;  // of an utterance, about
constexpr std::chrono::milliseconds k_people_wait{60'000};  // M06
constexpr int k_unsure_most = 5;
constexpr std::size_t k_unsure_remembered = 1'000;
constexpr std::chrono::milliseconds k_paused_look{1'000};
constexpr int k_priority = 10;
constexpr std::chrono::milliseconds k_stop_most{60'000};    // of a worker that nobody stopped

std::size_t place_of(store::ChangeClass change_class) { return static_cast<std::size_t>(change_class) - 1; }

}  // namespace

const char* to_string(State state) {
    switch (state) {
        case State::off: return "off";
        case State::starting: return "starting";
        case State::good: return "good";
        case State::behind: return "behind";
        case State::not_allowed: return "not_allowed";
    }
    return "off";
}

class Worker::Core {
  public:
    explicit Core(WorkerParts parts)
        : parts_(std::move(parts)), backoff_(parts_.again_first, parts_.again_most) {
        status_.state = State::starting;
    }
    static void start(const std::shared_ptr<Core>& self) {
        self->thread_ = std::thread([self] { self->run(); });
    }

    Status status() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return status_;
    }
    void flush() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            const bool takes = status_.state != State::behind && status_.state != State::not_allowed;
            if (!ended_ && takes) ++flush_asked_;
        }
        changed_.notify_all();
    }
    bool flushing() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return !ended_ && flush_done_ != flush_asked_;
    }
    bool stop(std::chrono::milliseconds most);

  private:
    enum class Turn { idle, moved, failed, over };
    void run();
    void work();
    // What takes as long as the sink's time-outs say. False: nobody waits for it any more, and the parts may be gone.
    template <class Fn>
    bool in_sink(Fn fn);
    Turn turn(bool flushing);
    void begin_audio();
    Turn give(store::ChangeClass change_class);
    Turn handle(const Outcome& outcome, const store::Changes& changes, store::ChangeClass change_class);
    bool deliver(const Outcome& outcome, const store::Changes& changes, store::ChangeClass change_class, std::size_t settled);
    bool unsure_for_good(const Outcome& outcome);
    void park(const Refused& refused, const store::Change& change);
    void pace(std::int64_t bytes);
    void look_at_backlog();
    bool sleep(std::chrono::milliseconds most, bool also_for_flush = true);  // false: stop
    bool stopping() const;
    template <class Change>
    void publish(Change change) {
        const std::lock_guard<std::mutex> lock(mutex_);
        change(status_);
    }

    WorkerParts parts_;
    base::Backoff backoff_;
    std::unique_ptr<Sink> sink_;
    std::optional<AudioSender> audio_;   // none: the sound stays here
    std::int64_t rows_ = k_rows_most;
    struct Sent {
        std::int64_t documents = 0, bytes = 0;
        std::int64_t bytes_each() const { return documents > 0 ? bytes / documents : k_document_bytes; }
    };
    std::array<Sent, std::size(store::k_change_classes)> sent_{};
    std::map<std::string, int> unsure_;  // documents that failed without a clear reason, and how often
    log::RepeatGuard failure_log_{std::chrono::minutes(1)};
    bool trouble_told_ = false;  // the log's last word is that the sink takes nothing
    log::RepeatGuard late_log_{limits::sync_late, std::chrono::hours(24)};
    base::TimePoint backlog_at_{};

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Status status_;          // guarded by mutex_, as is what follows
    bool stopping_ = false;
    bool in_sink_ = false;
    bool abandoned_ = false;
    bool ended_ = false;
    std::uint64_t flush_asked_ = 0;
    std::uint64_t flush_done_ = 0;

    std::thread thread_;     // of who starts and stops it
};

bool Worker::Core::stop(std::chrono::milliseconds most) {
    std::unique_lock<std::mutex> lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, most, [this] { return ended_; });
    // Out of the sink it comes to its end as soon as the journal has answered.
    changed_.wait(lock, [this] { return ended_ || in_sink_; });
    abandoned_ = !ended_;
    lock.unlock();
    if (thread_.joinable()) {
        if (abandoned_) thread_.detach();
        else thread_.join();
    }
    return !abandoned_;
}

template <class Fn>
bool Worker::Core::in_sink(Fn fn) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        in_sink_ = true;
    }
    changed_.notify_all();
    fn();
    const std::lock_guard<std::mutex> lock(mutex_);
    in_sink_ = false;
    return !abandoned_;
}

bool Worker::Core::stopping() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stopping_;
}

bool Worker::Core::sleep(std::chrono::milliseconds most, bool also_for_flush) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, most, [this, also_for_flush] { return stopping_ || (also_for_flush && flush_asked_ != flush_done_); });
    return !stopping_;
}

void Worker::Core::run() {
    pthread_setname_np(pthread_self(), "sync");
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), k_priority);  // callers first
    if (in_sink([this] { sink_ = parts_.make_sink(); })) {
        if (sink_ == nullptr) {
            publish([](Status& s) { s.state = State::not_allowed, s.why = "uri"; });
            metrics::sync_state.set(static_cast<double>(State::not_allowed));
        } else {
            begin_audio();
            work();
        }
    }
    in_sink([this] {
        audio_.reset();
        sink_.reset();
    });
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        ended_ = true;
    }
    changed_.notify_all();
}

void Worker::Core::work() {
    while (!stopping()) {
        std::uint64_t flush = 0;
        publish([&](Status&) { flush = flush_asked_; });
        look_at_backlog();  // what waits is known even while a server lets us wait
        if (flush == flush_done_ && parts_.allowance().pause) {
            if (!sleep(k_paused_look)) break;
            continue;
        }
        const Turn done = turn(flush != flush_done_);
        if (done == Turn::over) break;
        if (done == Turn::moved) continue;
        publish([&](Status&) { flush_done_ = flush; });
        const bool people = status().state == State::not_allowed;
        const auto wait = done == Turn::idle ? parts_.poll : people ? std::min(k_people_wait, parts_.again_most) : backoff_.next(parts_.random());
        if (!sleep(wait)) break;
    }
}

// The most urgent class that has anything: one batch of it, so that a dispatch never waits for more than one.
// With nothing of any class, one step of a recording's sound; a stop does not wait for that.
Worker::Core::Turn Worker::Core::turn(bool flushing) {
    for (const auto change_class : store::k_change_classes) {
        const Turn done = give(change_class);
        if (done != Turn::idle) return done;
    }
    if (!audio_ || flushing) return Turn::idle;
    if (stopping()) return Turn::over;
    switch (audio_->turn()) {
        case AudioSender::Turn::idle: return Turn::idle;
        case AudioSender::Turn::moved: return Turn::moved;
        case AudioSender::Turn::over: return Turn::over;
    }
    return Turn::idle;
}

void Worker::Core::begin_audio() {
    auto* sink = sink_->audio();
    if (!parts_.read_audio || sink == nullptr) return;
    audio_.emplace(AudioSender::Parts{*sink, parts_, [this](const std::function<void()>& fn) { return in_sink(fn); },
                                      [this](const std::function<void(AudioStatus&)>& change) {
                                          publish([&](Status& s) { change(s.audio); });
                                      }});
}

Worker::Core::Turn Worker::Core::give(store::ChangeClass change_class) {
    store::ReadChanges query{sink_->name(), change_class, rows_};
    // On a narrow line a batch is what goes in a second, so that a dispatch waits no longer behind one.
    if (const auto share = parts_.allowance().bytes_per_second) {
        query.bytes_max = std::clamp(*share, k_document_bytes, query.bytes_max);
        query.limit = std::clamp<std::int64_t>(*share / k_document_bytes, 1, rows_);
    }
    const auto changes = ask<store::Changes>([&](auto done) { parts_.journal.read_changes(query, std::move(done)); });
    if (!changes) return Turn::failed;
    if (changes->waiting == 0) return Turn::idle;
    if (changes->rows.empty()) return handle(Outcome(), *changes, change_class);
    const auto began = base::Mono::now();
    Outcome outcome;
    if (stopping() || !in_sink([&] { outcome = sink_->send(*changes, change_class); })) return Turn::over;
    metrics::sync_send_seconds.observe(std::chrono::duration<double>(base::Mono::now() - began).count());
    metrics::sync_bytes_total.add(static_cast<std::uint64_t>(outcome.bytes));
    Sent& sent = sent_[place_of(change_class)];
    sent.documents += static_cast<std::int64_t>(changes->rows.size());
    sent.bytes += outcome.bytes;
    const Turn done = handle(outcome, *changes, change_class);
    pace(outcome.bytes);
    return done;
}

// True: at least one of the unsure has failed so often, while others got through, that it is the document.
bool Worker::Core::unsure_for_good(const Outcome& outcome) {
    bool all = true;
    for (const auto& refused : outcome.refused) {
        if (refused.sure) continue;
        if (unsure_.size() >= k_unsure_remembered && unsure_.count(refused.key) == 0) unsure_.clear();
        all = ++unsure_[refused.key] >= k_unsure_most && all;
    }
    return all;
}

Worker::Core::Turn Worker::Core::handle(const Outcome& outcome, const store::Changes& changes, store::ChangeClass change_class) {
    if (outcome.state == Outcome::State::taken && unsure_for_good(outcome)) {
        if (!deliver(outcome, changes, change_class, changes.rows.size())) return Turn::failed;
        bool back = false;
        publish([&](Status& s) {
            back = s.state == State::behind || s.state == State::not_allowed;
            s.state = State::good;
            s.why.clear();
            s.code = 0;
        });
        metrics::sync_state.set(static_cast<double>(State::good));
        // Of a short trouble that the log left out, its end is left out too.
        if (back && std::exchange(trouble_told_, false)) k_log.notice(log::events::sync_back, {{"sink", sink_->name()}});
        rows_ = std::min(k_rows_most, rows_ * 2);
        return Turn::moved;
    }
    // What came before the trouble is not sent again: a server that fails often would never have the whole.
    std::size_t settled = std::min(outcome.settled, changes.rows.size());
    for (const auto& refused : outcome.refused) {
        if (!refused.sure) settled = std::min(settled, refused.row);
    }
    if (settled > 0) deliver(outcome, changes, change_class, settled);
    const bool people = outcome.state == Outcome::State::not_allowed;
    const std::string why = outcome.why.empty() ? "refused" : outcome.why;
    metrics::sync_retry_total.add(why);
    rows_ = std::max(k_rows_least, rows_ / 2);
    publish([&](Status& s) {
        s.state = people ? State::not_allowed : State::behind;
        s.why = why;
        s.code = outcome.code;
    });
    metrics::sync_state.set(static_cast<double>(people ? State::not_allowed : State::behind));
    if (failure_log_.should_log(base::Mono::now())) {
        trouble_told_ = true;
        k_log.warning(people ? log::events::sync_not_allowed : log::events::sync_behind,
                      {{"sink", sink_->name()}, {"why", why}, {"code", outcome.code}, {"class", store::to_string(change_class)}});
    }
    return Turn::failed;
}

// So many rows, from the first, are done with. False: the journal does not take it; they are sent again, and there once.
bool Worker::Core::deliver(const Outcome& outcome, const store::Changes& changes, store::ChangeClass change_class, std::size_t settled) {
    std::int64_t refused_rows = 0;
    for (const auto& refused : outcome.refused) {
        if (refused.row >= settled) continue;
        park(refused, changes.rows[refused.row]);
        ++refused_rows;
    }
    const auto number = settled < changes.rows.size() ? changes.rows[settled].number - 1 : changes.next;
    if (!parts_.journal.append(store::Delivered{sink_->name(), change_class, number})) return false;
    const auto rows = static_cast<std::int64_t>(settled) - refused_rows;
    publish([&](Status& s) {
        if (rows > 0) s.last_success_utc_ms = parts_.utc_ms();
        s.rows_delivered += rows;
        s.rows_refused += refused_rows;
    });
    metrics::sync_rows_total.add(static_cast<std::uint64_t>(rows));
    metrics::sync_dup_total.add("same", static_cast<std::uint64_t>(outcome.known_before));
    backoff_.reset();
    return true;
}

void Worker::Core::park(const Refused& refused, const store::Change& change) {
    store::DeadLetter letter;
    if (const auto* said = std::get_if<store::Utterance>(&change.what)) letter.call = said->call;
    if (const auto* recording = std::get_if<store::Recording>(&change.what)) letter.call = recording->call;
    if (const auto* state = std::get_if<store::CallState>(&change.what)) letter.call = state->call.call;
    if (const auto* state = std::get_if<store::IncidentState>(&change.what)) letter.call = state->incident.incident.call;
    if (const auto* state = std::get_if<store::DispatchState>(&change.what)) letter.call = state->steps.front().dispatch.call;
    letter.utc_ms = parts_.utc_ms();
    letter.target = sink_->name();
    letter.key = refused.key;
    letter.attempts = refused.sure ? 1 : k_unsure_most;
    letter.reason = refused.reason;
    letter.change = change.number;
    unsure_.erase(refused.key);
    metrics::dead_letter_total.add();
    k_log.error(log::events::sync_refused, {{"sink", sink_->name()}, {"class_row", change.number}});
    if (!parts_.journal.append(std::move(letter))) k_log.error("journal queue full, a dead letter is lost");
}

// The line belongs to callers: what was sent is paid for in time before the next.
void Worker::Core::pace(std::int64_t bytes) {
    const auto allowance = parts_.allowance();
    if (!allowance.bytes_per_second || *allowance.bytes_per_second <= 0) return;
    sleep(std::chrono::milliseconds(bytes * 1000 / *allowance.bytes_per_second), false);
}

void Worker::Core::look_at_backlog() {
    const auto now = base::Mono::now();
    if (now < backlog_at_) return;
    backlog_at_ = now + std::chrono::seconds(1);
    const auto began_utc_ms = parts_.utc_ms();
    const auto backlog = ask<std::vector<store::ClassBacklog>>(
        [&](auto done) { parts_.journal.read_backlog(sink_->name(), std::move(done)); });
    if (!backlog) return;
    std::optional<std::vector<store::ClassBacklog>> audio;
    if (audio_) {
        audio = ask<std::vector<store::ClassBacklog>>(
            [&](auto done) { parts_.journal.read_backlog(sink_->audio()->name(), std::move(done)); });
        if (!audio) return;
    }
    std::int64_t rows = 0, bytes = 0;
    std::optional<std::int64_t> oldest;
    publish([&](Status& s) {
        for (const auto& one : *backlog) {
            s.waiting[place_of(one.change_class)] = one.waiting;
            rows += one.waiting;
            bytes += one.waiting * sent_[place_of(one.change_class)].bytes_each();
            if (one.oldest_utc_ms && (!oldest || *one.oldest_utc_ms < *oldest)) oldest = one.oldest_utc_ms;
        }
        if (audio) {
            const auto& recordings = (*audio)[place_of(store::ChangeClass::recording)];
            s.audio.waiting = recordings.waiting;
            s.audio.oldest_utc_ms = recordings.oldest_utc_ms;
        }
        s.looked_utc_ms = began_utc_ms;
        s.rows_waiting = rows;
        s.bytes_waiting = bytes;
        s.oldest_utc_ms = oldest;
    });
    metrics::outbox_rows.set(static_cast<double>(rows));
    metrics::outbox_bytes.set(static_cast<double>(bytes));
    if (audio) metrics::sync_audio_waiting.set(static_cast<double>((*audio)[place_of(store::ChangeClass::recording)].waiting));
    const std::chrono::milliseconds age(oldest ? std::max<std::int64_t>(0, parts_.utc_ms() - *oldest) : 0);
    metrics::outbox_oldest_seconds.set(static_cast<double>(age.count()) / 1000.0);
    if (age <= limits::sync_late) return late_log_.reset();
    if (!late_log_.should_log(base::Mono::now())) return;
    k_log.warning(log::events::sync_late, {{"sink", sink_->name()}, {"rows", rows}, {"oldest_s", age.count() / 1000}});
}

Worker::Worker(WorkerParts parts) : core_(std::make_shared<Core>(std::move(parts))) { Core::start(core_); }
Worker::~Worker() { stop(k_stop_most); }
Status Worker::status() const { return core_->status(); }
void Worker::flush() { core_->flush(); }
bool Worker::flushing() const { return core_->flushing(); }
bool Worker::stop(std::chrono::milliseconds most) { return core_->stop(most); }

}  // namespace holdfast::sync
