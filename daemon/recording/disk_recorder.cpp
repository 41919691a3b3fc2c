#include "recording/disk_recorder.hpp"

#include "log/log.hpp"
#include "log/repeat.hpp"
#include "metrics/catalog.hpp"
#include "recording/live_recording.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace holdfast::recording {
namespace {

constexpr log::Logger k_log{"recording"};
constexpr std::chrono::milliseconds k_look_when_stopping{20};
constexpr std::string_view k_no_generation = "0";  // the journal has never been open in this run

std::int64_t system_utc_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

class DiskRecorder::Core {
  public:
    Core(DiskRecorderOptions options, store::Journal& journal)
        : options_(std::move(options)), disk_(options_.disk ? options_.disk : std::make_shared<Disk>()),
          journal_(journal), queue_(std::make_shared<Queue>(options_.blocks_max)),
          retention_(options_.path, options_.retention, journal) {
        if (!options_.utc_ms) options_.utc_ms = system_utc_ms;
    }

    static void begin(const std::shared_ptr<Core>& core) {
        core->thread_ = std::thread([core] { core->run(); });
    }
    RecordingHandle start(const Start& start);
    void purge(MayGo may_go) { queue_->push(Item{0, PurgeNow{std::move(may_go)}}); }
    void set_retention(RetentionDays days) { queue_->push(Item{0, NewDays{std::move(days)}}); }
    void remove(const base::CallSid& call, std::function<void(bool)> done) {
        if (!queue_->push(Item{0, Remove{call, done}})) done(false);
    }
    void stop(std::chrono::milliseconds most);

  private:
    // One recording that has not been closed.
    struct Going {
        Start start;
        std::unique_ptr<File> file;  // empty: the disk did not let us, yet
        std::int64_t lost_samples = 0;
        bool unsynced = false;
        const char* why = "open";  // there is no file
    };

    void run();
    bool remove_files_of(const base::CallSid& call) const;
    void turn(std::chrono::milliseconds wait);
    void repair();
    void repair(const std::string& part_name);
    void repair_due();
    void handle(const Block& block, Going& going);
    void handle(const Cleared& cleared, Going& going);
    void close(Id id, const Close& close);
    void settle(const Settled& settled);
    FileKey key_of(const base::CallSid& call) const;
    bool have_file(Going& going);
    void announce(Finished finished);
    void announce_later(Finished finished, const char* why);
    void announce_due();
    void give_up(const Going& going, const base::Error* why);
    void sync_due();
    void suffer(const base::Error& error, const base::CallSid& call);
    bool work_left() const { return !going_.empty() || !unsettled_.empty(); }

    DiskRecorderOptions options_;
    const std::shared_ptr<Disk> disk_;
    store::Journal& journal_;
    const std::shared_ptr<Queue> queue_;
    std::atomic<Id> next_id_{1};
    std::atomic<bool> left_behind_{false};  // the journal may be gone

    // --- recording thread ---
    Retention retention_;
    std::unordered_map<Id, Going> going_;
    std::unordered_map<std::string, Finished> unsettled_;  // their rows are not acknowledged, by name
    std::vector<Finished> again_;                          // rows that the journal did not take or keep
    base::TimePoint sync_at_{};
    base::TimePoint again_at_{};
    std::deque<std::string> unrepaired_;                   // parts whose key cannot be had, and those behind them
    base::TimePoint repair_at_{};
    log::RepeatGuard error_log_;

    std::mutex mutex_;
    std::condition_variable ended_;
    bool stopped_ = false;   // guarded by mutex_, as is what follows
    bool finished_ = false;
    base::TimePoint stop_until_ = base::TimePoint::max();
    std::thread thread_;
};

// --- media threads ---

RecordingHandle DiskRecorder::Core::start(const Start& start) {
    const Id id = next_id_.fetch_add(1, std::memory_order_relaxed);
    queue_->push(Item{id, Open{start}});
    return std::make_unique<LiveRecording>(queue_, id, start, options_.now);
}

// --- recording thread ---

void DiskRecorder::Core::run() {
    pthread_setname_np(pthread_self(), "recording");
    try {
        repair();
    } catch (const std::exception& e) {
        k_log.error("repair of recordings failed", {{"what", e.what()}});
    }
    for (bool more = true; more;) {
        const bool stopping = queue_->closed();
        try {
            turn(stopping ? k_look_when_stopping : k_look_every);
            if (stopping) {  // handles that are still out there get no answer any more
                std::vector<Id> ids;
                for (const auto& [id, going] : going_) ids.push_back(id);
                for (const Id id : ids) close(id, Close{going_[id].file ? going_[id].file->samples() : 0, 0});
            }
        } catch (const std::exception& e) {  // memory
            k_log.error("recording thread met an exception", {{"what", e.what()}});
            metrics::recording_error_total.add("other");
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        more = !stopping || (work_left() && base::Mono::now() < stop_until_);
    }
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        finished_ = true;
    }
    ended_.notify_all();
}

void DiskRecorder::Core::turn(std::chrono::milliseconds wait) {
    std::deque<Item> items;
    queue_->drain(items, wait);
    for (auto& item : items) {
        if (auto* open = std::get_if<Open>(&item.what)) {
            auto& going = going_[item.id];
            going.start = std::move(open->start);
            // The row of the call, which makes its key, may still be on its way: the first block asks again, and aloud.
            if (key_of(going.start.call).kind != FileKey::Kind::unavailable) have_file(going);
        } else if (const auto* end = std::get_if<Close>(&item.what)) {
            close(item.id, *end);
        } else if (const auto* settled = std::get_if<Settled>(&item.what)) {
            settle(*settled);
        } else if (const auto* now = std::get_if<PurgeNow>(&item.what)) {
            retention_.purge(now->may_go, options_.utc_ms(), options_.now());
        } else if (auto* next = std::get_if<NewDays>(&item.what)) {
            retention_.set_days(std::move(next->days));
        } else if (const auto* gone = std::get_if<Remove>(&item.what)) {
            gone->done(remove_files_of(gone->call));
        } else if (const auto going = going_.find(item.id); going != going_.end()) {
            if (const auto* block = std::get_if<Block>(&item.what)) handle(*block, going->second);
            if (const auto* cleared = std::get_if<Cleared>(&item.what)) handle(*cleared, going->second);
        }
    }
    sync_due();
    announce_due();
    repair_due();
}

bool DiskRecorder::Core::remove_files_of(const base::CallSid& call) const {
    std::error_code ec;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(options_.path, ec)) {
        if (entry.path().filename().string().compare(0, call.str().size() + 1, call.str() + ".") == 0) files.push_back(entry.path());
    }
    if (ec) return ec == std::errc::no_such_file_or_directory;
    bool gone = true;
    for (const auto& file : files) {
        std::filesystem::remove(file, ec);
        gone = gone && !ec;
    }
    return gone;
}

FileKey DiskRecorder::Core::key_of(const base::CallSid& call) const { return options_.keys ? options_.keys(call) : FileKey(); }

bool DiskRecorder::Core::have_file(Going& going) {
    if (going.file) return true;
    if (left_behind_) return false;
    Identity identity;
    identity.call = going.start.call;
    identity.generation = word_or(journal_.status().generation, k_no_generation);
    identity.utc_ms = std::max<std::int64_t>(going.start.utc_ms, 0);
    identity.offset_ms = std::max<std::int64_t>(going.start.offset_ms, 0);
    identity.retention_class = word_or(going.start.retention_class, "other");
    auto file = File::create(*disk_, options_.path, std::move(identity), key_of(going.start.call));
    if (!file) {
        going.why = file.error().code;
        suffer(file.error(), going.start.call);
        return false;
    }
    going.file = std::move(*file);
    return true;
}

// A failed write costs its own second only: the next block is a new try and fills what is missing with
// silence.
void DiskRecorder::Core::handle(const Block& block, Going& going) {
    if (have_file(going)) {
        const auto done = going.file->write(block.leg, block.at, block.mulaw);
        if (done) {
            going.unsynced = true;
            return;
        }
        suffer(done.error(), going.start.call);
    }
    going.lost_samples += static_cast<std::int64_t>(block.mulaw.size());
}

void DiskRecorder::Core::handle(const Cleared& cleared, Going& going) {
    if (!going.file) return;
    if (const auto done = going.file->silence(Leg::box, cleared.from); !done) suffer(done.error(), going.start.call);
}

void DiskRecorder::Core::sync_due() {
    const auto now = base::Mono::now();
    if (now < sync_at_) return;
    sync_at_ = now + k_sync_every;
    for (auto& [id, going] : going_) {
        if (!std::exchange(going.unsynced, false)) continue;
        if (const auto done = going.file->sync(); !done) suffer(done.error(), going.start.call);
    }
}

void DiskRecorder::Core::close(Id id, const Close& end) {
    auto node = going_.extract(id);
    if (!node) return;
    Going& going = node.mapped();
    if (!have_file(going)) return give_up(going, nullptr);
    const auto lost_ms = (end.lost_samples + going.lost_samples) / k_samples_per_ms;
    const auto finished = going.file->finish(end.samples, lost_ms);
    if (!finished) {
        const base::Error why = finished.error();
        return give_up(going, &why);
    }
    metrics::recordings_total.add("finished");
    metrics::recording_lost_ms_total.add(static_cast<std::uint64_t>(finished->lost_ms));
    if (finished->lost_ms > 0) {
        k_log.warning("recording has holes", going.start.call, {{"lost_ms", finished->lost_ms}});
    }
    announce(*finished);
}

// Queues the row; the file gets its last name when that is safe.
void DiskRecorder::Core::announce(Finished finished) {
    if (left_behind_) return;
    store::Recording row;
    row.call = finished.identity.call;
    row.utc_ms = finished.identity.utc_ms;
    row.offset_ms = finished.identity.offset_ms;
    row.path = finished.name;
    row.sha256 = finished.sha256;
    row.duration_ms = finished.samples / k_samples_per_ms;
    row.lost_ms = finished.lost_ms;
    row.legs = finished.legs;
    row.retention_class = finished.identity.retention_class;
    // The emergency file is memory: a power cut would leave a finished name without a row.
    const auto answer = [queue = queue_, name = finished.name](const store::Committed& committed) {
        queue->push(Item{0, Settled{name, committed.durable && !committed.emergency}});
    };
    if (!journal_.append(std::move(row), answer)) return announce_later(std::move(finished), "refused");
    std::string name = finished.name;
    unsettled_.insert_or_assign(std::move(name), std::move(finished));
}

void DiskRecorder::Core::announce_later(Finished finished, const char* why) {
    metrics::recording_error_total.add("journal");
    if (error_log_.should_log(base::Mono::now())) {
        k_log.error("row of a recording is not in the journal, announced again later", finished.identity.call,
                    {{"why", why}, {"suppressed", error_log_.suppressed()}});
    }
    again_at_ = base::Mono::now() + options_.announce_again;
    again_.push_back(std::move(finished));
}

void DiskRecorder::Core::announce_due() {
    if (again_.empty() || base::Mono::now() < again_at_) return;
    for (auto& finished : std::exchange(again_, {})) announce(std::move(finished));
}

void DiskRecorder::Core::settle(const Settled& settled) {
    auto node = unsettled_.extract(settled.name);
    if (!node) return;
    const auto call = node.mapped().identity.call;
    if (!settled.durable) return announce_later(std::move(node.mapped()), "not durable");
    k_log.info("recording stored", call, {{"duration_ms", node.mapped().samples / k_samples_per_ms}});
    if (const auto done = File::publish(*disk_, options_.path, settled.name); !done) suffer(done.error(), call);
}

void DiskRecorder::Core::give_up(const Going& going, const base::Error* why) {
    if (left_behind_) return;
    if (why != nullptr) suffer(*why, going.start.call);
    metrics::recordings_total.add("failed");
    const std::string step = why != nullptr ? why->code : going.why;
    k_log.error("call was not recorded, or its recording is not finished", going.start.call, {{"step", step}});
    journal_.append(store::Audit{options_.utc_ms(), "daemon", "recording_failed", "step=" + step, going.start.call});
}

void DiskRecorder::Core::suffer(const base::Error& error, const base::CallSid& call) {
    metrics::recording_error_total.add(error.code);
    if (!error_log_.should_log(base::Mono::now())) return;
    k_log.error("cannot record", call,
                {{"step", error.code}, {"detail", error.detail}, {"suppressed", error_log_.suppressed()}});
}

// --- what a crash left ---

void DiskRecorder::Core::repair() {
    std::vector<std::string> parts;
    std::error_code ec;
    for (std::filesystem::directory_iterator at(options_.path, ec), end; !ec && at != end; at.increment(ec)) {
        const std::string name = at->path().filename().string();
        const bool part = name.size() > k_part.size() && name.substr(name.size() - k_part.size()) == k_part;
        if (part && parts.size() < k_repairs_max) parts.push_back(name);
    }
    std::sort(parts.begin(), parts.end());
    for (const auto& name : parts) {
        const bool needs_key = ends_with(name, std::string(k_sealed) + std::string(k_part));
        if (needs_key && !unrepaired_.empty()) unrepaired_.push_back(name);
        else repair(name);
    }
}

void DiskRecorder::Core::repair_due() {
    // The first that waits on sets repair_at_: whoever keeps the keys is not asked for all of them while calls are recorded.
    for (int count = 0; count < k_repairs_at_once && !unrepaired_.empty() && base::Mono::now() >= repair_at_; ++count) {
        const auto name = std::move(unrepaired_.front());
        unrepaired_.pop_front();
        repair(name);
    }
}

void DiskRecorder::Core::repair(const std::string& part_name) {
    auto file = File::reopen(*disk_, options_.path, part_name, options_.keys);
    if (!file && std::string_view(file.error().code) == "key") {
        repair_at_ = base::Mono::now() + options_.repair_again;
        unrepaired_.push_back(part_name);
        metrics::recording_error_total.add(file.error().code);
        if (!error_log_.should_log(base::Mono::now())) return;
        k_log.error("unfinished recording waits for its key",
                    {{"detail", file.error().detail}, {"suppressed", error_log_.suppressed()}});
        return;
    }
    if (!file) {
        metrics::recording_error_total.add(file.error().code);
        k_log.error("unfinished recording left as it is", {{"detail", file.error().detail}});
        return;
    }
    const auto call = (*file)->identity().call;
    const auto finished = (*file)->finish((*file)->samples(), (*file)->lost_ms());
    if (!finished) return suffer(finished.error(), call);
    metrics::recordings_total.add("repaired");
    k_log.notice("unfinished recording repaired", call, {{"duration_ms", finished->samples / k_samples_per_ms}});
    announce(*finished);
}

// --- stop ---

void DiskRecorder::Core::stop(std::chrono::milliseconds most) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stopped_) return;
        stopped_ = true;
        stop_until_ = base::Mono::now() + most;
    }
    queue_->close();
    bool finished = false;
    {
        std::unique_lock<std::mutex> lock(mutex_);
        finished = ended_.wait_for(lock, most + std::chrono::seconds(1), [this] { return finished_; });
    }
    if (finished) return thread_.join();
    left_behind_ = true;
    k_log.error("recording thread hangs in the disk, left behind");
    thread_.detach();
}

DiskRecorder::DiskRecorder(DiskRecorderOptions options, store::Journal& journal)
    : core_(std::make_shared<Core>(std::move(options), journal)) {
    Core::begin(core_);
}
DiskRecorder::~DiskRecorder() { core_->stop(k_stop_default); }
RecordingHandle DiskRecorder::start(const Start& start) { return core_->start(start); }
void DiskRecorder::purge(MayGo may_go) { core_->purge(std::move(may_go)); }
void DiskRecorder::set_retention(RetentionDays days) { core_->set_retention(std::move(days)); }
void DiskRecorder::remove(const base::CallSid& call, std::function<void(bool)> done) { core_->remove(call, std::move(done)); }
void DiskRecorder::stop(std::chrono::milliseconds most) { core_->stop(most); }

}  // namespace holdfast::recording
