#include "state_load/boxes.hpp"

#include "base/backoff.hpp"
#include "state_load/wire.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <iomanip>
#include <mutex>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <thread>
#include <unordered_map>
#include <utility>

namespace holdfast::bench {
namespace {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using std::chrono::milliseconds;
using Random = std::mt19937_64;

constexpr std::size_t k_rows_most = 500;  // of a batch, and ...
constexpr milliseconds k_again_first{1'000}, k_again_most{60'000};  // ... the waits after a failure: as sync/worker has them
constexpr std::size_t k_classes = std::size(store::k_change_classes);
constexpr const char* k_collections[k_classes] = {"dispatches", "incidents", "active_calls", "transcripts", "recordings", "audit"};

std::int64_t utc_ms() {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

milliseconds faster(milliseconds time, double speed) {
    return milliseconds(static_cast<std::int64_t>(static_cast<double>(time.count()) / speed));
}

std::size_t place_of(store::ChangeClass change_class) { return static_cast<std::size_t>(change_class) - 1; }

// A note of the journal that the sink does not have.
struct Note {
    store::Change change;
    TimePoint due;
    std::int64_t count = 1;
    bool new_document = true;
    bool last = false;  // of its call
};

float waited_ms(const Note& note, TimePoint until) {
    return std::chrono::duration<float, std::milli>(until - note.due).count();
}

struct LiveCall {
    base::CallSid sid;
    TimePoint began;
    std::int64_t began_utc_ms = 0;
    std::size_t next = 0;  // step
};

// How a phase goes: for all boxes the same.
struct Plan {
    TimePoint begin, from, to;  // of the window; nothing begins after it
    TimePoint give_up;
    double speed = 1;
    double calls_per_second = 0;  // of a box, in the time of the machine

    bool in_window(TimePoint when) const { return when >= from && when < to; }
};

class Box {
  public:
    Box(std::size_t index, const CrowdSettings& settings, const CallScript& script, std::unique_ptr<sync::Sink> sink)
        : script_(script), sink_(std::move(sink)), random_(settings.seed + index), backoff_(k_again_first, k_again_most) {
        std::ostringstream name;
        name << std::hex << std::setfill('0') << std::setw(4) << index;
        site_ = name.str();
        generation_ = settings.run + site_;
    }

    void expect_calls(const Plan& plan) { arrival_ = plan.begin + until_next(plan); }
    void note_start() {
        store::Audit started;
        started.utc_ms = utc_ms();
        started.actor = "daemon";
        started.action = "start";
        started.detail = "previous=clean interrupted=0 replayed=0 version=bench";
        store::Change change;
        change.utc_ms = started.utc_ms;
        change.what = std::move(started);
        add(store::ChangeClass::audit, {std::move(change), Clock::now(), 1, true, false});
    }
    // What has happened up to now.
    void advance(const Plan& plan, TimePoint now, Tally& tally);
    // When there is something to do; none: never again in this phase.
    std::optional<TimePoint> due(const Plan& plan) const;

    struct Batch {
        store::ChangeClass change_class = store::ChangeClass::dispatch;
        std::vector<std::size_t> row_of;  // of each note, in changes.rows
        store::Changes changes;
    };
    // The next one, of the most urgent class that has anything.
    std::optional<Batch> batch();
    sync::Outcome send(const Batch& batch) { return sink_->send(batch.changes, batch.change_class); }
    // `told` is called for each note that the server has now.
    template <class Told>
    void settle(const Batch& batch, const sync::Outcome& outcome, Told told);
    template <class Fn>
    void each_waiting(Fn fn) const {
        for (const auto& notes : waiting_) {
            for (const auto& note : notes) fn(note);
        }
    }

  private:
    Clock::duration until_next(const Plan& plan) {
        const auto seconds = std::exponential_distribution<double>(plan.calls_per_second)(random_);
        return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::min(seconds, 1e6)));
    }
    base::CallSid new_sid() {
        std::ostringstream text;  // run and box, so that no two are the same
        text << "CA" << generation_ << std::hex << std::setfill('0') << std::setw(16) << ++calls_made_;
        return *base::CallSid::parse(text.str());
    }
    void add(store::ChangeClass change_class, Note note);
    TimePoint step_due(const LiveCall& call, const Plan& plan) const {
        return call.began + faster(script_.steps[call.next].at, plan.speed);
    }

    const CallScript& script_;
    std::unique_ptr<sync::Sink> sink_;
    std::string site_, generation_;
    Random random_;
    base::Backoff backoff_;
    std::optional<TimePoint> again_;  // after a failure: not before
    std::size_t rows_ = k_rows_most;
    std::optional<TimePoint> arrival_;
    std::uint64_t calls_made_ = 0;
    std::vector<LiveCall> calls_;
    std::array<std::deque<Note>, k_classes> waiting_;
    std::array<std::int64_t, k_classes> numbers_{};
};

void Box::add(store::ChangeClass change_class, Note note) {
    auto& number = numbers_[place_of(change_class)];
    number += note.count;
    note.change.number = number;
    note.change.generation = generation_;
    // Rows are counted in the box, states are not (ReadChanges).
    if (grows(note.change).empty()) note.change.seq = number;
    waiting_[place_of(change_class)].push_back(std::move(note));
}

void Box::advance(const Plan& plan, TimePoint now, Tally& tally) {
    while (arrival_ && *arrival_ <= now) {
        if (*arrival_ >= plan.to) {
            arrival_.reset();
            break;
        }
        calls_.push_back({new_sid(), *arrival_, utc_ms(), 0});
        ++tally.calls;
        *arrival_ += until_next(plan);
    }
    for (auto& call : calls_) {
        for (; call.next < script_.steps.size() && step_due(call, plan) <= now; ++call.next) {
            const auto& step = script_.steps[call.next];
            const auto due = step_due(call, plan);
            for (const auto& telling : step.tellings) {
                const bool last = call.next + 1 == script_.steps.size() && &telling == &step.tellings.back();
                if (plan.in_window(due)) tally.notes_offered += telling.notes;
                add(telling.change_class, {told_of(telling.change, call.sid, call.began_utc_ms), due, telling.notes,
                                           telling.new_document, last});
            }
        }
    }
    calls_.erase(std::remove_if(calls_.begin(), calls_.end(), [this](const LiveCall& c) { return c.next == script_.steps.size(); }),
                 calls_.end());
}

std::optional<TimePoint> Box::due(const Plan& plan) const {
    std::optional<TimePoint> first;
    const auto maybe = [&first](TimePoint when) { first = first ? std::min(*first, when) : when; };
    for (const auto& notes : waiting_) {
        if (!notes.empty()) maybe(again_ ? *again_ : notes.front().due);
    }
    for (const auto& call : calls_) maybe(step_due(call, plan));
    if (arrival_ && *arrival_ < plan.to) maybe(*arrival_);
    return first;
}

std::optional<Box::Batch> Box::batch() {
    if (again_ && Clock::now() < *again_) return std::nullopt;
    for (const auto change_class : store::k_change_classes) {
        const auto& notes = waiting_[place_of(change_class)];
        if (notes.empty()) continue;
        Batch batch;
        batch.change_class = change_class;
        batch.changes.generation = generation_;
        batch.changes.waiting = static_cast<std::int64_t>(notes.size());
        std::unordered_map<std::string, std::size_t> newest;  // only the newest state goes out
        for (std::size_t i = 0; i < std::min(notes.size(), rows_); ++i) {
            const auto& change = notes[i].change;
            const auto document = grows(change);
            std::size_t row = batch.changes.rows.size();
            if (!document.empty()) row = newest.emplace(document, row).first->second;
            if (row == batch.changes.rows.size()) {
                batch.changes.rows.push_back(change);
            } else {
                batch.changes.rows[row] = change;
            }
            batch.row_of.push_back(row);
            batch.changes.next = change.number;
        }
        return batch;
    }
    return std::nullopt;
}

template <class Told>
void Box::settle(const Batch& batch, const sync::Outcome& outcome, Told told) {
    if (outcome.state != sync::Outcome::State::taken) {
        again_ = Clock::now() + backoff_.next(static_cast<std::uint32_t>(random_()));
        rows_ = std::max<std::size_t>(1, rows_ / 2);
        return;
    }
    again_.reset();
    backoff_.reset();
    rows_ = std::min(k_rows_most, rows_ * 2);
    auto& notes = waiting_[place_of(batch.change_class)];
    std::set<std::size_t> refused;
    for (const auto& one : outcome.refused) refused.insert(one.row);
    for (const auto row : batch.row_of) {
        if (refused.count(row) == 0) told(notes.front());
        notes.pop_front();
    }
}

}  // namespace

class Crowd::Impl {
  public:
    Impl(CrowdSettings settings, CallScript script) : settings_(std::move(settings)), script_(std::move(script)) {}

    base::Result<bool> make_boxes();
    Tally start(milliseconds most);
    Tally calls(double speed, milliseconds window, milliseconds drain);
    std::map<std::string, std::int64_t> documents() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return documents_;
    }
    std::string last_call() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return last_call_;
    }

  private:
    Tally run(const Plan& plan);
    void work(const Plan& plan);
    Box* next(const Plan& plan);
    void give_back(Box& box, const Plan& plan);
    void turn(Box& box, const Plan& plan);

    const CrowdSettings settings_;
    const CallScript script_;
    std::vector<std::unique_ptr<Box>> boxes_;

    mutable std::mutex mutex_;  // guards all below; a box belongs to the thread that took it out of due_
    std::condition_variable changed_;
    using Due = std::pair<TimePoint, Box*>;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::size_t at_work_ = 0;   // boxes that will come back to due_ or never
    Tally tally_;
    Clock::duration busy_{};
    std::map<std::string, std::int64_t> documents_;
    std::string last_call_;
};

base::Result<bool> Crowd::Impl::make_boxes() {
    for (std::size_t i = 0; i < settings_.boxes; ++i) {
        auto mongo = settings_.mongo;
        std::ostringstream site;
        site << "box-" << std::setfill('0') << std::setw(4) << i;
        mongo.site_id = site.str();
        auto sink = sync::make_mongo_sink(std::move(mongo));
        if (!sink) return sink.error();
        boxes_.push_back(std::make_unique<Box>(i, settings_, script_, std::move(*sink)));
    }
    return true;
}

Tally Crowd::Impl::start(milliseconds most) {
    Plan plan;
    plan.begin = plan.from = Clock::now();
    plan.to = plan.give_up = plan.begin + most;
    for (auto& box : boxes_) box->note_start();
    return run(plan);
}

Tally Crowd::Impl::calls(double speed, milliseconds window, milliseconds drain) {
    Plan plan;
    plan.speed = speed;
    plan.calls_per_second = settings_.calls_per_hour * speed / 3600;
    const auto call = faster(script_.steps.back().at, speed);
    plan.begin = Clock::now();
    plan.from = plan.begin + call;
    plan.to = plan.from + window;
    plan.give_up = plan.to + call + drain;
    for (auto& box : boxes_) box->expect_calls(plan);
    return run(plan);
}

Tally Crowd::Impl::run(const Plan& plan) {
    tally_ = {};
    busy_ = {};
    due_ = {};
    const auto began = Clock::now();
    for (auto& box : boxes_) {
        if (const auto at = box->due(plan)) due_.push({*at, box.get()});
    }
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < settings_.threads; ++i) threads.emplace_back([this, &plan] { work(plan); });
    for (auto& thread : threads) thread.join();
    Tally tally = std::move(tally_);
    const auto ended = Clock::now();
    for (auto& box : boxes_) {
        box->advance(plan, ended, tally);  // also those for which no thread had time
        box->each_waiting([&](const Note& note) {
            tally.left += note.count;
            if (plan.in_window(note.due)) tally.latency_ms.push_back(waited_ms(note, ended));
        });
    }
    std::sort(tally.latency_ms.begin(), tally.latency_ms.end());
    tally.busy = std::chrono::duration<double>(busy_) / std::chrono::duration<double>(ended - began) /
                 static_cast<double>(settings_.threads);
    return tally;
}

Box* Crowd::Impl::next(const Plan& plan) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        const auto now = Clock::now();
        if (now >= plan.give_up || (due_.empty() && at_work_ == 0)) return nullptr;
        if (!due_.empty() && due_.top().first <= now) {
            Box* box = due_.top().second;
            due_.pop();
            ++at_work_;
            return box;
        }
        changed_.wait_until(lock, due_.empty() ? plan.give_up : std::min(due_.top().first, plan.give_up));
    }
}

void Crowd::Impl::give_back(Box& box, const Plan& plan) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        --at_work_;
        if (const auto at = box.due(plan)) due_.push({*at, &box});
        if (!due_.empty() || at_work_ != 0) {
            changed_.notify_one();
            return;
        }
    }
    changed_.notify_all();
}

void Crowd::Impl::work(const Plan& plan) {
    count_as_box();
    while (Box* box = next(plan)) {
        turn(*box, plan);
        give_back(*box, plan);
    }
}

// One batch, so that a box that has much to tell does not keep the others from a thread.
void Crowd::Impl::turn(Box& box, const Plan& plan) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        box.advance(plan, Clock::now(), tally_);
    }
    const auto batch = box.batch();
    if (!batch) return;
    const auto began = Clock::now();
    const auto outcome = box.send(*batch);
    const auto now = Clock::now();
    const std::lock_guard<std::mutex> lock(mutex_);
    busy_ += now - began;
    if (outcome.state != sync::Outcome::State::taken) {
        ++tally_.errors[outcome.why];
    } else {
        tally_.operations += static_cast<std::int64_t>(batch->changes.rows.size() - outcome.refused.size());
        tally_.known_before += outcome.known_before;
        tally_.refused += static_cast<std::int64_t>(outcome.refused.size());
    }
    auto& documents = documents_[k_collections[place_of(batch->change_class)]];
    box.settle(*batch, outcome, [&](const Note& note) {
        if (plan.in_window(now)) tally_.notes_taken += note.count;
        if (plan.in_window(note.due)) tally_.latency_ms.push_back(waited_ms(note, now));
        documents += note.new_document ? 1 : 0;
        if (!note.last) return;
        if (const auto* recording = std::get_if<store::Recording>(&note.change.what)) last_call_ = recording->call.str();
    });
}

Crowd::Crowd(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Crowd::~Crowd() = default;

base::Result<std::unique_ptr<Crowd>> Crowd::make(CrowdSettings settings, CallScript script) {
    auto impl = std::make_unique<Impl>(std::move(settings), std::move(script));
    if (const auto made = impl->make_boxes(); !made) return made.error();
    return std::unique_ptr<Crowd>(new Crowd(std::move(impl)));
}

Tally Crowd::start(milliseconds most) { return impl_->start(most); }
Tally Crowd::calls(double speed, milliseconds window, milliseconds drain) { return impl_->calls(speed, window, drain); }
std::map<std::string, std::int64_t> Crowd::documents() const { return impl_->documents(); }
std::string Crowd::last_call() const { return impl_->last_call(); }

}  // namespace holdfast::bench
