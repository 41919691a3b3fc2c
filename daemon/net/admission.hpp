// Which connection may stay: the caps and penalties of the public listener as plain counting, without
// sockets. Internal to net/. Kept alive by the tickets of the connections it admitted.
#pragma once

#include "base/loop.hpp"
#include "net/http_server.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace holdfast::net {

class Admission : public std::enable_shared_from_this<Admission> {
  public:
    // `random` gives uniform 32-bit numbers, so that tests own chance. `count_open(+1 or -1)` hears
    // of every ticket given and returned.
    Admission(const base::Loop& loop, const HttpLimits& limits, bool per_address,
              std::function<std::uint32_t()> random, std::function<void(int)> count_open);

    // One admitted connection. Unproven until prove(); gives its place back when destroyed.
    class Ticket {
      public:
        Ticket(std::shared_ptr<Admission> owner, std::string key);
        ~Ticket();
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        void prove();
        bool proven() const { return proven_; }

      private:
        std::shared_ptr<Admission> owner_;
        std::string key_;
        bool proven_ = false;
    };

    // Null when the connection must be dropped; `cause` then is the word for accept_fail_total.
    std::shared_ptr<Ticket> admit(const std::string& address, const char*& cause);
    void bad_signature(const std::string& address);

    // TLS handshakes: at most so many at once and, on average, a second.
    bool take_handshake();
    void give_handshake() { --handshakes_; }
    base::milliseconds next_handshake_in() const;  // until the rate allows one more

    std::size_t connections() const { return connections_; }
    std::size_t unproven() const { return unproven_; }
    std::size_t penalties() const { return penalties_.size(); }

    // What counts as one address: IPv4 whole, IPv6 the /64. Empty for what is neither.
    static std::string address_key(const std::string& address);

  private:
    struct Penalty {
        std::deque<base::TimePoint> failures;
        base::TimePoint refused_until{};
        std::list<std::string>::iterator age;
    };

    bool early_drop();
    bool penalised(const std::string& key);
    void refill_handshakes();

    const base::Loop& loop_;
    HttpLimits limits_;
    bool per_address_;
    std::function<std::uint32_t()> random_;
    std::function<void(int)> count_open_;
    std::size_t connections_ = 0;
    std::size_t unproven_ = 0;
    std::unordered_map<std::string, std::size_t> unproven_by_address_;
    std::unordered_map<std::string, Penalty> penalties_;
    std::list<std::string> oldest_penalties_;  // keys, the least recently touched first
    std::size_t handshakes_ = 0;
    double handshake_tokens_;
    base::TimePoint tokens_at_;
};

}  // namespace holdfast::net
