#include "app/recording_reader.hpp"

#include "base/bounded_queue.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "recording/reader.hpp"

#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace holdfast::app {
namespace {

using base::Condition;

constexpr log::Logger k_log{"app"};
constexpr std::chrono::milliseconds k_stop_default{2'000};
constexpr std::chrono::seconds k_idle_turn{10};

// The words of the admin listener for what went wrong.
base::Error told(const base::Error& why, const std::string& path) {
    struct stat info {};
    const std::string_view code = why.code;
    if (code != "no_such_file") return base::make_error(why.condition, "unreadable", std::string(code) + " " + why.detail);
    if (::lstat((path + ".part").c_str(), &info) == 0) return base::make_error(Condition::retry, "unnamed");
    return base::make_error(Condition::reject, "missing");
}

// An export asks for one file from its beginning to its end: it is opened once.
class Files {
  public:
    Files(std::string folder, recording::FileKeys keys) : folder_(std::move(folder)), keys_(std::move(keys)) {}

    base::Result<http::RecordingPart> read(const std::string& name, std::int64_t offset, std::int64_t bytes) {
        if (!open_ || name != name_ || offset == 0) {
            open_.reset();
            name_ = name;
            const auto call = base::CallSid::parse(name.substr(0, std::min(name.find('.'), name.size())));
            auto opened = recording::open_recording(folder_, name, keys_ && call ? keys_(*call) : recording::FileKey());
            if (!opened) return told(opened.error(), folder_ + "/" + name);
            open_ = std::move(*opened);
        }
        http::RecordingPart part;
        part.total = open_->bytes();
        if (offset > part.total || (offset == part.total && offset > 0)) return base::make_error(Condition::reject, "range");
        const auto most = std::min<std::int64_t>(bytes, static_cast<std::int64_t>(recording::Reader::k_read_bytes_max));
        auto got = open_->read(offset, static_cast<std::size_t>(std::min(most, part.total - offset)));
        if (!got) {
            open_.reset();
            return told(got.error(), folder_ + "/" + name);
        }
        part.bytes = std::move(*got);
        if (offset + static_cast<std::int64_t>(part.bytes.size()) >= part.total) open_.reset();
        return part;
    }

  private:
    const std::string folder_;
    const recording::FileKeys keys_;
    std::string name_;
    std::unique_ptr<recording::Reader> open_;
};

}  // namespace

class RecordingReader::Core {
  public:
    explicit Core(Read read) : read_(std::move(read)), questions_(limits::admin_recording_parts_waiting_max) {}

    static void begin(const std::shared_ptr<Core>& core) {
        core->thread_ = std::thread([core] { core->run(); });
    }

    void read(std::string path, std::int64_t offset, std::int64_t bytes, Answer answer) {
        Question question{std::move(path), offset, bytes, std::move(answer)};
        if (!questions_.push(std::move(question))) question.answer(base::make_error(Condition::retry, "busy"));
    }

    void stop(std::chrono::milliseconds most) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (stopped_) return;
            stopped_ = true;
        }
        questions_.close();
        bool finished = false;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            finished = ended_.wait_for(lock, most, [this] { return finished_; });
        }
        if (finished) return thread_.join();
        k_log.error("a recording cannot be read, its reader hangs in the disk and is left behind");
        thread_.detach();
    }

  private:
    struct Question {
        std::string path;
        std::int64_t offset = 0;
        std::int64_t bytes = 0;
        Answer answer;
    };

    void run() {
        pthread_setname_np(pthread_self(), "export");
        std::deque<Question> due;
        while (questions_.drain(due, k_idle_turn)) {
            for (auto& question : due) {
                if (stopped()) break;
                auto part = read_(question.path, question.offset, question.bytes);
                // Under the lock: whom the answer goes to may be gone once stop() has returned.
                const std::lock_guard<std::mutex> lock(mutex_);
                if (!stopped_) question.answer(std::move(part));
            }
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        finished_ = true;
        ended_.notify_all();
    }
    bool stopped() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return stopped_;
    }

    const Read read_;
    base::BoundedQueue<Question> questions_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool stopped_ = false;   // guarded by mutex_
    bool finished_ = false;  // guarded by mutex_
    std::thread thread_;
};

RecordingReader::RecordingReader(Read read) : core_(std::make_shared<Core>(std::move(read))) { Core::begin(core_); }
RecordingReader::~RecordingReader() { core_->stop(k_stop_default); }
void RecordingReader::read(std::string path, std::int64_t offset, std::int64_t bytes, Answer answer) {
    core_->read(std::move(path), offset, bytes, std::move(answer));
}
void RecordingReader::stop(std::chrono::milliseconds most) { core_->stop(most); }

RecordingReader::Read recordings(std::string folder, recording::FileKeys keys) {
    auto files = std::make_shared<Files>(std::move(folder), std::move(keys));
    return [files](const std::string& name, std::int64_t offset, std::int64_t bytes) { return files->read(name, offset, bytes); };
}

}  // namespace holdfast::app
