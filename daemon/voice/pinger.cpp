#include "voice/pinger.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::voice {
namespace {

base::milliseconds whole_ms(base::Mono::duration d) { return std::chrono::duration_cast<base::milliseconds>(d); }

}  // namespace

void Pinger::start(net::WsConnection& socket, base::milliseconds interval, base::milliseconds timeout, Users users) {
    socket_ = &socket;
    interval_ = interval;
    timeout_ = timeout;
    users_ = std::move(users);
    arm();
}

void Pinger::on_pong() {
    if (!sent_at_) return;  // one that nobody asked for
    round_trip_ = whole_ms(loop_.now() - *sent_at_);
    sent_at_.reset();
    told_ = false;
}

void Pinger::arm() {
    auto next = loop_.now() + interval_;
    if (sent_at_) next = std::min(next, *sent_at_ + timeout_);
    timer_.arm_at(next, [this] { tick(); });
}

void Pinger::tick() {
    const auto now = loop_.now();
    if (sent_at_ && now - *sent_at_ >= timeout_) return users_.dead("no_pong");
    const auto blocked = now - socket_->blocked_since();
    if (blocked >= k_blocked_max) return users_.dead("blocked");
    VoicePulse pulse;
    pulse.round_trip = std::exchange(round_trip_, std::nullopt);
    pulse.ping_missed = sent_at_ && !std::exchange(told_, true);
    pulse.send_queue = whole_ms(blocked);
    if (!sent_at_) sent_at_ = now;
    socket_->send_ping();
    arm();
    users_.pulse(pulse);  // last: it may end us
}

}  // namespace holdfast::voice
