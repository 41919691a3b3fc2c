// base::Loop over one io_context (concurrency hint 1): the real loop of the media and the admin
// thread. Everything of a loop runs on the one thread that calls run().
#pragma once

#include "base/loop.hpp"

#include <boost/asio/io_context.hpp>

namespace holdfast::net {

class AsioLoop : public base::Loop {
  public:
    AsioLoop() : io_(1) {}
    base::TimePoint now() const override { return base::Mono::now(); }
    std::int64_t utc_ms() const override;
    void post(std::function<void()> fn) override;
    std::unique_ptr<base::TimerBackend> make_timer_backend() override;

    boost::asio::io_context& io() { return io_; }
    void run();   // until stop(); an exception that reaches it is a bug and aborts
    void stop();  // any thread

  private:
    boost::asio::io_context io_;
};

}  // namespace holdfast::net
