#include "transcribe/worker.hpp"

#include "base/random.hpp"
#include "net/asio_loop.hpp"
#include "transcribe/transcriber.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

namespace holdfast::transcribe {
namespace {

constexpr int k_lowest_priority = 19;

}  // namespace

class Worker::Core {
  public:
    Core(std::string folder, store::Journal& journal, std::function<void(const base::CallSid&)> words, recording::FileKeys keys) {
        Parts parts{loop_, journal, std::move(folder), {}, base::random_u32, [this] { return !stopping_; }};
        parts.send = [this](net::HttpCall call, net::HttpStreamListener& listener) {
            return net::http_stream(loop_, std::move(call), listener);
        };
        parts.keys = std::move(keys);
        parts.words = std::move(words);
        transcriber_ = std::make_shared<Transcriber>(std::move(parts));
        thread_ = std::thread([this] { run(); });
    }
    ~Core() { stop(); }

    template <class Fn>
    void post(Fn fn) {
        loop_.post([this, fn = std::move(fn)] { fn(*transcriber_); });
    }
    void allow(bool allowed) {
        if (allowed_.exchange(allowed) == allowed) return;
        post([allowed](Transcriber& transcriber) { transcriber.allow(allowed); });
    }
    void stop() {
        stopping_ = true;
        loop_.stop();
        if (thread_.joinable()) thread_.join();
    }

  private:
    void run() {
        pthread_setname_np(pthread_self(), "transcribe");
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), k_lowest_priority);
        loop_.run();
    }

    net::AsioLoop loop_;
    std::shared_ptr<Transcriber> transcriber_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> allowed_{false};
    std::thread thread_;
};

Worker::Worker(std::string folder, store::Journal& journal, std::function<void(const base::CallSid&)> words,
               recording::FileKeys keys)
    : core_(std::make_unique<Core>(std::move(folder), journal, std::move(words), std::move(keys))) {}
Worker::~Worker() = default;
void Worker::configure(std::shared_ptr<const Service> service) {
    core_->post([service = std::move(service)](Transcriber& transcriber) { transcriber.configure(service); });
}
void Worker::allow(bool allowed) { core_->allow(allowed); }
void Worker::stop() { core_->stop(); }

}  // namespace holdfast::transcribe
