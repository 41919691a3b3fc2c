// Twilio's media socket: everything that can be wrong with it, before and after `start`
// (failure-matrix.md rows T08 to T21). Born when a signed upgrade is accepted; speaks to a Call only
// after the one-time token has been proven. Owned by CallerLegs until the socket is closed.
#pragma once

#include "base/loop.hpp"
#include "base/timer.hpp"
#include "call/leg.hpp"
#include "call/registry.hpp"
#include "net/ws.hpp"
#include "twilio/media_stream.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace holdfast::call {

class CallerLegs;

class CallerLeg : public Leg, private net::WsListener {
  public:
    CallerLeg(CallerLegs& legs, std::shared_ptr<net::WsConnection> socket);
    ~CallerLeg() override;

    bool send_media(std::string_view base64) override;
    bool send_mark(std::string_view name) override;
    std::optional<base::milliseconds> round_trip() const override { return socket_->round_trip(); }
    void hold() override { socket_->hold(); }
    void release() override { socket_->release(); }
    bool send_clear() override;
    void ping() override;
    base::TimePoint blocked_since() const override;
    void close(std::string_view reason) override;

  private:
    void on_ws_text(std::string_view text) override;
    void on_ws_binary(std::size_t bytes) override;
    void on_ws_closed(const net::WsClose& close) override;

    void before_start(const twilio::StreamEvent& event);
    void after_start(const twilio::StreamEvent& event);
    void start(const twilio::StreamEvent& event);
    void refuse(std::uint16_t code, const char* kind, std::string_view reason);

    CallerLegs& legs_;
    std::shared_ptr<net::WsConnection> socket_;
    std::shared_ptr<Call> call_;  // after a proven start, until close
    std::string stream_sid_;
    std::size_t messages_ = 0;
    std::size_t bad_messages_ = 0;
    bool connected_seen_ = false;
    bool refused_ = false;
    base::Timer start_timer_;
    std::string out_;  // scratch for one outgoing message
};

// All media sockets of the listener.
class CallerLegs {
  public:
    CallerLegs(base::Loop& loop, Registry& registry, store::Journal& journal)
        : loop_(loop), registry_(registry), journal_(journal) {}
    void accept(std::shared_ptr<net::WsConnection> socket);
    std::size_t open() const { return legs_.size(); }
    static net::WsLimits limits();

  private:
    friend class CallerLeg;
    void gone(CallerLeg* leg);
    void audit(std::string_view action, std::string_view detail, const base::CallSid& call);

    base::Loop& loop_;
    Registry& registry_;
    store::Journal& journal_;
    twilio::StreamDecoder decoder_;  // one for the loop: frames are decoded one at a time
    std::unordered_map<CallerLeg*, std::shared_ptr<CallerLeg>> legs_;
};

}  // namespace holdfast::call
