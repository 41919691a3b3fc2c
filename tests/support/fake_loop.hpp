// A loop whose time moves by hand. advance() fires due timers in order of their deadline and runs
// posted work; nothing here ever waits.
#pragma once

#include "base/loop.hpp"

#include <deque>
#include <map>
#include <memory>
#include <utility>

namespace holdfast::test {

class FakeLoop : public base::Loop {
  public:
    base::TimePoint now() const override { return now_; }
    std::int64_t utc_ms() const override { return k_epoch_utc_ms + base::to_ms(now_ - base::TimePoint{}); }
    void post(std::function<void()> fn) override { posted_.push_back(std::move(fn)); }
    std::unique_ptr<base::TimerBackend> make_timer_backend() override {
        return std::make_unique<Backend>(*this);
    }

    // Runs posted work until there is none.
    void run_posted() {
        while (!posted_.empty()) {
            auto fn = std::move(posted_.front());
            posted_.pop_front();
            fn();
        }
    }

    void advance(base::Mono::duration by) {
        const auto until = now_ + by;
        run_posted();
        while (!waits_.empty() && waits_.begin()->first.first <= until) {
            auto first = waits_.begin();
            now_ = std::max(now_, first->first.first);
            auto fire = std::move(first->second);
            waits_.erase(first);
            fire();
            run_posted();
        }
        now_ = until;
    }

    std::size_t timers_waiting() const { return waits_.size(); }

    static constexpr std::int64_t k_epoch_utc_ms = 1'790'000'000'000;  // some day in 2026

  private:
    using Key = std::pair<base::TimePoint, std::uint64_t>;  // deadline, then order of arming

    class Backend : public base::TimerBackend {
      public:
        explicit Backend(FakeLoop& loop) : loop_(loop) {}
        ~Backend() override { cancel(); }
        void wait_until(base::TimePoint when, std::function<void()> fire) override {
            cancel();
            key_ = Key{when, ++loop_.serial_};
            loop_.waits_.emplace(key_, std::move(fire));
        }
        void cancel() override { loop_.waits_.erase(key_); }

      private:
        FakeLoop& loop_;
        Key key_{};
    };

    base::TimePoint now_{std::chrono::hours(1)};
    std::uint64_t serial_ = 0;
    std::map<Key, std::function<void()>> waits_;
    std::deque<std::function<void()>> posted_;
};

}  // namespace holdfast::test
