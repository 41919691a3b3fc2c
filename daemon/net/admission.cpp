#include "net/admission.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace holdfast::net {

Admission::Admission(const base::Loop& loop, const HttpLimits& limits, bool per_address,
                     std::function<std::uint32_t()> random, std::function<void(int)> count_open)
    : loop_(loop), limits_(limits), per_address_(per_address), random_(std::move(random)),
      count_open_(std::move(count_open)),
      handshake_tokens_(static_cast<double>(limits.handshakes_per_second)), tokens_at_(loop.now()) {}

Admission::Ticket::Ticket(std::shared_ptr<Admission> owner, std::string key)
    : owner_(std::move(owner)), key_(std::move(key)) {
    ++owner_->connections_;
    ++owner_->unproven_;
    ++owner_->unproven_by_address_[key_];
    owner_->count_open_(+1);
}

Admission::Ticket::~Ticket() {
    prove();
    --owner_->connections_;
    owner_->count_open_(-1);
}

void Admission::Ticket::prove() {
    if (std::exchange(proven_, true)) return;
    --owner_->unproven_;
    const auto found = owner_->unproven_by_address_.find(key_);
    if (--found->second == 0) owner_->unproven_by_address_.erase(found);
}

std::shared_ptr<Admission::Ticket> Admission::admit(const std::string& address, const char*& cause) {
    const std::string key = address_key(address);
    if (per_address_ && penalised(key)) {
        cause = "penalty";
        return nullptr;
    }
    if (connections_ >= limits_.connections_max) {
        cause = "limit";
        return nullptr;
    }
    const auto same = unproven_by_address_.find(key);
    if (per_address_ && same != unproven_by_address_.end() && same->second >= limits_.unproven_per_address) {
        cause = "per_address";
        return nullptr;
    }
    if (early_drop()) {
        cause = "early_drop";
        return nullptr;
    }
    return std::make_shared<Ticket>(shared_from_this(), key);
}

// OpenSSH's MaxStartups: from `first` at `from` unproven connections, linearly, to all at `max`.
bool Admission::early_drop() {
    if (unproven_ < limits_.unproven_drop_from) return false;
    if (unproven_ >= limits_.unproven_max) return true;
    const auto over = static_cast<double>(unproven_ - limits_.unproven_drop_from);
    const auto span = static_cast<double>(limits_.unproven_max - limits_.unproven_drop_from);
    const double chance = limits_.unproven_drop_first + (1.0 - limits_.unproven_drop_first) * over / span;
    return static_cast<double>(random_()) < chance * 4294967296.0;
}

bool Admission::penalised(const std::string& key) {
    const auto found = penalties_.find(key);
    return found != penalties_.end() && loop_.now() < found->second.refused_until;
}

void Admission::bad_signature(const std::string& address) {
    if (!per_address_ || limits_.penalty_table_max == 0) return;
    const std::string key = address_key(address);
    auto found = penalties_.find(key);
    if (found == penalties_.end()) {
        if (penalties_.size() >= limits_.penalty_table_max) {
            penalties_.erase(oldest_penalties_.front());
            oldest_penalties_.pop_front();
        }
        found = penalties_.emplace(key, Penalty{}).first;
        found->second.age = oldest_penalties_.insert(oldest_penalties_.end(), key);
    }
    Penalty& penalty = found->second;
    oldest_penalties_.splice(oldest_penalties_.end(), oldest_penalties_, penalty.age);
    const auto now = loop_.now();
    penalty.failures.push_back(now);
    while (now - penalty.failures.front() > limits_.penalty_window) penalty.failures.pop_front();
    if (penalty.failures.size() >= limits_.penalty_bad_signatures) {
        penalty.refused_until = now + limits_.penalty_time;
        penalty.failures.clear();
    }
}

void Admission::refill_handshakes() {
    const auto rate = static_cast<double>(limits_.handshakes_per_second);
    const auto now = loop_.now();
    const double seconds = std::chrono::duration<double>(now - tokens_at_).count();
    handshake_tokens_ = std::min(rate, handshake_tokens_ + seconds * rate);
    tokens_at_ = now;
}

bool Admission::take_handshake() {
    refill_handshakes();
    if (handshakes_ >= limits_.handshakes_max || handshake_tokens_ < 1.0) return false;
    handshake_tokens_ -= 1.0;
    ++handshakes_;
    return true;
}

base::milliseconds Admission::next_handshake_in() const {
    const double missing = 1.0 - handshake_tokens_;
    if (missing <= 0) return base::milliseconds(0);
    const auto rate = static_cast<double>(std::max<std::size_t>(limits_.handshakes_per_second, 1));
    return base::milliseconds(static_cast<std::int64_t>(std::ceil(missing / rate * 1000.0)));
}

std::string Admission::address_key(const std::string& address) {
    in_addr v4{};
    if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
        return std::string(reinterpret_cast<const char*>(&v4), sizeof v4);
    }
    in6_addr v6{};
    const std::string bare = address.substr(0, address.find('%'));  // fe80::1%eth0
    if (inet_pton(AF_INET6, bare.c_str(), &v6) == 1) {
        return std::string(reinterpret_cast<const char*>(&v6), sizeof v6 / 2);
    }
    return {};
}

}  // namespace holdfast::net
