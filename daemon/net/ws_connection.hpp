// The one implementation of WsConnection: a stream, a protocol engine and the outgoing queue between
// them. Internal to net/: the listener makes the server's (serve), ws_client.cpp derives the client's.
#pragma once

#include "base/timer.hpp"
#include "net/stream.hpp"
#include "net/ws.hpp"
#include "net/ws_engine.hpp"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::net {

class WsSocket : public WsConnection,
                 public StreamUser,
                 public WsEngineUser,
                 public std::enable_shared_from_this<WsSocket> {
  public:
    struct Upgrade {
        std::string key;          // Sec-WebSocket-Key
        std::string subprotocol;  // one that the client offered, or empty
        std::string leftover;     // bytes that came behind the request
    };
    // Takes over the stream of an accepted upgrade, queues the 101, calls `opened`, starts reading.
    static void serve(AsioLoop& loop, std::unique_ptr<Stream> stream, const Upgrade& upgrade,
                      const WsLimits& limits,
                      const std::function<void(std::shared_ptr<WsConnection>)>& opened);

    WsSocket(AsioLoop& loop, const WsLimits& limits);

    void set_listener(WsListener* listener) override;
    bool send_text(std::string_view text, SendKind kind) override;
    void send_ping() override;
    std::optional<base::milliseconds> round_trip() const override;
    void hold() override { held_ = true; }
    void release() override;
    void close(std::uint16_t code, std::string_view reason) override;
    void abort() override;
    bool open() const override { return state_ == State::open; }
    std::size_t queued_bytes() const override { return queued_bytes_ + writing_.size(); }
    std::uint64_t dropped_messages() const override { return dropped_; }
    base::TimePoint blocked_since() const override;
    std::string peer_address() const override { return peer_address_; }

  protected:
    enum class State {
        connecting,  // client: no WebSocket yet
        open,
        closing,     // a close frame has gone or come; waiting for the rest of the handshake
        draining,    // told the listener; waiting for the peer to hang up
        gone,
    };

    void attach(std::unique_ptr<Stream> stream);
    void become_open();
    void feed(char* bytes, std::size_t size);
    void read();
    void pump();                   // starts the next write when there is one to start
    void after_engine();           // looks at what the engine did in the call just made
    // The end without (further) handshake: what is known goes to the listener, the socket away.
    enum class Cause { ours, theirs };
    void die(const char* code, std::string detail, Cause cause);
    void end_of_stream(const error_code& ec);
    void arm(base::Mono::duration after, void (WsSocket::*then)());
    virtual void on_connecting_bytes(std::string_view bytes) { static_cast<void>(bytes); }
    virtual void on_connecting_end(const error_code& ec) { end_of_stream(ec); }
    virtual void stop_connecting() {}

    AsioLoop& loop_;
    WsLimits limits_;
    State state_ = State::connecting;
    WsListener* listener_ = nullptr;
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<WsEngine> engine_;
    WsClose close_;
    base::Timer timer_;  // close handshake, then draining; for a client at first its deadline

  private:
    enum class Kind { keep, droppable, pong };
    struct Frame {
        std::string bytes;
        Kind kind;
    };

    void on_read(const error_code& ec, std::size_t bytes) override;
    void on_written(const error_code& ec) override;

    void on_engine_bytes(std::string&& bytes) noexcept override;
    void on_engine_text(std::string_view text) noexcept override;
    void on_engine_binary(std::size_t bytes) noexcept override;
    bool on_engine_ping() noexcept override;
    void on_engine_pong() noexcept override;

    bool make_room(std::size_t bytes);
    bool drop_oldest();
    void start_closing();
    void close_timed_out();
    void finish();
    void report();
    void vanish();

    std::array<char, 4096> in_;
    std::deque<Frame> queue_;
    std::size_t queued_bytes_ = 0;     // of queue_
    std::size_t droppable_bytes_ = 0;  // of queue_
    std::size_t pongs_queued_ = 0;
    Kind sending_ = Kind::keep;  // kind of what the engine emits now
    std::string writing_;        // belongs to the write under way
    bool held_ = false;
    bool write_pending_ = false;
    base::TimePoint write_started_;
    std::uint64_t dropped_ = 0;
    bool reported_ = false;
    bool serving_ = false;  // server role: hangs up first
    std::size_t drained_bytes_ = 0;
    std::string peer_address_;
};

}  // namespace holdfast::net
