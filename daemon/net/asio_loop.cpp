#include "net/asio_loop.hpp"

#include "base/assert.hpp"
#include "log/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <utility>

namespace holdfast::net {

namespace {

constexpr log::Logger k_log{"net"};

// A wait whose handler is already queued can no longer be cancelled: base::Timer checks for that.
class AsioTimerBackend : public base::TimerBackend {
  public:
    explicit AsioTimerBackend(boost::asio::io_context& io) : timer_(io) {}

    void wait_until(base::TimePoint when, std::function<void()> fire) override {
        timer_.expires_at(when);
        timer_.async_wait([fire = std::move(fire)](const boost::system::error_code& ec) {
            if (!ec) fire();
        });
    }
    void cancel() override { timer_.cancel(); }

  private:
    boost::asio::steady_timer timer_;
};

}  // namespace

std::int64_t AsioLoop::utc_ms() const {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<base::milliseconds>(since_epoch).count();
}

void AsioLoop::post(std::function<void()> fn) { boost::asio::post(io_, std::move(fn)); }

std::unique_ptr<base::TimerBackend> AsioLoop::make_timer_backend() {
    return std::make_unique<AsioTimerBackend>(io_);
}

void AsioLoop::run() {
    const auto keep_running = boost::asio::make_work_guard(io_);
    try {
        io_.run();
    } catch (const std::exception& e) {
        k_log.error("exception reached the loop", {{"what", e.what()}});
        base::assertion_failed("no exception reaches the loop", __FILE__, __LINE__);
    }
}

void AsioLoop::stop() { io_.stop(); }

}  // namespace holdfast::net
