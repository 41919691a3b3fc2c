// One WebSocket of the simulator, either side, with the means to misbehave.
#pragma once

#include "wire/frames.hpp"
#include "wire/http.hpp"
#include "wire/stream.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::sim {

struct WsEnd {
    std::uint16_t code = 1006;  // of the first close frame, whoever sent it
    std::string reason;
    bool by_us = false;  // we began it
    bool clean = false;  // both sides sent a close frame
    std::string why;     // how the connection went down
};

class WsHandler {
  public:
    virtual ~WsHandler() = default;
    virtual void on_ws_open() {}                       // client side
    virtual void on_ws_refused(const HttpMessage&) {}  // client side: not 101; on_ws_end follows
    virtual void on_ws_text(std::string_view text) = 0;
    virtual void on_ws_binary(std::size_t bytes) = 0;
    virtual void on_ws_pong() {}
    // The peer broke the protocol; the socket closes with `code` by itself.
    virtual void on_ws_violation(std::uint16_t code, const std::string& what) = 0;
    virtual void on_ws_end(const WsEnd& end) = 0;  // exactly once, last
};

struct WsConnect {
    net::Url url;
    Headers headers;
    std::shared_ptr<Tls> tls;
    Route route;
    base::milliseconds timeout{5000};
    std::size_t message_max = 16 * 1024 * 1024;
};

class WsPeer final : public StreamHandler {
  public:
    static std::shared_ptr<WsPeer> connect(net::AsioLoop& loop, WsConnect options,
                                           WsHandler* handler);
    // Server side: answers the upgrade `request` with 101 at once. `rest` are bytes read beyond it.
    static std::shared_ptr<WsPeer> accept(StreamPtr stream, const HttpMessage& request,
                                          std::string_view rest, WsHandler* handler,
                                          std::string_view subprotocol = {});
    ~WsPeer() override;

    void set_handler(WsHandler* handler) { handler_ = handler; }
    void send_text(std::string_view text) { send_frame({k_text, true, 0, client_}, text); }
    void send_frame(FrameShape shape,
                    std::string_view payload);  // shape.masked is taken as it stands
    bool client() const { return client_; }
    void ping() { send_frame({k_ping, true, 0, client_}, "holdfast"); }
    void close(std::uint16_t code, std::string_view reason);
    void reset() { stream_->reset(); }
    void freeze() { stream_->freeze(); }
    void pause_reading(bool paused) { stream_->pause_reading(paused); }
    void answer_pings(bool answer) { answer_pings_ = answer; }
    bool open() const { return open_ && !close_sent_; }
    std::size_t unsent() const { return stream_->unsent(); }
    std::uint64_t pings() const { return pings_; }

    void on_open() override;
    void on_bytes(std::string_view bytes) override;
    void on_end(const std::string& why) override;

  private:
    WsPeer() : frames_(0) {}
    void read_handshake(std::string_view bytes);
    void read_frames();
    void on_frame(const Frame& frame);
    void on_data(const Frame& frame);
    void on_close_frame(std::string_view payload);
    void violation(std::uint16_t code, const std::string& what);

    WsHandler* handler_ = nullptr;
    StreamPtr stream_;
    std::weak_ptr<WsPeer> self_;
    WsConnect options_;
    HttpReader handshake_{HttpReader::Kind::response};
    FrameReader frames_;
    std::string key_;
    std::string message_;  // fragments so far
    std::uint8_t message_opcode_ = 0;
    std::string scratch_;
    std::uint32_t mask_ = 0x9e3779b9;
    std::uint64_t pings_ = 0;
    bool client_ = false;
    bool open_ = false;
    bool answer_pings_ = true;
    bool close_sent_ = false;
    bool close_received_ = false;
    bool broken_ = false;
    WsEnd end_;
};

}  // namespace holdfast::sim
