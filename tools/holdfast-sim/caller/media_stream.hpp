// One Media Streams socket seen from Twilio: the messages it sends, in their documented form or
// bent by a fault. What comes in is given to the owner.
#pragma once

#include "caller/options.hpp"
#include "caller/webhook.hpp"
#include "wire/ws.hpp"

#include <deque>
#include <memory>
#include <random>
#include <string>

namespace holdfast::sim {

struct StreamIdentity {
    std::string url;
    std::string account_sid;
    std::string call_sid;
    std::string stream_sid;
    twilio::Params parameters;
};

class MediaStream {
  public:
    MediaStream(net::AsioLoop& loop, const CallOptions& options, StreamIdentity identity,
                WsHandler* handler);

    void send_connected();
    void send_start();
    // Advances the stream by 20 ms. The frame goes out now, later, twice, damaged or not at all.
    void send_frame(std::string_view mulaw, std::int64_t now_ms);
    void send_dtmf(char digit);
    void send_mark(std::string_view name);
    void send_stop();
    WsPeer& socket() { return *peer_; }
    const StreamIdentity& identity() const { return identity_; }
    std::uint64_t frames_sent() const { return frames_sent_; }

  private:
    const Fault* active(std::string_view name, std::int64_t now_ms, int default_at_ms) const;
    std::string sequence();
    std::string number(std::uint64_t n) const;
    std::string media_message(std::string_view mulaw, std::int64_t now_ms);
    void deliver(std::int64_t now_ms);

    const CallOptions& options_;
    StreamIdentity identity_;
    std::shared_ptr<WsPeer> peer_;
    std::mt19937 random_;
    bool plain_numbers_;
    std::uint64_t sequence_ = 0;
    std::uint64_t chunk_ = 0;
    std::uint64_t frames_sent_ = 0;
    struct Waiting {
        std::int64_t due_ms;
        std::string text;
    };
    std::deque<Waiting> line_;
};

constexpr int k_fault_default_ms = 2000;  // when a timed fault without @MS strikes, after start

}  // namespace holdfast::sim
