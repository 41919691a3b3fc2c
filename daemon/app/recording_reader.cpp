#include "app/recording_reader.hpp"

#include "base/bounded_queue.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
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

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    const int fd_;
};

// Names come from the journal; a damaged one must not lead out of the folder.
bool is_plain_name(const std::string& name) {
    return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

base::Result<http::RecordingPart> read_plain(const std::string& folder, const std::string& name, std::int64_t offset,
                                             std::int64_t bytes) {
    if (!is_plain_name(name)) return base::make_error(Condition::reject, "unreadable", "name");
    const std::string path = folder + "/" + name;
    // Not blocking: what stands there may be no file.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info {};
    if (file.get() < 0) {
        if (errno != ENOENT) return base::make_error(Condition::retry, "unreadable");
        if (::lstat((path + ".part").c_str(), &info) == 0) return base::make_error(Condition::retry, "unnamed");
        return base::make_error(Condition::reject, "missing");
    }
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return base::make_error(Condition::reject, "unreadable");
    http::RecordingPart part;
    part.total = info.st_size;
    if (offset > part.total || (offset == part.total && offset > 0)) return base::make_error(Condition::reject, "range");
    part.bytes.resize(static_cast<std::size_t>(std::min(bytes, part.total - offset)));
    for (std::size_t got = 0; got < part.bytes.size();) {
        const auto more = ::pread(file.get(), part.bytes.data() + got, part.bytes.size() - got,
                                  static_cast<off_t>(offset) + static_cast<off_t>(got));
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0) return base::make_error(Condition::retry, "unreadable");
        got += static_cast<std::size_t>(more);
    }
    return part;
}

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

RecordingReader::Read plain_recordings(std::string folder) {
    return [folder = std::move(folder)](const std::string& path, std::int64_t offset, std::int64_t bytes) {
        return read_plain(folder, path, offset, bytes);
    };
}

}  // namespace holdfast::app
